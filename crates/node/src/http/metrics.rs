//! Numbers of the process as Prometheus reads them.

use crate::context::NodeContext;
use crate::memory;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(node)
}

async fn metrics(State(node): State<Arc<NodeContext>>) -> Response {
    let mut text = Page::default();
    queries(&node, &mut text);
    ingestion(&node, &mut text);
    segments(&node, &mut text);
    memory_by_owner(&node, &mut text);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text.0).into_response()
}

fn queries(node: &NodeContext, page: &mut Page) {
    let by_type = node.query_metrics.by_type();
    page.head("dolmen_queries_total", "counter", "Queries that ended.");
    for (name, numbers) in &by_type {
        for (outcome, count) in [("success", &numbers.num_good), ("failed", &numbers.num_failed)] {
            let labels = [("type", *name), ("outcome", outcome)];
            page.line("dolmen_queries_total", &labels, count.load(Ordering::Relaxed));
        }
    }
    page.head("dolmen_query_seconds", "histogram", "From the question to the first byte of the answer.");
    for (name, numbers) in &by_type {
        let counts = numbers.latency.cumulative();
        for (bound, count) in &counts {
            let bound = bound.map_or_else(|| "+Inf".to_string(), |ms| (ms as f64 / 1000.0).to_string());
            page.line("dolmen_query_seconds_bucket", &[("type", name), ("le", &bound)], count);
        }
        page.line("dolmen_query_seconds_sum", &[("type", name)], numbers.latency.sum_ms() as f64 / 1000.0);
        page.line("dolmen_query_seconds_count", &[("type", name)], counts.last().map_or(0, |(_, all)| *all));
    }
    page.one("dolmen_queries_running", "gauge", "Queries that run now.", node.admission.num_running());
    page.one("dolmen_queries_waiting", "gauge", "Queries that wait for a place.", node.admission.num_waiting());
    let refused = node.query_metrics.num_refused.load(Ordering::Relaxed);
    page.one("dolmen_queries_refused_total", "counter", "Queries refused for want of a place.", refused);
}

fn ingestion(node: &NodeContext, page: &mut Page) {
    let supervisors = node.ingest.metrics.supervisors();
    let mut of_each = |name: &str, kind: &str, help: &str, value: &dyn Fn(&ingest::SupervisorMetrics) -> i64| {
        page.head(name, kind, help);
        for (id, numbers) in &supervisors {
            page.line(name, &[("supervisor", id)], value(numbers));
        }
    };
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    of_each("dolmen_ingest_events_total", "counter", "Records read.", &|m| signed(m.events.get()));
    of_each("dolmen_ingest_bytes_total", "counter", "Bytes read.", &|m| signed(m.bytes.get()));
    of_each("dolmen_ingest_rows_processed_total", "counter", "Rows taken.", &|m| signed(m.processed.get()));
    of_each("dolmen_ingest_rows_processed_with_error_total", "counter", "Rows taken with a nulled field.", &|m| {
        signed(m.processed_with_error.get())
    });
    of_each("dolmen_ingest_rows_thrown_away_total", "counter", "Rows dropped on purpose.", &|m| {
        signed(m.thrown_away.get())
    });
    of_each("dolmen_ingest_rows_unparseable_total", "counter", "Rows that could not be read.", &|m| {
        signed(m.unparseable.get())
    });
    of_each("dolmen_ingest_dead_letters_total", "counter", "Dead letters published.", &|m| {
        signed(m.dead_letters.get())
    });
    of_each("dolmen_ingest_lag_records", "gauge", "Records not read yet.", &|m| m.lag_records.get());
    of_each("dolmen_ingest_lag_ms", "gauge", "Age of the oldest record not read yet.", &|m| m.lag_ms.get());
    of_each("dolmen_ingest_live_rows", "gauge", "Rows not published yet.", &|m| m.live_rows.get());
    of_each("dolmen_ingest_spills_total", "counter", "Chunks written to the local disk.", &|m| signed(m.spills.get()));
    of_each("dolmen_ingest_spilled_bytes", "gauge", "Bytes of chunks on the local disk.", &|m| m.spilled_bytes.get());
    of_each("dolmen_ingest_cuts_total", "counter", "Cuts published.", &|m| signed(m.cuts.get()));
    of_each("dolmen_ingest_refused_cuts_total", "counter", "Cuts refused or fenced.", &|m| {
        signed(m.refused_cuts.get())
    });
    of_each("dolmen_ingest_segments_total", "counter", "Segments published.", &|m| signed(m.segments.get()));
    of_each("dolmen_ingest_lanes", "gauge", "Lanes read.", &|m| m.lanes.get());
    of_each("dolmen_ingest_lanes_stopped", "gauge", "Lanes paused or halted.", &|m| m.lanes_stopped.get());
    let all = &node.ingest.metrics;
    page.one("dolmen_compactions_running", "gauge", "Compaction jobs under way.", all.merges.list().len() as u64);
    page.one("dolmen_compactions_total", "counter", "Compaction jobs done.", all.compactions.get());
    page.one(
        "dolmen_failed_compactions_total",
        "counter",
        "Compaction jobs thrown away.",
        all.failed_compactions.get(),
    );
    page.one(
        "dolmen_compacted_segments_total",
        "counter",
        "Segments that compaction removed.",
        all.compacted_segments.get(),
    );
}

