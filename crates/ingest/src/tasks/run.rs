//! One task while it runs.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use timeline::instant;

use super::batch::{Phase, Report, Tuning};
use super::context::TaskContext;
use super::input::Reach;
use crate::parse::{ParsedBatch, RowStats};
use crate::{Error, Result};

/// Bytes of a log that are kept; the end of a longer one is cut.
const MAX_LOG: usize = 4 << 20;

/// What a running task and those who ask about it share.
pub(crate) struct TaskRun {
    id: String,
    context: Arc<TaskContext>,
    started_ms: i64,
    cancelled: AtomicBool,
    stop: Mutex<()>,
    stopped: Condvar,
    report: Mutex<Report>,
    twice: AtomicBool,
    log: Mutex<String>,
}

impl TaskRun {
    pub(crate) fn new(id: String, context: Arc<TaskContext>) -> TaskRun {
        TaskRun {
            id,
            started_ms: context.clock.now_ms(),
            context,
            cancelled: AtomicBool::new(false),
            stop: Mutex::new(()),
            stopped: Condvar::new(),
            report: Mutex::default(),
            twice: AtomicBool::new(false),
            log: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn context(&self) -> &TaskContext {
        &self.context
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.context.reach
    }

    /// Who holds the task's lease.
    pub(crate) fn worker(&self) -> String {
        self.context.node.clone()
    }

    pub(crate) fn duration_ms(&self) -> i64 {
        self.context.clock.now_ms().saturating_sub(self.started_ms).max(0)
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.context.runtime.block_on(future)
    }

    /// Asks the task to stop.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let _held = self.stop.lock();
        self.stopped.notify_all();
    }

    /// Fails once the task was asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        match self.cancelled.load(Ordering::SeqCst) {
            true => Err(Error::Cancelled("Shutdown request from user".to_owned())),
            false => Ok(()),
        }
    }

    /// Waits, unless the task is asked to stop.
    pub(crate) fn pause(&self, time: Duration) {
        let mut held = self.stop.lock();
        if !self.cancelled.load(Ordering::SeqCst) {
            self.stopped.wait_for(&mut held, time);
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.log(&format!("{phase:?}"));
        self.report.lock().phase = phase;
    }

    /// Whether the reading that builds also counts as the one that looks for intervals.
    pub(crate) fn count_twice(&self, twice: bool) {
        self.twice.store(twice, Ordering::SeqCst);
    }

    /// Counts a batch; fails when the task was asked to stop, or has seen more bad rows than it may.
    pub(crate) fn count(&self, phase: Phase, batch: &ParsedBatch, tuning: &Tuning) -> Result<()> {
        self.check()?;
        let now_ms = self.context.clock.now_ms();
        let keep = usize::try_from(tuning.max_saved_parse_exceptions).unwrap_or(0);
        let mut report = self.report.lock();
        let twice = self.twice.load(Ordering::SeqCst);
        if phase == Phase::DeterminePartitions || twice {
            let (stats, timed) = of_times(batch);
            report.determine.add(&stats, &timed, keep, now_ms);
        }
        if phase == Phase::BuildSegments {
            report.build.add(&batch.stats(), batch.rejects(), keep, now_ms);
        }
        if tuning.log_parse_exceptions {
            for reject in batch.rejects() {
                reject.details.iter().for_each(|detail| self.log(detail));
            }
        }
        let seen = report.build.exceptions().max(report.determine.exceptions());
        match tuning.max_parse_exceptions {
            Some(most) if seen > most.unsigned_abs() => {
                if twice && report.determine.exceptions() > most.unsigned_abs() {
                    report.phase = Phase::DeterminePartitions;
                    report.build = Default::default();
                }
                Err(Error::invalid("tuningConfig.maxParseExceptions", format!("Max parse exceptions[{most}] exceeded")))
            }
            _ => Ok(()),
        }
    }

    /// Begins again: what was counted of the input so far is counted anew.
    pub(crate) fn start_anew(&self, why: &str) {
        self.log(why);
        *self.report.lock() = Report::default();
    }

    /// Ends the report.
    pub(crate) fn finish(&self, outcome: &Result<usize>) {
        let mut report = self.report.lock();
        match outcome {
            Ok(number) => {
                report.phase = Phase::Completed;
                report.segments_published = Some(*number);
            }
            Err(error) => report.error = Some(error.to_string()),
        }
    }

    /// Counts a segment that was read, and its rows.
    pub(crate) fn count_segment(&self, rows: u64, bytes: u64) {
        let mut report = self.report.lock();
        report.build.stats.add(&RowStats { processed: rows, processed_bytes: bytes, ..RowStats::default() });
        report.segments_read += 1;
    }

    pub(crate) fn report(&self) -> Report {
        self.report.lock().clone()
    }

    pub(crate) fn log(&self, line: &str) {
        let mut log = self.log.lock();
        if log.len() < MAX_LOG {
            log.push_str(&instant::text(self.context.clock.now_ms()));
            log.push(' ');
            log.push_str(line);
            log.push('\n');
        }
    }

    pub(crate) fn log_text(&self) -> String {
        self.log.lock().clone()
    }
}

/// What a reading for times alone would have counted: rows with a time, whatever their other fields.
fn of_times(batch: &ParsedBatch) -> (RowStats, Vec<crate::Reject>) {
    let stats = batch.stats();
    let timed = batch.rejects().iter().filter(|reject| reject.error_type() == Some("unparseable")).cloned().collect();
    let seen = RowStats { processed: stats.processed + stats.processed_with_error, processed_with_error: 0, ..stats };
    (seen, timed)
}
