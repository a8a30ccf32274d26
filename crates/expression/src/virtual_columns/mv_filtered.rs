//! `mv-filtered`: the values of a row that a list holds, or those that it does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use segment::{ColumnRef, SegmentRef};

use super::failure::Failure;
use super::{VirtualKind, VirtualSpec};
use crate::Result;
use crate::dimension_spec::{Keep, ListKeep, keep_column, text_column};
use crate::json::Object;

pub(super) const KIND: VirtualKind = VirtualKind {
    tag: "mv-filtered",
    parse: |object, _| Ok(Arc::new(Kept::new(object, ListKeep::parse(object, "isAllowList")?)?)),
};

/// The values of a column that are kept.
#[derive(Debug)]
pub(super) struct Kept {
    delegate: String,
    keep: Arc<dyn Keep>,
}

impl Kept {
    /// Reads `delegate`, a name or a dimension spec.
    pub fn new(object: Object<'_>, keep: impl Keep + 'static) -> Result<Self> {
        let delegate = match object.require("delegate")? {
            serde_json::Value::Object(_) => Object::new("delegate", object.require("delegate")?)?.text("dimension")?,
            _ => object.text("delegate")?,
        };
        Ok(Self { delegate, keep: Arc::new(keep) })
    }
}

impl VirtualSpec for Kept {
    fn required_columns(&self) -> BTreeSet<String> {
        BTreeSet::from([self.delegate.clone()])
    }

    fn bind(&self, segment: &SegmentRef, _failure: &Failure) -> Result<ColumnRef> {
        keep_column(text_column(&self.delegate, segment)?, &self.keep)
    }

    fn is_of_nothing(&self, segment: &SegmentRef) -> bool {
        segment.column(&self.delegate).is_none()
    }
}
