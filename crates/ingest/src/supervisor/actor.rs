//! One supervisor at work: a task that reads and publishes by the newest spec until it is told otherwise.

use std::sync::Arc;
use std::time::Duration;

use metastore::LeaderClaim;
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use super::offsets::ResetPlan;
use super::session::Session;
use super::spec::SupervisorSpec;
use super::state::{State, Status};
use super::{periods, refused};
use crate::source::SourceError;
use crate::{Error, IngestContext, Result};

/// How often a session looks after its groups.
const WATCH_PERIOD: Duration = Duration::from_millis(100);
/// How long a suspended supervisor may ask for partitions before it says that it is suspended.
const COUNT_LIMIT: Duration = Duration::from_secs(2);
const RESET_ERROR: &str = "DataSourceMetadata is not found while reset";

pub(super) enum Command {
    /// The spec is another one.
    Changed,
    Rotate(Vec<i64>),
    /// Lanes are not what they were: see what can be read.
    Look,
    Reset(ResetPlan, oneshot::Sender<Result<()>>),
    Stop,
}

impl Command {
    /// Whether it ends what is being done, so that no answer of a source need be waited for.
    fn interrupts(&self) -> bool {
        !matches!(self, Command::Rotate(_) | Command::Look)
    }
}

/// What the actor and its handle share.
pub(super) struct Shared {
    pub(super) spec: Mutex<(Arc<SupervisorSpec>, i64)>,
    pub(super) status: Mutex<Status>,
    /// Commands that were given and not taken, of those that interrupt.
    waiting: watch::Sender<usize>,
}

impl Shared {
    /// Asks a source, on a thread where waiting is allowed; stops waiting when a command comes that makes the
    /// answer needless.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> std::result::Result<T, SourceError> + Send + 'static,
    ) -> Result<T> {
        let mut waiting = self.waiting.subscribe();
        tokio::select! {
            answer = super::blocking(question) => answer,
            _ = waiting.wait_for(|waiting| *waiting > 0) => {
                Err(Error::Cancelled("the supervisor has something else to do".to_owned()))
            }
        }
    }
}

/// The way to a supervisor's actor.
pub(super) struct Handle {
    shared: Arc<Shared>,
    commands: UnboundedSender<Command>,
    is_over: watch::Receiver<bool>,
}

impl Handle {
    pub(super) fn start(context: IngestContext, spec: SupervisorSpec, version: i64) -> Handle {
        let (waiting, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            spec: Mutex::new((Arc::new(spec), version)),
            status: Mutex::new(Status::new()),
            waiting,
        });
        let (commands, receiver) = unbounded_channel();
        let (over, is_over) = watch::channel(false);
        let actor = Actor { context, shared: shared.clone(), commands: receiver, is_first: true };
        tokio::spawn(async move {
            actor.run().await;
            over.send_replace(true);
        });
        Handle { shared, commands, is_over }
    }

    pub(super) fn spec(&self) -> Arc<SupervisorSpec> {
        self.shared.spec.lock().0.clone()
    }

    /// The version that runs, when it says the same as `spec`.
    pub(super) fn version_of(&self, spec: &SupervisorSpec) -> Option<i64> {
        let running = self.shared.spec.lock();
        (running.0.json == spec.json).then_some(running.1)
    }

    pub(super) fn status(&self) -> Status {
        self.shared.status.lock().clone()
    }

    /// Another version of the spec takes effect once what was read by the old one is published.
    pub(super) fn apply(&self, spec: SupervisorSpec, version: i64) {
        *self.shared.spec.lock() = (Arc::new(spec), version);
        self.tell(Command::Changed);
    }

    pub(super) fn rotate(&self, groups: Vec<i64>) {
        self.tell(Command::Rotate(groups));
    }

    pub(super) fn look_again(&self) {
        self.tell(Command::Look);
    }

    pub(super) fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Moves the offsets, and answers when they are moved.
    pub(super) async fn reset(&self, plan: ResetPlan) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Reset(plan, reply));
        answer.await.unwrap_or_else(|_| Err(Error::Cancelled("the supervisor has ended".to_owned())))
    }

    pub(super) fn is_over(&self) -> bool {
        *self.is_over.borrow()
    }

    /// Returns once the actor has ended.
    pub(super) async fn stopped(&self) {
        // An error means that the sender is gone, and the actor with it.
        let _ = self.is_over.clone().wait_for(|over| *over).await;
    }

    fn tell(&self, command: Command) {
        if command.interrupts() {
            self.shared.waiting.send_modify(|waiting| *waiting += 1);
        }
        if self.commands.send(command).is_err() {
            tracing::debug!("a supervisor that has ended was told something");
        }
    }
}

struct Actor {
    context: IngestContext,
    shared: Arc<Shared>,
    commands: UnboundedReceiver<Command>,
    is_first: bool,
}

/// Whether the actor lives on.
enum Next {
    Again,
    Over,
}

impl Actor {
    async fn run(mut self) {
        loop {
            let (spec, version) = self.shared.spec.lock().clone();
            let next = if spec.suspended { self.suspended().await } else { self.active(spec, version).await };
            if matches!(next, Next::Over) {
                return;
            }
        }
    }

