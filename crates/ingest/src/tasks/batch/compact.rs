//! The rows of live segments in fewer ones, or in other time chunks.

use std::collections::BTreeMap;

use metastore::{Conflict, JobKind, NewSegment, Replace, ReplaceInputs, Segment};
use segment::{RollupSchema, SegmentRef, Source, rows_within};
use serde_json::{Map, Value, json};
use timeline::{Granularity, Interval, ShardSpec};

use super::job::{Hold, call_on_live, digest, hand_off, show_locks};
use super::reshape::Reshape;
use super::rewrite::{fetch, number};
use super::tuning::{Partitions, Tuning};
use super::{Phase, Scratch, repartition};
use crate::publish::Sealed;
use crate::spec::fields::Fields;
use crate::tasks::run::TaskRun;
use crate::{Error, Result};

/// Times that a compaction begins, when segments that it reads go away meanwhile.
const ATTEMPTS: usize = 5;
/// Time chunks that one task may write.
const MAX_CHUNKS: usize = 10_000;

/// A task of type `compact` as meant.
#[derive(Debug)]
pub(crate) struct CompactSpec {
    pub(crate) datasource: String,
    input: Input,
    /// Time chunks of the new segments; those of the old ones when absent.
    segment_granularity: Option<Granularity>,
    query_granularity: Option<Granularity>,
    rollup: Option<bool>,
    reshape: Reshape,
    partitions: Partitions,
    pub(crate) ignored: Vec<String>,
    written: Map<String, Value>,
}

/// Which segments are compacted. They are compacted whole.
#[derive(Debug)]
enum Input {
    /// Those that have a part in the interval.
    Interval(Interval),
    Ids(Vec<String>),
}

impl CompactSpec {
    pub(crate) fn parse(fields: &Fields<'_>) -> Result<CompactSpec> {
        let datasource = fields.required_text("dataSource")?;
        crate::spec::check_name(&datasource).map_err(|why| fields.wrong("dataSource", why))?;
        for unsupported in ["transformSpec", "projections"] {
            if fields.get(unsupported).is_some() {
                return Err(fields.wrong(unsupported, "is not supported, a compaction keeps the rows as they are"));
            }
        }
        let granularity = fields.object("granularitySpec")?;
        let given = |name: &str| -> Result<Option<Granularity>> {
            let of_spec = granularity.as_ref().and_then(|spec| spec.get(name));
            let value = of_spec.or_else(|| fields.get(name).filter(|_| name == "segmentGranularity"));
            let read = value.map(|value| serde_json::from_value(value.clone()));
            read.transpose().map_err(|error| fields.wrong(&format!("granularitySpec.{name}"), error.to_string()))
        };
        let segment_granularity = given("segmentGranularity")?;
        if segment_granularity.as_ref().is_some_and(Granularity::is_none) {
            return Err(fields.wrong("granularitySpec.segmentGranularity", "must be coarser than [none]"));
        }
        let rollup = match &granularity {
            Some(spec) if spec.get("rollup").is_some() => Some(spec.boolean("rollup", true)?),
            _ => None,
        };
        let (partitions, ignored) = tuning(fields)?;
        Ok(CompactSpec {
            datasource,
            input: input(fields)?,
            segment_granularity,
            query_granularity: given("queryGranularity")?,
            rollup,
            reshape: Reshape::parse(fields)?,
            partitions,
            ignored,
            written: written(fields),
        })
    }

    /// Its properties as they were given.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.written.clone()
    }

    fn has(&self, segment: &Segment) -> bool {
        match &self.input {
            Input::Interval(interval) => segment.start < interval.end && segment.end > interval.start,
            Input::Ids(ids) => ids.contains(&segment.id().to_string()),
        }
    }

    /// What the rows of `segments` are folded into, and whether totals of theirs are dropped by that.
    fn rollup(&self, segments: &[SegmentRef], run: &TaskRun) -> Result<(RollupSchema, bool)> {
        let segments: Vec<_> = segments.iter().map(|segment| &**segment).collect();
        let schema = RollupSchema::of_segments(&segments, run.context().aggregators);
        let mut schema = schema.map_err(|error| Error::Internal(error.to_string()))?;
        schema.rollup = self.rollup.unwrap_or(schema.rollup);
        if let Some(granularity) = &self.query_granularity {
            schema.query_granularity = granularity.clone();
        }
        let is_lossy = self.reshape.drops_metrics(&schema);
        self.reshape.apply(&mut schema)?;
        Ok((schema, is_lossy))
    }
}

