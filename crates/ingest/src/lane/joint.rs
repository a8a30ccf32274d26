//! Cuts of all task groups of a supervisor on this node, made together: one object per time chunk and cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::group::{Command, Done};
use super::known_topics::KnownTopics;
use super::lease::Lease;
use super::state::CutNo;
use crate::publish::{Attempt, CutPart, CutPlan, Ending, Progress, new_id};
use crate::spec::DataSchema;
use crate::spill::SpillStore;
use crate::{Handoff, IngestContext, Publication, SupervisorMetrics};

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// A group that has not answered for so long is in the next cut.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Times that a log which does not answer is asked who it is, by a supervisor that is to end.
const DRAINING_TRIES: u32 = 4;

/// Number of a task group.
pub(crate) type GroupNo = i32;
/// Rows and bytes that wait to be cut.
pub(crate) type Waiting = (u64, u64);

/// What a group gives to the next cut.
pub(crate) struct Offer {
    pub(super) group: GroupNo,
    /// The cut by the number that the group knows.
    pub(super) cut: CutNo,
    pub(super) parts: Vec<CutPart>,
    pub(super) store: Arc<SpillStore>,
    pub(super) done: Sender<Done>,
}

/// Where a group that was asked sends its offer; dropped when it has none.
pub(crate) type Offers = UnboundedSender<Offer>;

/// What the cuts of a supervisor have in common.
pub(crate) struct JointConfig {
    pub(crate) supervisor_id: Arc<str>,
    pub(crate) datasource: String,
    pub(crate) datasource_id: String,
    pub(crate) schema: Arc<DataSchema>,
    pub(crate) lease: Arc<Lease>,
    /// The topics that the lanes read, as the store knows them.
    pub(crate) topics: Arc<KnownTopics>,
}

#[derive(Default)]
struct Members {
    commands: BTreeMap<GroupNo, Sender<Command>>,
    waiting: BTreeMap<GroupNo, Waiting>,
    /// Starts of the time chunks that the next cut takes.
    time_chunks: BTreeMap<GroupNo, BTreeSet<i64>>,
    /// Whoever waits for the cuts wants to end.
    is_draining: bool,
}

/// The groups' side. Cuts are made for as long as it lives.
pub(crate) struct Joint {
    members: Arc<Mutex<Members>>,
    offers: Offers,
}

impl Joint {
    /// Needs to be called on the runtime that makes the cuts.
    pub(crate) fn start(context: IngestContext, config: JointConfig) -> Joint {
        let members: Arc<Mutex<Members>> = Arc::default();
        let (offers, offered) = unbounded_channel();
        let metrics = context.metrics.supervisor(&config.supervisor_id);
        let cutter = Cutter { context, config, metrics, members: members.clone() };
        tokio::spawn(cutter.run(offered));
        Joint { members, offers }
    }

    pub(crate) fn join(&self, group: GroupNo, commands: Sender<Command>) {
        self.members.lock().commands.insert(group, commands);
    }

    pub(super) fn drain(&self) {
        self.members.lock().is_draining = true;
    }

    pub(super) fn leave(&self, group: GroupNo) {
        let mut members = self.members.lock();
        members.commands.remove(&group);
        members.waiting.remove(&group);
        members.time_chunks.remove(&group);
    }

    /// Says which time chunks the next cut takes from `group`, and answers how many it takes from all; when they are
    /// not more than `limit` together, it may count one that several groups have several times.
    pub(super) fn time_chunks(&self, group: GroupNo, starts: Vec<i64>, limit: usize) -> usize {
        let mut members = self.members.lock();
        members.time_chunks.insert(group, starts.into_iter().collect());
        let sum = members.time_chunks.values().map(BTreeSet::len).sum();
        match sum > limit && members.time_chunks.len() > 1 {
            true => members.time_chunks.values().flatten().collect::<BTreeSet<_>>().len(),
            false => sum,
        }
    }

    pub(super) fn offer(&self, offer: Offer) {
        if self.offers.send(offer).is_err() {
            tracing::error!("nobody makes cuts any more");
        }
    }

    /// Says what waits in `group`, and answers what waits in the others.
    pub(super) fn waits(&self, group: GroupNo, waiting: Waiting) -> Waiting {
        let mut members = self.members.lock();
        members.waiting.insert(group, waiting);
        let others = members.waiting.iter().filter(|(other, _)| **other != group);
        others.fold((0, 0), |(rows, bytes), (_, waiting)| (rows + waiting.0, bytes + waiting.1))
    }
}

/// Nobody waits for a cut any more.
struct Deserted;

struct Cutter {
    context: IngestContext,
    config: JointConfig,
    metrics: Arc<SupervisorMetrics>,
    members: Arc<Mutex<Members>>,
}

impl Cutter {
    async fn run(self, mut offered: UnboundedReceiver<Offer>) {
        while let Some(first) = offered.recv().await {
            let mut offers = vec![first];
            self.gather(&mut offers).await;
            // Groups that were about to offer by themselves when they were asked.
            while let Ok(offer) = offered.try_recv() {
                offers.push(offer);
            }
            offers.sort_by_key(|offer| offer.group);
            self.cut(&offers).await;
        }
    }

