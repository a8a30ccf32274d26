//! Many dashboards at once, with and without one client that asks a heavy query again and again.
//!
//! Asks a running server that holds the dashboard's tables: first one client alone, then `--clients` of them, then the
//! same beside the heavy one. A client asks the light queries one after the other, then waits for `--pause-ms`, give or
//! take a half.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::http::Connection;
use benches::{Result, dashboard, option, scattered};
use serde_json::json;

/// Queries that read little, as most panels of a dashboard do.
const LIGHT: &str = "Q2,Q3,Q4,Q11,Q12,Q14,Q15,Q16,Q20";
const HEAVY: &str = "Q8";

/// Milliseconds of each query, by name.
type Times = BTreeMap<String, Vec<f64>>;

struct Load {
    address: String,
    light: Vec<(String, String)>,
    heavy: String,
    pause: Duration,
    time: Duration,
}

fn main() -> Result<()> {
    let load = Load::of_options()?;
    let num_clients: usize = option("--clients", "32").parse()?;
    let alone = load.run(1, false)?.0;
    let (many, rate, _) = load.run(num_clients, false)?;
    let (beside, rate_beside, num_heavy) = load.run(num_clients, true)?;
    println!(
        "{num_clients} clients: {rate:.0} queries/s; beside {HEAVY} in a loop ({num_heavy} times): {rate_beside:.0}\n"
    );
    println!(
        "| query | alone p50, ms | alone p99 | {num_clients} clients p50 | p99 | beside {HEAVY} p50 | p99 | p99 : alone p50 |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (name, alone) in &alone {
        let of = |times: &Times, part| times.get(name).map_or(f64::NAN, |times| quantile(times, part));
        let figures = [
            quantile(alone, 0.5),
            quantile(alone, 0.99),
            of(&many, 0.5),
            of(&many, 0.99),
            of(&beside, 0.5),
            of(&beside, 0.99),
        ];
        let cells: Vec<String> = figures.iter().map(|ms| format!("{ms:.1}")).collect();
        println!("| {name} | {} | {:.1} |", cells.join(" | "), figures[5] / figures[0]);
    }
    Ok(())
}

/// Asks a query and takes nothing but an answer.
fn ask_one(connection: &mut Connection, name: &str, query: &str) -> Result<()> {
    let (status, body) = connection.ask(query)?;
    if status != 200 {
        return Err(format!("{name}: {status} {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(())
}

fn quantile(times: &[f64], part: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}

impl Load {
    fn of_options() -> Result<Self> {
        let queries = dashboard()?["queries"].clone();
        let asked = |name: &str| {
            let mut query = queries[name].clone();
            query["context"] = json!({"useCache": false, "populateCache": false});
            query.to_string()
        };
        let light = option("--light", LIGHT);
        Ok(Self {
            address: option("--address", "127.0.0.1:8888"),
            light: light.split(',').map(|name| (name.to_owned(), asked(name))).collect(),
            heavy: asked(HEAVY),
            pause: Duration::from_millis(option("--pause-ms", "5000").parse()?),
            time: Duration::from_secs(option("--seconds", "120").parse()?),
        })
    }

    /// Times of the light queries, how many there were a second, and how many heavy ones.
    fn run(&self, num_clients: usize, with_heavy: bool) -> Result<(Times, f64, u64)> {
        let (ended, num_heavy) = (Arc::new(AtomicBool::new(false)), AtomicU64::new(0));
        let start = Instant::now();
        let mut all = Times::new();
        thread::scope(|scope| -> Result<()> {
            let clients: Vec<_> = (0..num_clients).map(|n| scope.spawn(move || self.client(n, num_clients))).collect();
            let heavy = with_heavy.then(|| scope.spawn(|| self.ask_heavy(&ended, &num_heavy)));
            for client in clients {
                let times = client.join().map_err(|_| "a client panicked")??;
                times.into_iter().for_each(|(name, more)| all.entry(name).or_default().extend(more));
            }
            ended.store(true, Ordering::Relaxed);
            heavy.map_or(Ok(()), |heavy| Ok(heavy.join().map_err(|_| "the heavy client panicked")??))
        })?;
        let num: usize = all.values().map(Vec::len).sum();
        Ok((all, num as f64 / start.elapsed().as_secs_f64(), num_heavy.into_inner()))
    }

    /// Clients begin spread over the first pause and wait for different times, as people do.
    fn client(&self, number: usize, num_clients: usize) -> std::result::Result<Times, String> {
        let ask = || -> Result<Times> {
            let mut connection = Connection::open(&self.address)?;
            let (start, mut times, mut round) = (Instant::now(), Times::new(), 0);
            thread::sleep(self.pause * number as u32 / num_clients as u32);
            while start.elapsed() < self.time {
                for (name, query) in &self.light {
                    let asked = Instant::now();
                    ask_one(&mut connection, name, query)?;
                    times.entry(name.clone()).or_default().push(asked.elapsed().as_secs_f64() * 1e3);
                }
                round += 1;
                thread::sleep(
                    self.pause.mul_f64(0.5 + scattered(round * num_clients + number) as f64 / usize::MAX as f64),
                );
            }
            Ok(times)
        };
        ask().map_err(|error| error.to_string())
    }

    fn ask_heavy(&self, ended: &AtomicBool, num: &AtomicU64) -> std::result::Result<(), String> {
        let ask = || -> Result<()> {
            let mut connection = Connection::open(&self.address)?;
            while !ended.load(Ordering::Relaxed) {
                ask_one(&mut connection, HEAVY, &self.heavy)?;
                num.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        ask().map_err(|error| error.to_string())
    }
}
