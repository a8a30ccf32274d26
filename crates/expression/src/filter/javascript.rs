//! `javascript`: not offered.

use super::FilterKind;
use crate::Error;

pub(super) const KIND: FilterKind =
    FilterKind { tag: "javascript", parse: |object, _| Err(object.error("JavaScript is disabled")) };
