//! `listFiltered`: only values of a list, or only others.

use super::{DimensionKind, ListKeep};

pub(super) const KIND: DimensionKind = DimensionKind {
    tag: "listFiltered",
    parse: |object, parsing| {
        let keep = ListKeep::parse(object, "isWhitelist")?;
        parsing.keeping(object, keep)
    },
};
