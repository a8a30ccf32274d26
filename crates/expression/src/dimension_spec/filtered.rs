//! Which values of a row are kept. Shared by filtered dimension specs and the virtual columns of the same kind.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;

use aggregate::ColumnType;
use regex::Regex;
use segment::{ColumnRef, SegmentRef};

use super::DimensionSpec;
use crate::columns::Remapped;
use crate::json::Object;
use crate::{Result, dictionaries, java_regex};

/// Decides by the value.
pub(crate) trait Keep: Send + Sync + Debug {
    fn keeps(&self, value: Option<&str>) -> bool;
}

#[derive(Debug)]
pub(crate) struct ListKeep {
    values: HashSet<Option<String>>,
    is_allow_list: bool,
}

impl ListKeep {
    /// Reads `values` and whether they are those to keep.
    pub fn parse(object: Object<'_>, flag: &str) -> Result<Self> {
        let values = object.texts("values")?.into_iter().collect();
        Ok(Self { values, is_allow_list: object.boolean(flag, true)? })
    }
}

impl Keep for ListKeep {
    fn keeps(&self, value: Option<&str>) -> bool {
        self.values.contains(&value.map(String::from)) == self.is_allow_list
    }
}

#[derive(Debug)]
pub(crate) struct RegexKeep {
    regex: Regex,
}

impl RegexKeep {
    pub fn parse(object: Object<'_>) -> Result<Self> {
        Ok(Self { regex: java_regex::whole(&object.text("pattern")?)? })
    }
}

impl Keep for RegexKeep {
    fn keeps(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.regex.is_match(value))
    }
}

#[derive(Debug)]
pub(crate) struct PrefixKeep {
    prefix: String,
}

impl PrefixKeep {
    pub fn parse(object: Object<'_>) -> Result<Self> {
        Ok(Self { prefix: object.text("prefix")? })
    }
}

impl Keep for PrefixKeep {
    fn keeps(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| value.starts_with(&self.prefix))
    }
}

/// A column with only the values that are kept. Rows are lists; one left with nothing is empty.
pub(crate) fn keep_column(column: ColumnRef, keep: &Arc<dyn Keep>) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column) };
    let mapped = dictionaries::map(&*dictionary, |value| keep.keeps(value).then(|| value.map(String::from)))?;
    Ok(Arc::new(Remapped::new(column, mapped, true)))
}

/// The text column of a name in a segment, virtual ones included.
pub(crate) fn text_column(name: &str, segment: &SegmentRef) -> Result<ColumnRef> {
    match segment.column(name) {
        Some(column) if column.column_type() == ColumnType::String => Ok(column),
        _ => DimensionSpec::plain(name).bind_text(segment),
    }
}
