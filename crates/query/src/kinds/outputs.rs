//! Aggregations and post-aggregations of a query: their names, and their columns in an answer.

use aggregate::Fold;
use arrow_array::{ArrayRef, Int64Array};
use expression::Environment;

use crate::aggregations::{self, Aggregation, How, grouping_bits};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::model::check_names;
use crate::order;
use crate::post_aggregators::{self, Named};
use crate::{Error, Result};

#[derive(Clone, Debug)]
pub(crate) struct Outputs {
    pub aggregations: Vec<Aggregation>,
    pub posts: Vec<Named>,
}

impl Outputs {
    /// `others` are the names of dimensions, which post-aggregations may read.
    pub fn parse(fields: &Fields<'_>, env: &Environment, others: &[&str]) -> Result<Self> {
        let aggregations = aggregations::parse_all(fields, env)?;
        let posts: Vec<Named> =
            fields.list("postAggregations")?.iter().map(|p| post_aggregators::parse(p, env)).collect::<Result<_>>()?;
        let outputs = Self { aggregations, posts };
        check_names(others.iter().copied().chain(outputs.names()))?;
        outputs.check_reads(others)?;
        Ok(outputs)
    }

    fn check_reads(&self, others: &[&str]) -> Result<()> {
        let mut known: Vec<&str> = others.to_vec();
        known.extend(self.aggregations.iter().map(|a| a.name.as_str()));
        for post in &self.posts {
            if let Some(missing) = post.post.columns().iter().find(|name| !known.contains(&name.as_str())) {
                let name = &post.name;
                return Err(Error::invalid(format!(
                    "postAggregation '{name}' reads '{missing}', which the query does not output"
                )));
            }
            known.push(&post.name);
        }
        Ok(())
    }

    /// Aggregations, then post-aggregations.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let aggregations = self.aggregations.iter().map(|a| a.name.as_str());
        aggregations.chain(self.posts.iter().map(|p| p.name.as_str()))
    }

    /// Appends the aggregators' columns. `kept` are the columns that a subtotal is grouped by, if it is one.
    pub fn push_aggregates(&self, table: &mut Table, states: &[ArrayRef], kept: Option<&[&str]>) -> Result<()> {
        let mut states = states.iter();
        for aggregation in &self.aggregations {
            let values = match &aggregation.how {
                How::Fold { spec, .. } => {
                    let states = states.next().ok_or_else(|| Error::internal("a state column is missing"))?;
                    Values::State { states: states.clone(), spec: spec.clone() }
                }
                How::Grouping(groupings) => {
                    Values::Long(Int64Array::from_value(grouping_bits(groupings, kept), table.num_rows()))
                }
            };
            table.push(&aggregation.name, values)?;
        }
        Ok(())
    }

    /// Computes the post-aggregations that are not there yet; with `only`, those named and what they read.
    pub fn push_posts(&self, table: &mut Table, only: Option<&[String]>) -> Result<()> {
        let wanted = only.map(|names| self.reads_of(names));
        for post in &self.posts {
            if table.get(&post.name).is_none() && wanted.as_ref().is_none_or(|w| w.contains(&post.name)) {
                let values = post.post.values(table)?.raw();
                table.push(&post.name, values)?;
            }
        }
        Ok(())
    }

    fn reads_of(&self, names: &[String]) -> Vec<String> {
        let mut wanted = names.to_vec();
        for post in self.posts.iter().rev() {
            if wanted.contains(&post.name) {
                wanted.extend(post.post.columns());
            }
        }
        wanted
    }

    /// How rows compare by this output.
    pub fn order_of(&self, name: &str) -> order::How {
        self.posts.iter().find(|post| post.name == name).map_or(order::How::Natural, |post| post.post.order())
    }

    /// Whether an output is the value of a pair with its time: such a null turns round with the order.
    pub fn is_timed(&self, name: &str) -> bool {
        let spec = self.aggregations.iter().filter_map(|a| a.spec()).find(|spec| spec.name() == name);
        spec.is_some_and(|spec| match spec.state_type() {
            aggregate::ColumnType::State(kind) => kind.starts_with("serializablePair"),
            _ => false,
        })
    }

    /// One row of states that have seen nothing.
    pub fn empty_states(&self) -> Result<Vec<ArrayRef>> {
        let mut fold = Fold::merging(&self.specs())?;
        fold.grow(1);
        Ok(fold.states(&[0])?)
    }

    /// All rows of states folded into one.
    pub fn total(&self, states: &[ArrayRef], num_rows: usize) -> Result<Vec<ArrayRef>> {
        let mut fold = Fold::merging(&self.specs())?;
        fold.grow(1);
        fold.merge(0, aggregate::Groups::One, num_rows, aggregate::Rows::All, states)?;
        Ok(fold.states(&[0])?)
    }

    pub fn specs(&self) -> Vec<std::sync::Arc<dyn aggregate::AggregatorSpec>> {
        self.aggregations.iter().filter_map(|a| a.spec().cloned()).collect()
    }
}
