//! topN: the first values of one dimension in each time bucket.

mod ties;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::UInt32Array;
use dialect::order::StringOrder;
use expression::{DimensionSpec, Environment};
use serde_json::Value;

use super::outputs::Outputs;
use super::{Kind, Reading};
use crate::answer::Answer;
use crate::exec::ExecContext;
use crate::fields::{Fields, short, tag_of, unknown};
use crate::finalize::{EachRow, Objects, Stamp, Table, Values, buckets};
use crate::limit_spec::string_order;
use crate::model::Common;
use crate::order::{How, SortKey, kept, leading, rows_at, sort};
use crate::partial::{FoldPartial, Partial};
use crate::plan::{FirstKeys, FoldPlan, Scope};
use crate::{Error, Result, granularity, run};

pub(super) const TAG: &str = "topN";

struct TopN {
    plan: Arc<FoldPlan>,
    outputs: Outputs,
    dimension: String,
    metric: Metric,
    threshold: usize,
    finalize: bool,
    stamp: Stamp,
}

impl std::fmt::Debug for TopN {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TopN").field("dimension", &self.dimension).field("metric", &self.metric).finish_non_exhaustive()
    }
}

/// What the values are ordered by.
#[derive(Clone, Debug, PartialEq)]
enum Metric {
    Numeric { name: String, inverted: bool },
    Dimension { order: StringOrder, previous_stop: Option<String>, inverted: bool },
}

impl Metric {
    fn parse(value: &Value) -> Result<Self> {
        if let Value::String(name) = value {
            return Ok(Metric::Numeric { name: name.clone(), inverted: false });
        }
        let fields = Fields::of(value, "the metric of topN")?;
        let dimension = |order| -> Result<Self> {
            Ok(Metric::Dimension { order, previous_stop: fields.text("previousStop")?, inverted: false })
        };
        match tag_of(value, "the metric of topN")? {
            "numeric" => match fields.require("metric")? {
                Value::String(name) => Ok(Metric::Numeric { name: name.clone(), inverted: false }),
                other => Err(fields.wrong("metric", "a name", other)),
            },
            "dimension" => dimension(string_order(fields.get("ordering"), "ordering")?),
            "lexicographic" => dimension(StringOrder::Lexicographic),
            "alphaNumeric" => dimension(StringOrder::Alphanumeric),
            "inverted" => Ok(Metric::parse(fields.require("metric")?)?.turned()),
            other => {
                let known = ["numeric", "dimension", "lexicographic", "alphaNumeric", "inverted"];
                Err(unknown("metric of topN", other, known.into_iter()))
            }
        }
    }

    fn turned(mut self) -> Self {
        match &mut self {
            Metric::Numeric { inverted, .. } | Metric::Dimension { inverted, .. } => *inverted = !*inverted,
        }
        self
    }
}

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Kind>> {
    let granularity = granularity::parse(fields.require("granularity")?)?;
    let key = DimensionSpec::parse_with(fields.require("dimension")?, env)?;
    let dimension = key.output_name().to_owned();
    let outputs = Outputs::parse(fields, env, &[&dimension])?;
    let metric = Metric::parse(fields.require("metric")?)?;
    if let Metric::Numeric { name, .. } = &metric
        && !outputs.names().any(|output| output == name)
    {
        return Err(Error::invalid(format!(
            "'metric' of topN is '{}', which the query does not compute",
            short(&Value::from(name.as_str()))
        )));
    }
    if let Metric::Numeric { name, .. } = &metric
        && outputs.posts.iter().any(|post| post.name == *name && post.post.field_accessed() == Some(&dimension))
    {
        return Err(Error::unsupported(format!("'metric' of topN is '{name}', which is the dimension")));
    }
    fields.require("threshold")?;
    let threshold = match fields.int("threshold")? {
        Some(n) if n > 0 => usize::try_from(n).map_err(Error::internal)?,
        _ => return Err(Error::invalid("'threshold' must be above 0")),
    };
    let stamp = Stamp::of(&granularity, &common.context)?;
    let mut plan = FoldPlan::new(common.clone(), granularity, vec![key], &outputs.aggregations);
    plan.drop_empty_lists = true;
    if matches!(metric, Metric::Numeric { .. }) {
        plan.defer_extraction();
    }
    if let Metric::Dimension { order: order @ StringOrder::Lexicographic, previous_stop: None, inverted } = &metric
        && plan.is_one_bucket()
    {
        let how = How::Text(*order);
        plan.first = Some(FirstKeys { key: 0, how, descending: *inverted, most: threshold });
    }
    let finalize = common.context.bool("finalize", true)?;
    Ok(Arc::new(TopN { plan: Arc::new(plan), outputs, dimension, metric, threshold, finalize, stamp }))
}

