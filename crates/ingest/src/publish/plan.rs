//! What one cut takes, and the words in which it is published.

use std::fmt::Write as _;
use std::sync::Arc;

use metastore::{Books, LaneClaim, LaneCut, LaneId, RowCounts};

use super::Sealed;
use crate::lane::ClosedChunk;
use crate::spill::CutNote;

/// One chunk of a cut.
#[derive(Clone)]
pub(crate) struct CutPart {
    pub(crate) claim: LaneClaim,
    pub(crate) topic: Arc<str>,
    pub(crate) chunk: Arc<ClosedChunk>,
}

/// Chunks that are published together, lane by lane in the order of their offsets.
#[derive(Clone)]
pub(crate) struct CutPlan {
    pub(crate) cut_id: String,
    pub(crate) datasource_id: String,
    pub(crate) schema: Arc<crate::spec::DataSchema>,
    pub(crate) parts: Vec<CutPart>,
}

impl CutPlan {
    /// The lanes of the cut and what it takes of them, one entry per lane, version and task.
    pub(crate) fn lane_cuts(&self) -> Vec<LaneCut> {
        let mut cuts: Vec<LaneCut> = Vec::new();
        for part in &self.parts {
            let mut cut = match cuts.pop_if(|cut| continues(cut, part)) {
                Some(cut) => cut,
                None => empty_cut(part),
            };
            let head = &part.chunk.head;
            cut.to_offset = head.to;
            cut.books.add(&head.books);
            cut.row_counts.add(&head.row_counts);
            cut.rows_out += part.chunk.rows().iter().map(|(_, rows)| rows.num_rows() as i64).sum::<i64>();
            cut.weight_sum += head.weight;
            cut.tail_fp = head.tail_fp.clone().or(cut.tail_fp);
            cuts.push(cut);
        }
        cuts
    }

    /// The rights of the cut, one a lane.
    pub(crate) fn claims(&self) -> Vec<LaneClaim> {
        let mut claims: Vec<LaneClaim> = Vec::new();
        for part in &self.parts {
            if !claims.contains(&part.claim) {
                claims.push(part.claim.clone());
            }
        }
        claims
    }

    /// The note that keeps the id of the cut over a restart.
    pub(crate) fn note(&self) -> CutNote {
        let mut lanes: Vec<(LaneId, i64, i64)> = Vec::new();
        for part in &self.parts {
            let head = &part.chunk.head;
            match lanes.iter_mut().find(|(lane, _, _)| *lane == head.lane) {
                Some((_, _, to)) => *to = head.to,
                None => lanes.push((head.lane.clone(), head.from, head.to)),
            }
        }
        CutNote { cut_id: self.cut_id.clone(), lanes }
    }

    /// Tells a repetition of the cut from another one: ranges, versions, rows and weights, never the names or
    /// bytes of objects.
    pub(crate) fn digest(&self, sealed: &[Sealed]) -> String {
        let mut text = String::new();
        for cut in self.lane_cuts() {
            let (lane, from, to, version) = (&cut.claim.lane, cut.from_offset, cut.to_offset, cut.spec_version);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "lane {lane} {from} {to} version {version} weight {}", cut.weight_sum);
        }
        for segment in sealed {
            let (start, end) = (segment.interval.start, segment.interval.end);
            let _ = writeln!(text, "segment {start} {end} rows {} weight {}", segment.rows, segment.weight);
        }
        storage::sha256_hex(text.as_bytes())
    }
}

fn continues(cut: &LaneCut, part: &CutPart) -> bool {
    let head = &part.chunk.head;
    cut.claim == part.claim
        && cut.to_offset == head.from
        && cut.spec_version == head.spec_version
        && cut.task_id == head.task_id
}

fn empty_cut(part: &CutPart) -> LaneCut {
    let head = &part.chunk.head;
    LaneCut {
        claim: part.claim.clone(),
        from_offset: head.from,
        to_offset: head.from,
        books: Books::default(),
        row_counts: RowCounts::default(),
        rows_out: 0,
        weight_sum: 0,
        spec_version: head.spec_version,
        task_id: head.task_id.clone(),
        tail_fp: None,
        leader_epoch: None,
    }
}
