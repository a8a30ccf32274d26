//! Times the dashboard's queries on one thread: `dashboard --data DIR [--only Q1,Q4] [--reps 9] [--warm 2] [--answers DIR]`.

use std::path::PathBuf;
use std::time::Instant;

use benches::{Result, Tables, cpu_ms, dashboard, median, option};
use query::{ExecContext, Query};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let directory = PathBuf::from(option("--data", "bench-data"));
    let only = option("--only", "");
    let only: Vec<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let reps: usize = option("--reps", "9").parse()?;
    let warm: usize = option("--warm", "2").parse()?;
    let answers = option("--answers", "");
    let tables = Tables::open(&directory, &["ads", "orders"])?;
    let exec = ExecContext::inline(8 << 30);
    let dashboard = dashboard()?;
    let queries = dashboard["queries"].as_object().ok_or("the dashboard has no queries")?;
    println!("| query | CPU ms | least | bytes | ms |\n|---|---:|---:|---:|---:|");
    for (name, query) in queries.iter().filter(|(name, _)| only.is_empty() || only.contains(&name.as_str())) {
        let written = serde_json::to_vec(query)?;
        let (mut figures, mut walls, mut answer) = (Vec::with_capacity(reps), Vec::with_capacity(reps), Vec::new());
        for rep in 0..reps + warm {
            let (start, begun) = (cpu_ms(), Instant::now());
            answer = query::answer(&Query::parse(&written)?, &tables, &exec)?.to_json()?;
            if rep >= warm {
                figures.push(cpu_ms() - start);
                walls.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let (figure, wall) = (median(figures), median(walls));
        println!("| {name} | {figure:.2} | {least:.2} | {} | {wall:.2} |", answer.len());
        if !answers.is_empty() {
            std::fs::write(PathBuf::from(&answers).join(format!("{name}.json")), &answer)?;
        }
    }
    Ok(())
}
