//! The console: a page for people, built into the binary. Paths of the API are not touched.

mod assets;

use assets::Asset;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The first parts of the paths that lead to a page; the page itself finds what to show.
const PAGES: [&str; 7] = ["overview", "dashboards", "explore", "query", "ingestion", "segments", "settings"];

/// Only what this process serves may be loaded, run and asked.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn routes() -> Router {
    let mut router = Router::new()
        .route("/", get(page))
        .route("/favicon.svg", get(|headers: HeaderMap| async move { answer("favicon.svg", &headers) }))
        .route("/assets/{file}", get(asset));
    for name in PAGES {
        router = router.route(&format!("/{name}"), get(page)).route(&format!("/{name}/{{*rest}}"), get(page));
    }
    router
}

async fn page(headers: HeaderMap) -> Response {
    answer("index.html", &headers)
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    answer(&format!("assets/{file}"), &headers)
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = Asset::find(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_known = |asked: &HeaderValue| {
        let asked = asked.to_str().unwrap_or_default();
        asked.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.tag)
    };
    let mut response = if headers.get(header::IF_NONE_MATCH).is_some_and(is_known) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(&asset, headers)
    };
    let out = response.headers_mut();
    // Names of assets carry a hash of what they hold.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(tag) = HeaderValue::from_str(&asset.tag) {
        out.insert(header::ETAG, tag);
    }
    response
}

fn body(asset: &Asset, headers: &HeaderMap) -> Response {
    let admits_gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|wish| matches!(wish.split_once(';').unwrap_or((wish, "")), (name, weight) if name.trim() == "gzip" && weight.trim() != "q=0"));
    let kind = HeaderValue::from_static(asset.content_type);
    let mut response = match asset.packed().filter(|_| admits_gzip) {
        Some(packed) => ([(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        None => asset.bytes().into_response(),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