impl TopN {
    /// All groups as a table, with what the order needs.
    fn table(&self, partial: &FoldPartial) -> Result<Table> {
        let mut table = Table::new(partial.num_groups());
        let dimension = partial.keys.first().cloned().unwrap_or(Values::Null(0));
        table.push(&self.dimension, dimension)?;
        self.outputs.push_aggregates(&mut table, &partial.states, None)?;
        if let Metric::Numeric { name, .. } = &self.metric {
            self.outputs.push_posts(&mut table, Some(std::slice::from_ref(name)))?;
        }
        Ok(table)
    }

    /// The order by the metric alone.
    fn key(&self, table: &Table) -> Result<SortKey> {
        Ok(match &self.metric {
            Metric::Numeric { name, inverted } => {
                let values = table.get(name).map(Values::sort_keys).transpose()?;
                let values = values.unwrap_or(Values::Null(table.num_rows()));
                let metric = SortKey::new(&values, self.outputs.order_of(name));
                metric.descending(!inverted).nulls_last(!inverted || !self.outputs.is_timed(name))
            }
            Metric::Dimension { order, inverted, .. } => {
                let metric = SortKey::new(&self.values(table), How::Text(*order));
                metric.descending(*inverted).nulls_last(false)
            }
        })
    }

    /// The rows of a bucket in order, cut at the threshold.
    fn order(&self, bucket: &Table) -> Result<UInt32Array> {
        let Metric::Dimension { order, inverted, .. } = &self.metric else {
            return self.first(bucket);
        };
        if !matches!(order, StringOrder::Alphanumeric | StringOrder::Numeric | StringOrder::Version) {
            return self.first(bucket);
        }
        let values = self.values(bucket);
        let natural = sort(&[SortKey::new(&values, How::Natural)], bucket.num_rows(), 0, None);
        let texts: Vec<_> = (0..values.len()).map(|row| values.text(row)).collect();
        let text = |row: u32| texts[row as usize].as_deref();
        let compare = |a: u32, b: u32| match (text(a), text(b)) {
            (Some(a), Some(b)) if *inverted => order.compare(b, a),
            (a, b) => order.compare_nullable(a, b),
        };
        Ok(ties::best(natural.values(), self.threshold, compare).into())
    }

    fn values(&self, table: &Table) -> Values {
        table.get(&self.dimension).cloned().unwrap_or(Values::Null(table.num_rows()))
    }

    /// The first rows by metric, then dimension. Values are only compared where the metric leaves a choice.
    fn first(&self, table: &Table) -> Result<UInt32Array> {
        let near = leading(&self.key(table)?, table.num_rows(), self.threshold);
        let table = table.take(&near)?;
        let keys = [self.key(&table)?, SortKey::new(&self.values(&table), How::Natural)];
        let order = sort(&keys, table.num_rows(), 0, Some(self.threshold));
        Ok(rows_at(&near, &order))
    }

    /// Which rows come behind `previousStop`.
    fn after_stop(&self, table: &Table) -> Option<Vec<bool>> {
        let Metric::Dimension { order, previous_stop: Some(stop), inverted } = &self.metric else { return None };
        let values = table.get(&self.dimension)?;
        let behind = |row| match values.text(row) {
            None => false,
            Some(text) => order.compare(&text, stop) == if *inverted { Ordering::Less } else { Ordering::Greater },
        };
        Some((0..table.num_rows()).map(behind).collect())
    }

