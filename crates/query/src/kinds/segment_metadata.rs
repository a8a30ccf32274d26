//! segmentMetadata: what segments hold.

mod analysis;
mod merge;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, cast::AsArray};
use expression::Environment;
use segment::SegmentRef;
use serde_json::Value;
use timeline::Interval;

use self::analysis::{Analysis, Wanted};
use super::Kind;
use crate::answer::{Answer, Ready};
use crate::exec::ExecContext;
use crate::fields::{Fields, tag_of, unknown};
use crate::finalize::print_json;
use crate::intervals::touches;
use crate::model::Common;
use crate::partial::{Body, Partial};
use crate::plan::Scope;
use crate::{Error, Result};

pub(super) const TAG: &str = "segmentMetadata";
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

#[derive(Debug)]
struct SegmentMetadata {
    common: Arc<Common>,
    wanted: Wanted,
    merge: bool,
    strategy: Strategy,
    /// `None` when rows come from several tables.
    datasource: Option<String>,
}

/// What becomes of aggregators that differ between segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    Strict,
    Lenient,
    Earliest,
    Latest,
}

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Kind>> {
    if !common.source.is_table() {
        return Err(Error::invalid("'dataSource' of a segmentMetadata query must be a table or a union of tables"));
    }
    let mut tables = Vec::new();
    common.source.tables(&mut tables);
    let mut wanted = Wanted::parse(fields)?;
    wanted.columns = columns(fields.get("toInclude"))?;
    Ok(Arc::new(SegmentMetadata {
        common: common.clone(),
        wanted,
        merge: fields.bool("merge", false)?,
        strategy: strategy(fields)?,
        datasource: if tables.len() == 1 { tables.pop() } else { None },
    }))
}

/// `None` is all columns.
fn columns(value: Option<&Value>) -> Result<Option<Vec<String>>> {
    let Some(value) = value else { return Ok(None) };
    match tag_of(value, "'toInclude'")? {
        "all" => Ok(None),
        "none" => Ok(Some(Vec::new())),
        "list" => Ok(Some(Fields::of(value, "'toInclude'")?.texts("columns")?)),
        other => Err(unknown("'toInclude'", other, ["all", "none", "list"].into_iter())),
    }
}

fn strategy(fields: &Fields<'_>) -> Result<Strategy> {
    let named = fields.text("aggregatorMergeStrategy")?;
    if let Some(lenient) = fields.get("lenientAggregatorMerge") {
        if named.is_some() {
            return Err(Error::invalid("'lenientAggregatorMerge' and 'aggregatorMergeStrategy' exclude each other"));
        }
        let is_lenient = fields.bool("lenientAggregatorMerge", lenient.as_bool().unwrap_or(false))?;
        return Ok(if is_lenient { Strategy::Lenient } else { Strategy::Strict });
    }
    match named.map(|name| name.to_ascii_lowercase()).as_deref() {
        None | Some("strict") => Ok(Strategy::Strict),
        Some("lenient") => Ok(Strategy::Lenient),
        Some("earliest") => Ok(Strategy::Earliest),
        Some("latest") => Ok(Strategy::Latest),
        Some(other) => {
            Err(unknown("'aggregatorMergeStrategy'", other, ["strict", "lenient", "earliest", "latest"].into_iter()))
        }
    }
}

fn facts(analyses: &[Analysis]) -> Result<Partial> {
    let texts = analyses.iter().map(|a| serde_json::to_string(a).map(Some)).collect::<Result<StringArray, _>>();
    let column = Arc::new(texts.map_err(Error::internal)?) as ArrayRef;
    Ok(Partial { body: Body::Facts(RecordBatch::try_from_iter([("analysis", column)])?) })
}

fn analyses_of(partial: Partial) -> Result<Vec<Analysis>> {
    let batch = partial.into_facts()?;
    let texts = batch.column(0).as_string::<i32>();
    texts.iter().flatten().map(|text| serde_json::from_str(text).map_err(Error::internal)).collect()
}

impl Kind for SegmentMetadata {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        let mut analyses = Vec::new();
        for segment in &scope.segments {
            exec.check()?;
            if touches(segment.id(), &self.common.intervals) {
                analyses.push(Analysis::of(segment, &self.wanted));
            }
        }
        facts(&analyses)
    }

    fn merge(&self, parts: Vec<Partial>, _: &ExecContext) -> Result<Partial> {
        let analyses = parts.into_iter().map(analyses_of).collect::<Result<Vec<_>>>()?;
        facts(&analyses.into_iter().flatten().collect::<Vec<_>>())
    }

    fn finalize(&self, partial: Partial, _: bool, _: &ExecContext) -> Result<Answer> {
        let mut analyses = analyses_of(partial)?;
        analyses.sort_by(|a, b| (a.start_ms, &a.id).cmp(&(b.start_ms, &b.id)));
        if self.merge && !analyses.is_empty() {
            analyses = vec![merge::merge(analyses, self.strategy, self.datasource.as_deref())];
        }
        let elements = analyses.into_iter().map(|analysis| {
            let mut out = Vec::new();
            print_json(&analysis.to_answer(), &mut out);
            out
        });
        Ok(Answer::new(Ready::new(elements.collect())))
    }

    /// Without intervals: the week that ends with the newest segment.
    fn choose(&self, segments: Vec<SegmentRef>) -> Result<Vec<SegmentRef>> {
        if self.common.has_intervals {
            return Ok(segments);
        }
        let Some(end) = segments.iter().map(|segment| segment.id().interval.end).max() else { return Ok(segments) };
        let week = [Interval { start: end.saturating_sub(WEEK_MS), end }];
        Ok(segments.into_iter().filter(|segment| touches(segment.id(), &week)).collect())
    }
}
