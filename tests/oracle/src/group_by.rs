//! A row for each combination of values.

use crate::chance::Chance;
use crate::query::{Common, instant, object};
use crate::rows::{Column, Kind, Row};
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

/// A dimension as a query names it.
#[derive(Debug, Clone)]
pub struct Dimension {
    column: Column,
    pub output: String,
    /// What is done to its texts.
    change: Option<Change>,
    /// Numbers are grouped as numbers.
    typed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Upper,
    /// The first unit.
    Head,
}

impl Dimension {
    pub fn draw(chance: &Chance, columns: &[Column], number: usize) -> Dimension {
        let column = chance.of(columns).clone();
        let change = column.kind.is_text() && chance.one_in(4);
        let change = change.then(|| *chance.of(&[Change::Upper, Change::Head]));
        Dimension { typed: !column.kind.is_text() && !chance.one_in(4), column, output: format!("k{number}"), change }
    }

    pub fn json(&self) -> Json {
        let function = match self.change {
            None => {
                let kind = if self.typed { self.column.kind.type_name() } else { "STRING" };
                return json!({"type": "default", "dimension": self.column.name, "outputName": self.output, "outputType": kind});
            }
            Some(Change::Upper) => json!({"type": "upper"}),
            Some(Change::Head) => json!({"type": "substring", "index": 0, "length": 1}),
        };
        json!({"type": "extraction", "dimension": self.column.name, "outputName": self.output, "extractionFn": function})
    }

    fn values(&self, row: &Row) -> Vec<Value> {
        let text = |value: Value| match (value.text(), self.change) {
            (None, _) => Value::Null,
            (Some(text), None) => Value::Text(text),
            (Some(text), Some(Change::Upper)) => Value::Text(text.to_uppercase()),
            (Some(text), Some(Change::Head)) => match text.chars().next() {
                None => Value::Null,
                // Half of a pair is no text: the store keeps pairs whole.
                Some(first) => Value::Text(first.to_string()),
            },
        };
        let values = row.values(&self.column.name).into_iter();
        if self.typed { values.collect() } else { values.map(text).collect() }
    }

    fn is_text(&self) -> bool {
        self.column.kind == Kind::Text || self.column.kind == Kind::Texts
    }
}

