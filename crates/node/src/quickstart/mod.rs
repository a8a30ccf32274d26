//! `dolmen quickstart`: everything in one process - a Kafka broker, made-up events, all roles.

mod broker;
mod events;
mod generator;
mod sources;
mod status_line;
mod welcome;

use crate::cli::{CommandResult, Quickstart};
use crate::clock::SystemClock;
use crate::config::{Config, Log};
use crate::life::{Node, NodeOptions, Prepared, asked_to_stop};
use crate::logging;
use crate::task_set::Failure;
use broker::Broker;
pub use events::Events;
use generator::{Generator, Stream};
use ingest::Metrics;
use sources::Before;
use status_line::Totals;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use timeline::Clock;

const ADS: (&str, i32) = ("ads", 4);
const ORDERS: (&str, i32) = ("orders", 2);
/// An order for so many ad events.
const ADS_PER_ORDER: u32 = 10;
/// How long the reader may take for what the generator sent last.
const CATCH_UP: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_secs(1);
/// Where nobody watches, a line is enough from time to time.
const LOOKS_A_LINE: u32 = 10;

/// Runs until a signal; then everything that was read is sealed.
pub async fn run(options: Quickstart) -> CommandResult {
    let mut config = Config::load(None, &std::env::vars().collect())?;
    config.http.port = options.port;
    config.from_command_line("http.port");
    if std::env::var_os("DOLMEN__LOG__LEVEL").is_none() {
        config.log = Log { level: "warn".into(), ..config.log };
    }
    logging::start(&config.log)?;
    let broker = Broker::start(&[ADS, ORDERS])?;
    let prepared = Node::prepare(NodeOptions { config, data_dir: options.data_dir.clone(), roles: Vec::new() }).await?;
    let before = sources::point_at(prepared.context(), &broker).await?;
    let marker = prepared.context().data_dir().join("quickstart.running");
    tell(&before, marker.exists());
    std::fs::write(&marker, std::process::id().to_string())?;
    let mut node = Prepared::start(prepared).await?;
    let generator = generate(&broker, &node, options.rate.max(1))?;
    say(&welcome::text(&node.url(), &options.data_dir));
    let failure = watch(&mut node, &generator).await;
    drain(node, generator, &marker).await?;
    drop(broker);
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

/// Says what a second start finds.
fn tell(before: &Before, was_killed: bool) {
    if before.num_rebased == 0 {
        return;
    }
    say(&format!(
        "Found {} rows that were sealed before. The broker inside this process keeps its log in memory only, so its \
         offsets begin anew: the {} quickstart sources ads and orders were rebased (no other source ever is).",
        before.num_rows, before.num_rebased
    ));
    if was_killed {
        say("The last run did not end by itself: what it had not sealed yet went with its broker's log.");
    }
}

fn generate(broker: &Broker, node: &Node, rate: u32) -> Result<Generator, Box<dyn std::error::Error>> {
    let metrics = &node.context().ingest.metrics;
    let stream = |(topic, num_partitions): (&'static str, i32), rate_per_s, write| {
        let numbers = metrics.supervisor(topic);
        Stream { topic, num_partitions, rate_per_s, write, num_read: Box::new(move || numbers.events.get()) }
    };
    let streams = vec![
        stream(ADS, rate, events::Events::ad),
        stream(ORDERS, (rate / ADS_PER_ORDER).max(1), events::Events::order),
    ];
    let clock = SystemClock::default();
    let seed = node.context().random.next_u64();
    Ok(Generator::start(broker.producer()?, streams, seed, move || clock.now_ms())?)
}

/// Shows how things go until a signal or a failure.
async fn watch(node: &mut Node, generator: &Generator) -> Option<Failure> {
    let is_terminal = std::io::stdout().is_terminal();
    let context = Arc::clone(node.context());
    let mut stop = Box::pin(asked_to_stop());
    let (mut before, mut looks) = (Totals::default(), 0u32);
    loop {
        tokio::select! {
            () = &mut stop => break,
            failure = node.failed() => return Some(failure),
            () = tokio::time::sleep(LOOK) => {}
        }
        looks += 1;
        if !is_terminal && looks % LOOKS_A_LINE != 0 {
            continue;
        }
        let now = totals(&context, generator.num_sent());
        let line = status_line::line(&before, &now);
        before = now;
        show(&line, is_terminal);
    }
    if is_terminal {
        say("");
    }
    None
}

/// A line to whoever reads; the store runs on when nobody does.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn show(line: &str, in_place: bool) {
    let mut out = std::io::stdout();
    let shown = if in_place { write!(out, "\r\x1b[2K{line}") } else { writeln!(out, "{line}") };
    let _ = shown.and_then(|()| out.flush());
}

fn totals(context: &crate::NodeContext, num_sent: u64) -> Totals {
    let supervisors = context.ingest.metrics.supervisors();
    let views = context.inventory.views();
    let live: i64 = supervisors.iter().map(|(_, numbers)| numbers.live_rows.get()).sum();
    let sealed: u64 = views.iter().map(|view| view.num_sealed_rows()).sum();
    Totals {
        at_ms: context.clock.monotonic_ms(),
        num_events: supervisors.iter().map(|(_, numbers)| numbers.events.get()).sum(),
        num_rows: sealed + u64::try_from(live).unwrap_or(0),
        lag_records: num_sent.saturating_sub(num_read(&context.ingest.metrics)),
        num_segments: views.iter().map(|view| view.sealed.len() as u64).sum(),
        num_queries: context.query_metrics.num_ended(),
    }
}

fn num_read(metrics: &Metrics) -> u64 {
    metrics.supervisors().iter().map(|(_, numbers)| numbers.events.get()).sum()
}

/// Stops the events, waits for the reader, seals.
async fn drain(node: Node, generator: Generator, marker: &Path) -> CommandResult {
    say("Stopping: everything that was read is being sealed.");
    let sent = tokio::task::spawn_blocking(move || generator.stop()).await?;
    let metrics = Arc::clone(&node.context().ingest.metrics);
    let caught_up = async {
        while num_read(&metrics) < sent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let all_read = tokio::time::timeout(CATCH_UP, caught_up).await.is_ok();
    let context = Arc::clone(node.context());
    node.stop().await;
    let left: i64 = metrics.supervisors().iter().map(|(_, numbers)| numbers.live_rows.get()).sum();
    if all_read && left == 0 {
        std::fs::remove_file(marker)?;
    }
    let queries = context.query_metrics.num_refused.load(Ordering::Relaxed);
    if queries > 0 {
        say(&format!("{queries} queries were refused for want of a place."));
    }
    say(&format!("Everything is sealed: {} events read. Start again to go on.", num_read(&metrics)));
    Ok(())
}
