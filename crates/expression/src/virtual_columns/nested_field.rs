//! `nested-field`: what lies at a path of nested data.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregate::{ColumnType, Shape, literal_at};
use dialect::path::{JsonPath, Step};
use dialect::value;
use segment::{ColumnRef, SegmentRef};
use serde_json::Value as Json;

use super::failure::Failure;
use super::{ShownExpr, VirtualKind, VirtualSpec};
use crate::columns::nulls;
use crate::dimension_spec::column_type;
use crate::fields::{Literals, expected, literals};
use crate::json::Object;
use crate::{Environment, Result, values};

pub(super) const KIND: VirtualKind = VirtualKind { tag: "nested-field", parse };

fn parse(object: Object<'_>, _: &Environment) -> Result<Arc<dyn VirtualSpec>> {
    let from_raw = object.boolean("processFromRaw", false)?;
    let expected = match object.opt_text("expectedType")? {
        Some(name) if name.eq_ignore_ascii_case("COMPLEX<json>") => ColumnType::Value(Shape::Json),
        Some(name) => column_type(&name)?,
        None if from_raw => ColumnType::Value(Shape::Json),
        None => ColumnType::String,
    };
    let path = match (object.get("pathParts"), object.opt_text("path")?) {
        (Some(_), None) => parts(object)?,
        (None, Some(path)) if object.boolean("useJqSyntax", false)? => JsonPath::parse_jq(&path)?,
        (None, Some(path)) => JsonPath::parse(&path)?,
        _ => return Err(object.error("exactly one of 'path' and 'pathParts' must be given")),
    };
    Ok(Arc::new(NestedField { column: object.text("columnName")?, path, expected, from_raw }))
}

fn parts(object: Object<'_>) -> Result<JsonPath> {
    let part = |json: &Json| {
        let part = Object::new("path part", json)?;
        match part.text("type")?.as_str() {
            "field" => Ok(Step::Field(part.text("field")?)),
            "arrayElement" => {
                let index = part.require("index")?;
                index.as_i64().map(Step::Element).ok_or_else(|| part.error("'index' must be a whole number"))
            }
            other => Err(part.error(format!("unknown type '{other}', expected field or arrayElement"))),
        }
    };
    object.array("pathParts")?.iter().map(part).collect::<Result<_>>().map(JsonPath)
}

#[derive(Debug)]
struct NestedField {
    column: String,
    path: JsonPath,
    expected: ColumnType,
    /// Objects are values too, and nothing is cast.
    from_raw: bool,
}

impl NestedField {
    /// What lies at the path, by the path's own column where it tells all.
    fn literals(&self, segment: &SegmentRef) -> Result<Option<Literals>> {
        match segment.column(&self.column) {
            Some(column) if !self.from_raw => literals(&column, &self.path),
            _ => Ok(None),
        }
    }

    /// The column of what lies at the path of each document, each value with its own type.
    fn found(&self, segment: &SegmentRef) -> Result<Option<ColumnRef>> {
        let Some(column) = segment.column(&self.column) else { return Ok(None) };
        match column.column_type() {
            ColumnType::Value(_) if self.from_raw => {
                let raw = |key: Option<&str>| {
                    let found = self.path.query(&values::of_key(key))?;
                    value::key(&value::of_json(&found))
                };
                values::remapped(&column, Shape::Json, raw).map(Some)
            }
            ColumnType::Value(_) => {
                let literal = |key: Option<&str>| value::key(&literal_at(&self.path, &values::of_key(key)));
                values::remapped(&column, Shape::Json, literal).map(Some)
            }
            // The root of a column that is no nested data is the column.
            _ => Ok(Some(column).filter(|_| self.path.0.is_empty())),
        }
    }
}

impl VirtualSpec for NestedField {
    fn required_columns(&self) -> BTreeSet<String> {
        BTreeSet::from([self.column.clone()])
    }

    fn bind(&self, segment: &SegmentRef, _: &Failure) -> Result<ColumnRef> {
        if let Some(literals) = self.literals(segment)?
            && let Some(column) = expected(&literals, &self.expected, segment)?
        {
            return Ok(column);
        }
        let Some(column) = self.found(segment)? else { return nulls(&self.expected, segment.num_rows()) };
        match (column.column_type(), &self.expected) {
            (ColumnType::Value(_), ColumnType::String) => values::texts(&column, values::shown_text),
            (ColumnType::Value(_), ColumnType::Value(Shape::Json)) => Ok(column),
            (ColumnType::Value(_), ColumnType::Value(array)) => values::cast_entries(&column, *array),
            (ColumnType::Value(_), number) => values::numbers(&column, number),
            _ => Ok(column),
        }
    }

    fn shown(&self, segment: &SegmentRef) -> Option<ShownExpr> {
        let column = match self.literals(segment).ok()? {
            Some(Literals::Column(column)) => column,
            Some(Literals::Nothing) => nulls(&self.expected, segment.num_rows()).ok()?,
            None => self.found(segment).ok().flatten()?,
        };
        Some(ShownExpr::of_column(column, self.expected.to_string()))
    }
}
