//! The command line: what can be asked of the binary.

mod client;
mod query;
mod segment;
mod supervisor;
mod table;
mod task;

use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// A command failed; the text is for the person at the terminal.
pub type CommandResult = Result<(), Box<dyn std::error::Error>>;

#[derive(Debug, Parser)]
#[command(
    name = "dolmen",
    version,
    about = "A real-time OLAP store: Kafka in, dashboards out, Druid's API",
    after_help = "Start with `dolmen quickstart`: it makes its own events and answers queries in a second."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process, with a Kafka broker and made-up ad and order events inside
    Quickstart(Quickstart),
    /// Run the store
    Serve(Serve),
    /// Submit and steer Kafka supervisors
    #[command(subcommand)]
    Supervisor(supervisor::Supervisor),
    /// Submit and watch batch tasks
    #[command(subcommand)]
    Task(task::Task),
    /// Post a native JSON query and print the answer
    Query(query::Query),
    /// Look into segment files
    #[command(subcommand)]
    Segment(segment::Segment),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub struct Quickstart {
    #[arg(long, default_value_t = 8888)]
    pub port: u16,
    /// Where segments and facts are kept; a second start goes on with what is there
    #[arg(long, default_value = "./dolmen-data")]
    pub data_dir: PathBuf,
    /// Ad events per second; orders come at a tenth of it
    #[arg(long, default_value_t = 2000)]
    pub rate: u32,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// TOML file; every key is optional
    #[arg(long, env = "DOLMEN_CONFIG")]
    pub config: Option<PathBuf>,
    #[arg(long)]
    pub port: Option<u16>,
    #[arg(long, env = "DOLMEN_DATA_DIR", default_value = "./dolmen-data")]
    pub data_dir: PathBuf,
    /// Listen beyond this machine without users
    #[arg(long)]
    pub insecure: bool,
    /// Roles to run, separated by commas: broker, historical, ingest, coordinator; all of them by default
    #[arg(long, value_delimiter = ',')]
    pub roles: Vec<String>,
}

/// Where the store answers, for the client commands.
#[derive(Debug, Args)]
pub struct Target {
    /// Address of the store
    #[arg(long, env = "DOLMEN_URL", default_value = "http://127.0.0.1:8888")]
    pub url: String,
}

/// Runs the client commands; `quickstart` and `serve` are the caller's.
pub async fn run_client(command: Command) -> CommandResult {
    match command {
        Command::Supervisor(command) => supervisor::run(command).await,
        Command::Task(command) => task::run(command).await,
        Command::Query(command) => query::run(command).await,
        Command::Segment(command) => segment::run(&command),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "dolmen", &mut std::io::stdout());
            Ok(())
        }
        Command::Quickstart(_) | Command::Serve(_) => Err("not a client command".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
