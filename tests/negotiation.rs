//! Forms of questions and answers: SMILE, compression, methods.

use crate::store::Store;
use reqwest::Method;
use serde_json::{Value, json};

const SMILE: &str = "application/x-jackson-smile";

fn rows(num: usize) -> Value {
    let rows: Vec<Value> = (0..num).map(|row| json!([format!("value {row}"), row])).collect();
    let inline = json!({"type": "inline", "columnNames": ["s", "l"], "columnTypes": ["STRING", "LONG"], "rows": rows});
    json!({"queryType": "scan", "dataSource": inline, "intervals": ["0000/3000"], "resultFormat": "compactedList"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smile_goes_in_and_comes_out() {
    let store = Store::start().await;
    let query = rows(3_000);
    let expected: Value = store.post("/druid/v2", &query).await.json().await.expect("JSON");
    let smile = serde_smile::to_vec(&query).expect("SMILE");
    let send = |content_type: &str, accept: Option<&str>, body: Vec<u8>| {
        let request = store.http.post(store.url("/druid/v2")).header("content-type", content_type).body(body);
        match accept {
            Some(accept) => request.header("accept", accept),
            None => request,
        }
        .send()
    };
    let both = [(SMILE, Some(SMILE)), ("application/smile", Some(SMILE)), ("application/json", Some(SMILE))];
    for (content_type, accept) in both {
        let body = if content_type == "application/json" { query.to_string().into_bytes() } else { smile.clone() };
        let answer = send(content_type, accept, body).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], SMILE);
        let bytes = answer.bytes().await.expect("bytes");
        assert_eq!(serde_smile::from_slice::<Value>(&bytes).expect("SMILE"), expected);
    }
    let as_json = send(SMILE, Some("application/json"), smile.clone()).await.expect("an answer");
    assert_eq!(as_json.json::<Value>().await.expect("JSON"), expected);
    let refused = send("application/json", Some("application/smile"), query.to_string().into_bytes()).await;
    assert_eq!(refused.expect("an answer").status().as_u16(), 406);
    let broken = send(SMILE, Some(SMILE), b":)\n\x03\xfa".to_vec()).await.expect("an answer");
    assert_eq!(broken.status().as_u16(), 400);
    let error: Value = serde_smile::from_slice(&broken.bytes().await.expect("bytes")).expect("SMILE");
    assert_eq!(error["error"], "Json parse failed");
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compressed_for_those_who_can_read_it() {
    let store = Store::start().await;
    let magic: [(&str, Option<&str>, &[u8]); 4] = [
        ("gzip", Some("gzip"), &[0x1f, 0x8b]),
        ("zstd", Some("zstd"), &[0x28, 0xb5, 0x2f, 0xfd]),
        ("deflate", None, b"[{"),
        ("identity", None, b"[{"),
    ];
    for (asked, given, start) in magic {
        let request = store.http.post(store.url("/druid/v2")).header("accept-encoding", asked).json(&rows(1_000));
        let answer = request.send().await.expect("an answer");
        let encoding = answer.headers().get("content-encoding").and_then(|value| value.to_str().ok());
        assert_eq!(encoding, given, "{asked}");
        assert!(answer.bytes().await.expect("bytes").starts_with(start), "{asked}");
    }
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_methods_are_known() {
    let store = Store::start().await;
    for path in ["/druid/v2", "/status", "/druid/coordinator/v1/datasources", "/druid/v2/datasources/x"] {
        for method in [Method::HEAD, Method::OPTIONS, Method::PATCH] {
            let answer = store.http.request(method.clone(), store.url(path)).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 405, "{method} {path}");
            assert!(answer.headers().contains_key("allow"), "{method} {path}");
        }
    }
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_change_with_what_an_answer_is_made_of() {
    let store = Store::start().await;
    let config = "/druid/coordinator/v1/lookups/config/__default/l";
    let register = async |version: &str| {
        let map = json!({"type": "map", "map": {"k": version}});
        let spec = json!({"version": version, "lookupExtractorFactory": map});
        assert_eq!(store.post(config, &spec).await.status().as_u16(), 202);
    };
    register("v1").await;
    let query =
        json!({"queryType": "scan", "dataSource": {"type": "lookup", "lookup": "l"}, "intervals": ["0000/3000"]});
    let ask = async |tag: &str| {
        let request = store.http.post(store.url("/druid/v2")).header("if-none-match", tag).json(&query);
        let answer = request.send().await.expect("an answer");
        let tag = answer.headers()["etag"].to_str().expect("text").to_string();
        (answer.status().as_u16(), tag)
    };
    let (status, tag) = ask("none").await;
    assert_eq!(status, 200);
    assert_eq!(ask(&tag).await, (304, tag.clone()));
    register("v2").await;
    let (status, other) = ask(&tag).await;
    assert!(status == 200 && other != tag);
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_without_segments_is_told_to_those_who_ask() {
    let store = Store::start().await;
    let query = |limit: i64| {
        json!({"queryType": "timeseries", "dataSource": "nothing", "granularity": "all",
            "intervals": ["2022-01-01/2022-01-02", "2022-02-01/2022-02-02"], "context": {"uncoveredIntervalsLimit": limit}})
    };
    let context = async |limit: i64| {
        let answer = store.post("/druid/v2", &query(limit)).await;
        let text = answer.headers()["x-druid-response-context"].to_str().expect("text").to_string();
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    assert_eq!(context(0).await, json!({}));
    let first = "2022-01-01T00:00:00.000Z/2022-01-02T00:00:00.000Z";
    let second = "2022-02-01T00:00:00.000Z/2022-02-02T00:00:00.000Z";
    let both = json!({"uncoveredIntervals": [first, second], "uncoveredIntervalsOverflowed": false});
    assert_eq!(context(2).await, both);
    assert_eq!(context(1).await, json!({"uncoveredIntervals": [first], "uncoveredIntervalsOverflowed": true}));
    store.node.stop().await;
}