fn input(fields: &Fields<'_>) -> Result<Input> {
    let interval = |fields: &Fields<'_>| {
        let interval = Interval::parse(&fields.required_text("interval")?);
        interval.map(Input::Interval).map_err(|error| fields.wrong("interval", error.to_string()))
    };
    let Some(io) = fields.object("ioConfig")? else { return interval(fields) };
    if let Some(other) = io.text("type")?.filter(|tag| tag != "compact") {
        return Err(io.wrong("type", format!("must be [compact], not [{other}]")));
    }
    let spec = Fields::of(io.required("inputSpec")?, "ioConfig.inputSpec")?;
    match spec.tag(None)?.as_str() {
        "interval" => interval(&spec),
        "segments" => {
            let ids = spec.texts("segments")?.filter(|ids| !ids.is_empty());
            ids.map(Input::Ids).ok_or_else(|| spec.wrong("segments", "must name segments"))
        }
        other => Err(spec.wrong("type", format!("must be interval or segments, not [{other}]"))),
    }
}

/// How rows are spread over segments, and the properties without a meaning.
fn tuning(fields: &Fields<'_>) -> Result<(Partitions, Vec<String>)> {
    let config = fields.get("tuningConfig").map(|value| Fields::of(value, "tuningConfig")).transpose()?;
    let tuning = Tuning::parse(config, "index_parallel")?;
    Ok((tuning.partitions, tuning.ignored))
}

fn written(fields: &Fields<'_>) -> Map<String, Value> {
    let names = [
        "ioConfig",
        "interval",
        "segmentGranularity",
        "granularitySpec",
        "dimensionsSpec",
        "metricsSpec",
        "tuningConfig",
    ];
    let given = names.iter().filter_map(|name| Some(((*name).to_owned(), fields.get(name)?.clone())));
    given.collect()
}

/// Compacts, or leaves everything as it was. Answers the number of new segments.
pub(crate) fn compact(spec: &CompactSpec, run: &TaskRun) -> Result<usize> {
    let unavailable = |error: metastore::Error| Error::Unavailable(error.to_string());
    let metastore = &run.context().metastore;
    let Some(datasource) = run.wait(metastore.datasource(&spec.datasource)).map_err(unavailable)? else {
        return Ok(0);
    };
    let hold = Hold::take(run, JobKind::Compact, &datasource.datasource_id)?;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let live = run.wait(metastore.live(&datasource.datasource_id)).map_err(unavailable)?;
        let inputs: Vec<Segment> = live.segments.into_iter().filter(|segment| spec.has(segment)).collect();
        if inputs.is_empty() {
            return Ok(0);
        }
        match replace(spec, run, &hold, &inputs)? {
            Ok(number) => return Ok(number),
            Err(conflict) => {
                run.start_anew(&format!("{conflict}, the compaction begins again"));
                last = Some(conflict);
            }
        }
    }
    Err(Error::Conflict(last.map(|conflict| conflict.to_string()).unwrap_or_default()))
}

fn replace(spec: &CompactSpec, run: &TaskRun, hold: &Hold<'_>, inputs: &[Segment]) -> Result<Result<usize, Conflict>> {
    run.enter(Phase::BuildSegments);
    let chunks = chunks(spec, inputs)?;
    show_locks(run, &spec.datasource, &chunks.keys().map(|&(start, end)| Interval { start, end }).collect::<Vec<_>>());
    let scratch = Scratch::new(run.context().disk.clone(), run.id())?;
    let mut opened: Vec<Option<SegmentRef>> = inputs.iter().map(|_| None).collect();
    let (mut outputs, mut is_lossy) = (Vec::new(), false);
    for (&(start, end), places) in &chunks {
        let chunk = Interval { start, end };
        for place in places {
            if opened[*place].is_none() {
                hold.keep()?;
                opened[*place] = Some(fetch(run, &inputs[*place], &scratch)?);
                let (rows, bytes) = (inputs[*place].rows, inputs[*place].size);
                run.count_segment(rows.unsigned_abs(), bytes.unsigned_abs());
            }
        }
        let rows: Vec<SegmentRef> = places.iter().filter_map(|place| opened[*place].clone()).collect();
        let (schema, drops_totals) = spec.rollup(&rows, run)?;
        is_lossy |= drops_totals;
        for (sealed, shard) in fold(spec, chunk, rows, &schema)? {
            let mut output = hold.store(&sealed)?;
            output.shard_spec = shard.unwrap_or(output.shard_spec);
            outputs.push(output);
        }
        // Segments that no later chunk takes rows from are closed.
        opened.iter_mut().zip(inputs).filter(|(_, input)| input.end <= end).for_each(|(rows, _)| *rows = None);
    }
    if matches!(spec.partitions, Partitions::Dynamic { .. }) {
        number(&mut outputs);
    }
    exchange(spec, run, hold, inputs, (outputs, is_lossy))
}

