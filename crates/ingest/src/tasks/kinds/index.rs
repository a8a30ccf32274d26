//! `index`: native batch under its older name.

use super::{Kind, index_parallel};

pub(super) static KIND: Kind =
    Kind { tag: "index", parse: |fields, context| index_parallel::parse(fields, context, "index") };
