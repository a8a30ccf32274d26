use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::tasks::Reach;
use crate::tasks::tests::{Bench, bench, bench_with, body, hourly, task};

fn row(day: &str, id: &str) -> String {
    format!("{{\"ts\":\"2024-{day}T00:00:00Z\",\"ad_id\":\"{id}\",\"cost\":1}}\n")
}

fn monthly() -> Value {
    json!({"segmentGranularity": "MONTH", "queryGranularity": "HOUR", "rollup": true})
}

/// Intervals and weights of what is live, by time.
async fn live(bench: &Bench) -> Vec<(String, i64)> {
    let mut live = bench.live("d").await;
    live.sort_by_key(|segment| (segment.start, segment.end, segment.partition_num));
    let day = |text: String| text.replace("T00:00:00.000Z", "");
    live.iter().map(|segment| (day(segment.interval().to_string()), segment.weight_sum)).collect()
}

fn expected(wanted: &[(&str, i64)]) -> Vec<(String, i64)> {
    wanted.iter().map(|&(interval, weight)| (interval.to_owned(), weight)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_overwrite_does_not_cover_stays() {
    let bench = bench();
    let month = ["03-09", "03-10", "03-11"].map(|day| row(day, "a")).concat();
    bench.run(task(&month, json!({}), json!({}), monthly())).await;
    bench.run(task(&month, json!({"appendToExisting": true}), json!({}), monthly())).await;
    let (_, status) = bench.run(task(&row("03-10", "new"), json!({}), json!({}), hourly())).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    let wanted = [
        ("2024-03-01/2024-03-10", 1),
        ("2024-03-01/2024-03-10", 1),
        ("2024-03-10/2024-03-11", 1),
        ("2024-03-11/2024-04-01", 1),
        ("2024-03-11/2024-04-01", 1),
    ];
    assert_eq!(live(&bench).await, expected(&wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn intervals_bound_what_an_overwrite_takes_away() {
    let bench = bench();
    let month = ["03-09", "03-10", "03-11"].map(|day| row(day, "a")).concat();
    let within = |granularity: &str| json!({"segmentGranularity": granularity, "intervals": ["2024-03-10/2024-03-12"]});
    bench.run(task(&month, json!({}), json!({}), monthly())).await;
    let (_, status) = bench.run(task(&row("03-10", "b"), json!({}), json!({}), within("DAY"))).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    let wanted = [("2024-03-01/2024-03-10", 1), ("2024-03-10/2024-03-11", 1), ("2024-03-11/2024-04-01", 1)];
    assert_eq!(live(&bench).await, expected(&wanted));
    bench.run(task(&row("03-10", "c"), json!({}), json!({}), within("MONTH"))).await;
    assert_eq!(live(&bench).await, expected(&[("2024-03-01/2024-03-10", 1), ("2024-03-01/2024-04-01", 1)]));
    let drop = json!({"dropExisting": true});
    let (_, status) = bench.run(task(&row("03-20", "d"), drop, json!({}), within("DAY"))).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    assert_eq!(live(&bench).await, expected(&[("2024-03-01/2024-03-10", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_while_an_overwrite_runs_stays() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", server.local_addr().unwrap());
    let bench = bench_with(Reach { allowed_origins: vec![origin.clone()], ..Reach::default() });
    bench.run(task(&row("03-10", "old"), json!({}), json!({}), monthly())).await;
    let io = json!({"inputSource": {"type": "http", "uris": [format!("{origin}/rows")]}});
    let id = bench.submit(task("", io, json!({}), hourly())).await;
    // The overwrite has seen what is live, and waits for its input.
    let mut asked = tokio::task::spawn_blocking(move || {
        let (mut client, _) = server.accept().unwrap();
        let _ = client.read(&mut [0; 4096]).unwrap();
        client
    })
    .await
    .unwrap();
    bench.run(task(&row("03-10", "meanwhile"), json!({"appendToExisting": true}), json!({}), hourly())).await;
    let rows = row("03-10", "new").repeat(5);
    write!(asked, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{rows}", rows.len()).unwrap();
    let status = bench.wait(&id).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    assert_eq!(live(&bench).await, expected(&[("2024-03-10/2024-03-11", 1), ("2024-03-10/2024-03-11", 5)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_to_the_disk_is_folded_again() {
    let rows: String = (0..20_000)
        .map(|at| format!("{{\"ts\":\"2024-03-10T00:00:00Z\",\"ad_id\":\"a{:03}\",\"cost\":1}}\n", at % 400))
        .collect();
    let forced = |spec: Value| json!({"maxRowsInMemory": 50, "partitionsSpec": spec, "forceGuaranteedRollup": true});
    for tuning in [
        forced(json!({"type": "hashed", "numShards": 3})),
        forced(json!({"type": "range", "partitionDimensions": ["ad_id"], "targetRowsPerSegment": 9000})),
        json!({"maxBytesInMemory": 1, "partitionsSpec": {"type": "dynamic"}}),
    ] {
        let bench = bench();
        let (id, status) = bench.run(task(&rows, json!({}), tuning.clone(), hourly())).await;
        assert_eq!(status["status"], "SUCCESS", "{tuning} {status}");
        let live = bench.live("d").await;
        assert_eq!(live.iter().map(|segment| segment.rows).sum::<i64>(), 400, "{tuning}");
        assert_eq!(live.iter().map(|segment| segment.weight_sum).sum::<i64>(), 20_000, "{tuning}");
        assert_eq!(body(&bench.tasks.report(&id).await)["ingestionStatsAndErrors"]["payload"]["errorMsg"], Value::Null);
        assert_eq!(bench.files(), Vec::<String>::new(), "{tuning}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_segments_are_closed_when_they_are_too_many_rows() {
    let rows: String = (0..40_000)
        .map(|at| format!("{{\"ts\":\"2024-03-1{}T00:00:00Z\",\"ad_id\":\"a{at}\"}}\n", at / 10_000))
        .collect();
    let spec = |most: i64| json!({"partitionsSpec": {"type": "dynamic", "maxTotalRows": most}});
    let mut numbers = Vec::new();
    for most in [1_000_000, 5_000] {
        let bench = bench();
        bench.run(task(&rows, json!({}), spec(most), hourly())).await;
        let live = bench.live("d").await;
        assert_eq!(live.iter().map(|segment| segment.rows).sum::<i64>(), 40_000);
        numbers.push(live.len());
    }
    assert_eq!(numbers[0], 4);
    assert!(numbers[1] > 4, "{numbers:?}");
}
