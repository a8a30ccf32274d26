//! `dolmen supervisor`: submit and steer Kafka supervisors.

use super::client::{Store, escape, print_json, read_input};
use super::{CommandResult, Target};
use clap::Subcommand;
use std::path::PathBuf;

const BASE: &str = "/druid/indexer/v1/supervisor";

#[derive(Debug, Subcommand)]
pub enum Supervisor {
    /// Create or update a supervisor from Druid's JSON spec
    Submit {
        /// File with the spec, or `-` for standard input
        file: PathBuf,
        /// Take it even when it reads none of the newest records that the present one reads
        #[arg(long)]
        force: bool,
        /// Let metrics have another type than in rows that are there
        #[arg(long)]
        recast: bool,
        #[command(flatten)]
        target: Target,
    },
    /// All supervisors with their states
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Offsets, lag, tasks and state
    Status {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Row counters
    Stats {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Records that could not be ingested, with offset, reason and raw bytes
    DeadLetters {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Stop reading; everything read is published
    Suspend {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Go on where it stopped
    Resume {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// End the supervisor; what it published stays
    Terminate {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Forget the offsets: records may be skipped or counted again, as the spec's useEarliestOffset says
    Reset {
        id: String,
        /// Say that you mean it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        target: Target,
    },
}

pub async fn run(command: Supervisor) -> CommandResult {
    match command {
        Supervisor::Submit { file, force, recast, target } => {
            let path = format!("{BASE}?force={force}&recast={recast}");
            print_json(&Store::new(&target).post(&path, Some(read_input(&file)?)).await?)
        }
        Supervisor::List { target } => print_json(&Store::new(&target).get(&format!("{BASE}?state=true")).await?),
        Supervisor::Status { id, target } => get(&target, &id, "status").await,
        Supervisor::Stats { id, target } => get(&target, &id, "stats").await,
        Supervisor::DeadLetters { id, target } => {
            let path = format!("/dolmen/v1/supervisors/{}/deadLetters", escape(&id));
            print_json(&Store::new(&target).get(&path).await?)
        }
        Supervisor::Suspend { id, target } => post(&target, &id, "suspend").await,
        Supervisor::Resume { id, target } => post(&target, &id, "resume").await,
        Supervisor::Terminate { id, target } => post(&target, &id, "terminate").await,
        Supervisor::Reset { yes: false, .. } => {
            Err("reset makes the supervisor read from the start or the end of its topic: repeat with --yes".into())
        }
        Supervisor::Reset { id, target, yes: true } => post(&target, &id, "reset").await,
    }
}

async fn get(target: &Target, id: &str, what: &str) -> CommandResult {
    print_json(&Store::new(target).get(&format!("{BASE}/{}/{what}", escape(id))).await?)
}

async fn post(target: &Target, id: &str, what: &str) -> CommandResult {
    print_json(&Store::new(target).post(&format!("{BASE}/{}/{what}", escape(id)), None).await?)
}
