//! Draws cases for a run against another store: `questions DIR CASES QUERIES SEED` writes, for each case, the task that
//! loads its rows and its queries, one a line.

use oracle::Case;
use oracle::source::World;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(directory), Some(num_cases), Some(num_queries), Some(seed)) =
        (arguments.first(), number(1), number(2), number(3))
    else {
        eprintln!("questions DIR CASES QUERIES SEED");
        return ExitCode::from(2);
    };
    let written = std::fs::write(Path::new(directory).join("lookup.json"), oracle::extraction::entries().to_string());
    let written = written.and_then(|()| {
        (seed..seed + num_cases).try_for_each(|seed| write(Path::new(directory), seed, num_queries as usize))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{directory}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &Path, seed: u64, num_queries: usize) -> std::io::Result<()> {
    let case = Case::draw(seed, num_queries);
    let datasource = format!("diff_{seed}");
    for (at, table) in case.world.tables.iter().enumerate() {
        let name = World::table_name(&datasource, at);
        let rows: Vec<String> = table.rows.iter().map(|row| row.json().to_string()).collect();
        let task = json!({"type": "index_parallel", "spec": {
            "dataSchema": oracle::store::data_schema(&name, &table.columns),
            "ioConfig": {"type": "index_parallel", "inputFormat": {"type": "json"}, "appendToExisting": false,
                "inputSource": {"type": "inline", "data": rows.join("\n")}},
            "tuningConfig": {"type": "index_parallel", "maxNumConcurrentSubTasks": 1},
        }});
        std::fs::write(directory.join(format!("{name}.task.json")), task.to_string())?;
    }
    let queries: Vec<String> = case.queries.iter().map(|query| query.json(&datasource).to_string()).collect();
    std::fs::write(directory.join(format!("{datasource}.queries")), queries.join("\n") + "\n")
}
