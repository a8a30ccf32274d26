//! `dimensionsSpec`: which columns a row has beside its time and metrics.

use aggregate::Shape;
use serde_json::{Value, json};

use super::fields::Fields;
use crate::{Error, Result};

/// Dimensions a row may have.
pub const MAX_DIMENSIONS: usize = 10_000;

/// What a dimension holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionType {
    /// Text, one value or several.
    String,
    /// 64-bit integers.
    Long,
    /// 32-bit floats.
    Float,
    /// 64-bit floats.
    Double,
    /// What the values say: long, double, text, arrays of these, nested data, or several of them.
    Auto,
    /// Nested data.
    Json,
    /// What `auto` was found to be.
    Values(Shape),
}

impl DimensionType {
    /// The type's name in a spec.
    pub fn tag(self) -> &'static str {
        match self {
            DimensionType::String => "string",
            DimensionType::Long => "long",
            DimensionType::Float => "float",
            DimensionType::Double => "double",
            DimensionType::Auto | DimensionType::Values(_) => "auto",
            DimensionType::Json => "json",
        }
    }
}

/// What becomes of several values of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiValueHandling {
    /// Sorted, duplicates kept.
    SortedArray,
    /// Sorted, duplicates dropped.
    SortedSet,
    /// As given.
    Array,
}

impl MultiValueHandling {
    /// The name in a spec.
    pub fn tag(self) -> &'static str {
        match self {
            MultiValueHandling::SortedArray => "SORTED_ARRAY",
            MultiValueHandling::SortedSet => "SORTED_SET",
            MultiValueHandling::Array => "ARRAY",
        }
    }

    fn parse(text: &str) -> Option<MultiValueHandling> {
        [MultiValueHandling::SortedArray, MultiValueHandling::SortedSet, MultiValueHandling::Array]
            .into_iter()
            .find(|handling| handling.tag().eq_ignore_ascii_case(text))
    }
}

/// One declared dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Name of the column, and of the input field it is read from.
    pub name: String,
    /// What it holds.
    pub dimension_type: DimensionType,
    /// What becomes of several values.
    pub multi_value_handling: MultiValueHandling,
    /// Whether an index by value is wanted; numbers have none.
    pub create_bitmap_index: bool,
    /// The type that the values of an `auto` dimension are cast to.
    pub cast_to: Option<Shape>,
}

impl Dimension {
    /// A dimension with the defaults of its type.
    pub fn new(name: impl Into<String>, dimension_type: DimensionType) -> Dimension {
        let indexed = !matches!(dimension_type, DimensionType::Long | DimensionType::Double | DimensionType::Float);
        Dimension {
            name: name.into(),
            dimension_type,
            multi_value_handling: MultiValueHandling::SortedArray,
            create_bitmap_index: indexed,
            cast_to: None,
        }
    }

    fn parse(value: &Value, path: String) -> Result<Dimension> {
        if let Value::String(name) = value {
            return Ok(Dimension::new(name, DimensionType::String));
        }
        let fields = Fields::of(value, path)?;
        let name = fields.required_text("name")?;
        let mut dimension = Dimension::new(name, dimension_type(&fields)?);
        if let Some(text) = fields.text("multiValueHandling")? {
            dimension.multi_value_handling = MultiValueHandling::parse(&text).ok_or_else(|| {
                fields.wrong("multiValueHandling", format!("must be SORTED_ARRAY, SORTED_SET or ARRAY, not [{text}]"))
            })?;
        }
        if let (DimensionType::Auto, Some(name)) = (dimension.dimension_type, fields.text("castToType")?) {
            dimension.cast_to = Some(cast_to(&name).ok_or_else(|| {
                fields.wrong("castToType", format!("must be STRING, LONG, DOUBLE or an ARRAY of these, not [{name}]"))
            })?);
        }
        if dimension.create_bitmap_index {
            dimension.create_bitmap_index = fields.boolean("createBitmapIndex", true)?;
        }
        Ok(dimension)
    }

