//! What a path of nested data costs, beside an ordinary column of the same values and beside its documents:
//! `nested [--rows 1000000] [--reps 9]`. One thread, CPU time.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Input};
use arrow_array::{Float64Array, Int64Array, StringArray};
use benches::{Result, Tables, cpu_ms, day, median, option, scattered, segment_id};
use dialect::value::{self, Value};
use query::{ExecContext, Query};
use segment::{
    Batch, BatchView, DimensionSchema, Limits, LiveIndex, RollupSchema, SealedSegment, Segment, SegmentRef, Shape,
    Source, StringDictionary, merge, write_image,
};
use serde_json::json;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

const BATCH_ROWS: usize = 4_096;

struct Row {
    city: String,
    id: String,
    level: i64,
    ratio: f64,
}

fn row(at: usize) -> Row {
    let random = scattered(at);
    Row {
        city: format!("city {}", random % 300),
        id: format!("id {}", random / 300 % 100_000),
        level: (random / 7 % 50) as i64,
        ratio: (random / 11 % 1_000_000) as f64 / 64.0,
    }
}

fn document(row: &Row) -> Option<String> {
    let tree = json!({"place": {"city": row.city}, "level": row.level, "ratio": row.ratio, "id": row.id});
    value::key(&Value::Json(value::canonical(&tree).into()))
}

/// Codes of texts in the order of their first rows.
fn coded(texts: impl Iterator<Item = String>) -> Result<(Vec<u32>, StringDictionary)> {
    let (mut known, mut values, mut codes) = (HashMap::new(), Vec::new(), Vec::new());
    for text in texts {
        let code = *known.entry(text.clone()).or_insert_with(|| {
            values.push(text);
            values.len() as u32 - 1
        });
        codes.push(code);
    }
    Ok((codes, StringDictionary::unsorted(StringArray::from(values))?))
}

/// Rows with these dimensions, live, and the milliseconds that it took to append them.
fn live(num_rows: usize, dimensions: &[(&str, ColumnType)]) -> Result<(Arc<segment::LiveSnapshot>, f64)> {
    let schemas = dimensions.iter().map(|(name, column_type)| DimensionSchema::new(name, column_type.clone()));
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(schemas.collect(), Vec::new()) };
    let limits = Limits { max_bytes: usize::MAX, max_rows: usize::MAX, ..Limits::default() };
    let mut index = LiveIndex::new(segment_id("live", 0)?, Arc::new(schema), limits)?;
    let mut spent = 0.0;
    for start in (0..num_rows).step_by(BATCH_ROWS) {
        let rows: Vec<Row> = (start..num_rows.min(start + BATCH_ROWS)).map(row).collect();
        let time: Vec<i64> =
            (start..start + rows.len()).map(|at| day().map(|d| d.start + at as i64)).collect::<Result<_>>()?;
        let (city, cities) = coded(rows.iter().map(|row| row.city.clone()))?;
        let (id, ids) = coded(rows.iter().map(|row| row.id.clone()))?;
        let (nested, documents) = coded(rows.iter().filter_map(document))?;
        let level = Int64Array::from_iter_values(rows.iter().map(|row| row.level));
        let ratio = Float64Array::from_iter_values(rows.iter().map(|row| row.ratio));
        let inputs = dimensions.iter().map(|(name, _)| match *name {
            "city" => Input::Text { codes: Codes::U32(&city), dictionary: &cities },
            "id" => Input::Text { codes: Codes::U32(&id), dictionary: &ids },
            "level" => Input::Long(&level),
            "ratio" => Input::Double(&ratio),
            _ => Input::Text { codes: Codes::U32(&nested), dictionary: &documents },
        });
        let inputs: Vec<Input<'_>> = inputs.collect();
        let before = cpu_ms();
        index.append(&Batch { time: &time, dimensions: &inputs, metrics: &[], mask: None })?;
        spent += cpu_ms() - before;
    }
    Ok((index.snapshot(), spent))
}

fn sealed(live: &dyn Segment) -> Result<(SealedSegment, f64)> {
    let before = cpu_ms();
    let dimensions = live.schema().dimensions().map(|d| DimensionSchema::new(&d.name, d.column_type.clone()));
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions.collect(), Vec::new()) };
    let table = merge(&[Source::all(live)], &schema)?;
    let mut image = Vec::new();
    write_image(&table, &mut image)?;
    let spent = cpu_ms() - before;
    Ok((SealedSegment::from_bytes(image.into(), segment_id("sealed", 0)?)?, spent))
}

