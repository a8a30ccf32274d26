//! Which column of a batch each field of the input feeds, worked out once from the schema.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, InputSpec, Lane};
use hashbrown::{HashMap, HashSet};
use serde_json::Value;

use super::auto::{Declared, MixedColumn};
use super::column::NumberColumn;
use super::slot::{Slot, Store, TextStore, Use};
use crate::spec::{DataSchema, Dimension, DimensionType, MultiValueHandling, TIME_COLUMN};
use crate::{Error, Result};

/// What a column under construction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Text(MultiValueHandling),
    /// Texts that are counted: a null inside a list is the text that it prints as.
    Printed,
    Long,
    Double,
    Float,
    Mixed,
    /// As `Mixed`, with arrays and nested data as they are.
    Values(Declared),
}

/// Aggregators that count what the values of a field print as.
const COUNTS_TEXTS: [&str; 2] = ["cardinality", "hyperUnique"];

/// One column to be built.
#[derive(Debug, Clone)]
pub(crate) struct SlotPlan {
    pub(crate) field: Arc<str>,
    pub(crate) used_as: Use,
    pub(crate) holds: Holds,
}

impl SlotPlan {
    pub(crate) fn build(&self) -> Slot {
        let store = match self.holds {
            Holds::Text(handling) => Store::Text(TextStore::new(handling).used_as(self.used_as)),
            Holds::Printed => Store::Text(TextStore::printing_nulls().used_as(self.used_as)),
            Holds::Long => Store::Long(NumberColumn::default()),
            Holds::Double => Store::Double(NumberColumn::default()),
            Holds::Float => Store::Float(NumberColumn::default()),
            Holds::Mixed => Store::Mixed(MixedColumn::default()),
            Holds::Values(declared) => Store::Mixed(MixedColumn::of_values(declared)),
        };
        Slot { name: self.field.clone(), used_as: self.used_as, store }
    }
}

/// A dimension and the slot that holds it.
#[derive(Debug, Clone)]
pub(crate) struct DimensionPlan {
    pub(crate) dimension: Dimension,
    pub(crate) slot: usize,
}

/// Where an aggregator's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricInput {
    /// The time of the row.
    Time,
    /// A column of the batch.
    Slot(usize),
    /// The values of one type of a column that keeps them as they came.
    Values(usize, ValueType),
}

/// The type of a value, whatever others its column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Long,
    Double,
    Text,
}

/// Where a field goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    pub(crate) time: bool,
    pub(crate) slots: Vec<u16>,
}

/// The number of a field.
pub(crate) type FieldId = u32;

/// The plan of a batch. A batch has its own copy, which discovery extends.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<SlotPlan>,
    pub(crate) dimensions: Vec<DimensionPlan>,
    pub(crate) metrics: Vec<Vec<MetricInput>>,
    pub(crate) targets: Vec<Targets>,
    pub(crate) discovers: Option<DimensionType>,
    ids: HashMap<Box<[u8]>, FieldId, foldhash::fast::FixedState>,
    names: Vec<Arc<str>>,
    excluded: HashSet<Box<str>>,
    computed: HashMap<Box<str>, Vec<u16>>,
    /// Fields that so far only transforms and filters read.
    undiscovered: HashSet<FieldId>,
}

impl Layout {
    pub(crate) fn new(schema: &DataSchema) -> Result<Layout> {
        let mut layout = Layout {
            slots: Vec::new(),
            dimensions: Vec::new(),
            metrics: Vec::new(),
            targets: Vec::new(),
            discovers: schema.dimensions.discovers().then(|| schema.dimensions.discovered_type()),
            ids: HashMap::default(),
            names: Vec::new(),
            excluded: schema.exclusions().into_iter().map(String::into_boxed_str).collect(),
            computed: schema.transform.transforms.iter().map(|t| (t.name.as_str().into(), Vec::new())).collect(),
            undiscovered: HashSet::new(),
        };
        let time = layout.field(&schema.timestamp.column);
        layout.targets[time as usize].time = true;
        for dimension in &schema.dimensions.dimensions {
            layout.add_dimension(dimension.clone());
        }
        for (at, metric) in schema.metrics.iter().enumerate() {
            let path = format!("dataSchema.metricsSpec[{at}]");
            let inputs = layout.metric_inputs(metric.aggregator.as_ref(), &path)?;
            layout.metrics.push(inputs);
        }
        Ok(layout)
    }

    /// The number of a known field.
    #[inline]
    pub(crate) fn id(&self, name: &[u8]) -> Option<FieldId> {
        self.ids.get(name).copied()
    }

    pub(crate) fn num_fields(&self) -> usize {
        self.targets.len()
    }

    /// Slots fed by a computed column of this name.
    pub(crate) fn computed_slots(&self, name: &str) -> &[u16] {
        self.computed.get(name).map_or(&[], Vec::as_slice)
    }

    /// A slot that keeps the values of a field as they come, whatever a transform makes of its name.
    pub(crate) fn raw_slot(&mut self, name: &str) -> usize {
        let plan = SlotPlan { field: name.into(), used_as: Use::Metric, holds: Holds::Mixed };
        let slot = self.slots.len();
        self.slots.push(plan);
        let is_new = !self.ids.contains_key(name.as_bytes());
        let field = self.field(name);
        if is_new {
            self.undiscovered.insert(field);
        }
        self.targets[field as usize].slots.push(slot as u16);
        slot
    }

