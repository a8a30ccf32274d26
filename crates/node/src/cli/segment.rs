//! `dolmen segment inspect`: what a segment file holds.

use super::CommandResult;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Segment {
    /// Schema, rows, time range, bytes per column and per index of a Parquet segment or a local image
    Inspect { file: PathBuf },
}

pub fn run(command: &Segment) -> CommandResult {
    let Segment::Inspect { file } = command;
    let inspection = segment::inspect(file)?;
    print!("{inspection}");
    Ok(())
}
