//! The threads of a session's task groups, as they are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::RelativePath;

use super::session::{RunningGroup, Session};
use crate::lane::state::Limits;
use crate::lane::{Board, Group, GroupConfig, Joint, JointConfig};
use crate::source::{PollLimits, WatchedReader};
use crate::spec::DataSchema;
use crate::spill::{SpillStore, failed};
use crate::transform::Windows;
use crate::{Error, Result};

impl Session {
    pub(super) async fn start_group(&mut self, no: i32, starts: BTreeMap<String, i64>) -> Result<()> {
        let board = Arc::new(Board::default());
        let config = self.group_config(no)?;
        let owner = storage::sha256_hex(self.spec.id.as_bytes());
        let directory = format!("{}/{}-{no}", self.context.limits.spill_directory, owner.get(..16).unwrap_or_default());
        let directory = RelativePath::new(&directory).map_err(failed)?;
        let store = SpillStore::open(self.context.disk.clone(), directory, config.schema.clone())?;
        let (source, store) = (self.source.clone(), Arc::new(store));
        let (clock, stall) = (self.context.clock.clone(), self.context.limits.stall);
        let reader = super::blocking(move || WatchedReader::new(source, clock, stall)).await?;
        let reader = Box::new(reader);
        let task = self.new_task(no, starts, board.clone()).await?;
        let runtime = tokio::runtime::Handle::current();
        let (group, commands) =
            Group::new(self.context.clone(), config, store, reader, task.id.clone(), board.clone(), runtime);
        if let Some(joint) = &self.joint {
            joint.join(no, commands.clone());
        }
        let name = format!("ingest-{no}");
        let thread = std::thread::Builder::new().name(name).spawn(move || group.run());
        thread.map_err(|error| Error::io("a thread for a task group", error))?;
        self.groups.insert(no, RunningGroup { commands, board });
        self.shared.status.lock().active.push(task);
        Ok(())
    }

    /// Whatever makes the cuts of all groups of this session.
    fn joint(&mut self, schema: &Arc<DataSchema>) -> Arc<Joint> {
        let joint = self.joint.get_or_insert_with(|| {
            let config = JointConfig {
                supervisor_id: self.spec.id.as_str().into(),
                datasource: self.spec.datasource.clone(),
                datasource_id: self.datasource_id.clone(),
                schema: schema.clone(),
                lease: self.lease.clone(),
                topics: self.topics.clone(),
            };
            Arc::new(Joint::start(self.context.clone(), config))
        });
        joint.clone()
    }

    fn group_config(&mut self, no: i32) -> Result<GroupConfig> {
        let spec = self.spec.clone();
        let windows = Windows {
            late_ms: spec.io.late_ms,
            early_ms: spec.io.early_ms,
            not_before_ms: spec.io.late_start,
            intervals: Vec::new(),
        };
        let parser = super::spec::parser(&spec.schema, &spec.io)?.with_windows(windows);
        let joint = self.joint(parser.schema());
        let limits = &self.context.limits;
        let bytes = u64::try_from(spec.tuning.max_bytes_in_memory).unwrap_or(0);
        let max_records = self.max_poll_records.unwrap_or(usize::MAX).clamp(1, limits.poll_records);
        Ok(GroupConfig {
            supervisor_id: spec.id.as_str().into(),
            group: no,
            joint,
            datasource: spec.datasource.clone(),
            lease: self.lease.clone(),
            schema: parser.schema().clone(),
            parser,
            spec_version: self.version,
            limits: Limits {
                chunk_rows: u64::try_from(spec.tuning.max_rows_in_memory).unwrap_or(1),
                chunk_bytes: if bytes == 0 { limits.cut_bytes } else { bytes },
                cut_period_ms: u64::try_from(limits.cut_period.as_millis()).unwrap_or(u64::MAX),
                cut_rows: limits.cut_rows,
                cut_bytes: limits.cut_bytes,
                cut_time_chunks: limits.time_chunks_per_cut,
                live_bytes: limits.live_bytes,
                chunk_credits: limits.chunk_credits,
            },
            poll: PollLimits { max_records, timeout: limits.poll_timeout },
            max_parse_exceptions: spec.tuning.max_parse_exceptions,
            max_saved_errors: usize::try_from(spec.tuning.max_saved_parse_exceptions).unwrap_or(0),
        })
    }
}
