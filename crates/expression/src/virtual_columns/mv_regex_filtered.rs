//! `mv-regex-filtered`: the values of a row that a pattern matches as a whole.

use std::sync::Arc;

use super::VirtualKind;
use super::mv_filtered::Kept;
use crate::dimension_spec::RegexKeep;

pub(super) const KIND: VirtualKind = VirtualKind {
    tag: "mv-regex-filtered",
    parse: |object, _| Ok(Arc::new(Kept::new(object, RegexKeep::parse(object)?)?)),
};
