//! `regexFiltered`: only values that a pattern matches as a whole.

use super::{DimensionKind, RegexKeep};

pub(super) const KIND: DimensionKind = DimensionKind {
    tag: "regexFiltered",
    parse: |object, parsing| {
        let keep = RegexKeep::parse(object)?;
        parsing.keeping(object, keep)
    },
};
