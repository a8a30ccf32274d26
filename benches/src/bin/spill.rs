//! A groupBy of more groups than memory holds: what it needs of time, memory and disk.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::{Result, Tables, cpu_ms, image_path, option, segment_id};
use query::{ExecContext, MemoryBudget, Query, SpillSpace};
use segment::{BatchView, ColumnType, DimensionSchema, RollupSchema, Source};
use serde_json::{Value, json};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

const TABLE: &str = "events";
const SEGMENT_ROWS: u64 = 5_000_000;

fn main() -> Result<()> {
    heap::keep_pages();
    let directory = PathBuf::from(option("--dir", "bench-data"));
    let num_rows: u64 = option("--rows", "50000000").parse()?;
    let budget: u64 = option("--memory", "1073741824").parse()?;
    make(&directory, num_rows)?;
    let tables = Tables::open(&directory, &[TABLE])?;
    println!("| query | answer, MB | wall s | CPU s | memory held, MB | memory of the process, MB | on disk, MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, query) in queries() {
        let disk = MemoryBudget::new("disk", u64::MAX);
        let dir = directory.clone();
        let files = Arc::new(move || tempfile::tempfile_in(&dir));
        let spill = Some(SpillSpace { files, budget: Arc::clone(&disk) });
        let exec = ExecContext { spill, ..ExecContext::inline(budget) };
        let (start, cpu, watch) = (Instant::now(), cpu_ms(), Watch::start());
        let query = Query::parse(query.to_string().as_bytes())?;
        let mut answer = query::answer(&query, &tables, &exec)?;
        let (mut bytes, mut chunk) = (0, Vec::new());
        while answer.next_chunk(&mut chunk)? {
            bytes += chunk.len();
            chunk.clear();
        }
        let mb = |bytes: u64| bytes / 1_000_000;
        println!(
            "| {name} | {} | {:.1} | {:.1} | {} | {} | {} |",
            mb(bytes as u64),
            start.elapsed().as_secs_f64(),
            (cpu_ms() - cpu) / 1e3,
            mb(exec.memory.most_bytes()),
            mb(watch.stop()),
            mb(disk.most_bytes())
        );
    }
    Ok(())
}

fn queries() -> Vec<(&'static str, Value)> {
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let query = |kind: &str, more: Value| {
        let mut query = json!({"queryType": kind, "dataSource": TABLE, "intervals": "2026-01-05/2026-01-06",
            "granularity": "all", "aggregations": [{"type": "count", "name": "n"},
            {"type": "doubleSum", "name": "cost", "fieldName": "cost"}]});
        query.as_object_mut().into_iter().for_each(|query| query.extend(more.as_object().cloned().unwrap_or_default()));
        query
    };
    let top = json!({"type": "default", "limit": 100, "columns": [{"dimension": "cost", "direction": "descending"}]});
    vec![
        ("groupBy, the first 100", query("groupBy", json!({"dimensions": [user], "limitSpec": top}))),
        ("topN", query("topN", json!({"dimension": user, "metric": "cost", "threshold": 100}))),
        ("groupBy, all groups", query("groupBy", json!({"dimensions": [user], "context": {"resultAsArray": true}}))),
    ]
}

/// Images whose rows have a user each that no other row has.
fn make(directory: &Path, num_rows: u64) -> Result<()> {
    fs::create_dir_all(directory)?;
    let dimensions = [("user", ColumnType::Long), ("cost", ColumnType::Double)];
    let dimensions = dimensions.map(|(name, column_type)| DimensionSchema::new(name, column_type)).to_vec();
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
    for number in 0..u32::try_from(num_rows.div_ceil(SEGMENT_ROWS))? {
        let path = image_path(directory, TABLE, number);
        if fs::exists(&path)? {
            continue;
        }
        let start = u64::from(number) * SEGMENT_ROWS;
        let rows = start..num_rows.min(start + SEGMENT_ROWS);
        let scattered = |row: u64| (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let midnight = benches::day()?.start;
        let view = BatchView::builder()
            .id(segment_id(TABLE, number)?)
            .num_rows((rows.end - rows.start) as usize)
            .time(rows.clone().map(|row| midnight + (row - start) as i64 / 100))
            .long("user", rows.clone().map(|row| Some((scattered(row) >> 1) as i64)))
            .double("cost", rows.map(|row| Some((scattered(row) % 10_000) as f64 / 100.0)))
            .build()?;
        let table = segment::merge(&[Source::all(&*view)], &schema)?;
        segment::write_image(&table, BufWriter::new(File::create(&path)?))?;
    }
    Ok(())
}

/// Looks again and again at the memory that is the process's own, not a file's.
struct Watch {
    ended: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    fn start() -> Self {
        let (ended, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, seen) = (Arc::clone(&ended), Arc::clone(&most));
        let thread = thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                seen.fetch_max(own_memory().unwrap_or(0), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
        });
        Self { ended, most, thread }
    }

    fn stop(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        // A panic of the thread would only lose a figure.
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed)
    }
}

fn own_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
