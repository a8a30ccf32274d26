//! What went in and what comes out, in the same form.

use crate::{DATASOURCE, Event, Running, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Sums of some events.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    pub count: i64,
    pub clicks: i64,
    pub cost: f64,
}

/// Sums of all events and of each key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    pub all: Sums,
    pub by_key: BTreeMap<String, Sums>,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        self.count += other.count;
        self.clicks += other.clicks;
        self.cost += other.cost;
    }
}

impl Totals {
    /// Counts one event in.
    pub fn add(&mut self, event: &Event) {
        let sums = Sums { count: 1, clicks: event.clicks, cost: event.cost };
        self.all += sums;
        match self.by_key.get_mut(&event.key) {
            Some(of_key) => *of_key += sums,
            None => drop(self.by_key.insert(event.key.clone(), sums)),
        }
    }

    /// Counts all of `other` in.
    pub fn merge(&mut self, other: &Totals) {
        self.all += other.all;
        for (key, sums) in &other.by_key {
            *self.by_key.entry(key.clone()).or_default() += *sums;
        }
    }

    /// As the store answers now; the text says why it does not.
    pub fn read(store: &Running) -> Result<Totals, String> {
        let rows = ask(store, "timeseries", json!({}))?;
        let all = rows.first().map(|row| sums(&row["result"])).transpose()?.unwrap_or_default();
        let mut by_key = BTreeMap::new();
        for row in ask(store, "groupBy", json!({"dimensions": ["key"]}))? {
            let key = row["event"]["key"].as_str().ok_or_else(|| format!("a row without a key: {row}"))?;
            if by_key.insert(key.to_owned(), sums(&row["event"])?).is_some() {
                return Err(format!("two rows of key {key}"));
            }
        }
        Ok(Totals { all, by_key })
    }

    /// Waits until everything sent can be queried, then compares every sum. Never may there be more, and no facts may
    /// contradict each other.
    pub fn settle(&self, running: &Running, when: &str) {
        let answered = until(&format!("all {} events, {when}", self.all.count), || {
            let totals = Totals::read(running).ok()?;
            assert!(totals.all.count <= self.all.count, "{when}: {} events of {}", totals.all.count, self.all.count);
            (totals.all.count == self.all.count).then_some(totals)
        });
        self.assert_same(&answered, when);
        assert_eq!(running.get("/dolmen/v1/fsck"), Ok((200, json!([]))), "{when}: facts that contradict each other");
    }

    /// Panics with what differs.
    pub fn assert_same(&self, answered: &Totals, when: &str) {
        assert_eq!(self.all, answered.all, "{when}: sums sent and sums answered");
        for (key, sums) in &self.by_key {
            assert_eq!(Some(sums), answered.by_key.get(key), "{when}: sums of key {key} sent and answered");
        }
        assert_eq!(self.by_key.len(), answered.by_key.len(), "{when}: keys sent and keys answered");
    }
}

fn ask(store: &Running, kind: &str, more: Value) -> Result<Vec<Value>, String> {
    let mut query = json!({
        "queryType": kind,
        "dataSource": DATASOURCE,
        "intervals": ["2000-01-01/2100-01-01"],
        "granularity": "all",
        "aggregations": [
            {"type": "longSum", "name": "count", "fieldName": "count"},
            {"type": "longSum", "name": "clicks", "fieldName": "clicks"},
            {"type": "doubleSum", "name": "cost", "fieldName": "cost"},
        ],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        query[name] = value.clone();
    }
    match store.post("/druid/v2", &query)? {
        (200, Value::Array(rows)) => Ok(rows),
        (status, body) => Err(format!("{kind}: {status} {body}")),
    }
}

/// A sum over no rows is null.
fn sums(row: &Value) -> Result<Sums, String> {
    let long = |name: &str| match &row[name] {
        Value::Null => Ok(0),
        value => value.as_i64().ok_or_else(|| format!("{name} is no whole number: {row}")),
    };
    let double = |name: &str| match &row[name] {
        Value::Null => Ok(0.0),
        value => value.as_f64().ok_or_else(|| format!("{name} is no number: {row}")),
    };
    Ok(Sums { count: long("count")?, clicks: long("clicks")?, cost: double("cost")? })
}
