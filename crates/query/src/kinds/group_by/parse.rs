//! groupBy as written.

use std::sync::Arc;

use aggregate::ColumnType;
use expression::{DimensionSpec, Environment};
use serde_json::Value;

use super::{GroupBy, Question};
use crate::context::QueryContext;
use crate::fields::Fields;
use crate::finalize::{Stamp, millis};
use crate::kinds::Kind;
use crate::kinds::outputs::Outputs;
use crate::limit_spec::{LimitSpec, OrderColumn};
use crate::model::Common;
use crate::order::How;
use crate::plan::{FirstGroups, FirstKeys, FoldPlan};
use crate::{Error, Result, granularity, having};

pub(in crate::kinds) fn parse(common: &Arc<Common>, fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Kind>> {
    let granularity = granularity::parse(fields.require("granularity")?)?;
    let keys: Vec<DimensionSpec> =
        fields.list("dimensions")?.iter().map(|d| DimensionSpec::parse_with(d, env)).collect::<Result<_, _>>()?;
    let dimensions: Vec<String> = keys.iter().map(|key| key.output_name().to_owned()).collect();
    let names: Vec<&str> = dimensions.iter().map(String::as_str).collect();
    let outputs = Outputs::parse(fields, env, &names)?;
    let all: Vec<&str> = names.iter().copied().chain(outputs.names()).collect();
    if all.contains(&segment::TIME_COLUMN) {
        return Err(Error::invalid("'__time' cannot be an output name of a groupBy"));
    }
    let limit = LimitSpec::parse(fields.get("limitSpec"))?;
    limit.check(&all)?;
    let context = &common.context;
    let unordered = limit.columns.iter().find(|column| {
        outputs.posts.iter().any(|post| post.name == column.name && post.post.field_accessed().is_some())
    });
    if let Some(column) = unordered {
        let name = &column.name;
        return Err(Error::invalid(format!("limitSpec orders by '{name}', a fieldAccess: order by the field itself")));
    }
    check_push_down(&limit, &outputs, fields, context.bool("forceLimitPushDown", false)?)?;
    let stamp = Stamp::of(&granularity, context)?;
    let first = common.intervals.first().map_or(0, |interval| interval.start);
    let all_stamp = context.text("fudgeTimestamp")?.map_or(Ok(first), |text| millis(&text, "fudgeTimestamp"))?;
    let is_numeric: Vec<bool> = keys.iter().map(|key| is_numeric(key.output_type())).collect();
    let mut plan = FoldPlan::new(common.clone(), granularity, keys, &outputs.aggregations);
    plan.defer_extraction();
    plan.single_values_only = !context.bool("groupByEnableMultiValueUnnesting", true)?;
    let having = fields.get("having").map(|value| having::parse(value, env)).transpose()?;
    let subtotals = fields.get("subtotalsSpec").map(|value| subtotals(value, &dimensions)).transpose()?;
    let dims_first = context.bool("sortByDimsFirst", false)?;
    let is_plain = having.is_none() && subtotals.is_none();
    let cuts_first = is_plain && dims_first && !plan.is_one_bucket() && is_pushed_down(&limit, &dimensions, context)?;
    // Without columns time may come first, though the dimensions do where the rows are read.
    if is_plain && (plan.is_one_bucket() || dims_first && !limit.columns.is_empty()) {
        plan.first = first_keys(&limit, &plan, &dimensions, &is_numeric);
    } else if is_plain && !dims_first {
        plan.first_groups = limit.end().map(|most| FirstGroups { most, are_last: false });
    }
    Ok(Arc::new(GroupBy(Arc::new(Question {
        plan: Arc::new(plan),
        is_numeric,
        having,
        limit,
        subtotals,
        dims_first,
        cuts_first,
        as_array: context.bool("resultAsArray", false)?,
        finalize: context.bool("finalize", true)?,
        outputs,
        dimensions,
        stamp,
        all_stamp,
    }))))
}

fn is_numeric(output: &ColumnType) -> bool {
    matches!(output, ColumnType::Long | ColumnType::Double | ColumnType::Float)
}

/// What the limit leaves of the first dimension that the rows are ordered by.
fn first_keys(limit: &LimitSpec, plan: &FoldPlan, dimensions: &[String], is_numeric: &[bool]) -> Option<FirstKeys> {
    let most = limit.end()?;
    let (key, how, descending) = match limit.columns.first() {
        None => (0, How::Natural, false),
        Some(column) => {
            let key = dimensions.iter().position(|dimension| *dimension == column.name)?;
            (key, How::of_dimension(is_numeric[key], column.order), column.descending)
        }
    };
    plan.deferred.get(key)?.is_none().then_some(FirstKeys { key, how, descending, most })
}

/// Whether a limit is applied where rows are read: it can be where it orders by dimensions alone.
fn is_pushed_down(limit: &LimitSpec, dimensions: &[String], context: &QueryContext) -> Result<bool> {
    let is_dimension = |column: &OrderColumn| dimensions.contains(&column.name);
    let is_allowed = context.bool("applyLimitPushDown", true)?;
    Ok(is_allowed && limit.limit.is_some() && limit.columns.iter().all(is_dimension))
}

/// `forceLimitPushDown` is a promise about the query that is checked, though nothing here depends on it.
fn check_push_down(limit: &LimitSpec, outputs: &Outputs, fields: &Fields<'_>, force: bool) -> Result<()> {
    if !force {
        return Ok(());
    }
    if limit.limit.is_none() {
        return Err(Error::invalid("'forceLimitPushDown' needs a limitSpec with a limit"));
    }
    if fields.get("having").is_some() {
        return Err(Error::invalid("'forceLimitPushDown' does not go with having"));
    }
    match limit.columns.iter().find(|column| outputs.posts.iter().any(|post| post.name == column.name)) {
        Some(column) => Err(Error::invalid(format!(
            "'forceLimitPushDown' does not go with an order by the postAggregation '{}'",
            column.name
        ))),
        None => Ok(()),
    }
}

fn subtotals(value: &Value, dimensions: &[String]) -> Result<Vec<Vec<usize>>> {
    let wrong = || Error::invalid("'subtotalsSpec' must be a list of lists of dimension names");
    let place = |name: &Value| {
        let name = name.as_str().ok_or_else(wrong)?;
        let missing = || Error::invalid(format!("'subtotalsSpec' names '{name}', which is no dimension of the query"));
        dimensions.iter().position(|dimension| dimension == name).ok_or_else(missing)
    };
    let list = |names: &Value| {
        let places: Vec<usize> = names.as_array().ok_or_else(wrong)?.iter().map(place).collect::<Result<_>>()?;
        match (1..places.len()).find(|at| places[..*at].contains(&places[*at])) {
            Some(at) => Err(Error::invalid(format!("'subtotalsSpec' names '{}' twice", dimensions[places[at]]))),
            None => Ok(places),
        }
    };
    value.as_array().ok_or_else(wrong)?.iter().map(list).collect()
}
