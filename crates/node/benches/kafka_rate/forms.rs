//! What is read: events of one kind and the spec that they are read by.

use crate::unusual;
use node::quickstart::Events;
use serde_json::{Value, json};

/// Event time moves on by a millisecond each so many events.
const EVENTS_A_MS: i64 = 100;
const FIRST_MS: i64 = 1_714_521_600_000;
const DAY_MS: i64 = 86_400_000;
/// Parts of a hundred that are spoiled, late and sent again in [`Form::Dirty`].
const SPOILED: i64 = 1;
const LATE: i64 = 5;
const AGAIN: i64 = 1;

#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    /// As the example spec has them: ten dimensions by the second, with a sketch of users.
    Sketch,
    /// Eight dimensions, tags and three metrics, rolled up by the minute.
    Ads,
    /// The same events, row by row.
    Raw,
    Orders,
    /// Fields in any order, escapes, unknown fields, and values to be flattened.
    General,
    Dirty,
    /// A dimension of which every value is another one.
    Distinct,
}

impl Form {
    /// The events, numbered from 0: calls `put` with each line, and answers how many of them become rows.
    pub fn write(self, num_events: i64, mut put: impl FnMut(&str)) -> i64 {
        let (mut events, mut line, mut other, mut num_rows) = (Events::new(1), Vec::new(), Vec::new(), 0);
        for number in 0..num_events {
            let (ts_ms, part) = (FIRST_MS + number / EVENTS_A_MS, number % 100);
            let is_dirty = self == Form::Dirty;
            let is_late = is_dirty && (SPOILED..SPOILED + LATE).contains(&part);
            // A line that is sent again stays as it was.
            if !(is_dirty && (100 - AGAIN..100).contains(&part)) {
                line.clear();
                match self {
                    Form::Orders => events.order(ts_ms, &mut line),
                    _ => events.ad(if is_late { ts_ms - DAY_MS } else { ts_ms }, &mut line),
                }
            }
            match self {
                Form::General => unusual::general(&line, number.unsigned_abs(), &mut other),
                Form::Distinct => unusual::distinct(&line, number.unsigned_abs(), &mut other),
                _ => other.clone_from(&line),
            }
            let is_spoiled = is_dirty && part < SPOILED;
            if is_spoiled {
                other.truncate(other.len() / 2);
                while std::str::from_utf8(&other).is_err() {
                    other.pop();
                }
            }
            num_rows += i64::from(!is_spoiled && !is_late);
            put(std::str::from_utf8(&other).expect("JSON is text"));
        }
        num_rows
    }

    pub fn spec(self, topic: &str, bootstrap_servers: &str, num_tasks: i32) -> Value {
        let example = include_str!("../../../../config/specs/ads.kafka.json");
        let mut spec: Value = serde_json::from_str(example).expect("the example is JSON");
        let schema = &mut spec["spec"]["dataSchema"];
        if self != Form::Sketch {
            let (dimensions, metrics) = self.columns();
            schema["dimensionsSpec"]["dimensions"] = dimensions;
            schema["metricsSpec"] = metrics;
            schema["granularitySpec"]["queryGranularity"] = "MINUTE".into();
        }
        if matches!(self, Form::Raw | Form::Orders) {
            schema["granularitySpec"]["queryGranularity"] = "NONE".into();
            schema["granularitySpec"]["rollup"] = false.into();
        }
        let io = &mut spec["spec"]["ioConfig"];
        io["topic"] = topic.into();
        io["startDelay"] = "PT0S".into();
        io["taskCount"] = num_tasks.into();
        io["consumerProperties"]["bootstrap.servers"] = bootstrap_servers.into();
        match self {
            Form::Dirty => io["lateMessageRejectionStartDateTime"] = "2024-05-01T00:00:00Z".into(),
            Form::General => {
                let fields = [("city", "$.place.city"), ("province", "$.place.province")];
                let fields = fields.map(|(name, expr)| json!({"type": "path", "name": name, "expr": expr}));
                io["inputFormat"]["flattenSpec"] = json!({"useFieldDiscovery": true, "fields": fields});
            }
            _ => {}
        }
        spec
    }

    fn columns(self) -> (Value, Value) {
        let metric = |kind: &str, field: &str| json!({"type": kind, "name": field, "fieldName": field});
        let count = json!({"type": "count", "name": "count"});
        let number = |kind: &str, name: &str| json!({"type": kind, "name": name});
        let ads = ["ad_id", "campaign", "advertiser", "province", "city", "device", "os", "channel", "placement"];
        let ads = ads.map(Value::from).to_vec();
        match self {
            Form::Orders => {
                let orders = ["province", "city", "category", "status", "pay_type"].map(Value::from).to_vec();
                let numbers = ["order_id", "user_id", "quantity"].map(|name| number("long", name));
                ([orders, numbers.to_vec(), vec![number("double", "amount")]].concat().into(), json!([]))
            }
            Form::Raw => {
                let numbers = [("long", "user_id"), ("double", "cost"), ("double", "bid"), ("double", "price")];
                let numbers = numbers.map(|(kind, name)| number(kind, name)).to_vec();
                ([ads, vec!["action".into()], numbers].concat().into(), json!([]))
            }
            _ => {
                let session = (self == Form::Distinct).then(|| Value::from("session"));
                let dimensions: Vec<Value> = ads.into_iter().chain(session).collect();
                let metrics = [metric("doubleSum", "cost"), metric("doubleSum", "price"), metric("doubleMax", "bid")];
                (dimensions.into(), [vec![count], metrics.to_vec()].concat().into())
            }
        }
    }

    /// What every datasource is asked for.
    pub fn rows(self) -> Value {
        match self {
            Form::Raw | Form::Orders => json!({"type": "count", "name": "count"}),
            _ => json!({"type": "longSum", "name": "count", "fieldName": "count"}),
        }
    }
}
