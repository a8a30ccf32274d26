//! A query is read, carried out over rows of two segments, and its answer is written.

use super::Target;
use query::{ExecContext, Limits, Query, Result, Sources};
use segment::{BatchView, SegmentRef};
use std::sync::LazyLock;
use timeline::{Interval, SegmentId};

pub const TARGET: Target = Target { name: "query", run };

const DAY_MS: i64 = 86_400_000;
/// 2022-01-01T00:00Z.
const FIRST_MS: i64 = 1_640_995_200_000;

struct Rows(Vec<SegmentRef>);

impl Sources for Rows {
    fn segments(&self, datasource: &str, _: &[Interval]) -> Result<Vec<SegmentRef>> {
        Ok(if datasource == "t" { self.0.clone() } else { Vec::new() })
    }
}

static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows((0..2).map(day).collect()));

fn day(number: i64) -> SegmentRef {
    let start = FIRST_MS + number * DAY_MS;
    let interval = Interval { start, end: start + DAY_MS }.to_string().replace('/', "_");
    BatchView::builder()
        .id(SegmentId::parse(&format!("t_{interval}_v1"), "t").expect("an id"))
        .num_rows(4)
        .time([start, start + 1, start + 3_600_000, start + 7_200_000])
        .string("color", [None, Some(""), Some("red"), Some("blue")])
        .strings("tags", [vec![], vec![Some("a")], vec![Some("a"), Some("b")], vec![Some("b")]])
        .long("user", [None, Some(i64::MIN), Some(number), Some(i64::MAX)])
        .double("x", [None, Some(f64::NAN), Some(-0.0), Some(2.5)])
        .build()
        .expect("a segment")
}

fn run(data: &[u8]) {
    let Ok(query) = Query::parse(data) else { return };
    let mut exec = ExecContext::inline(256 << 20);
    exec.limits = Limits { max_buckets: 100_000, ..Limits::default() };
    let Ok(answer) = query::answer(&query, &*ROWS, &exec) else { return };
    if let Ok(bytes) = answer.to_json() {
        assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok(), "{}", String::from_utf8_lossy(&bytes));
    }
}
