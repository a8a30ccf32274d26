//! What a broker does with the partial answers of many nodes: `partials [--parts 100] [--groups 10000] [--reps 5]`.
//! One thread, CPU time, as the parts come from the wire.

use benches::{Result, cpu_ms, day, median, option};
use query::{ExecContext, Partial, Query, run_leaf};
use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

/// A segment whose keys are some of twice as many.
fn part(number: usize, num_groups: usize) -> Result<SegmentRef> {
    let start = day()?.start;
    let keys: Vec<i64> = (0..num_groups).map(|at| (2 * at + (number * 7 + at * 13) % 2) as i64).collect();
    let built = BatchView::builder()
        .time((0..num_groups).map(|_| start))
        .long("number", keys.iter().map(|key| Some(*key)))
        .string("text", keys.iter().map(|key| Some(format!("value {key:08}"))))
        .double("amount", keys.iter().map(|key| Some(*key as f64 / 4.0)))
        .build()?;
    Ok(built)
}

fn questions() -> [(&'static str, Value); 3] {
    let common = json!({
        "dataSource": "t", "intervals": "2026-01-05/2026-01-06", "granularity": "all",
        "aggregations": [{"type": "count", "name": "n"}, {"type": "doubleSum", "name": "a", "fieldName": "amount"}],
    });
    let number = json!({"type": "default", "dimension": "number", "outputName": "d", "outputType": "LONG"});
    let text = json!({"type": "default", "dimension": "text", "outputName": "d"});
    let with = |more: Value| {
        let mut query = common.clone();
        if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
            query.extend(more);
        }
        query
    };
    let order = json!({"type": "default", "limit": 100, "columns": [{"dimension": "a", "direction": "descending"}]});
    [
        ("groupBy of numbers", with(json!({"queryType": "groupBy", "dimensions": [number], "limitSpec": order}))),
        ("groupBy of texts", with(json!({"queryType": "groupBy", "dimensions": [text], "limitSpec": order}))),
        ("topN of texts", with(json!({"queryType": "topN", "dimension": text, "metric": "a", "threshold": 100}))),
    ]
}

fn main() -> Result<()> {
    heap::keep_pages();
    let num_parts: usize = option("--parts", "100").parse()?;
    let num_groups: usize = option("--groups", "10000").parse()?;
    let reps: usize = option("--reps", "5").parse()?;
    let exec = ExecContext::inline(8 << 30);
    let segments = (0..num_parts).map(|number| part(number, num_groups)).collect::<Result<Vec<_>>>()?;
    println!("| CPU ms, {num_parts} partials of {num_groups} groups | read | merge | answer |\n|---|---:|---:|---:|");
    for (label, query) in questions() {
        let query = Query::parse(&serde_json::to_vec(&query)?)?;
        let leaf = |segment: &SegmentRef| run_leaf(&query, std::slice::from_ref(segment), &exec)?.to_ipc();
        let sent = segments.iter().map(leaf).collect::<query::Result<Vec<Vec<u8>>>>()?;
        let mut figures = [Vec::new(), Vec::new(), Vec::new()];
        for rep in 0..reps + 1 {
            let start = cpu_ms();
            let parts = sent.iter().map(|bytes| Partial::from_ipc(bytes)).collect::<query::Result<Vec<_>>>()?;
            let read = cpu_ms();
            let merged = query::merge(&query, parts, &exec)?;
            let whole = cpu_ms();
            query::finalize(&query, merged, &exec)?.to_json()?;
            if rep > 0 {
                figures.iter_mut().zip([read - start, whole - read, cpu_ms() - whole]).for_each(|(f, ms)| f.push(ms));
            }
        }
        let [read, merge, answer] = figures.map(median);
        println!("| {label} | {read:.1} | {merge:.1} | {answer:.1} |");
    }
    Ok(())
}
