//! Task types: one file each, and this list.

mod compact;
mod index;
mod index_parallel;
mod kill;
mod noop;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::context::TaskContext;
use super::run::TaskRun;
use crate::spec::fields::Fields;
use crate::{Error, Result};

/// A task as submitted, checked and ready to run.
pub(crate) trait TaskKind: Send + Sync {
    /// The datasource it belongs to.
    fn datasource(&self) -> &str;

    /// Its properties beside those that all tasks have.
    fn to_json(&self) -> serde_json::Map<String, Value>;

    /// Properties that were given and have no meaning here.
    fn ignored(&self) -> &[String] {
        &[]
    }

    /// Runs it on a thread of its own. Answers the number of segments that it made live.
    fn run(&self, run: &TaskRun) -> Result<usize>;

    /// What it tells of itself, while it runs and in the end.
    fn report(&self, run: &TaskRun) -> Option<Value> {
        Some(run.report().to_json(run.id()))
    }

    /// The `context` of a task that says nothing else.
    fn context(&self, _task_id: &str) -> Value {
        super::default_context()
    }
}

/// A type: its tag and how a task of it is read.
pub(crate) struct Kind {
    pub(crate) tag: &'static str,
    pub(crate) parse: fn(&Fields<'_>, &TaskContext) -> Result<Box<dyn TaskKind>>,
}

pub(crate) static KINDS: &[&Kind] = &[&compact::KIND, &index::KIND, &index_parallel::KIND, &kill::KIND, &noop::KIND];

/// Reads a task.
pub(crate) fn parse_task(json: &Value, context: &TaskContext) -> Result<(&'static str, Box<dyn TaskKind>)> {
    let fields = Fields::of(json, "")?;
    let tag = match fields.text("type")? {
        Some(tag) => tag,
        None => return Err(Error::invalid("type", "missing type id property 'type'")),
    };
    match KINDS.iter().find(|kind| kind.tag == tag) {
        Some(kind) => Ok((kind.tag, (kind.parse)(&fields, context)?)),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
            let reason =
                format!("Could not resolve type id '{tag}' as a task, known type ids = [{}]", known.join(", "));
            Err(Error::invalid("type", reason))
        }
    }
}
