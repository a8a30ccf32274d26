//! The coordinator's API: what is there, what should stay, and how it is kept.

mod compaction;
mod datasources;
mod dynamic_config;
mod facts;
mod intervals;
mod load;
mod lookups;
mod metadata;
mod rules;
mod servers;
mod summary;

pub use facts::unavailable as failed_read;

use crate::context::NodeContext;
use axum::Router;
use std::sync::Arc;

const BASE: &str = "/druid/coordinator/v1";

pub fn routes(node: Arc<NodeContext>) -> Router {
    let families = [
        datasources::routes(),
        metadata::routes(),
        intervals::routes(),
        load::routes(),
        servers::routes(),
        rules::routes(),
        dynamic_config::routes(),
        compaction::routes(),
        lookups::routes(),
    ];
    let all = families.into_iter().fold(Router::new(), Router::merge);
    Router::new().nest(BASE, all).with_state(node)
}
