//! The parts a process can play. Each is one file: what it serves and what it keeps running.

mod broker;
mod coordinator;
mod historical;
mod ingest;

use crate::context::{NodeContext, StartError};
use crate::task_set::TaskSet;
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;

/// One part. It knows the context and no other role.
#[async_trait]
pub trait Role: Send + Sync {
    fn name(&self) -> &'static str;

    /// Starts its long-lived work and gives the paths it answers.
    async fn start(&self, node: &Arc<NodeContext>, tasks: &mut TaskSet) -> Result<Router, StartError>;
}

// open set
static ROLES: &[&dyn Role] = &[&historical::Historical, &ingest::Ingest, &coordinator::Coordinator, &broker::Broker];

/// The roles of these names, all when none is named, in the order in which they start.
pub fn choose(names: &[String]) -> Result<Vec<&'static dyn Role>, StartError> {
    if let Some(unknown) = names.iter().find(|name| !ROLES.iter().any(|role| role.name() == *name)) {
        let known: Vec<&str> = ROLES.iter().map(|role| role.name()).collect();
        return Err(StartError::Refused(format!("unknown role [{unknown}]: known are {}", known.join(", "))));
    }
    Ok(ROLES.iter().copied().filter(|role| names.is_empty() || names.iter().any(|name| name == role.name())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_all_and_an_unknown_one_is_named() {
        assert_eq!(choose(&[]).expect("all").len(), ROLES.len());
        assert_eq!(choose(&["broker".into()]).expect("one")[0].name(), "broker");
        let error = choose(&["router".into()]).err().expect("unknown");
        assert!(error.to_string().contains("router"), "{error}");
    }

    #[test]
    fn the_folder_and_the_list_agree() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/roles");
        let mut files: Vec<String> = std::fs::read_dir(dir)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".rs").to_string())
            .filter(|name| name != "mod")
            .collect();
        let mut names: Vec<&str> = ROLES.iter().map(|role| role.name()).collect();
        files.sort();
        names.sort_unstable();
        assert_eq!(files, names);
    }
}