    /// For each bucket its rows in order, cut at the threshold: starts, numbers of rows, rows.
    fn chosen(&self, times: &[i64], table: &Table) -> Result<(Vec<i64>, Vec<usize>, UInt32Array)> {
        let keep = self.after_stop(table);
        if let (None, Some(&start)) = (&keep, times.first())
            && times.iter().all(|time| *time == start)
        {
            let order = self.order(table)?;
            return Ok((vec![start], vec![order.len()], order));
        }
        let rows = keep.map_or_else(|| (0u32..).take(table.num_rows()).collect::<Vec<_>>().into(), |keep| kept(&keep));
        let mut by_bucket: std::collections::BTreeMap<i64, Vec<u32>> = Default::default();
        for &row in rows.values() {
            by_bucket.entry(times[row as usize]).or_default().push(row);
        }
        let (mut starts, mut lengths, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for (start, rows) in by_bucket {
            let rows = UInt32Array::from(rows);
            let bucket = table.take(&rows)?;
            let order = self.order(&bucket)?;
            starts.push(start);
            lengths.push(order.len());
            chosen.extend(order.values().iter().map(|at| rows.value(*at as usize)));
        }
        Ok((starts, lengths, chosen.into()))
    }

    /// All groups, or of those on disk the ones that may be in the answer.
    fn groups(&self, partial: Partial, exec: &ExecContext) -> Result<FoldPartial> {
        partial.into_groups(&self.plan.specs, exec, |groups| {
            if groups.num_groups() <= self.threshold {
                return Ok(groups);
            }
            let (_, _, rows) = self.chosen(&groups.times, &self.table(&groups)?)?;
            groups.take(&rows)
        })
    }

    /// The chosen rows of all buckets as one table.
    fn cut(&self, partial: &FoldPartial) -> Result<(Vec<i64>, Vec<usize>, Table)> {
        let table = self.table(partial)?;
        let (starts, lengths, chosen) = self.chosen(&partial.times, &table)?;
        let mut table = table.take(&chosen)?;
        self.outputs.push_posts(&mut table, None)?;
        let names = std::iter::once(self.dimension.as_str()).chain(self.outputs.names());
        let table = self.plan.extracted(std::slice::from_ref(&self.dimension), table.select(names)?)?;
        Ok((starts, lengths, table))
    }
}

impl Kind for TopN {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        run::fold(&self.plan, scope, exec)
    }

    fn is_of_any_segments(&self) -> bool {
        true
    }

    fn merge(&self, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial> {
        run::merge_partials(&self.plan.specs, parts, exec)
    }

    fn finalize(&self, partial: Partial, is_table: bool, exec: &ExecContext) -> Result<Answer> {
        let partial = self.groups(partial, exec)?;
        let shown = buckets(&self.plan, &partial.chunks, is_table, exec.limits.max_buckets, false)?;
        let (starts, lengths, table) = self.cut(&partial)?;
        let table = table.shown(self.finalize)?;
        let mut rows_of = Vec::with_capacity(shown.len());
        let mut ends = Vec::with_capacity(lengths.len());
        lengths.iter().fold(0, |end, len| {
            ends.push(end + len);
            end + len
        });
        for bucket in &shown {
            rows_of.push(match starts.binary_search(&bucket.start) {
                Ok(at) => ends[at] - lengths[at]..ends[at],
                Err(_) => 0..0,
            });
        }
        let (objects, stamp) = (Objects::new(&table), self.stamp.clone());
        Ok(Answer::new(EachRow::new(shown.len(), move |at, out| {
            out.extend_from_slice(b"{\"timestamp\":");
            stamp.print(shown[at].stamp, out);
            out.extend_from_slice(b",\"result\":[");
            for row in rows_of[at].clone() {
                if row > rows_of[at].start {
                    out.push(b',');
                }
                objects.print(&table, row, out);
            }
            out.extend_from_slice(b"]}");
        })))
    }

    fn rows(&self, partial: Partial, is_table: bool, reading: Reading, exec: &ExecContext) -> Result<Table> {
        let partial = self.groups(partial, exec)?;
        let shown = buckets(&self.plan, &partial.chunks, is_table, exec.limits.max_buckets, false)?;
        let stamp_of =
            |start: i64| shown.iter().find(|bucket| bucket.start == start).map_or(start, |bucket| bucket.stamp);
        let (starts, lengths, values) = self.cut(&partial)?;
        let times = starts.iter().zip(&lengths).flat_map(|(start, len)| std::iter::repeat_n(stamp_of(*start), *len));
        let mut table = Table::new(values.num_rows());
        table.push(segment::TIME_COLUMN, Values::Long(times.collect::<Vec<i64>>().into()))?;
        for (name, values) in values.columns() {
            table.push(name, if reading.finalize { values.finalized()? } else { values.clone() })?;
        }
        Ok(table)
    }
}
