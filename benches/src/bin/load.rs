//! NDJSON into segments, and how fast: `load images|rates|seal --data DIR --out DIR [--rows 2000000]`.
//!
//! `images` seals both tables in segments of at most 5 M rows. `rates` parses rows from memory and appends them to a
//! live index, by the dashboard's own spec (`raw`) and rolled up by eight dimensions and the minute, the latter also
//! of events that are written in unusual ways; `--only` picks some by a part of their names. `seal` folds the chunks of
//! such indexes into one table and writes what is published and what is scanned of it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use benches::reader::{Reader, lines_of};
use benches::{Result, cpu_ms, dashboard, image_path, median, option, unusual};
use segment::{LiveIndex, RollupSchema, SegmentRef, Source};
use serde_json::{Value, json};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

const BATCH_RECORDS: usize = 4_096;
const SEGMENT_ROWS: usize = 5_000_000;
const LIVE_ROWS: usize = 1_000_000;
/// Rows of a chunk of a lane, as `maxRowsInMemory` has them.
const CHUNK_ROWS: usize = 150_000;

fn main() -> Result<()> {
    heap::keep_pages();
    let data = PathBuf::from(option("--data", "bench-data"));
    match std::env::args().nth(1).as_deref() {
        Some("images") => images(&data, &PathBuf::from(option("--out", "bench-data"))),
        Some("rates") => rates(&data, option("--rows", "2000000").parse()?, option("--reps", "3").parse()?),
        Some("seal") => seal(&data, option("--rows", "1000000").parse()?, option("--reps", "3").parse()?),
        _ => Err("load images|rates|seal".into()),
    }
}

fn map(path: &Path) -> Result<memmap2::Mmap> {
    // SAFETY: the generated files do not change while the benchmark runs.
    Ok(unsafe { memmap2::Mmap::map(&File::open(path)?) }?)
}

fn images(data: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let specs = &dashboard()?["specs"];
    for table in ["ads", "orders"] {
        let bytes = map(&data.join(format!("{table}.ndjson")))?;
        let mut reader = Reader::new(&specs[table]["dataSchema"])?;
        let mut lines = lines_of(&bytes);
        for number in 0.. {
            let (start, parts) = (cpu_ms(), live_parts(&mut reader, &mut lines, table)?);
            if parts.is_empty() {
                break;
            }
            let (read, sources) = (cpu_ms(), parts.iter().map(|part| Source::all(part.as_ref())));
            let merged = segment::merge(&sources.collect::<Vec<_>>(), reader.rollup())?;
            let file = BufWriter::new(File::create(image_path(out, table, number))?);
            let num_bytes = segment::write_image(&merged, file)?;
            let num_rows = merged.num_rows() as f64;
            println!(
                "{table} {number}: {num_rows} rows, {:.1} B/row, read {:.0} ns/row, sealed {:.0} ns/row",
                num_bytes as f64 / num_rows,
                (read - start) * 1e6 / num_rows,
                (cpu_ms() - read) * 1e6 / num_rows
            );
        }
    }
    Ok(())
}

/// The rows of one segment, in live indexes.
fn live_parts<'a>(
    reader: &mut Reader,
    lines: &mut impl Iterator<Item = &'a [u8]>,
    table: &str,
) -> Result<Vec<SegmentRef>> {
    let mut parts: Vec<SegmentRef> = Vec::new();
    let mut left = SEGMENT_ROWS;
    while left > 0 {
        let mut live = reader.live(table)?;
        while live.num_rows() < LIVE_ROWS && left > 0 {
            let some: Vec<&[u8]> = lines.by_ref().take(BATCH_RECORDS.min(left)).collect();
            if some.is_empty() {
                break;
            }
            reader.parse(&some);
            reader.append(&mut live)?;
            left -= some.len();
        }
        if live.num_rows() == 0 {
            break;
        }
        parts.push(live.snapshot());
    }
    Ok(parts)
}