/// The documents and nothing beside them.
fn documents(segment: &dyn Segment) -> Result<SegmentRef> {
    let column = segment.column("n").ok_or("no documents")?;
    let dictionary = column.dictionary().ok_or("no dictionary")?;
    let codes = segment::widen(column.read(0..segment.num_rows()).as_ref()).ok_or("no codes")?;
    let keys: StringArray = codes.iter().map(|code| dictionary.get(*code)).collect();
    let start = day()?.start;
    let times = (0..segment.num_rows()).map(|at| start + at as i64);
    Ok(BatchView::builder().time(times).values("n", Shape::Json, keys).build()?)
}

const QUESTIONS: [(&str, &str, &str); 7] = [
    ("count where city = one of 300", "city", "filter"),
    ("count where id = one of 100,000", "id", "filter"),
    ("sum of ratio", "ratio", "sum"),
    ("count where level < 10", "level", "range"),
    ("group by city", "city", "group"),
    ("group by level", "level", "group"),
    ("group by id", "id", "group"),
];

fn query(table: &str, column: &str, kind: &str, is_path: bool) -> Result<Query> {
    let (path, column_type) = match column {
        "city" => ("$.place.city", "STRING"),
        "id" => ("$.id", "STRING"),
        "level" => ("$.level", "LONG"),
        _ => ("$.ratio", "DOUBLE"),
    };
    let name = if is_path { "v" } else { column };
    let field = json!([{"type": "nested-field", "columnName": "n", "outputName": "v", "path": path, "expectedType": column_type}]);
    let mut query = json!({
        "queryType": "timeseries", "dataSource": table, "intervals": ["2026-01-05/2026-01-06"], "granularity": "all",
        "aggregations": [{"type": "count", "name": "rows"}],
        "virtualColumns": if is_path { field } else { json!([]) },
    });
    match kind {
        "filter" => {
            let value = if column == "city" { "city 7" } else { "id 777" };
            query["filter"] =
                json!({"type": "equals", "column": name, "matchValueType": "STRING", "matchValue": value});
        }
        "range" => {
            query["filter"] =
                json!({"type": "range", "column": name, "matchValueType": "LONG", "upper": 10, "upperOpen": true});
        }
        "sum" => query["aggregations"] = json!([{"type": "doubleSum", "name": "sum", "fieldName": name}]),
        _ => {
            query["queryType"] = json!("topN");
            query["dimension"] =
                json!({"type": "default", "dimension": name, "outputName": "d", "outputType": column_type});
            query["metric"] = json!("rows");
            query["threshold"] = json!(10);
        }
    }
    Ok(Query::parse(&serde_json::to_vec(&query)?)?)
}

fn main() -> Result<()> {
    heap::keep_pages();
    let num_rows: usize = option("--rows", "1000000").parse()?;
    let reps: usize = option("--reps", "9").parse()?;
    let ordinary = [
        ("city", ColumnType::String),
        ("id", ColumnType::String),
        ("level", ColumnType::Long),
        ("ratio", ColumnType::Double),
    ];
    let nested = [("n", ColumnType::Value(Shape::Json))];
    let (plain_live, plain_append) = live(num_rows, &ordinary)?;
    let (nested_live, nested_append) = live(num_rows, &nested)?;
    let (plain_sealed, plain_seal) = sealed(&*plain_live)?;
    let (nested_sealed, nested_seal) = sealed(&*nested_live)?;
    println!("append {num_rows} rows: four columns {plain_append:.0} ms, the same in documents {nested_append:.0} ms");
    println!("seal them: {plain_seal:.0} ms and {nested_seal:.0} ms");
    println!("images: {} and {} bytes\n", plain_sealed.size_bytes(), nested_sealed.size_bytes());
    let documents = documents(&nested_sealed)?;
    let tables = Tables::of([
        ("plain", Arc::new(plain_sealed) as SegmentRef),
        ("nested", Arc::new(nested_sealed)),
        ("documents", documents),
        ("plain_live", plain_live),
        ("nested_live", nested_live),
    ]);
    let exec = ExecContext::inline(8 << 30);
    println!("| CPU ms | column | path | path : column | documents alone | live column | live path | path : column |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (label, column, kind) in QUESTIONS {
        let names = ["plain", "nested", "documents", "plain_live", "nested_live"];
        let mut figures = names.map(|_| Vec::new());
        for rep in 0..reps + 1 {
            for (name, figures) in names.iter().zip(&mut figures) {
                // Documents alone take long, and always the same.
                if *name == "documents" && rep > 2 {
                    continue;
                }
                let start = cpu_ms();
                query::answer(&query(name, column, kind, !name.starts_with("plain"))?, &tables, &exec)?.to_json()?;
                if rep > 0 {
                    figures.push(cpu_ms() - start);
                }
            }
        }
        let [plain, nested, documents, plain_live, nested_live] = figures.map(median);
        println!(
            "| {label} | {plain:.2} | {nested:.2} | {:.2} | {documents:.0} | {plain_live:.2} | {nested_live:.2} | {:.2} |",
            nested / plain,
            nested_live / plain_live,
        );
    }
    Ok(())
}
