//! `prefixFiltered`: only values that begin with a text.

use super::{DimensionKind, PrefixKeep};

pub(super) const KIND: DimensionKind = DimensionKind {
    tag: "prefixFiltered",
    parse: |object, parsing| {
        let keep = PrefixKeep::parse(object)?;
        parsing.keeping(object, keep)
    },
};
