//! `dolmen segment inspect`: what a segment file holds.

use super::CommandResult;
use super::table::aligned;
use clap::Subcommand;
use segment::{ColumnInspection, Inspection};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Segment {
    /// Schema, rows, time range, bytes per column and per index of a Parquet segment or a local image
    Inspect {
        file: PathBuf,
        /// Everything as JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Segment) -> CommandResult {
    let Segment::Inspect { file, json } = command;
    let inspection = segment::inspect(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if *json {
        println!("{}", serde_json::to_string_pretty(&inspection)?);
    } else {
        print!("{}", describe(&inspection));
    }
    Ok(())
}

fn describe(inspection: &Inspection) -> String {
    let times = inspection.num_distinct_times.map(|num| format!(" at {num} distinct times")).unwrap_or_default();
    let head = format!(
        "{} version {}, {} bytes\n{} rows of {} records{times} in {}\n\n",
        inspection.format,
        inspection.format_version,
        inspection.size_bytes,
        inspection.num_rows,
        inspection.num_records,
        inspection.time_range,
    );
    let columns = ["column", "type", "role", "nulls", "values", "min", "max", "data", "dictionary", "index", "bitmaps"];
    let rows: Vec<Vec<String>> = inspection.columns.iter().map(cells).collect();
    head + &aligned(&columns.map(str::to_string), &rows)
}

fn cells(column: &ColumnInspection) -> Vec<String> {
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let kind = if column.multi_value { format!("{} (multi)", column.type_name) } else { column.type_name.clone() };
    vec![
        column.name.clone(),
        kind,
        format!("{:?}", column.role).to_lowercase(),
        column.num_nulls.to_string(),
        column.cardinality.map(|count| count.to_string()).unwrap_or_default(),
        text(&column.min),
        text(&column.max),
        column.data_bytes.to_string(),
        column.dictionary_bytes.to_string(),
        column.index_bytes.to_string(),
        column.num_bitmaps.to_string(),
    ]
}
