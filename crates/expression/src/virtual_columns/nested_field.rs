//! `nested-field`: not offered, for there are no nested columns yet.

use super::VirtualKind;
use crate::Error;

pub(super) const KIND: VirtualKind = VirtualKind {
    tag: "nested-field",
    parse: |object, _| Err(Error::unsupported(object.error("nested columns are not supported").to_string())),
};
