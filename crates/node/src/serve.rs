//! `dolmen serve`: the store until it is told to end.

use crate::cli::{CommandResult, Serve};
use crate::config::Config;
use crate::life::{Node, NodeOptions, asked_to_stop};
use crate::logging;
use std::io::Write;

/// Runs until a signal, then drains. An error when a part of the process failed.
pub async fn run(options: Serve) -> CommandResult {
    let environment = std::env::vars().collect();
    let mut config = Config::load(options.config.as_deref(), &environment)?;
    if let Some(port) = options.port {
        config.http.port = port;
        config.from_command_line("http.port");
    }
    if options.insecure {
        config.security.insecure = true;
        config.from_command_line("security.insecure");
    }
    logging::start(&config.log)?;
    let node = Node::start(NodeOptions { config, data_dir: options.data_dir, roles: options.roles }).await?;
    // The store runs whether or not somebody reads this.
    let _ = writeln!(std::io::stdout(), "dolmen answers at {}", node.url());
    until_stopped(node).await
}

/// Waits for a signal or a failure, then drains.
pub async fn until_stopped(mut node: Node) -> CommandResult {
    let failure = tokio::select! {
        () = asked_to_stop() => None,
        failure = node.failed() => Some(failure),
    };
    if failure.is_none() {
        tracing::info!("asked to stop: what was read is being published");
    }
    node.stop().await;
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}
