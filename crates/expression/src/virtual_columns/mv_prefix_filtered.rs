//! `mv-prefix-filtered`: the values of a row that begin with a text.

use std::sync::Arc;

use super::VirtualKind;
use super::mv_filtered::Kept;
use crate::dimension_spec::PrefixKeep;

pub(super) const KIND: VirtualKind = VirtualKind {
    tag: "mv-prefix-filtered",
    parse: |object, _| Ok(Arc::new(Kept::new(object, PrefixKeep::parse(object)?)?)),
};
