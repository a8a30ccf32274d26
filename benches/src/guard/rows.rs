//! A table that looks like ads and is the same on every machine, sealed and as events.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use segment::{BatchView, ColumnType, DimensionSchema, RollupSchema, SealedSegment, SegmentRef, Source};

use crate::{Result, Tables, day, scattered, segment_id};

const NUM_ROWS: usize = 300_000;
const NUM_EVENTS: usize = 20_000;
const IMAGE: &str = "guard.image";
const EVENTS: &str = "guard.ndjson";

/// What every case works on.
pub struct Rows {
    pub segment: SegmentRef,
    pub events: Vec<u8>,
}

/// One event.
struct Event {
    time: i64,
    city: usize,
    device: usize,
    user: usize,
    action: i64,
    cost: f64,
    price: Option<f64>,
    num_tags: usize,
}

impl Event {
    fn at(row: usize, start: i64, step: i64) -> Event {
        let random = scattered(row);
        Event {
            time: start + row as i64 * step,
            city: random % 340,
            device: random / 340 % 6,
            user: scattered(random) % 60_000,
            action: i64::from(random.is_multiple_of(25)),
            cost: (random / 64 % 5_000) as f64 / 100.0,
            price: random.is_multiple_of(215).then(|| (random / 128 % 900) as f64 / 4.0),
            num_tags: random / 32 % 3,
        }
    }

    /// Its city tells the province.
    fn province(&self) -> usize {
        self.city / 10
    }

    fn tags(&self) -> impl Iterator<Item = usize> {
        let first = self.user % 24;
        (0..self.num_tags).map(move |at| (first + at * 7) % 24)
    }

    fn write(&self, out: &mut String) -> Result<()> {
        let Event { time, city, device, user, action, cost, .. } = self;
        let tags: Vec<String> = self.tags().map(|tag| format!("\"tag {tag}\"")).collect();
        write!(
            out,
            r#"{{"ts":{time},"city":"city {city}","province":"province {}","device":"device {device}","#,
            self.province()
        )?;
        write!(out, r#""user":"user {user}","action":{action},"cost":{cost},"tags":[{}]"#, tags.join(","))?;
        if let Some(price) = self.price {
            write!(out, r#","price":{price}"#)?;
        }
        out.push_str("}\n");
        Ok(())
    }
}

impl Rows {
    /// Makes the files that `open` reads.
    pub fn write(directory: &Path) -> Result<()> {
        let start = day()?.start;
        let events = || (0..NUM_ROWS).map(|row| Event::at(row, start, 86_400_000 / NUM_ROWS as i64));
        let named = |what: &str, which: usize| format!("{what} {which}");
        let view = BatchView::builder()
            .time(events().map(|event| event.time))
            .string("city", events().map(|event| Some(named("city", event.city))))
            .string("province", events().map(|event| Some(named("province", event.province()))))
            .string("device", events().map(|event| Some(named("device", event.device))))
            .string("user", events().map(|event| Some(named("user", event.user))))
            .strings("tags", events().map(|event| event.tags().map(|tag| Some(named("tag", tag))).collect::<Vec<_>>()))
            .long("action", events().map(|event| Some(event.action)))
            .double("cost", events().map(|event| Some(event.cost)))
            .double("price", events().map(|event| event.price))
            .build()?;
        let strings = ["city", "province", "device", "user", "tags"].map(|name| (name, ColumnType::String));
        let numbers = [("action", ColumnType::Long), ("cost", ColumnType::Double), ("price", ColumnType::Double)];
        let dimensions = strings.into_iter().chain(numbers);
        let dimensions = dimensions.map(|(name, column_type)| DimensionSchema::new(name, column_type)).collect();
        let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
        let merged = segment::merge(&[Source::all(&*view)], &schema)?;
        segment::write_image(&merged, BufWriter::new(File::create(directory.join(IMAGE))?))?;
        let mut written = String::new();
        (0..NUM_EVENTS).try_for_each(|row| Event::at(row, start, 4_000).write(&mut written))?;
        Ok(fs::write(directory.join(EVENTS), written)?)
    }

    pub fn open(directory: &Path) -> Result<Rows> {
        let segment = SealedSegment::open(&directory.join(IMAGE), segment_id("ads", 0)?)?;
        Ok(Rows { segment: Arc::new(segment), events: fs::read(directory.join(EVENTS))? })
    }

    /// The sealed rows as a table.
    pub fn tables(&self) -> Tables {
        Tables::of([("ads", self.segment.clone())])
    }
}