/// The inputs by the time chunk that their rows go to, earliest chunk first.
fn chunks(spec: &CompactSpec, inputs: &[Segment]) -> Result<BTreeMap<(i64, i64), Vec<usize>>> {
    let mut chunks: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (place, input) in inputs.iter().enumerate() {
        let Some(granularity) = &spec.segment_granularity else {
            chunks.entry((input.start, input.end)).or_default().push(place);
            continue;
        };
        let within = Interval { start: input.min_time, end: input.max_time.saturating_add(1) };
        for bucket in granularity.buckets_of(within, MAX_CHUNKS) {
            let bucket =
                bucket.map_err(|error| Error::invalid("granularitySpec.segmentGranularity", error.to_string()))?;
            chunks.entry((bucket.start, bucket.end)).or_default().push(place);
        }
        if chunks.len() > MAX_CHUNKS {
            let what = "number of time chunks".to_owned();
            return Err(Error::LimitExceeded { what, found: chunks.len() as u64, limit: MAX_CHUNKS as u64 });
        }
    }
    Ok(chunks)
}

/// The rows of a chunk, older segments first, in segments of not too many rows, or by the values of dimensions.
fn fold(
    spec: &CompactSpec,
    chunk: Interval,
    segments: Vec<SegmentRef>,
    schema: &RollupSchema,
) -> Result<Vec<(Sealed, Option<ShardSpec>)>> {
    if schema.query_granularity.bucket_start(chunk.start) < chunk.start && !schema.query_granularity.is_all() {
        let reason = format!("[{}] is coarser than the time chunk {chunk}", schema.query_granularity);
        return Err(Error::invalid("granularitySpec.queryGranularity", reason));
    }
    let within = |segment: SegmentRef| {
        let mask = rows_within(&*segment, chunk);
        (segment, mask)
    };
    let segments: Vec<(SegmentRef, Vec<u64>)> = segments.into_iter().map(within).collect();
    let Partitions::Dynamic { max_rows, .. } = spec.partitions else {
        let folded = repartition::fold(&spec.partitions, chunk, &segments, schema)?;
        return Ok(folded.into_iter().map(|(sealed, shard)| (sealed, Some(shard))).collect());
    };
    let max_rows = usize::try_from(max_rows).unwrap_or(usize::MAX);
    let mut sealed = Vec::new();
    let (mut some, mut num_rows) = (Vec::new(), 0);
    for (rows, mask) in &segments {
        let number = aggregate::listed::count(mask);
        if num_rows + number > max_rows && !some.is_empty() {
            sealed.extend(Sealed::fold_sources(chunk, &some, schema)?.map(Sealed::without_table));
            (some, num_rows) = (Vec::new(), 0);
        }
        some.push(Source { segment: &**rows, rows: Some(mask) });
        num_rows += number;
    }
    sealed.extend(Sealed::fold_sources(chunk, &some, schema)?.map(Sealed::without_table));
    Ok(sealed.into_iter().map(|sealed| (sealed, None)).collect())
}

fn exchange(
    spec: &CompactSpec,
    run: &TaskRun,
    hold: &Hold<'_>,
    inputs: &[Segment],
    (segments, lossy): (Vec<NewSegment>, bool),
) -> Result<Result<usize, Conflict>> {
    let (number, job) = (segments.len(), &hold.job);
    let request = Replace {
        job: job.claim(),
        digest: digest(&segments),
        datasource_id: job.datasource_id.clone(),
        inputs: ReplaceInputs::Segments(inputs.iter().map(|input| input.seg_id.clone()).collect()),
        segments,
        lossy,
    };
    hold.keep()?;
    let replaced = call_on_live(run, || run.wait(run.context().metastore.replace(&request)))?;
    Ok(replaced.map(|replaced| {
        run.log(&format!("{} segments for {}", number, json!(replaced.removed)));
        hand_off(run, &spec.datasource, &replaced.published, &replaced.removed);
        number
    }))
}
