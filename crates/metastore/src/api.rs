use async_trait::async_trait;
use tokio::sync::watch;

use crate::fsck::Finding;
use crate::reads::{Changes, LedgerFilter, LiveSet, TaskFilter, TaskSums};
use crate::records::*;
use crate::store::Store;
use crate::verbs::*;
use crate::{Outcome, Result};

/// Writes the trait and its implementation by `Store` from one list: verbs take a request and give an
/// outcome, reads give a result.
macro_rules! metastore {
    (
        verbs { $($(#[$vdoc:meta])* $verb:ident($request:ty) -> $done:ty;)* }
        reads { $($(#[$rdoc:meta])* $read:ident($($arg:ident: $argty:ty),*) -> $answer:ty;)* }
    ) => {
        /// Facts that must survive. Verbs are one transaction each, idempotent by the key that the
        /// caller chose; reads see one state.
        #[async_trait]
        pub trait Metastore: Send + Sync {
            $($(#[$vdoc])* async fn $verb(&self, request: &$request) -> Outcome<$done>;)*
            $($(#[$rdoc])* async fn $read(&self, $($arg: $argty),*) -> Result<$answer>;)*
            /// Changes whenever a verb of this process committed.
            fn changed(&self) -> watch::Receiver<u64>;
        }

        #[async_trait]
        impl Metastore for Store {
            $(async fn $verb(&self, request: &$request) -> Outcome<$done> { self.apply(request).await })*
            $(async fn $read(&self, $($arg: $argty),*) -> Result<$answer> { Store::$read(self, $($arg),*).await })*
            fn changed(&self) -> watch::Receiver<u64> { Store::changed(self) }
        }

        #[async_trait]
        impl Metastore for crate::testing::Faulty {
            $(async fn $verb(&self, request: &$request) -> Outcome<$done> {
                self.verb(stringify!($verb), async { self.store().$verb(request).await }).await
            })*
            $(async fn $read(&self, $($arg: $argty),*) -> Result<$answer> {
                self.may_answer()?;
                self.store().$read($($arg),*).await
            })*
            fn changed(&self) -> watch::Receiver<u64> { self.store().changed() }
        }
    };
}

metastore! {
    verbs {
        lead(Lead) -> Leader;
        register(Register) -> Source;
        name_datasource(NameDatasource) -> Datasource;
        open(Open) -> Vec<Lane>;
        assign(Assign) -> Vec<Lane>;
        renew(Renew) -> Renewed;
        set_lane(SetLane) -> Lane;
        set_spec(SetSpec) -> Spec;
        barrier(PlaceBarrier) -> Barrier;
        take_job(TakeJob) -> Job;
        intend(Intend) -> ();
        publish(Publish) -> Published;
        append(Append) -> Published;
        replace(Replace) -> Replaced;
        retire(Retire) -> Removal;
        undo(Undo) -> Removal;
        skip(Skip) -> Lane;
        rebase(Rebase) -> Rebased;
        accept(Accept) -> Rebased;
        doom(Doom) -> Bundle;
        forget(Forget) -> ();
        hold(Hold) -> Reader;
        create_task(CreateTask) -> Task;
        update_task(UpdateTask) -> Task;
        set_locks(SetLocks) -> ();
        set_config(SetConfig) -> Config;
    }
    reads {
        /// By name.
        datasources() -> Vec<Datasource>;
        /// By its name.
        datasource(name: &str) -> Option<Datasource>;
        /// Live segments, lanes and the snapshot number they belong to.
        live(datasource_id: &str) -> LiveSet;
        /// What changed since a snapshot.
        changes(datasource_id: &str, since: i64) -> Changes;
        /// All segments, removed ones too.
        segments(datasource_id: &str) -> Vec<Segment>;
        segments_by_id(seg_ids: &[String]) -> Vec<Segment>;
        /// Newest first.
        snapshots(datasource_id: &str, limit: u32) -> Vec<Snapshot>;
        sources(supervisor_id: &str) -> Vec<Source>;
        source(source_id: &str) -> Source;
        /// Lanes of the source's present generation, by partition.
        lanes(source_id: &str) -> Vec<Lane>;
        /// By version.
        barriers(lane: &LaneId) -> Vec<Barrier>;
        ledger(filter: &LedgerFilter) -> Vec<Ledger>;
        task_sums(task_id: &str) -> TaskSums;
        gaps(source_id: &str) -> Vec<Gap>;
        /// Newest first.
        dead_letters(source_id: &str, limit: u32) -> Vec<DeadLetters>;
        bundle(bundle_id: &str) -> Option<Bundle>;
        /// Objects old enough for `doom`, which decides.
        doomable(grace_ms: i64, limit: u32) -> Vec<Bundle>;
        /// Objects to delete and then `forget`.
        doomed(limit: u32) -> Vec<Bundle>;
        job(job_id: &str) -> Option<Job>;
        open_jobs() -> Vec<Job>;
        /// The newest version of every supervisor, tombstones of terminated ones included.
        supervisors() -> Vec<Spec>;
        /// The newest version, which may be a tombstone.
        supervisor(supervisor_id: &str) -> Option<Spec>;
        spec(supervisor_id: &str, version: i64) -> Option<Spec>;
        /// Newest first; of one supervisor, or of all by id.
        spec_history(supervisor_id: Option<&str>, limit: Option<u32>) -> Vec<Spec>;
        /// Newest first.
        tasks(filter: &TaskFilter) -> Vec<Task>;
        task(task_id: &str) -> Option<Task>;
        locks(datasource: Option<&str>) -> Vec<TaskLock>;
        /// The present value; absent when never set or deleted.
        config(key: &str) -> Option<Config>;
        /// Present values whose name starts with `prefix`, by name.
        configs(prefix: &str) -> Vec<Config>;
        /// All versions, newest first.
        config_history(key: &str, limit: Option<u32>) -> Vec<Config>;
        /// Newest first.
        audit(limit: u32) -> Vec<Audit>;
        leader(role: &str) -> Option<Leader>;
        /// Facts that contradict each other; none in a healthy store.
        check() -> Vec<Finding>;
    }
}
