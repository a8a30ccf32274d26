//! An expression is parsed, shown, and evaluated over rows of every type.

use super::{Target, text};
use expression::Expr;
use segment::{BatchView, SegmentRef};
use std::sync::LazyLock;

pub const TARGET: Target = Target { name: "expression", run };

/// Enough for nulls, several values, and numbers at their ends.
static ROWS: LazyLock<SegmentRef> = LazyLock::new(|| {
    BatchView::builder()
        .num_rows(4)
        .time([i64::MIN / 4, -1, 0, 1_700_000_000_000])
        .string("s", [None, Some(""), Some("12"), Some("世界 é")])
        .strings("m", [vec![], vec![Some("a")], vec![Some("a"), Some("b")], vec![Some(""), Some("1.5")]])
        .long("l", [None, Some(i64::MIN), Some(0), Some(i64::MAX)])
        .double("d", [None, Some(f64::NAN), Some(-0.0), Some(1e300)])
        .build()
        .expect("rows")
});

fn run(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(expr) = Expr::parse(text) else { return };
    // An error is as good as a value; a panic is neither.
    let _ = expr.bind(&ROWS).eval(0..4);
}
