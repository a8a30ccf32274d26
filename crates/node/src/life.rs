//! Life of a process: put together, serving, drained.

use crate::config::Config;
use crate::context::{NodeContext, StartError};
use crate::http;
use crate::roles::{self, Role};
use crate::task_set::{Failure, Stage, TaskSet};
use crate::vitals;
use axum::Router;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Each stage of the drain is given so long.
const DRAIN: Duration = Duration::from_secs(30);

/// What a process is started with.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    pub config: Config,
    pub data_dir: PathBuf,
    /// All roles when empty.
    pub roles: Vec<String>,
}

/// A running node.
pub struct Node {
    context: Arc<NodeContext>,
    tasks: TaskSet,
    address: SocketAddr,
}

/// A node whose directory is taken and whose port is bound, before anything runs.
pub struct Prepared {
    context: Arc<NodeContext>,
    chosen: Vec<&'static dyn Role>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Prepared {
    pub fn context(&self) -> &Arc<NodeContext> {
        &self.context
    }

    /// Starts the roles and opens the doors.
    pub async fn start(self) -> Result<Node, StartError> {
        let Self { context, chosen, listener, address } = self;
        let max_connections = context.config.http.max_connections;
        let mut tasks = TaskSet::default();
        context.set_roles(chosen.iter().map(|role| role.name()).collect());
        vitals::start(&context, &mut tasks);
        let mut router = http::common_routes(&context);
        for role in chosen {
            tracing::debug!(role = role.name(), "starts");
            router = router.merge(role.start(&context, &mut tasks).await?);
        }
        let router: Router = http::with_layers(router);
        tasks.spawn("door", Stage::Doors, |stop| async move {
            http::server::serve(listener, router, max_connections, stop).await;
            Ok(())
        });
        tracing::info!(%address, data_dir = %context.data_dir().display(), "ready");
        Ok(Node { context, tasks, address })
    }
}

impl Node {
    /// Takes the data directory and the port. With port 0 the system chooses one.
    pub async fn prepare(options: NodeOptions) -> Result<Prepared, StartError> {
        let chosen = roles::choose(&options.roles)?;
        let (listener, address) = listen(&options.config).await?;
        let context = NodeContext::open(options.config, &options.data_dir, address).await?;
        Ok(Prepared { context, chosen, listener, address })
    }

    /// Takes the data directory, starts the roles and opens the doors.
    pub async fn start(options: NodeOptions) -> Result<Self, StartError> {
        Self::prepare(options).await?.start().await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn context(&self) -> &Arc<NodeContext> {
        &self.context
    }

    /// Waits until a part of the process fails.
    pub async fn failed(&mut self) -> Failure {
        self.tasks.first_failure().await
    }

    /// Closes the doors, publishes what was read, lets go of everything.
    pub async fn stop(self) {
        self.tasks.drain(DRAIN).await;
        let pool = Arc::clone(&self.context.pool);
        // Joining threads would hold up a thread that waits for others.
        if tokio::task::spawn_blocking(move || pool.close()).await.is_err() {
            tracing::error!("the pool could not be closed");
        }
        tracing::info!("stopped");
    }
}

async fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), StartError> {
    let io = |why| StartError::Io { what: format!("{}:{}", config.http.bind, config.http.port), why };
    let ip: IpAddr = config
        .http
        .bind
        .parse()
        .map_err(|_| StartError::Refused(format!("http.bind: [{}] is no address", config.http.bind)))?;
    if !ip.is_loopback() && !config.security.insecure {
        let text = format!(
            "http.bind is [{ip}] and there are no users: anybody who reaches this machine could read and change \
             everything. Listen on 127.0.0.1, or say --insecure (security.insecure) if the network is your own"
        );
        return Err(StartError::Refused(text));
    }
    let listener = TcpListener::bind((ip, config.http.port)).await.map_err(io)?;
    let address = listener.local_addr().map_err(io)?;
    Ok((listener, address))
}

/// Returns when the system asks the process to end.
pub async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
