//! `javascript`: not offered.

use super::ExtractionKind;

pub(super) const KIND: ExtractionKind =
    ExtractionKind { tag: "javascript", parse: |object, _| Err(object.error("JavaScript is disabled")) };
