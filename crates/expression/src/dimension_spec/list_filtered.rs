//! `listFiltered`: only values of a list, or only others.

use super::{DimensionKind, ListKeep};

pub(super) const KIND: DimensionKind = DimensionKind {
    tag: "listFiltered",
    parse: |object, parsing| {
        if object.array("values")?.is_empty() {
            return Err(object.error("'values' must not be empty"));
        }
        let keep = ListKeep::parse(object, "isWhitelist")?;
        parsing.keeping(object, keep)
    },
};