    /// Whether the field is known, and is no dimension that is still to be discovered.
    pub(crate) fn is_settled(&self, field: FieldId) -> bool {
        !self.undiscovered.contains(&field)
    }

    /// A column computed under a name that no field can have, and the slot it feeds.
    pub(crate) fn hidden(&mut self, name: &str, holds: Holds) -> usize {
        self.computed.entry(name.into()).or_default();
        self.slot(name, Use::Metric, holds)
    }

    /// Whether a field that is not known may become a dimension.
    pub(crate) fn may_discover(&self, name: &str) -> bool {
        self.discovers.is_some() && !self.excluded.contains(name) && !self.computed.contains_key(name)
    }

    /// Makes an unknown field a dimension.
    pub(crate) fn discover(&mut self, name: &str) -> Option<FieldId> {
        let dimension_type = self.discovers?;
        self.add_dimension(Dimension::new(name, dimension_type));
        let field = self.field(name);
        self.undiscovered.remove(&field);
        Some(field)
    }

    pub(crate) fn add_dimension(&mut self, dimension: Dimension) {
        let holds = match dimension.dimension_type {
            DimensionType::String => Holds::Text(dimension.multi_value_handling),
            DimensionType::Long => Holds::Long,
            DimensionType::Double => Holds::Double,
            DimensionType::Float => Holds::Float,
            DimensionType::Auto => Holds::Values(Declared { is_json: false, cast_to: dimension.cast_to }),
            DimensionType::Json => Holds::Values(Declared { is_json: true, cast_to: None }),
            DimensionType::Values(shape) => Holds::Values(Declared { is_json: false, cast_to: Some(shape) }),
        };
        let slot = self.slot(&dimension.name, Use::Dimension, holds);
        self.dimensions.push(DimensionPlan { dimension, slot });
    }

    fn metric_inputs(&mut self, aggregator: &dyn AggregatorSpec, path: &str) -> Result<Vec<MetricInput>> {
        let inputs = aggregator.inputs();
        let unknown: Vec<Option<ColumnType>> = inputs.iter().map(|_| None).collect();
        let accumulator = aggregator.accumulator(&unknown).map_err(|error| Error::invalid(path, error.to_string()))?;
        let mut found = Vec::with_capacity(inputs.len());
        for (input, lane) in inputs.iter().zip(accumulator.lanes()) {
            match self.metric_input(input, *lane, aggregator, path)? {
                MetricInput::Slot(slot) if self.slots[slot].holds == Holds::Mixed => {
                    let types = [ValueType::Long, ValueType::Double, ValueType::Text];
                    found.extend(types.map(|value_type| MetricInput::Values(slot, value_type)));
                }
                input => found.push(input),
            }
        }
        Ok(found)
    }

    fn metric_input(
        &mut self,
        input: &InputSpec,
        lane: Lane,
        aggregator: &dyn AggregatorSpec,
        path: &str,
    ) -> Result<MetricInput> {
        let holds = match lane {
            Lane::Text if aggregator.reads_any_value() => Holds::Mixed,
            Lane::Text if COUNTS_TEXTS.contains(&aggregator.type_tag()) => Holds::Printed,
            Lane::Long => Holds::Long,
            Lane::Double => Holds::Double,
            Lane::Float => Holds::Float,
            Lane::Text => Holds::Text(MultiValueHandling::Array),
            Lane::State => return Err(Error::invalid(path, "reads stored states, which events do not carry")),
        };
        let name = match input {
            InputSpec::Column(name) => name.clone(),
            InputSpec::Dimension(Value::String(name)) => name.clone(),
            InputSpec::Dimension(spec) => match spec.get("dimension").and_then(Value::as_str) {
                Some(name) if spec.get("extractionFn").is_none() => name.to_owned(),
                _ => {
                    return Err(Error::invalid(path, "a dimension with an extraction function needs a transform here"));
                }
            },
            InputSpec::Expression(text) => return Ok(MetricInput::Slot(self.hidden(&hidden_name(text), holds))),
        };
        if name == TIME_COLUMN {
            return Ok(MetricInput::Time);
        }
        Ok(MetricInput::Slot(self.slot(&name, Use::Metric, holds)))
    }

    /// The slot that reads a field in this way.
    fn slot(&mut self, name: &str, used_as: Use, holds: Holds) -> usize {
        let same = |plan: &SlotPlan| &*plan.field == name && plan.used_as == used_as && plan.holds == holds;
        if let Some(slot) = self.slots.iter().position(same) {
            return slot;
        }
        let slot = self.slots.len();
        self.slots.push(SlotPlan { field: name.into(), used_as, holds });
        match self.computed.get_mut(name) {
            Some(slots) => slots.push(slot as u16),
            None => {
                let field = self.field(name);
                self.targets[field as usize].slots.push(slot as u16);
            }
        }
        slot
    }

    fn field(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.ids.get(name.as_bytes()) {
            return *id;
        }
        let id = self.targets.len() as FieldId;
        self.ids.insert(name.as_bytes().into(), id);
        self.names.push(name.into());
        self.targets.push(Targets::default());
        id
    }
}

/// The name of the column of an aggregator's own expression.
pub(crate) fn hidden_name(expression: &str) -> String {
    format!("\u{0}{expression}")
}
