//! The doors: one file a family of paths, each giving its routes.

mod body;
pub mod candidates;
mod console;
pub mod coordinator_v1;
mod coverage;
pub mod datasources;
pub mod dolmen_v1;
pub mod error;
pub mod indexer_v1;
pub mod lookups;
mod metrics;
pub mod native_query;
pub mod readiness;
mod respond;
pub mod server;
mod smile;
pub mod sql;
mod status;

use crate::context::NodeContext;
use axum::Router;
use axum::http::StatusCode;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;
use tower_http::decompression::RequestDecompressionLayer;

/// Paths that every process answers.
pub fn common_routes(node: &Arc<NodeContext>) -> Router {
    status::routes(Arc::clone(node)).merge(metrics::routes(Arc::clone(node))).merge(console::routes())
}

/// Compression both ways; unknown paths are 404 with an empty body.
pub fn with_layers(router: Router) -> Router {
    router
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(RequestDecompressionLayer::new())
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}
