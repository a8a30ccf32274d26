//! Dimension specs: a column as a query wants to group by it.

// helpers: bind filtered number_texts
mod bind;
mod default;
mod extraction;
mod filtered;
mod list_filtered;
mod lookup;
mod number_texts;
mod prefix_filtered;
mod regex_filtered;

use std::fmt::Debug;
use std::sync::Arc;

use aggregate::{ColumnType, Shape};
use segment::{ColumnRef, SegmentRef};
use serde_json::Value;

pub(crate) use filtered::{Keep, ListKeep, PrefixKeep, RegexKeep, keep_column, text_column};
pub(crate) use number_texts::text_of_numbers;

use crate::json::Object;
use crate::{Environment, Error, ExtractionFn, Result};

/// Deepest nesting of delegates.
const MAX_DEPTH: usize = 16;

/// One type of dimension spec: its name in JSON and how it is read.
pub(crate) struct DimensionKind {
    pub tag: &'static str,
    pub parse: fn(Object<'_>, &mut Parsing<'_>) -> Result<DimensionSpec>,
}

// open set
static KINDS: &[DimensionKind] =
    &[default::KIND, extraction::KIND, list_filtered::KIND, lookup::KIND, prefix_filtered::KIND, regex_filtered::KIND];

pub(crate) struct Parsing<'e> {
    pub environment: &'e Environment,
    depth: usize,
}

/// A parsed dimension spec. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DimensionSpec {
    dimension: String,
    output_name: String,
    output_type: ColumnType,
    transform: Transform,
}

/// What happens to the values.
#[derive(Clone, Debug)]
enum Transform {
    None,
    Extract(ExtractionFn),
    /// Values that are not kept are left out, after what the inner transform does.
    Keep {
        inner: Box<Transform>,
        keep: Arc<dyn Keep>,
    },
}

impl DimensionSpec {
    /// A name, or an object with a `type` (`default` without one). Fails on what is unknown or missing.
    pub fn parse(json: &Value) -> Result<DimensionSpec> {
        DimensionSpec::parse_with(json, &Environment::default())
    }

    /// As `parse`, with registered lookups.
    pub fn parse_with(json: &Value, environment: &Environment) -> Result<DimensionSpec> {
        Parsing { environment, depth: 0 }.spec(json)
    }

    /// The plain spec of a column: its values as text.
    pub fn plain(dimension: &str) -> DimensionSpec {
        DimensionSpec {
            dimension: dimension.to_string(),
            output_name: dimension.to_string(),
            output_type: ColumnType::String,
            transform: Transform::None,
        }
    }

    /// The column read.
    pub fn dimension(&self) -> &str {
        &self.dimension
    }

    /// The name in the answer.
    pub fn output_name(&self) -> &str {
        &self.output_name
    }

    /// String unless asked otherwise.
    pub fn output_type(&self) -> &ColumnType {
        &self.output_type
    }

    /// Whether the values are those of the column, but for the output type: then an engine may group by the
    /// numbers of the column and turn them into the output type afterwards.
    pub fn is_plain(&self) -> bool {
        matches!(self.transform, Transform::None)
    }

    /// The extraction function, when that is all that happens.
    pub fn extraction(&self) -> Option<&ExtractionFn> {
        match &self.transform {
            Transform::Extract(extraction) => Some(extraction),
            Transform::None | Transform::Keep { .. } => None,
        }
    }

    /// When the values are text and go through a function that tells different ones apart: the spec without the
    /// function, and the function, which may as well be applied to groups.
    pub fn deferred(&self) -> Option<(DimensionSpec, ExtractionFn)> {
        match &self.transform {
            Transform::Extract(extraction) if extraction.is_injective() && self.output_type == ColumnType::String => {
                Some((DimensionSpec { transform: Transform::None, ..self.clone() }, extraction.clone()))
            }
            _ => None,
        }
    }

    /// The column as the spec shows it, of the output type. A string column has a dictionary of the transformed
    /// values, all distinct. Numbers shown as text are read through once, here. A column that the segment lacks
    /// is null.
    pub fn bind(&self, segment: &SegmentRef) -> Result<ColumnRef> {
        bind::bind(self, segment)
    }

    /// As `bind`, as text whatever the output type.
    pub fn bind_text(&self, segment: &SegmentRef) -> Result<ColumnRef> {
        bind::bind_text(self, segment)
    }
}

impl Parsing<'_> {
    fn spec(&mut self, json: &Value) -> Result<DimensionSpec> {
        if let Some(name) = json.as_str() {
            return Ok(DimensionSpec::plain(name));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::limit(format!("dimension specs may be nested {MAX_DEPTH} deep")));
        }
        let object = Object::new("dimension", json)?;
        let tag = object.opt_text("type")?.unwrap_or_else(|| default::KIND.tag.to_string());
        let kind = KINDS.iter().find(|kind| kind.tag == tag);
        let kind = kind.ok_or(Error::Unknown { what: "dimension type", name: tag })?;
        let spec = (kind.parse)(object.named(&format!("dimension '{}'", kind.tag)), self);
        self.depth -= 1;
        spec
    }

    /// A spec whose values are those of its delegate that are kept.
    fn keeping(&mut self, object: Object<'_>, keep: impl Keep + 'static) -> Result<DimensionSpec> {
        let delegate = self.spec(object.require("delegate")?)?;
        let transform = Transform::Keep { inner: Box::new(delegate.transform), keep: Arc::new(keep) };
        Ok(DimensionSpec { transform, ..delegate })
    }
}

/// The fields that all plain specs share.
fn named(object: Object<'_>, transform: Transform) -> Result<DimensionSpec> {
    let dimension = object.text("dimension")?;
    let output_name = object.opt_text("outputName")?.unwrap_or_else(|| dimension.clone());
    let output_type = match object.opt_text("outputType")? {
        None => ColumnType::String,
        Some(name) => column_type(&name)?,
    };
    Ok(DimensionSpec { dimension, output_name, output_type, transform })
}

/// `STRING`, `LONG`, `DOUBLE`, `FLOAT`, an array of these, or an array of such arrays, which is nested data; in any
/// case.
pub(crate) fn column_type(name: &str) -> Result<ColumnType> {
    if let Some(shape @ (Shape::LongArray | Shape::DoubleArray | Shape::StringArray)) = Shape::of_name(name) {
        return Ok(ColumnType::Value(shape));
    }
    match name.to_ascii_uppercase().as_str() {
        "STRING" => Ok(ColumnType::String),
        "LONG" => Ok(ColumnType::Long),
        "DOUBLE" => Ok(ColumnType::Double),
        "FLOAT" => Ok(ColumnType::Float),
        upper if is_array_of_arrays(upper) => Ok(ColumnType::Value(Shape::Json)),
        upper if upper.starts_with("COMPLEX<") => {
            Err(Error::unsupported(format!("output type {name} is not supported")))
        }
        _ => Err(Error::Unknown { what: "output type", name: name.to_string() }),
    }
}

fn is_array_of_arrays(name: &str) -> bool {
    let items = name.strip_prefix("ARRAY<").and_then(|rest| rest.strip_suffix('>'));
    items.is_some_and(|items| Shape::of_name(items).is_some_and(Shape::is_array))
}

#[cfg(test)]
mod tests;