fn rolled_up(raw: &Value) -> Value {
    let mut schema = raw.clone();
    let strings = ["ad_id", "campaign_id", "advertiser", "province", "city", "device", "os", "channel"];
    schema["dimensionsSpec"] = json!({"dimensions": strings});
    let sum = |field: &str| json!({"type": "doubleSum", "name": field, "fieldName": field});
    schema["metricsSpec"] = json!([{"type": "count", "name": "n"}, sum("cost"), sum("bid"), sum("price")]);
    schema["granularitySpec"]["queryGranularity"] = "MINUTE".into();
    schema["granularitySpec"]["rollup"] = true.into();
    schema
}

/// Writes an event in another way; given its number.
type Rewrite = fn(&[u8], u64, &mut Vec<u8>);

/// Rows of a table and how they are read.
struct Form {
    name: &'static str,
    table: &'static str,
    schema: Value,
    input_format: Value,
    rewrite: Option<Rewrite>,
}

impl Form {
    fn new(name: &'static str, table: &'static str, schema: Value) -> Form {
        Form { name, table, schema, input_format: json!({"type": "json"}), rewrite: None }
    }

    fn reader(&self) -> Result<Reader> {
        Reader::of(&self.schema, &self.input_format)
    }
}

fn forms() -> Result<[Form; 3]> {
    let specs = &dashboard()?["specs"];
    Ok([
        Form::new("ads, raw", "ads", specs["ads"]["dataSchema"].clone()),
        Form::new("ads, 8 dimensions, minute", "ads", rolled_up(&specs["ads"]["dataSchema"])),
        Form::new("orders, raw", "orders", specs["orders"]["dataSchema"].clone()),
    ])
}

fn unusual_forms() -> Result<[Form; 2]> {
    let schema = rolled_up(&dashboard()?["specs"]["ads"]["dataSchema"]);
    let path = |name: &str, expr: &str| json!({"type": "path", "name": name, "expr": expr});
    let fields = [path("city", "$.place.city"), path("province", "$.place.province")];
    let mut distinct = schema.clone();
    if let Some(dimensions) = distinct["dimensionsSpec"]["dimensions"].as_array_mut() {
        dimensions.push("session".into());
    }
    Ok([
        Form {
            input_format: json!({"type": "json", "flattenSpec": {"fields": fields}}),
            rewrite: Some(unusual::general),
            ..Form::new("the same as general JSON", "ads", schema)
        },
        Form { rewrite: Some(unusual::distinct), ..Form::new("the same with distinct strings", "ads", distinct) },
    ])
}

fn rates(data: &Path, num_rows: usize, reps: usize) -> Result<()> {
    println!("| rows | groups | parse ns | append ns | rows/s | bytes a row |\n|---|---:|---:|---:|---:|---:|");
    let only = option("--only", "");
    let forms = forms()?.into_iter().chain(unusual_forms()?);
    for form in forms.filter(|form| form.name.contains(&only)) {
        let bytes = map(&data.join(format!("{}.ndjson", form.table)))?;
        let lines: Vec<&[u8]> = lines_of(&bytes).take(num_rows).collect();
        let rewritten = form.rewrite.map(|rewrite| rewritten(&lines, rewrite));
        let lines = rewritten.as_ref().map_or(lines, |bytes| lines_of(bytes).collect());
        std::hint::black_box(lines.iter().map(|line| usize::from(line.first() == Some(&b'{'))).sum::<usize>());
        let (mut parses, mut appends, mut groups, mut bytes_held) = (Vec::new(), Vec::new(), 0, 0);
        for _ in 0..reps {
            let mut reader = form.reader()?;
            let mut live = reader.live(form.table)?;
            let (parse, append) = read(&lines, &mut reader, &mut live)?;
            (groups, bytes_held) = (live.num_rows(), live.memory_bytes());
            parses.push(parse * 1e6 / lines.len() as f64);
            appends.push(append * 1e6 / lines.len() as f64);
        }
        let (parse, append) = (median(parses), median(appends));
        let (rate, per_row) = (1e9 / (parse + append), bytes_held as f64 / groups as f64);
        println!("| {} | {groups} | {parse:.0} | {append:.0} | {rate:.0} | {per_row:.0} |", form.name);
    }
    Ok(())
}

