//! `dolmen query`: native JSON in; a table, JSON or CSV out.

use super::client::{Store, read_input};
use super::table::Table;
use super::{CommandResult, Target};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Query {
    /// File with the query, or `-` for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

pub async fn run(command: Query) -> CommandResult {
    let body = read_input(&command.file)?;
    let answer = Store::new(&command.target).post("/druid/v2", Some(body)).await?;
    match command.format {
        Format::Json => super::client::print_json(&answer),
        Format::Table => {
            print!("{}", Table::of_answer(&answer).aligned());
            Ok(())
        }
        Format::Csv => {
            let table = Table::of_answer(&answer);
            let mut out = csv::Writer::from_writer(std::io::stdout());
            out.write_record(&table.columns)?;
            for row in &table.rows {
                out.write_record(row)?;
            }
            Ok(out.flush()?)
        }
    }
}
