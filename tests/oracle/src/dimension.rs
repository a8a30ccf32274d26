//! Dimensions as queries name them, and rows by their values.

use crate::chance::Chance;
use crate::extraction::{Extraction, LOOKUP, draw_text};
use crate::rows::{Column, Kind, Row};
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct Dimension {
    column: Column,
    pub output: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// Values as they are.
    Typed,
    /// Values as texts.
    Texts,
    Extract(Extraction),
    /// Through a registered lookup; what it does not have is null.
    Lookup,
    List {
        values: Vec<String>,
        is_allowed: bool,
    },
    Prefix(String),
}

impl Dimension {
    /// Of any column that can be grouped.
    pub fn draw(chance: &Chance, columns: &[Column], number: usize) -> Option<Dimension> {
        let columns = crate::rows::of_kind(columns, |kind| kind != Kind::Nested);
        if columns.is_empty() {
            return None;
        }
        let column = chance.of(&columns).clone();
        let what = match column.kind {
            Kind::Array(_) | Kind::Time => What::Typed,
            _ => match chance.below(8) {
                0 | 1 => What::Extract(Extraction::draw(chance)),
                2 if column.kind.is_text() => {
                    let values = (0..1 + chance.below(3)).filter_map(|_| draw_text(chance)).chain(["a".to_owned()]);
                    What::List { values: values.collect(), is_allowed: chance.one_in(2) }
                }
                3 if column.kind.is_text() => What::Prefix((*chance.of(&["", "1", "a", "Z"])).to_owned()),
                4 if column.kind.is_text() => What::Lookup,
                5 if column.kind.is_number() => What::Texts,
                _ => What::Typed,
            },
        };
        Some(Dimension { column, output: format!("k{number}"), what })
    }

    /// As a topN takes it: arrays are refused, and rows of which a virtual column (`w`) left all values out are in no
    /// group.
    pub fn draw_single(chance: &Chance, columns: &[Column]) -> Option<Dimension> {
        let is_plain = |column: &&Column| !column.kind.is_array() && !column.name.starts_with('w');
        let columns: Vec<Column> = columns.iter().filter(is_plain).cloned().collect();
        Dimension::draw(chance, &columns, 0)
    }

    pub fn json(&self) -> Json {
        let (name, output) = (&self.column.name, &self.output);
        let plain =
            |kind: &str| json!({"type": "default", "dimension": name, "outputName": output, "outputType": kind});
        match &self.what {
            What::Typed => plain(self.column.kind.type_name()),
            What::Texts => plain("STRING"),
            What::Extract(function) => {
                json!({"type": "extraction", "dimension": name, "outputName": output, "extractionFn": function.json()})
            }
            What::Lookup => json!({"type": "lookup", "dimension": name, "outputName": output, "name": LOOKUP}),
            What::List { values, is_allowed } => {
                json!({"type": "listFiltered", "delegate": plain("STRING"), "values": values, "isWhitelist": is_allowed})
            }
            What::Prefix(prefix) => json!({"type": "prefixFiltered", "delegate": plain("STRING"), "prefix": prefix}),
        }
    }

    /// Which column of the data it is.
    pub fn column(&self) -> &str {
        &self.column.name
    }

    pub fn kind(&self) -> Kind {
        match (&self.what, self.column.kind) {
            (What::Typed, Kind::Texts) => Kind::Text,
            (What::Typed, kind) => kind,
            _ => Kind::Text,
        }
    }

    /// None where all values of a row are left out.
    fn values(&self, row: &Row) -> Vec<Value> {
        if row.is_bare(&self.column.name) {
            return Vec::new();
        }
        let values = row.values(&self.column.name).into_iter();
        let text = |value: Option<String>| value.map_or(Value::Null, Value::Text);
        let extract = |function: &Extraction, value: &Value| text(function.of(value.text().as_deref()));
        match &self.what {
            What::Typed => values.collect(),
            What::Texts => values.map(|value| text(value.text())).collect(),
            What::Extract(function) => values.map(|value| extract(function, &value)).collect(),
            What::Lookup => values.map(|value| extract(&Extraction::lookup(), &value)).collect(),
            What::List { values: list, is_allowed } => {
                values.filter(|value| value.text().is_some_and(|text| list.contains(&text)) == *is_allowed).collect()
            }
            What::Prefix(prefix) => {
                values.filter(|value| value.text().is_some_and(|text| text.starts_with(prefix))).collect()
            }
        }
    }
}

/// Whether a row whose values are all left out is a row of null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LeftOut {
    Null,
    Nowhere,
}

pub type Group<'a> = (Vec<Value>, Vec<&'a Row>);

/// Rows by the values of the dimensions, in the order of the values; a row counts once for each combination.
pub fn groups<'a>(rows: &[&'a Row], dimensions: &[Dimension], left_out: LeftOut) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        let mut keys = vec![Vec::new()];
        for dimension in dimensions {
            let mut values = dimension.values(row);
            if values.is_empty() && left_out == LeftOut::Null {
                values.push(Value::Null);
            }
            keys = keys
                .iter()
                .flat_map(|key| values.iter().map(move |value| [key.as_slice(), std::slice::from_ref(value)].concat()))
                .collect();
        }
        keys.into_iter().for_each(|key| add(&mut groups, key, &[*row]));
    }
    groups.sort_by(|a, b| order_keys(&a.0, &b.0));
    groups
}

/// More rows for a group.
pub fn add<'a>(groups: &mut Vec<Group<'a>>, key: Vec<Value>, rows: &[&'a Row]) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => known.extend(rows),
        None => groups.push((key, rows.to_vec())),
    }
}

pub fn order_keys(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