    /// Asks all other groups for what they have.
    async fn gather(&self, offers: &mut Vec<Offer>) {
        let (give, mut given) = unbounded_channel();
        for (group, commands) in &self.members.lock().commands {
            if offers.iter().all(|offer| offer.group != *group) {
                // A group that has ended drops the way to answer, or has dropped the way to ask.
                let _ = commands.send(Command::Offer(give.clone()));
            }
        }
        drop(give);
        let all = async {
            while let Some(offer) = given.recv().await {
                offers.push(offer);
            }
        };
        if tokio::time::timeout(ANSWER_LIMIT, all).await.is_ok() {
            return;
        }
        // Who answers from now on is told so, and offers anew.
        given.close();
        while let Ok(offer) = given.try_recv() {
            offers.push(offer);
        }
    }

    fn plan(&self, offers: &[Offer]) -> CutPlan {
        let mut plan = CutPlan {
            cut_id: new_id(&*self.context.clock, &*self.context.random),
            datasource_id: self.config.datasource_id.clone(),
            schema: self.config.schema.clone(),
            parts: offers.iter().flat_map(|offer| offer.parts.iter().cloned()).collect(),
        };
        let lanes = plan.note().lanes;
        let noted = offers.iter().filter_map(|offer| offer.store.noted_cut()).find(|noted| noted.lanes == lanes);
        if let Some(noted) = noted {
            plan.cut_id = noted.cut_id;
        }
        plan
    }

    async fn cut(&self, offers: &[Offer]) {
        let Some(first) = offers.first() else { return };
        let plan = self.plan(offers);
        self.metrics.dead_letters.add(plan.parts.iter().map(|part| part.chunk.head.dead.len() as u64).sum());
        let mut attempt = Attempt::new(self.context.clone(), plan.clone());
        let ending = match self.foreign_topic(&plan, offers).await {
            Ok(Some(why)) => Some(Ending::Refused(why)),
            Ok(None) => self.carry_out(&mut attempt, &first.store, offers).await,
            Err(Deserted) => None,
        };
        let Some(ending) = ending else { return };
        match &ending {
            Ending::Published(published) => {
                self.metrics.cuts.add(1);
                self.metrics.segments.add(published.segments.len() as u64);
            }
            Ending::Refused(why) => {
                let supervisor = &*self.config.supervisor_id;
                tracing::warn!(supervisor, why, "a cut was refused; its lanes are read again");
                self.metrics.refused_cuts.add(1);
            }
        }
        for offer in offers {
            // A group that has ended needs no answer.
            let _ = offer.done.send(Done::Cut(offer.cut, ending.clone()));
        }
        if let Ending::Published(published) = ending {
            let publication = Publication::new(&self.config.datasource, published, Vec::new());
            let (handoff, images) = (self.context.handoff.clone(), attempt.images());
            let waiting: Vec<(CutNo, Sender<Done>)> =
                offers.iter().map(|offer| (offer.cut, offer.done.clone())).collect();
            tokio::spawn(async move {
                announce(&*handoff, &publication).await;
                drop(images);
                for (cut, done) in waiting {
                    let _ = done.send(Done::HandedOff(cut));
                }
            });
        }
    }

    /// Why the rows of the cut may be those of another topic than the one whose offsets they would move, if they may.
    /// An identity that holds now held when they were read, since no topic ever has it again.
    async fn foreign_topic(&self, plan: &CutPlan, offers: &[Offer]) -> Result<Option<String>, Deserted> {
        let mut delay = FIRST_DELAY;
        let mut num_refused = 0;
        loop {
            let why = match self.config.topics.find_other(plan.parts.iter().map(|part| &part.topic)).await {
                Ok(other) => return Ok(other.map(|topic| format!("topic [{topic}] is another one than before"))),
                Err(why) => why,
            };
            num_refused += 1;
            if self.members.lock().is_draining && num_refused >= DRAINING_TRIES {
                return Ok(Some(format!("whether the topics are what they were cannot be told: {why}")));
            }
            self.wait(&mut delay, why, offers).await?;
        }
    }

    /// Tells why the cut waits, and waits; longer each time.
    async fn wait(&self, delay: &mut Duration, why: String, offers: &[Offer]) -> Result<(), Deserted> {
        let told = offers.iter().map(|offer| offer.done.send(Done::Delayed(why.clone())));
        if told.filter(|told| told.is_ok()).count() == 0 {
            return Err(Deserted);
        }
        tokio::time::sleep(*delay).await;
        *delay = (*delay * 2).min(LONGEST_DELAY);
        Ok(())
    }

    /// Takes step after step. `None` when nobody waits for the cut any more.
    async fn carry_out(&self, attempt: &mut Attempt, store: &SpillStore, offers: &[Offer]) -> Option<Ending> {
        let mut delay = FIRST_DELAY;
        loop {
            let progress = match self.config.lease.is_over() {
                true => Progress::Later("the lease of the lanes is over; it is being renewed".to_owned()),
                false => attempt.advance(store).await,
            };
            match progress {
                Progress::Next => delay = FIRST_DELAY,
                Progress::Later(why) => self.wait(&mut delay, why, offers).await.ok()?,
                Progress::Ended(ending) => return Some(ending),
            }
        }
    }
}

/// Asks until queries have moved on.
pub(crate) async fn announce(handoff: &dyn Handoff, publication: &Publication) {
    let mut delay = FIRST_DELAY;
    while let Err(error) = handoff.published(publication).await {
        tracing::warn!(snapshot = publication.snapshot, %error, "queries have not moved on yet");
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}
