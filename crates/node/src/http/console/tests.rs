use super::*;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;

async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = crate::http::with_layers(routes());
    crate::http::server::answer(router, request.body(Body::empty()).expect("a request")).await
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn every_page_has_the_same_document_under_a_strict_policy() {
    for path in ["/", "/overview", "/dashboards/ads", "/ingestion/new", "/segments/a%2Fb", "/settings/"] {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
        let policy = headers["content-security-policy"].to_str().expect("text").to_string();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(text(response).await.contains("<div id=\"app\">"));
    }
}

#[tokio::test]
async fn paths_that_are_not_the_console_s_stay_absent() {
    for path in ["/overviews", "/druid/v3", "/assets/none.js", "/assets/..%2findex.html", "/index.html", "/dolmen"] {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(text(response).await, "");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_packed_when_the_reader_can_unpack() {
    let script = assets::all().into_iter().find(|path| path.ends_with(".js")).expect("a script");
    let plain = get(&format!("/{script}"), &[]).await;
    assert!(plain.headers()["cache-control"].to_str().expect("text").contains("immutable"));
    assert!(!plain.headers().contains_key("content-encoding"));
    let tag = plain.headers()["etag"].to_str().expect("text").to_string();
    let packed = get(&format!("/{script}"), &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.into_body().collect().await.expect("a body").to_bytes();
    let mut unpacked = String::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).expect("gzip");
    assert_eq!(unpacked, text(plain).await);
    let again = get(&format!("/{script}"), &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_document_names_only_files_that_are_there() {
    let document = text(get("/", &[]).await).await;
    let mut named = 0;
    for part in document.split('"').filter(|part| part.starts_with('/')) {
        assert_eq!(get(part, &[]).await.status(), StatusCode::OK, "{part}");
        named += 1;
    }
    assert!(named >= 3, "{document}");
    assert!(!document.contains("http://") && !document.contains("https://"), "another host is named");
}

#[test]
fn the_pages_are_those_that_the_console_knows() {
    let routes = include_str!("../../../console/src/lib/routes.ts");
    let known: Vec<&str> =
        routes.lines().filter_map(|line| line.trim().strip_prefix("{ id: '")?.split('\'').next()).collect();
    assert_eq!(known, PAGES);
}