/// Rows by the values of the dimensions, in the order of the values; a row counts once for each combination.
pub fn groups<'a>(rows: &[&'a Row], dimensions: &[Dimension]) -> Vec<(Vec<Value>, Vec<&'a Row>)> {
    let mut groups: Vec<(Vec<Value>, Vec<&Row>)> = Vec::new();
    for row in rows {
        let mut keys = vec![Vec::new()];
        for dimension in dimensions {
            let values = dimension.values(row);
            keys = keys
                .iter()
                .flat_map(|key| values.iter().map(move |value| [key.as_slice(), std::slice::from_ref(value)].concat()))
                .collect();
        }
        for key in keys {
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
    }
    groups.sort_by(|a, b| order_keys(&a.0, &b.0));
    groups
}

fn order_keys(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[derive(Debug, Clone)]
pub struct GroupBy {
    dimensions: Vec<Dimension>,
    /// An aggregator that is more than a number.
    having: Option<(String, i64)>,
    /// What rows are sorted by, and whether downwards.
    columns: Vec<(String, bool)>,
    limit: Option<usize>,
    offset: usize,
}

impl GroupBy {
    pub fn draw(chance: &Chance, columns: &[Column], common: &Common) -> GroupBy {
        let dimensions: Vec<Dimension> =
            (0..chance.below(4)).map(|number| Dimension::draw(chance, columns, number)).collect();
        let numbers: Vec<&str> =
            common.aggregators.iter().filter(|one| one.is_number()).map(|one| one.name.as_str()).collect();
        let having = !numbers.is_empty() && chance.one_in(4);
        // Texts sort as texts and numbers as numbers, so that nothing has to be said of the order.
        let texts = dimensions.iter().filter(|dimension| dimension.is_text()).map(|dimension| dimension.output.clone());
        let mut sortable: Vec<String> = numbers.iter().map(|name| (*name).to_owned()).chain(texts).collect();
        sortable.sort();
        let is_sorted = !sortable.is_empty() && chance.one_in(2);
        GroupBy {
            having: having.then(|| ((*chance.of(&numbers)).to_owned(), chance.between(-1, 6))),
            columns: if is_sorted {
                chance.some(&sortable).into_iter().map(|name| (name, chance.one_in(2))).collect()
            } else {
                Vec::new()
            },
            limit: chance.one_in(3).then(|| 1 + chance.below(6)),
            offset: if chance.one_in(5) { chance.below(3) } else { 0 },
            dimensions,
        }
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("groupBy");
        out["dimensions"] = self.dimensions.iter().map(Dimension::json).collect();
        if let Some((name, value)) = &self.having {
            out["having"] = json!({"type": "greaterThan", "aggregation": name, "value": value});
        }
        let direction = |down: bool| if down { "descending" } else { "ascending" };
        let column = |(name, down): &(String, bool)| json!({"dimension": name, "direction": direction(*down)});
        let columns: Vec<Json> = self.columns.iter().map(column).collect();
        if self.limit.is_some() || self.offset > 0 || !columns.is_empty() {
            out["limitSpec"] = json!({"type": "default", "columns": columns, "offset": self.offset});
            if let Some(limit) = self.limit {
                out["limitSpec"]["limit"] = json!(limit);
            }
        }
    }

    pub fn answer(&self, common: &Common, rows: &[Row]) -> Json {
        let kept = common.kept(rows);
        let start = common.intervals.first().map_or(0, |(from, _)| *from);
        let mut buckets: Vec<Option<i64>> = kept.iter().map(|row| common.granularity.bucket(row.time)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let mut out: Vec<(i64, Vec<(String, Value)>)> = Vec::new();
        for bucket in buckets {
            let rows = bucket.map_or_else(|| kept.clone(), |bucket| common.within(&kept, bucket));
            for (key, rows) in groups(&rows, &self.dimensions) {
                out.push((bucket.unwrap_or(start), self.event(common, key, &rows)));
            }
        }
        let is_summary = self.dimensions.is_empty() && common.granularity.length().is_none() && self.offset == 0;
        if out.is_empty() && is_summary {
            out.push((start, self.event(common, Vec::new(), &[])));
        }
        out.retain(|(_, event)| self.has(event));
        out.sort_by(|a, b| self.order(common, a, b));
        let out = out.into_iter().skip(self.offset).take(self.limit.unwrap_or(usize::MAX));
        let text =
            |time: i64| if common.granularity.length().is_none() { instant(time) } else { common.bucket_text(time) };
        Json::Array(
            out.map(|(time, event)| json!({"version": "v1", "timestamp": text(time), "event": object(event)}))
                .collect(),
        )
    }

    fn event(&self, common: &Common, key: Vec<Value>, rows: &[&Row]) -> Vec<(String, Value)> {
        let names = self.dimensions.iter().map(|dimension| dimension.output.clone());
        names.zip(key).chain(common.values(rows)).collect()
    }

    fn has(&self, event: &[(String, Value)]) -> bool {
        self.having
            .as_ref()
            .is_none_or(|(name, least)| named(event, name).number().is_some_and(|number| number > *least as f64))
    }

    fn order(&self, common: &Common, a: &(i64, Vec<(String, Value)>), b: &(i64, Vec<(String, Value)>)) -> Ordering {
        let by_time = if common.granularity.length().is_some() { a.0.cmp(&b.0) } else { Ordering::Equal };
        self.columns.iter().fold(by_time, |order, (name, down)| {
            let column = named(&a.1, name).order(&named(&b.1, name));
            order.then(if *down { column.reverse() } else { column })
        })
    }
}

fn named(event: &[(String, Value)], name: &str) -> Value {
    event.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
}
