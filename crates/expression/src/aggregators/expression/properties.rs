//! What an `expression` aggregator is told, read and checked.

use aggregate::Error;
use serde_json::{Value, json};

use crate::expr::{Expr, Running, Scalar};

const ACCUMULATOR: &str = "__acc";
const MAX_SIZE_BYTES: usize = 8_192;
/// Room for one number.
const MIN_SIZE_BYTES: usize = 10;

/// The properties, their expressions parsed.
#[derive(Clone, Debug)]
pub(super) struct Properties {
    pub name: String,
    /// `None` where accumulated values are combined.
    fields: Option<Vec<String>>,
    pub accumulator: String,
    initial: Scalar<'static>,
    initial_combine: Scalar<'static>,
    fold: Expr,
    /// `fold`, if it is of that form.
    running: Option<Running>,
    pub combine: Expr,
    pub finalize: Option<Expr>,
    /// Tells the order of `o1` and `o2` by a number below, at or above 0.
    pub compare: Option<Expr>,
    pub is_null_unless_aggregated: bool,
    aggregates_nulls: bool,
    combines_nulls: bool,
    pub max_size_bytes: usize,
    written: Value,
}

impl Properties {
    pub fn parse(json: &Value) -> aggregate::Result<Properties> {
        let given = aggregate::Properties::new(json)?;
        let fields = given.get("fields").map(|_| given.required_texts("fields")).transpose()?;
        let initial_text = given.required_text("initialValue")?;
        let initial = constant(&given, "initialValue", &initial_text)?;
        let initial_combine = match given.text("initialCombineValue")? {
            Some(text) => constant(&given, "initialCombineValue", &text)?,
            None => initial.clone(),
        };
        let fold_text = given.required_text("fold")?;
        let combine_text = combine(&given, fields.as_deref(), &fold_text)?;
        let finalize = given.text("finalize")?.map(|text| expr(&given, "finalize", &text)).transpose()?;
        let compare = given.text("compare")?.map(|text| expr(&given, "compare", &text)).transpose()?;
        let aggregates_nulls = given.flag("shouldAggregateNullInputs", true)?;
        let accumulator = given.text("accumulatorIdentifier")?.unwrap_or_else(|| ACCUMULATOR.to_owned());
        let running = Running::parse(&fold_text, &accumulator);
        let mut written = json.clone();
        written["combine"] = combine_text.as_str().into();
        Ok(Properties {
            name: given.name().to_owned(),
            fields,
            accumulator,
            initial,
            initial_combine,
            fold: expr(&given, "fold", &fold_text)?,
            running,
            combine: expr(&given, "combine", &combine_text)?,
            finalize,
            compare,
            is_null_unless_aggregated: given.flag("isNullUnlessAggregated", true)?,
            aggregates_nulls,
            combines_nulls: given.flag("shouldCombineAggregateNullInputs", aggregates_nulls)?,
            max_size_bytes: max_size_bytes(&given)?,
            written,
        })
    }

    /// The one that folds what this one accumulated.
    pub fn merging(&self) -> Properties {
        let mut written = self.written.clone();
        written["fields"] = Value::Null;
        Properties { fields: None, written, ..self.clone() }
    }

    /// The expression that rows are folded by.
    pub fn folded(&self) -> &Expr {
        if self.fields.is_some() { &self.fold } else { &self.combine }
    }

    /// The expression that rows are folded by, if it runs.
    pub fn running(&self) -> Option<&Running> {
        self.running.as_ref().filter(|_| self.fields.is_some())
    }

    /// What the accumulator is before the first row.
    pub fn initial(&self) -> &Scalar<'static> {
        if self.fields.is_some() { &self.initial } else { &self.initial_combine }
    }

    /// Whether rows count where an input is null.
    pub fn takes_nulls(&self) -> bool {
        if self.fields.is_some() { self.aggregates_nulls } else { self.combines_nulls }
    }

    pub fn to_json(&self) -> Value {
        let mut json = self.written.clone();
        json["type"] = json!("expression");
        json
    }

    /// The failure of one of the expressions.
    pub fn failed(&self, field: &str, error: &crate::Error) -> Error {
        invalid(&self.name, field, error.to_string())
    }
}

fn invalid(name: &str, field: &str, reason: impl Into<String>) -> Error {
    Error::InvalidField { aggregator: name.into(), field: field.into(), reason: reason.into() }
}

fn expr(given: &aggregate::Properties<'_>, field: &str, text: &str) -> aggregate::Result<Expr> {
    Expr::parse(text).map_err(|error| invalid(given.name(), field, error.to_string()))
}

fn constant(given: &aggregate::Properties<'_>, field: &str, text: &str) -> aggregate::Result<Scalar<'static>> {
    let parsed = expr(given, field, text)?;
    parsed.constant().cloned().ok_or_else(|| invalid(given.name(), field, "must be a constant"))
}

/// `combine`, or for one field `fold` with the field's place taken by the aggregator's name.
fn combine(given: &aggregate::Properties<'_>, fields: Option<&[String]>, fold: &str) -> aggregate::Result<String> {
    match (given.text("combine")?, fields) {
        (Some(text), _) => Ok(text),
        (None, Some([field])) => Ok(fold.replace(field.as_str(), given.name())),
        (None, _) => Err(invalid(given.name(), "combine", "must be given unless there is exactly one of [fields]")),
    }
}

/// A number of bytes, or a text such as `8KiB`.
fn max_size_bytes(given: &aggregate::Properties<'_>) -> aggregate::Result<usize> {
    let bytes = match given.text("maxSizeBytes")? {
        None => MAX_SIZE_BYTES,
        Some(text) => {
            let read = human_bytes(&text);
            read.ok_or_else(|| invalid(given.name(), "maxSizeBytes", format!("is no number of bytes: '{text}'")))?
        }
    };
    match bytes {
        MIN_SIZE_BYTES.. => Ok(bytes),
        _ => Err(invalid(given.name(), "maxSizeBytes", format!("is {bytes}, must be at least {MIN_SIZE_BYTES}"))),
    }
}

/// `64`, `8k` (thousands) or `8KiB` (powers of 1,024).
fn human_bytes(text: &str) -> Option<usize> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}
