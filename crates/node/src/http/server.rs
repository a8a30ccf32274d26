//! The door: connections under limits, paths brought to one form, answers with the same guarding headers.

use super::error::ApiError;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const MAX_HEAD_BYTES: usize = 16 << 10;
const MAX_URI_BYTES: usize = 8 << 10;
/// Between two requests of a connection, the next one's head included: as long as in Druid, for clients keep
/// connections in pools and take a closed one for a failure.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
const PING_INTERVAL: Duration = Duration::from_secs(60);
const MAX_STREAMS: u32 = 100;
/// How long running requests may take once the door closes.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `stop`, then lets running requests end.
pub async fn serve(listener: TcpListener, router: Router, max_connections: usize, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(max_connections));
    let (graceful, builder) = (GracefulShutdown::new(), builder());
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: let some connections end first.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        spawn(&builder, &graceful, stream, router.clone(), place.ok());
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .keep_alive_interval(Some(PING_INTERVAL));
    builder
}

fn spawn(
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    router: Router,
    place: Option<OwnedSemaphorePermit>,
) {
    // Small answers should not wait for each other.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request.map(Body::new)).await) }
    });
    let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection ended early");
        }
    });
}

/// One request through the router.
pub async fn answer(router: Router, mut request: Request<Body>) -> Response {
    if ![Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(request.method()) {
        return guarded(not_allowed());
    }
    let response = match plain_path(request.uri()) {
        Ok(None) => call(router, request).await,
        Ok(Some(uri)) => {
            *request.uri_mut() = uri;
            call(router, request).await
        }
        Err(error) => error.into_response(),
    };
    guarded(response)
}

/// HEAD and OPTIONS too: Druid knows four methods.
fn not_allowed() -> Response {
    let mut response = ApiError::empty(StatusCode::METHOD_NOT_ALLOWED).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    response
}

async fn call(router: Router, request: Request<Body>) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The one form of a path that routes know: no slash at the end, no `/proxy/coordinator` before it. `None`: it is so
/// already.
fn plain_path(uri: &Uri) -> Result<Option<Uri>, ApiError> {
    if uri.path_and_query().map_or(0, |both| both.as_str().len()) > MAX_URI_BYTES {
        return Err(ApiError::empty(StatusCode::URI_TOO_LONG));
    }
    let (path, mut plain) = (uri.path(), uri.path());
    if let Some(rest) = plain.strip_prefix("/proxy/")
        && rest != "enabled"
    {
        plain = ["coordinator", "overlord"].iter().find_map(|role| rest.strip_prefix(role)).ok_or_else(|| {
            ApiError::message(StatusCode::BAD_REQUEST, format!("Unsupported proxy destination[{rest}]"))
        })?;
    }
    let plain = plain.strip_suffix('/').unwrap_or(plain);
    if plain == path {
        return Ok(None);
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let plain = if plain.is_empty() { "/" } else { plain };
    let uri = format!("{plain}{query}").parse::<Uri>();
    uri.map(Some).map_err(|_| ApiError::empty(StatusCode::BAD_REQUEST))
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(HeaderName::from_static("content-security-policy"))
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str) -> Result<String, StatusCode> {
        let uri: Uri = path.parse().expect("a path");
        plain_path(&uri).map(|new| new.unwrap_or(uri).to_string()).map_err(|error| error.status)
    }

    #[test]
    fn a_slash_at_the_end_means_nothing() {
        assert_eq!(plain("/druid/v2/?pretty").as_deref(), Ok("/druid/v2?pretty"));
        assert_eq!(plain("/").as_deref(), Ok("/"));
    }

    #[test]
    fn the_management_proxy_leads_home_and_nowhere_else() {
        assert_eq!(plain("/proxy/overlord/druid/indexer/v1/tasks").as_deref(), Ok("/druid/indexer/v1/tasks"));
        assert_eq!(plain("/proxy/enabled").as_deref(), Ok("/proxy/enabled"));
        for evil in ["/proxy/router/x", "/proxy//evil.example/", "/proxy/@evil.example", "/proxy/http:%2f%2fevil"] {
            assert_eq!(plain(evil), Err(StatusCode::BAD_REQUEST), "{evil}");
        }
    }

    #[test]
    fn a_long_path_is_refused() {
        assert_eq!(plain(&format!("/{}", "a".repeat(9000))), Err(StatusCode::URI_TOO_LONG));
    }
}