fn segments(node: &NodeContext, page: &mut Page) {
    let views = node.inventory.views();
    page.head("dolmen_segments", "gauge", "Sealed segments served.");
    for view in &views {
        page.line("dolmen_segments", &[("datasource", &view.datasource)], view.sealed.len());
    }
    page.head("dolmen_segment_rows", "gauge", "Rows of sealed segments served.");
    for view in &views {
        page.line("dolmen_segment_rows", &[("datasource", &view.datasource)], view.num_sealed_rows());
    }
    page.head("dolmen_volumes", "gauge", "Images that small segments are read from together.");
    for view in &views {
        page.line("dolmen_volumes", &[("datasource", &view.datasource)], view.volumes.all().len());
    }
    page.head("dolmen_snapshot", "gauge", "Number of the snapshot served.");
    for view in &views {
        page.line("dolmen_snapshot", &[("datasource", &view.datasource)], view.snapshot);
    }
    page.one("dolmen_image_cache_bytes", "gauge", "Bytes of local images.", node.serving.held_bytes());
}

fn memory_by_owner(node: &NodeContext, page: &mut Page) {
    page.head("dolmen_memory_bytes", "gauge", "Bytes held in memory, by owner.");
    page.line("dolmen_memory_bytes", &[("owner", "queries")], node.memory.used_bytes());
    for (owner, bytes) in node.ingest.metrics.memory_by_owner() {
        page.line("dolmen_memory_bytes", &[("owner", &owner)], bytes);
    }
    page.one(
        "dolmen_resident_bytes",
        "gauge",
        "Bytes of memory that the process occupies.",
        memory::resident_bytes().unwrap_or(0),
    );
    page.one("dolmen_memory_limit_bytes", "gauge", "Bytes that the process may occupy.", node.memory_limit);
    let up_ms = node.clock.now_ms().saturating_sub(node.started_ms);
    page.one("dolmen_uptime_seconds", "gauge", "Time since the start.", up_ms / 1000);
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        let mut open = '{';
        for (label, text) in labels {
            let _ = write!(self.0, "{open}{label}=\"");
            for c in text.chars() {
                match c {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
            open = ',';
        }
        if open == ',' {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.line("n", &[("a", "x\"y\\"), ("b", "z")], 3);
        page.line("m", &[], 1.5);
        assert_eq!(page.0, "n{a=\"x\\\"y\\\\\",b=\"z\"} 3\nm 1.5\n");
    }
}