    async fn suspended(&mut self) -> Next {
        let counted = tokio::time::timeout(COUNT_LIMIT, self.try_count_partitions()).await;
        {
            let mut status = self.shared.status.lock();
            status.set(State::Suspended);
            status.errors.clear();
            status.num_failures = 0;
            if let Ok(Ok(num_partitions)) = counted {
                status.num_partitions = num_partitions;
            }
        }
        self.wait_for_command().await
    }

    /// How many partitions the topics have, for the status of a suspended supervisor.
    async fn try_count_partitions(&self) -> Result<usize> {
        let spec = self.shared.spec.lock().0.clone();
        let properties = spec.client_properties(&self.context)?;
        let (connect, choice) = (self.context.connect.clone(), spec.io.choice.clone());
        let question = move || connect(&properties).and_then(|source| source.topics(&choice));
        let topics = self.shared.ask(question).await?;
        Ok(topics.iter().map(|topic| usize::try_from(topic.num_partitions).unwrap_or(0)).sum())
    }

    async fn next_command(&mut self) -> Command {
        let command = self.commands.recv().await.unwrap_or(Command::Stop);
        if command.interrupts() {
            self.shared.waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
        }
        command
    }

    async fn wait_for_command(&mut self) -> Next {
        let command = self.next_command().await;
        self.heed(command).await
    }

    /// Does what a command asks of a supervisor that reads nothing.
    async fn heed(&mut self, command: Command) -> Next {
        match command {
            Command::Stop => Next::Over,
            Command::Changed | Command::Rotate(_) | Command::Look => Next::Again,
            Command::Reset(plan, reply) => {
                let done = self.reset(plan).await;
                // Nobody waits for the answer any more if this fails.
                let _ = reply.send(done);
                Next::Again
            }
        }
    }

    /// Sleeps; answers early, and with what comes next, when there is a command.
    async fn sleep(&mut self, duration: Duration) -> Option<Next> {
        // What a command asks is done whole: only the wait for it ends with the time.
        let command = tokio::select! {
            () = tokio::time::sleep(duration) => return None,
            command = self.next_command() => command,
        };
        Some(self.heed(command).await)
    }

    async fn reset(&self, plan: ResetPlan) -> Result<()> {
        let spec = self.shared.spec.lock().0.clone();
        plan.carry_out(&self.context, &spec).await
    }

    async fn active(&mut self, spec: Arc<SupervisorSpec>, version: i64) -> Next {
        self.shared.status.lock().set(State::Pending);
        if std::mem::take(&mut self.is_first)
            && let Some(next) = self.sleep(periods::duration(spec.io.start_delay_ms)).await
        {
            return next;
        }
        let mut session = loop {
            match self.open(&spec, version).await {
                Ok(session) => break session,
                Err(Error::Cancelled(_)) => {}
                Err(error) => {
                    let is_stream = matches!(error, Error::Unavailable(_));
                    self.shared.status.lock().failed(self.context.clock.now_ms(), &error.to_string(), is_stream);
                }
            }
            if let Some(next) = self.sleep(periods::duration(spec.io.period_ms)).await {
                return next;
            }
        };
        let mut ticker = tokio::time::interval(WATCH_PERIOD);
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let command = tokio::select! {
                _ = ticker.tick() => None,
                command = self.next_command() => Some(command),
            };
            match command {
                None => session.watch().await,
                Some(Command::Rotate(groups)) => session.rotate(&groups).await,
                Some(Command::Look) => session.look_again(),
                Some(Command::Changed) => {
                    session.drain().await;
                    return Next::Again;
                }
                Some(Command::Stop) => {
                    self.shared.status.lock().set(State::Stopping);
                    session.drain().await;
                    return Next::Over;
                }
                Some(Command::Reset(plan, reply)) => {
                    session.stop(RESET_ERROR).await;
                    let done = self.reset(plan).await;
                    let _ = reply.send(done);
                    return Next::Again;
                }
            }
        }
    }

    async fn open(&self, spec: &Arc<SupervisorSpec>, version: i64) -> Result<Session> {
        let properties = spec.client_properties(&self.context)?;
        let connect = self.context.connect.clone();
        let max_records = properties.max_poll_records;
        let source = super::blocking(move || connect(&properties)).await?;
        let leader = lead(&self.context).await?;
        let mut session =
            Session::new(self.context.clone(), self.shared.clone(), spec.clone(), version, source, leader);
        session.max_poll_records = max_records;
        session.discover().await?;
        self.shared.status.lock().set(State::Running);
        self.shared.status.lock().num_failures = 0;
        Ok(session)
    }
}

/// The right to give lanes to nodes.
pub(super) async fn lead(context: &IngestContext) -> Result<LeaderClaim> {
    let ttl_ms = i64::try_from(context.limits.lease.as_millis()).unwrap_or(i64::MAX);
    let request = metastore::Lead { role: "overlord".to_owned(), holder: context.node.id.clone(), ttl_ms };
    let leader = context.metastore.lead(&request).await.into_result().map_err(refused)?;
    Ok(leader.claim())
}
