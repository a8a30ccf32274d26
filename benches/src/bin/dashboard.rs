//! Times the dashboard's queries on one thread, or by the clock on several beside one, some of each in turn:
//! `dashboard --data DIR [--only Q1,Q4] [--reps 9] [--warm 2] [--answers DIR] [--threads 2] [--volumes]`. With
//! `--volumes` segments are bound first, as a store does with small ones.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use benches::threads::Threads;
use benches::{Result, Tables, cpu_ms, dashboard, median, option};
use query::{ExecContext, Executor, Query};

/// Runs on one thread, and then on several, between which the caches change hands.
const BLOCK: usize = 5;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

fn main() -> Result<()> {
    heap::keep_pages();
    let directory = PathBuf::from(option("--data", "bench-data"));
    let only = option("--only", "");
    let only: Vec<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let reps: usize = option("--reps", "9").parse()?;
    let warm: usize = option("--warm", "2").parse()?;
    let answers = option("--answers", "");
    let mut tables = Tables::open(&directory, &["ads", "orders"])?;
    if std::env::args().any(|argument| argument == "--volumes") {
        tables.bind()?;
    }
    let exec = ExecContext::inline(8 << 30);
    let num_threads: usize = option("--threads", "1").parse()?;
    let threads: Arc<dyn Executor> = Arc::new(Threads::start(num_threads));
    let together = ExecContext { executor: threads, ..exec.clone() };
    let dashboard = dashboard()?;
    let queries = dashboard["queries"].as_object().ok_or("the dashboard has no queries")?;
    let more =
        if num_threads > 1 { format!(" ms, {num_threads} threads | one : {num_threads} |") } else { String::new() };
    let line = if num_threads > 1 { "---:|---:|" } else { "" };
    println!("| query | CPU ms | least | bytes | ms |{more}\n|---|---:|---:|---:|---:|{line}");
    for (name, query) in queries.iter().filter(|(name, _)| only.is_empty() || only.contains(&name.as_str())) {
        let written = serde_json::to_vec(query)?;
        let mut answer = Vec::new();
        let mut ask = |exec: &ExecContext| -> Result<(f64, f64)> {
            let (start, begun) = (cpu_ms(), Instant::now());
            answer = query::answer(&Query::parse(&written)?, &tables, exec)?.to_json()?;
            Ok((cpu_ms() - start, begun.elapsed().as_secs_f64() * 1e3))
        };
        (0..warm).try_for_each(|_| ask(&exec).map(drop))?;
        let (mut figures, mut walls, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        for rep in 0..reps {
            let (figure, wall) = ask(&exec)?;
            figures.push(figure);
            walls.push(wall);
            if num_threads > 1 && (rep + 1) % BLOCK == 0 {
                // The threads that sleep meanwhile find the caches of their cores cold.
                ask(&together)?;
                (0..BLOCK).try_for_each(|_| ask(&together).map(|(_, wall)| shared.push(wall)))?;
                ask(&exec)?;
            }
        }
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let (figure, wall) = (median(figures), median(walls));
        let shared = median(shared);
        let more = if num_threads > 1 { format!(" {shared:.2} | {:.2} |", wall / shared) } else { String::new() };
        println!("| {name} | {figure:.2} | {least:.2} | {} | {wall:.2} |{more}", answer.len());
        if !answers.is_empty() {
            std::fs::write(PathBuf::from(&answers).join(format!("{name}.json")), &answer)?;
        }
    }
    Ok(())
}
