//! Post-aggregators: columns computed from the other columns of an answer. One file per type.

mod arithmetic;
mod array_of_doubles_sketch_constant;
mod array_of_doubles_sketch_set_op;
mod array_of_doubles_sketch_t_test;
mod array_of_doubles_sketch_to_base64_string;
mod array_of_doubles_sketch_to_estimate;
mod array_of_doubles_sketch_to_estimate_and_bounds;
mod array_of_doubles_sketch_to_means;
mod array_of_doubles_sketch_to_metrics_sum_estimate;
mod array_of_doubles_sketch_to_num_entries;
mod array_of_doubles_sketch_to_quantiles_sketch;
mod array_of_doubles_sketch_to_string;
mod array_of_doubles_sketch_to_variances;
mod buckets;
mod constant;
mod custom_buckets;
mod double_greatest;
mod double_least;
mod equal_buckets;
mod expression;
mod extremes;
mod field_access;
mod finalizing_field_access;
mod histograms;
mod hll_sketch_estimate;
mod hll_sketch_estimate_with_bounds;
mod hll_sketch_to_string;
mod hll_sketch_union;
mod hyper_unique_cardinality;
mod javascript;
mod kll_doubles_sketch_to_cdf;
mod kll_doubles_sketch_to_histogram;
mod kll_doubles_sketch_to_quantile;
mod kll_doubles_sketch_to_quantiles;
mod kll_doubles_sketch_to_rank;
mod kll_doubles_sketch_to_string;
mod kll_floats_sketch_to_cdf;
mod kll_floats_sketch_to_histogram;
mod kll_floats_sketch_to_quantile;
mod kll_floats_sketch_to_quantiles;
mod kll_floats_sketch_to_rank;
mod kll_floats_sketch_to_string;
mod long_greatest;
mod long_least;
mod max;
mod min;
mod moment_sketch_max;
mod moment_sketch_min;
mod moment_sketch_solve_quantiles;
mod pvalue2tailed_ztest;
mod quantile;
mod quantile_from_t_digest_sketch;
mod quantile_sketches;
mod quantiles;
mod quantiles_doubles_sketch_to_cdf;
mod quantiles_doubles_sketch_to_histogram;
mod quantiles_doubles_sketch_to_quantile;
mod quantiles_doubles_sketch_to_quantiles;
mod quantiles_doubles_sketch_to_rank;
mod quantiles_doubles_sketch_to_string;
mod quantiles_from_t_digest_sketch;
mod sketch;
mod sketch_estimate;
mod sketch_set_oper;
mod stddev;
mod theta_sketch_constant;
mod theta_sketch_estimate;
mod theta_sketch_set_op;
mod theta_sketch_to_string;
mod tuples;
mod zscore2sample;

use std::fmt::Debug;
use std::sync::Arc;

use ::expression::Environment;
use serde_json::Value;

use crate::fields::{Fields, tag_of, unknown};
use crate::finalize::{Table, Values};
use crate::order::How;
use crate::{Error, Result};

/// A column computed from others.
pub(crate) trait PostAggregator: Debug + Send + Sync {
    /// Names of the columns read.
    fn columns(&self) -> Vec<String>;
    /// One value per row.
    fn values(&self, rows: &Table) -> Result<Values>;
    /// The field, of one that hands on a field as it is: rows cannot be ordered by it.
    fn field_accessed(&self) -> Option<&str> {
        None
    }
    /// How the values compare when rows are ordered by them.
    fn order(&self) -> How {
        How::Natural
    }
}

/// A post-aggregator and the name of its column; empty inside another one.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub name: String,
    pub post: Arc<dyn PostAggregator>,
}