    /// The dimension with its defaults.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "type": self.dimension_type.tag(),
            "name": self.name,
            "multiValueHandling": self.multi_value_handling.tag(),
            "createBitmapIndex": self.create_bitmap_index,
        });
        if let (Some(shape), Some(map)) = (self.cast_to, json.as_object_mut()) {
            map.insert("castToType".to_owned(), shape.name().into());
        }
        json
    }
}

/// The shape of a type that values can be cast to.
fn cast_to(name: &str) -> Option<Shape> {
    let name = if name.eq_ignore_ascii_case("FLOAT") { "DOUBLE" } else { name };
    Shape::of_name(name).filter(|shape| *shape != Shape::Json)
}

fn dimension_type(fields: &Fields<'_>) -> Result<DimensionType> {
    match fields.tag(Some("string"))?.as_str() {
        "string" => Ok(DimensionType::String),
        "long" => Ok(DimensionType::Long),
        "float" => Ok(DimensionType::Float),
        "double" => Ok(DimensionType::Double),
        "auto" => Ok(DimensionType::Auto),
        "json" => Ok(DimensionType::Json),
        "spatial" => Err(fields.wrong("type", "[spatial] dimensions are not supported")),
        other => Err(fields.wrong("type", format!("unknown dimension type [{other}]"))),
    }
}

/// Which dimensions rows have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DimensionsSpec {
    /// Declared dimensions in order.
    pub dimensions: Vec<Dimension>,
    /// Fields that are never discovered, as given.
    pub exclusions: Vec<String>,
    /// Discover more beside the declared ones.
    pub include_all: bool,
    /// Discovered dimensions take the type of their values instead of text.
    pub use_schema_discovery: bool,
}

impl DimensionsSpec {
    /// Reads a `dimensionsSpec`; absent is schemaless.
    pub fn parse(fields: Option<Fields<'_>>) -> Result<DimensionsSpec> {
        let Some(fields) = fields else { return Ok(DimensionsSpec::default()) };
        let list = fields.list("dimensions")?;
        if list.len() > MAX_DIMENSIONS {
            return Err(fields.wrong("dimensions", format!("has {} entries, at most {MAX_DIMENSIONS}", list.len())));
        }
        if !fields.list("spatialDimensions")?.is_empty() {
            return Err(fields.wrong("spatialDimensions", "spatial dimensions are not supported"));
        }
        let dimensions = list
            .iter()
            .enumerate()
            .map(|(at, value)| Dimension::parse(value, fields.path(&format!("dimensions[{at}]"))))
            .collect::<Result<Vec<_>>>()?;
        refuse_twice(&fields, &dimensions)?;
        let exclusions = fields.texts("dimensionExclusions")?.unwrap_or_default();
        if let Some(both) = dimensions.iter().find(|dimension| exclusions.contains(&dimension.name)) {
            return Err(fields.wrong("dimensionExclusions", format!("[{}] is a dimension too", both.name)));
        }
        if !fields.boolean("forceSegmentSortByTime", true)? {
            return Err(fields.wrong("forceSegmentSortByTime", "segments are always sorted by time: must be true"));
        }
        Ok(DimensionsSpec {
            dimensions,
            exclusions,
            include_all: fields.boolean("includeAllDimensions", false)?,
            use_schema_discovery: fields.boolean("useSchemaDiscovery", false)?,
        })
    }

    /// Whether fields that are not declared become dimensions.
    pub fn discovers(&self) -> bool {
        self.dimensions.is_empty() || self.include_all || self.use_schema_discovery
    }

    /// Type of a dimension that is discovered.
    pub fn discovered_type(&self) -> DimensionType {
        if self.use_schema_discovery { DimensionType::Auto } else { DimensionType::String }
    }
}

fn refuse_twice(fields: &Fields<'_>, dimensions: &[Dimension]) -> Result<(), Error> {
    let mut seen = hashbrown::HashSet::new();
    for (at, dimension) in dimensions.iter().enumerate() {
        if dimension.name.is_empty() {
            return Err(fields.wrong(&format!("dimensions[{at}].name"), "must not be empty"));
        }
        if !seen.insert(dimension.name.as_str()) {
            let reason = format!("dimension [{}] is declared twice", dimension.name);
            return Err(fields.wrong(&format!("dimensions[{at}].name"), reason));
        }
    }
    Ok(())
}
