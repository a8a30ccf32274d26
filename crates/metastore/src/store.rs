use std::sync::Arc;

use async_trait::async_trait;
use timeline::{Clock, Random};
use tokio::sync::watch;

use crate::table::{Backend, Tx};
use crate::{Error, Outcome, Result};

/// Called with the name of a crash point when a transaction passes it.
pub type Hook = Arc<dyn Fn(&'static str) + Send + Sync>;
/// What a store takes from outside.
#[derive(Clone)]
pub struct Options {
    /// The clock of the database: every stored instant and every lease is read from it.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and nonces.
    pub random: Arc<dyn Random>,
    pub hook: Hook,
}

impl Options {
    /// No crash points.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, hook: Arc::new(|_| {}) }
    }
}

/// What a verb may use beside its transaction.
pub(crate) struct Context {
    pub random: Arc<dyn Random>,
    pub hook: Hook,
}

impl Context {
    pub fn nonce(&self) -> i64 {
        i64::from_ne_bytes(self.random.next_u64().to_ne_bytes())
    }

    pub fn uuid(&self) -> String {
        let (high, low) = (self.random.next_u64(), self.random.next_u64());
        uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
            .into_uuid()
            .to_string()
    }
}

/// One transaction, named by its type.
#[async_trait]
pub(crate) trait Verb: Sync {
    type Output: Send;
    /// Crash point inside the transaction, before its commit.
    const BEFORE_COMMIT: Option<&'static str> = None;
    /// Crash point after the commit, before the answer.
    const AFTER_COMMIT: Option<&'static str> = None;
    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Self::Output>>;
}

/// The metastore over any database: all guards live above the row operations.
pub(crate) struct Store {
    backend: Box<dyn Backend>,
    clock: Arc<dyn Clock>,
    context: Context,
    changes: watch::Sender<u64>,
}

impl Store {
    pub fn new(backend: Box<dyn Backend>, options: Options) -> Self {
        let context = Context { random: options.random, hook: options.hook };
        Self { backend, clock: options.clock, context, changes: watch::Sender::new(0) }
    }

    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub async fn apply<V: Verb>(&self, verb: &V) -> Outcome<V::Output> {
        match self.try_apply(verb).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Unavailable(error),
        }
    }

    async fn try_apply<V: Verb>(&self, verb: &V) -> Result<Outcome<V::Output>> {
        let rows = self.backend.begin(true).await?;
        let mut tx = Tx::new(rows, self.clock.now_ms());
        let outcome = verb.run(&mut tx, &self.context).await?;
        if let Outcome::Done(_) = outcome {
            V::BEFORE_COMMIT.into_iter().for_each(|point| (self.context.hook)(point));
            (self.context.hook)("M1");
            tx.commit().await?;
            self.changes.send_modify(|count| *count += 1);
            V::AFTER_COMMIT.into_iter().for_each(|point| (self.context.hook)(point));
        }
        Ok(outcome)
    }

    /// A transaction that reads one state.
    pub async fn read(&self) -> Result<Tx, Error> {
        let rows = self.backend.begin(false).await?;
        Ok(Tx::new(rows, self.clock.now_ms()))
    }
}