type Parse = fn(&Fields<'_>, &Environment) -> Result<Arc<dyn PostAggregator>>;

// open set
// helpers: extremes histograms quantile_sketches sketch tuples
static KINDS: &[(&str, Parse)] = &[
    ("arithmetic", arithmetic::parse),
    ("arrayOfDoublesSketchConstant", array_of_doubles_sketch_constant::parse),
    ("arrayOfDoublesSketchSetOp", array_of_doubles_sketch_set_op::parse),
    ("arrayOfDoublesSketchTTest", array_of_doubles_sketch_t_test::parse),
    ("arrayOfDoublesSketchToBase64String", array_of_doubles_sketch_to_base64_string::parse),
    ("arrayOfDoublesSketchToEstimate", array_of_doubles_sketch_to_estimate::parse),
    ("arrayOfDoublesSketchToEstimateAndBounds", array_of_doubles_sketch_to_estimate_and_bounds::parse),
    ("arrayOfDoublesSketchToMeans", array_of_doubles_sketch_to_means::parse),
    ("arrayOfDoublesSketchToMetricsSumEstimate", array_of_doubles_sketch_to_metrics_sum_estimate::parse),
    ("arrayOfDoublesSketchToNumEntries", array_of_doubles_sketch_to_num_entries::parse),
    ("arrayOfDoublesSketchToQuantilesSketch", array_of_doubles_sketch_to_quantiles_sketch::parse),
    ("arrayOfDoublesSketchToString", array_of_doubles_sketch_to_string::parse),
    ("arrayOfDoublesSketchToVariances", array_of_doubles_sketch_to_variances::parse),
    ("constant", constant::parse),
    ("doubleGreatest", double_greatest::parse),
    ("doubleLeast", double_least::parse),
    ("expression", expression::parse),
    ("fieldAccess", field_access::parse),
    ("finalizingFieldAccess", finalizing_field_access::parse),
    ("hyperUniqueCardinality", hyper_unique_cardinality::parse),
    ("javascript", javascript::parse),
    ("longGreatest", long_greatest::parse),
    ("longLeast", long_least::parse),
    ("HLLSketchEstimate", hll_sketch_estimate::parse),
    ("HLLSketchEstimateWithBounds", hll_sketch_estimate_with_bounds::parse),
    ("HLLSketchToString", hll_sketch_to_string::parse),
    ("HLLSketchUnion", hll_sketch_union::parse),
    ("KllDoublesSketchToQuantile", kll_doubles_sketch_to_quantile::parse),
    ("KllDoublesSketchToQuantiles", kll_doubles_sketch_to_quantiles::parse),
    ("KllDoublesSketchToHistogram", kll_doubles_sketch_to_histogram::parse),
    ("KllDoublesSketchToRank", kll_doubles_sketch_to_rank::parse),
    ("KllDoublesSketchToCDF", kll_doubles_sketch_to_cdf::parse),
    ("KllDoublesSketchToString", kll_doubles_sketch_to_string::parse),
    ("KllFloatsSketchToQuantile", kll_floats_sketch_to_quantile::parse),
    ("KllFloatsSketchToQuantiles", kll_floats_sketch_to_quantiles::parse),
    ("KllFloatsSketchToHistogram", kll_floats_sketch_to_histogram::parse),
    ("KllFloatsSketchToRank", kll_floats_sketch_to_rank::parse),
    ("KllFloatsSketchToCDF", kll_floats_sketch_to_cdf::parse),
    ("KllFloatsSketchToString", kll_floats_sketch_to_string::parse),
    ("quantilesDoublesSketchToCDF", quantiles_doubles_sketch_to_cdf::parse),
    ("quantilesDoublesSketchToHistogram", quantiles_doubles_sketch_to_histogram::parse),
    ("quantilesDoublesSketchToQuantile", quantiles_doubles_sketch_to_quantile::parse),
    ("quantilesDoublesSketchToQuantiles", quantiles_doubles_sketch_to_quantiles::parse),
    ("quantilesDoublesSketchToRank", quantiles_doubles_sketch_to_rank::parse),
    ("quantilesDoublesSketchToString", quantiles_doubles_sketch_to_string::parse),
    ("stddev", stddev::parse),
    ("buckets", buckets::parse),
    ("customBuckets", custom_buckets::parse),
    ("equalBuckets", equal_buckets::parse),
    ("max", max::parse),
    ("min", min::parse),
    ("momentSketchMax", moment_sketch_max::parse),
    ("momentSketchMin", moment_sketch_min::parse),
    ("momentSketchSolveQuantiles", moment_sketch_solve_quantiles::parse),
    ("quantile", quantile::parse),
    ("quantileFromTDigestSketch", quantile_from_t_digest_sketch::parse),
    ("quantiles", quantiles::parse),
    ("quantilesFromTDigestSketch", quantiles_from_t_digest_sketch::parse),
    ("pvalue2tailedZtest", pvalue2tailed_ztest::parse),
    ("sketchEstimate", sketch_estimate::parse),
    ("sketchSetOper", sketch_set_oper::parse),
    ("zscore2sample", zscore2sample::parse),
    ("thetaSketchConstant", theta_sketch_constant::parse),
    ("thetaSketchEstimate", theta_sketch_estimate::parse),
    ("thetaSketchSetOp", theta_sketch_set_op::parse),
    ("thetaSketchToString", theta_sketch_to_string::parse),
];

/// An entry of `postAggregations`, which must have a name; a field access is named after its field.
pub(crate) fn parse(value: &Value, env: &Environment) -> Result<Named> {
    let named = parse_nested(value, env)?;
    if named.name.is_empty() {
        return Err(Error::invalid("a postAggregation needs 'name'"));
    }
    Ok(named)
}

fn parse_nested(value: &Value, env: &Environment) -> Result<Named> {
    let tag = tag_of(value, "postAggregation")?;
    let Some((_, parse)) = KINDS.iter().find(|(known, _)| *known == tag) else {
        return Err(unknown("postAggregation", tag, KINDS.iter().map(|(known, _)| *known)));
    };
    let fields = Fields::of(value, "postAggregation")?;
    let name = match fields.text("name")? {
        None if tag.ends_with("ieldAccess") => fields.text("fieldName")?.unwrap_or_default(),
        other => other.unwrap_or_default(),
    };
    Ok(Named { name, post: parse(&fields, env)? })
}

/// The operand under `name`.
fn operand(fields: &Fields<'_>, name: &str, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Ok(parse_nested(fields.require(name)?, env)?.post)
}

/// The operands under `name`.
fn operands(fields: &Fields<'_>, name: &str, env: &Environment) -> Result<Vec<Arc<dyn PostAggregator>>> {
    fields.list(name)?.iter().map(|value| Ok(parse_nested(value, env)?.post)).collect()
}

fn columns_of(operands: &[Arc<dyn PostAggregator>]) -> Vec<String> {
    operands.iter().flat_map(|operand| operand.columns()).collect()
}

/// The column of an answer, which the checks at parse know to exist.
fn column<'a>(rows: &'a Table, name: &str) -> Result<&'a Values> {
    rows.get(name)
        .ok_or_else(|| Error::invalid(format!("a postAggregation reads '{name}', which the query does not output")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KINDS;

    #[test]
    fn no_tag_repeats() {
        let tags: BTreeSet<&str> = KINDS.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags.len(), KINDS.len());
    }
}