fn rewritten(lines: &[&[u8]], rewrite: Rewrite) -> Vec<u8> {
    let (mut all, mut one) = (Vec::new(), Vec::new());
    for (line, number) in lines.iter().zip(0..) {
        rewrite(line, number, &mut one);
        all.extend_from_slice(&one);
        all.push(b'\n');
    }
    all
}

/// Milliseconds of parsing and of appending.
fn read(lines: &[&[u8]], reader: &mut Reader, live: &mut LiveIndex) -> Result<(f64, f64)> {
    let (mut parse, mut append) = (0.0, 0.0);
    for lines in lines.chunks(BATCH_RECORDS) {
        let start = cpu_ms();
        reader.parse(lines);
        let parsed = cpu_ms();
        reader.append(live)?;
        parse += parsed - start;
        append += cpu_ms() - parsed;
    }
    Ok((parse, append))
}

/// The rows of `lines` in chunks as a lane holds them.
fn chunks(form: &Form, lines: &[&[u8]]) -> Result<(Vec<SegmentRef>, Arc<RollupSchema>)> {
    let mut reader = form.reader()?;
    let mut parts: Vec<SegmentRef> = Vec::new();
    for lines in lines.chunks(CHUNK_ROWS) {
        let mut live = reader.live(form.table)?;
        read(lines, &mut reader, &mut live)?;
        parts.push(live.snapshot());
    }
    Ok((parts, reader.rollup().clone()))
}

fn seal(data: &Path, num_rows: usize, reps: usize) -> Result<()> {
    println!("| rows | sealed rows | merge ns | file ns | image ns | image of file ns | file B | image B |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let path = std::env::temp_dir().join(format!("dolmen-seal-{}.parquet", std::process::id()));
    for form in &forms()? {
        let bytes = map(&data.join(format!("{}.ndjson", form.table)))?;
        let lines: Vec<&[u8]> = lines_of(&bytes).take(num_rows).collect();
        let (parts, rollup) = chunks(form, &lines)?;
        let sources: Vec<Source<'_>> = parts.iter().map(|part| Source::all(part.as_ref())).collect();
        let (mut steps, mut sizes) = ([const { Vec::new() }; 4], [0; 3]);
        for _ in 0..reps {
            let mut times = vec![cpu_ms()];
            let table = segment::merge(&sources, &rollup)?;
            times.push(cpu_ms());
            let mut file = Vec::new();
            segment::write_parquet(&table, &mut file)?;
            times.push(cpu_ms());
            let mut image = Vec::new();
            segment::write_image(&table, &mut image)?;
            times.push(cpu_ms());
            sizes = [table.num_rows(), file.len(), image.len()];
            image.clear();
            fs::write(&path, &file)?;
            let start = cpu_ms();
            segment::image_from_parquet(&path, &mut image)?;
            times.push(times[3] + cpu_ms() - start);
            let spent = times.windows(2).map(|ends| (ends[1] - ends[0]) * 1e6 / lines.len() as f64);
            steps.iter_mut().zip(spent).for_each(|(step, spent)| step.push(spent));
        }
        let [merge, file, image, of_file] = steps.map(median);
        let [rows, file_len, image_len] = sizes;
        let per_row = |len: usize| len as f64 / rows as f64;
        println!(
            "| {} | {rows} | {merge:.0} | {file:.0} | {image:.0} | {of_file:.0} | {:.1} | {:.1} |",
            form.name,
            per_row(file_len),
            per_row(image_len)
        );
    }
    Ok(fs::remove_file(&path)?)
}
