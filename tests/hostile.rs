//! Hostile input ends in an error body and a living process.

use crate::store::Store;
use serde_json::{Value, json};

async fn is_alive(store: &Store) {
    assert_eq!(store.get_json("/status/health").await, json!(true));
}

/// Posts raw bytes; the status and the body.
async fn raw(store: &Store, path: &str, content_type: &str, body: Vec<u8>) -> (u16, String) {
    let request = store.http.post(store.url(path)).header("content-type", content_type).body(body);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_queries_are_refused_in_words() {
    let store = Store::start().await;
    let wide = json!({"queryType": "groupBy", "dataSource": "d", "intervals": ["2000/2001"], "granularity": "all",
        "dimensions": (0..10_000).map(|n| format!("d{n}")).collect::<Vec<_>>(), "aggregations": []});
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("deep", format!("{{\"queryType\":{}", "[".repeat(100_000)).into_bytes()),
        ("not JSON", b"hello".to_vec()),
        ("wrong UTF-8", b"{\"queryType\":\"\xff\xfe\"}".to_vec()),
        ("empty", Vec::new()),
        ("a number", b"7".to_vec()),
        ("an unknown type", br#"{"queryType":"nope","dataSource":"d","intervals":["2000/2001"]}"#.to_vec()),
        ("an unknown granularity", br#"{"queryType":"timeseries","dataSource":"d","intervals":["2000/2001"],"granularity":"dya","aggregations":[]}"#.to_vec()),
        ("a huge number", br#"{"queryType":"scan","dataSource":"d","intervals":["2000/2001"],"limit":1e400}"#.to_vec()),
        ("javascript", br#"{"queryType":"scan","dataSource":"d","intervals":["2000/2001"],"filter":{"type":"javascript","dimension":"a","function":"function(){}"}}"#.to_vec()),
    ];
    for (what, body) in cases {
        let (status, text) = raw(&store, "/druid/v2", JSON, body).await;
        let error: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}: no JSON: {text}"));
        assert_eq!(status, 400, "{what}: {text}");
        assert!(error["errorMessage"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {text}");
        is_alive(&store).await;
    }
    let (status, text) = raw(&store, "/druid/v2", JSON, wide.to_string().into_bytes()).await;
    assert!(status == 200 || status == 400, "{text}");
    is_alive(&store).await;
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_have_a_limit_and_a_type() {
    let store = Store::start().await;
    let (status, text) = raw(&store, "/druid/v2", JSON, vec![b' '; (16 << 20) + 1]).await;
    assert_eq!(status, 413, "{text}");
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    for path in ["/druid/v2", "/druid/indexer/v1/supervisor", "/druid/indexer/v1/task"] {
        assert_eq!(raw(&store, path, "text/plain", b"{}".to_vec()).await, (415, String::new()), "{path}");
        let (status, _) = raw(&store, path, JSON, b"{".to_vec()).await;
        assert_eq!(status, 400, "{path}");
    }
    is_alive(&store).await;
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_lead_nowhere() {
    let store = Store::start().await;
    for name in ["..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b", "a%0d%0aX-Evil:1", "%ff", "-"] {
        for base in ["/druid/v2/datasources", "/druid/coordinator/v1/datasources", "/dolmen/v1/covers"] {
            let answer = store.http.get(store.url(&format!("{base}/{name}"))).send().await.expect("an answer");
            assert!(answer.status().as_u16() < 500, "{base}/{name}: {}", answer.status());
            assert!(!answer.headers().contains_key("x-evil"), "{base}/{name}");
        }
    }
    for name in ["../up", "a/b", ".hidden", "tab\tname", ""] {
        let spec = json!({"type": "index_parallel", "spec": {
            "dataSchema": {"dataSource": name, "timestampSpec": {"column": "t"}, "dimensionsSpec": {"dimensions": ["a"]}},
            "ioConfig": {"type": "index_parallel", "inputSource": {"type": "inline", "data": "{}"}, "inputFormat": {"type": "json"}}}});
        let answer = store.post("/druid/indexer/v1/task", &spec).await;
        assert_eq!(answer.status().as_u16(), 400, "{name:?}");
    }
    is_alive(&store).await;
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_and_methods_are_told_apart() {
    let store = Store::start().await;
    let status = async |method: reqwest::Method, path: &str| {
        let answer = store.http.request(method, store.url(path)).send().await.expect("an answer");
        answer.status().as_u16()
    };
    assert_eq!(status(reqwest::Method::GET, "/druid/v2/nothing/here").await, 404);
    assert_eq!(status(reqwest::Method::DELETE, "/druid/indexer/v1/supervisor/x").await, 405);
    assert_eq!(status(reqwest::Method::HEAD, "/status").await, 405);
    assert_eq!(status(reqwest::Method::GET, "/proxy/evil.example/x").await, 400);
    assert_eq!(status(reqwest::Method::DELETE, "/druid/v2/unknown-query").await, 202);
    store.node.stop().await;
}
