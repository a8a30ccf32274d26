//! What the benchmarks share: the tables on disk, the queries and specs of the dashboard, CPU time.

#[cfg(feature = "ingest")]
pub mod guard;
pub mod http;
#[cfg(feature = "ingest")]
pub mod reader;
pub mod threads;
pub mod unusual;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use query::{Bound, Sources};
use segment::{SealedSegment, SegmentRef};
use serde_json::Value;
use timeline::{Interval, SegmentId};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Milliseconds of CPU that this process has used.
pub fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct outlives the call, and the clock exists on every system that is built for.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// The middle of the figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A number per row that looks random and is always the same.
pub fn scattered(row: usize) -> usize {
    (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) as usize
}

/// The value after an option, or the one in its place.
pub fn option(name: &str, otherwise: &str) -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).unwrap_or_else(|| otherwise.to_owned())
}

/// The dashboard's queries and specs, or another set of queries (`--set others`), as the Python side writes them:
/// `{"queries": .., "specs": ..}`.
pub fn dashboard() -> Result<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("dashboard/{}.py", option("--set", "queries")));
    let output = Command::new("python3").arg(script).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The day of all rows.
pub fn day() -> Result<Interval> {
    Ok(Interval::parse("2026-01-05/2026-01-06")?)
}

/// The id of a table's segment.
pub fn segment_id(table: &str, number: u32) -> Result<SegmentId> {
    Ok(SegmentId::new(table, day()?, "v1", number))
}

/// Where the image of a segment is kept.
pub fn image_path(directory: &Path, table: &str, number: u32) -> PathBuf {
    directory.join(format!("{table}-{number}.image"))
}

/// Rows of a volume, as the store makes them.
const VOLUME_ROWS: usize = 5_000_000;

/// Tables of sealed segments.
#[derive(Default)]
pub struct Tables {
    segments: HashMap<String, Vec<SegmentRef>>,
    /// Those that are read in their place.
    volumes: HashMap<String, Vec<SegmentRef>>,
}

impl Tables {
    /// Segments in memory, each a table of its name.
    pub fn of<const N: usize>(segments: [(&str, SegmentRef); N]) -> Self {
        let segments = segments.map(|(name, segment)| (name.to_owned(), vec![segment])).into();
        Self { segments, volumes: HashMap::new() }
    }

    /// Opens the images of the tables.
    pub fn open(directory: &Path, tables: &[&str]) -> Result<Self> {
        let mut all = HashMap::new();
        for table in tables {
            let mut segments: Vec<SegmentRef> = Vec::new();
            while fs::exists(image_path(directory, table, segments.len() as u32))? {
                let number = segments.len() as u32;
                let path = image_path(directory, table, number);
                segments.push(Arc::new(SealedSegment::reopen(&path, segment_id(table, number)?)?));
            }
            if segments.is_empty() {
                return Err(format!("no images of '{table}' in {}: run `load` first", directory.display()).into());
            }
            all.insert((*table).to_owned(), segments);
        }
        Ok(Self { segments: all, volumes: HashMap::new() })
    }

    /// Binds the segments of each table to volumes, in memory.
    pub fn bind(&mut self) -> Result<()> {
        for (table, segments) in &self.segments {
            let (mut volumes, mut members, mut num_rows) = (Vec::new(), Vec::new(), 0);
            for segment in segments {
                if num_rows + segment.num_rows() > VOLUME_ROWS {
                    volumes.push(bound(table, &std::mem::take(&mut members))?);
                    num_rows = 0;
                }
                num_rows += segment.num_rows();
                members.push(Arc::clone(segment));
            }
            volumes.push(bound(table, &members)?);
            self.volumes.insert(table.clone(), volumes);
        }
        Ok(())
    }
}

fn bound(table: &str, members: &[SegmentRef]) -> Result<SegmentRef> {
    let mut image = Vec::new();
    segment::write_image(&segment::bind(members, &[])?, &mut image)?;
    Ok(Arc::new(SealedSegment::from_bytes(image.into(), segment_id(table, 0)?)?))
}

impl Sources for Tables {
    fn segments(&self, datasource: &str, _: &[Interval]) -> query::Result<Vec<SegmentRef>> {
        Ok(self.segments.get(datasource).cloned().unwrap_or_default())
    }

    fn bound(&self, datasource: &str, intervals: &[Interval]) -> query::Result<Option<Bound>> {
        let Some(volumes) = self.volumes.get(datasource) else { return Ok(None) };
        Ok(Some(Bound { segments: volumes.clone(), of: self.segments(datasource, intervals)? }))
    }
}
