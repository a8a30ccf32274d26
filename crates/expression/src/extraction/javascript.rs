//! `javascript`: not offered.

use super::ExtractionKind;
use crate::Error;

pub(super) const KIND: ExtractionKind =
    ExtractionKind { tag: "javascript", parse: |object, _| Err(object.error("JavaScript is disabled")) };
