//! `javascript` is switched off, as it is in Druid unless an operator asks for it.

use aggregate::{Error, Kind};

pub(super) static KIND: Kind = Kind {
    tag: "javascript",
    parse: |json| {
        Err(Error::InvalidField {
            aggregator: aggregate::Properties::new(json)?.name().to_owned(),
            field: "type".to_owned(),
            reason: "is javascript, and JavaScript is disabled: [expression] can do most of it".to_owned(),
        })
    },
};
