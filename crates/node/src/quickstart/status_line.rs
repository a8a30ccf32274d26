//! The live line of the quickstart: rates from one look to the next.

/// Totals at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    pub at_ms: u64,
    pub num_events: u64,
    pub num_rows: u64,
    pub lag_records: u64,
    pub num_segments: u64,
    pub num_queries: u64,
}

/// Writes the line for what happened between two looks.
pub fn line(before: &Totals, now: &Totals) -> String {
    let seconds = (now.at_ms.saturating_sub(before.at_ms) as f64 / 1000.0).max(0.001);
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
    format!(
        "{} events/s in | {} rows queryable | lag {} | {} segments | {} queries/s",
        short(rate(now.num_events, before.num_events)),
        short(now.num_rows as f64),
        now.lag_records,
        now.num_segments,
        short(rate(now.num_queries, before.num_queries)),
    )
}

/// Three figures and a unit: `1.24 M`.
fn short(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v >= 1e9 => (v / 1e9, " G"),
        v if v >= 1e6 => (v / 1e6, " M"),
        v if v >= 1e4 => (v / 1e3, " k"),
        v => return format!("{v:.0}"),
    };
    format!("{scaled:.2}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second() {
        let before = Totals { at_ms: 1000, num_events: 100, ..Totals::default() };
        let now = Totals {
            at_ms: 3000,
            num_events: 4100,
            num_rows: 1_240_000,
            num_segments: 3,
            num_queries: 10,
            lag_records: 5,
        };
        assert_eq!(line(&before, &now), "2000 events/s in | 1.24 M rows queryable | lag 5 | 3 segments | 5 queries/s");
    }
}
