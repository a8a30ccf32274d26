//! Events that a number decides, with sums that are exact in binary.

/// Start of the first hour that events fall into.
const BASE_MS: i64 = 1_714_521_600_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const NUM_KEYS: u64 = 23;
const NUM_HOURS: u64 = 3;

/// What is counted of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub time_ms: i64,
    pub key: String,
    pub clicks: i64,
    /// A multiple of a quarter: every order of adding gives the same sum.
    pub cost: f64,
}

/// The event of a number.
pub fn event(number: u64) -> Event {
    let small = |value: u64| i64::try_from(value).unwrap_or_default();
    let (hour, minute) = (small(number % NUM_HOURS), small(number / 50 % 60));
    let quarters = u32::try_from(number * 13 % 4_001).unwrap_or_default();
    Event {
        time_ms: BASE_MS + hour * HOUR_MS + minute * MINUTE_MS + small(number % 60_000),
        key: format!("k{}", number % NUM_KEYS),
        clicks: small(number * 7 % 1_000),
        cost: f64::from(quarters) / 4.0,
    }
}

impl Event {
    /// The record of the event.
    pub fn to_json(&self) -> String {
        let Event { time_ms, key, clicks, cost } = self;
        format!(r#"{{"ts":{time_ms},"key":"{key}","clicks":{clicks},"cost":{cost}}}"#)
    }
}

/// A record that no format reads.
pub fn poison(number: u64) -> String {
    format!("{{this is no record {number}")
}
