use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Books, BundleKind, Cut, Datasource, DeadLetters, LaneClaim, Ledger, RowCounts, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{
    Guarded, audit, check_generation, check_intent, check_lane, find_datasource, invalid, next_snapshot, outcome,
};
use crate::verbs::new_segment::{Versions, created_by, go_live, insert, weights};
use crate::verbs::{NewSegment, Published};
use crate::{Conflict, Outcome, Result};

/// Publish a cut: the only way offsets move with rows. Key: cut id and digest. The digest covers
/// ranges, spec versions, rows and weights per segment, never names or bytes of objects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Publish {
    pub cut_id: String,
    pub digest: String,
    pub datasource_id: String,
    pub lanes: Vec<LaneCut>,
    pub segments: Vec<NewSegment>,
    pub dead_letters: Vec<NewDeadLetters>,
}

/// What a cut takes of one lane. Several ranges of one lane follow one another, one per spec version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaneCut {
    pub claim: LaneClaim,
    pub from_offset: i64,
    pub to_offset: i64,
    pub books: Books,
    pub row_counts: RowCounts,
    pub rows_out: i64,
    /// Weight of the rows that the indexed records became.
    pub weight_sum: i64,
    pub spec_version: i64,
    /// Task generation that read the range.
    pub task_id: Option<String>,
    /// Fingerprint of the last record below `to_offset`; absent keeps the old one.
    pub tail_fp: Option<String>,
    pub leader_epoch: Option<i32>,
}

/// An object of dead letters of one lane.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewDeadLetters {
    pub bundle_id: String,
    /// Index into the lanes of the cut.
    pub lane: usize,
    pub from_offset: i64,
    pub to_offset: i64,
    pub num_records: i64,
    pub size: i64,
    pub hash: String,
}

impl LaneCut {
    fn check_books(&self) -> Guarded<()> {
        let lane = self.claim.lane.clone();
        let range = self.to_offset.checked_sub(self.from_offset).filter(|range| *range >= 0);
        let range = range.ok_or_else(|| invalid("to_offset", format!("lies below from_offset in lane {lane}")))?;
        match self.books.total() {
            Some(booked) if booked == range => Ok(()),
            booked => Err(Conflict::Books { lane, booked: booked.unwrap_or(-1), range }.into()),
        }
    }

    fn ledger(&self, cut_id: &str, at: i64) -> Ledger {
        let (id, books, rows) = (&self.claim.lane, &self.books, &self.row_counts);
        Ledger {
            source_id: id.source_id.clone(),
            source_gen: id.source_gen,
            partition: id.partition,
            from_offset: self.from_offset,
            to_offset: self.to_offset,
            cut_id: cut_id.to_owned(),
            task_id: self.task_id.clone(),
            spec_version: self.spec_version,
            indexed: books.indexed,
            filtered: books.filtered,
            late: books.late,
            dead: books.dead,
            absent: books.absent,
            skipped: books.skipped,
            rows_out: self.rows_out,
            weight_sum: self.weight_sum,
            processed: rows.processed,
            processed_bytes: rows.processed_bytes,
            processed_with_error: rows.processed_with_error,
            thrown_away: rows.thrown_away,
            unparseable: rows.unparseable,
            at,
        }
    }

    /// Moves the offset of the lane, by equality, and books the range.
    async fn book(&self, tx: &mut Tx, cut: &Publish) -> Guarded<()> {
        let id = &self.claim.lane;
        let source = check_generation(tx, id).await?;
        let mut lane = check_lane(tx, &self.claim).await?;
        if source.datasource_id != cut.datasource_id {
            return Err(invalid("lanes", format!("lane {id} feeds another datasource")));
        }
        if lane.next_offset != self.from_offset {
            let (committed, asked) = (lane.next_offset, self.from_offset);
            return Err(Conflict::Offset { lane: id.clone(), committed, asked }.into());
        }
        self.check_books()?;
        if self.from_offset == self.to_offset {
            return Ok(());
        }
        lane.next_offset = self.to_offset;
        lane.tail_fp = self.tail_fp.clone().or(lane.tail_fp);
        lane.leader_epoch = self.leader_epoch.or(lane.leader_epoch);
        tx.save(&lane).await?;
        tx.add(&[self.ledger(&cut.cut_id, tx.now)]).await?;
        Ok(())
    }
}

