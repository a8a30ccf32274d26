//! `javascript`: not offered.

use super::FilterKind;

pub(super) const KIND: FilterKind =
    FilterKind { tag: "javascript", parse: |object, _| Err(object.error("JavaScript is disabled")) };
