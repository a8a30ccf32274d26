//! `default`: the values of a column.

use super::{DimensionKind, Transform, named};

pub(super) const KIND: DimensionKind =
    DimensionKind { tag: "default", parse: |object, _| named(object, Transform::None) };