impl Publish {
    fn origin(&self) -> String {
        format!("cut:{}", self.cut_id)
    }

    async fn repeated(&self, tx: &mut Tx) -> Guarded<Option<Published>> {
        let cut: Option<Cut> = tx.one(Filter::all().eq_text("cut_id", &self.cut_id)).await?;
        let Some(cut) = cut else { return Ok(None) };
        if cut.digest != self.digest || cut.datasource_id != self.datasource_id {
            let (what, key) = ("cut".to_owned(), self.cut_id.clone());
            return Err(Conflict::OtherContent { what, key }.into());
        }
        let segments = created_by(tx, &self.origin()).await?;
        Ok(Some(Published { datasource_id: cut.datasource_id, snapshot: cut.snapshot, segments }))
    }

    fn check_weights(&self) -> Guarded<()> {
        let segments = weights(&self.segments)?;
        let ledger = self.lanes.iter().try_fold(0i64, |sum, lane| sum.checked_add(lane.weight_sum));
        let ledger = ledger.ok_or_else(|| invalid("weight_sum", "the sum is beyond 64 bits"))?;
        if segments == ledger {
            return Ok(());
        }
        Err(Conflict::Weights { segments, ledger }.into())
    }

    async fn add_dead_letters(&self, tx: &mut Tx, datasource: &Datasource) -> Guarded<()> {
        for new in &self.dead_letters {
            let lane =
                self.lanes.get(new.lane).ok_or_else(|| invalid("dead_letters.lane", "names no lane of the cut"))?;
            let bundle = check_intent(tx, &new.bundle_id, &datasource.datasource_id).await?;
            if bundle.kind != BundleKind::DeadLetters {
                return Err(Conflict::Bundle { bundle_id: bundle.bundle_id, state: Some(bundle.state) }.into());
            }
            let bundle = go_live(tx, bundle, new.size, &new.hash).await?;
            let id = &lane.claim.lane;
            let row = DeadLetters {
                bundle_id: bundle.bundle_id,
                datasource_id: datasource.datasource_id.clone(),
                source_id: id.source_id.clone(),
                source_gen: id.source_gen,
                partition: id.partition,
                from_offset: new.from_offset,
                to_offset: new.to_offset,
                num_records: new.num_records,
                path: bundle.path,
                size: new.size,
                hash: new.hash.clone(),
                cut_id: self.cut_id.clone(),
                at: tx.now,
            };
            tx.add(&[row]).await?;
        }
        Ok(())
    }

    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Published>> {
        if let Some(published) = self.repeated(tx).await? {
            return Ok(Outcome::AlreadyDone(published));
        }
        if self.lanes.is_empty() {
            return Err(invalid("lanes", "a cut takes at least one lane"));
        }
        let mut datasource = find_datasource(tx, &self.datasource_id).await?;
        self.check_weights()?;
        let snapshot = next_snapshot(tx, &mut datasource, SnapshotKind::Publish, &self.cut_id).await?;
        let cut = Cut {
            cut_id: self.cut_id.clone(),
            digest: self.digest.clone(),
            datasource_id: self.datasource_id.clone(),
            snapshot,
            at: tx.now,
        };
        tx.add(&[cut]).await?;
        for lane in &self.lanes {
            lane.book(tx, self).await?;
        }
        let segments = insert(tx, &datasource, &self.segments, Versions::Keep, &self.origin(), snapshot).await?;
        self.add_dead_letters(tx, &datasource).await?;
        audit(tx, "publish", &self.cut_id, "", format!("snapshot {snapshot}, {} segments", segments.len())).await?;
        Ok(Outcome::Done(Published { datasource_id: datasource.datasource_id, snapshot, segments }))
    }
}

#[async_trait]
impl Verb for Publish {
    type Output = Published;
    const BEFORE_COMMIT: Option<&'static str> = Some("B2");
    const AFTER_COMMIT: Option<&'static str> = Some("B3");

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Published>> {
        outcome(self.guarded(tx).await)
    }
}
