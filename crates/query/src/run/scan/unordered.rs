//! Segment after segment, in the order of their time.

use std::sync::Arc;

use segment::SegmentRef;

use super::{Opened, ScanBatch, ScanPlan, names_of};
use crate::Result;
use crate::exec::ExecContext;

pub(super) struct Unordered {
    plan: Arc<ScanPlan>,
    exec: ExecContext,
    segments: std::vec::IntoIter<SegmentRef>,
    current: Option<Current>,
    skip: usize,
    left: usize,
}

struct Current {
    opened: Opened,
    vectors: std::vec::IntoIter<std::ops::Range<usize>>,
    pending: Vec<u32>,
}

impl Unordered {
    pub fn new(plan: Arc<ScanPlan>, mut segments: Vec<SegmentRef>, exec: ExecContext) -> Self {
        segments.sort_by_key(|segment| segment.time_range().start);
        let (skip, left) = (plan.offset, plan.limit);
        Self { plan, exec, segments: segments.into_iter(), current: None, skip, left }
    }

    fn next_batch(&mut self) -> Result<Option<ScanBatch>> {
        while self.left > 0 {
            if self.current.is_none() {
                let Some(segment) = self.segments.next() else { return Ok(None) };
                let opened = Opened::new(&self.plan, &segment, &names_of(&self.plan, &segment))?;
                let vectors = opened.selection.vectors(0..segment.num_rows()).into_iter();
                self.current = Some(Current { opened, vectors, pending: Vec::new() });
            }
            if let Some(batch) = self.batch_of_current()? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// A batch of the open segment, `None` when it has no more.
    fn batch_of_current(&mut self) -> Result<Option<ScanBatch>> {
        let Some(current) = &mut self.current else { return Ok(None) };
        let want = self.plan.batch_rows.min(self.left);
        while current.pending.len() < want {
            self.exec.check()?;
            let Some(rows) = current.vectors.next() else { break };
            let start = rows.start as u32;
            let Some(selected) = current.opened.selection.select(rows)? else { continue };
            current.pending.extend(selected.positions().into_iter().map(|row| start + row));
            let skipped = self.skip.min(current.pending.len());
            current.pending.drain(..skipped);
            self.skip -= skipped;
        }
        let rows: Vec<u32> = current.pending.drain(..want.min(current.pending.len())).collect();
        if rows.is_empty() {
            self.current = None;
            return Ok(None);
        }
        self.left -= rows.len();
        let segment = Some(current.opened.segment.id().to_string());
        Ok(Some(ScanBatch { segment, columns: current.opened.take(&rows)?, num_rows: rows.len() }))
    }
}

impl Iterator for Unordered {
    type Item = Result<ScanBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
