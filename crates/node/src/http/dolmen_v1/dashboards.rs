//! Dashboards: JSON files of a directory over those that come with the store.

use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The first one is what a new store opens on.
const OURS: [(&str, &str); 2] = [
    ("ads", include_str!("../../../../../config/dashboards/ads.json")),
    ("orders", include_str!("../../../../../config/dashboards/orders.json")),
];

const MAX_FILES: usize = 200;
const MAX_FILE_BYTES: u64 = 256 << 10;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/dashboards", get(list))
}

/// All dashboards, ours first. A file that cannot be read says why, so that its author sees it.
async fn list(State(node): State<Arc<NodeContext>>) -> Result<Response, ApiError> {
    let dir = dir(&node);
    let read = tokio::task::spawn_blocking(move || all(&dir)).await;
    let failed = |why: &dyn std::fmt::Display| ApiError::message(StatusCode::INTERNAL_SERVER_ERROR, why.to_string());
    match read {
        Ok(Ok(all)) => Ok(respond::json(&Value::Array(all))),
        Ok(Err(why)) => Err(failed(&why)),
        Err(panic) => Err(failed(&panic)),
    }
}

/// `console.dashboards_dir`, or `dashboards` below the data directory.
fn dir(node: &NodeContext) -> PathBuf {
    node.config.console.dashboards_dir.clone().unwrap_or_else(|| node.data_dir().join("dashboards"))
}

fn all(dir: &Path) -> Result<Vec<Value>, String> {
    let mut written = files(dir)?;
    let mut all = Vec::new();
    for (id, text) in OURS {
        all.push(written.remove(id).unwrap_or_else(|| entry(id, Ok(text.to_string()))));
    }
    all.extend(written.into_values());
    Ok(all)
}

/// By id, which is the file's name without `.json`.
fn files(dir: &Path) -> Result<BTreeMap<String, Value>, String> {
    let mut found = BTreeMap::new();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(format!("dashboards in {}: {error}", dir.display())),
    };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        if let Some(id) = id.filter(|_| path.extension().is_some_and(|end| end == "json"))
            && found.len() < MAX_FILES
        {
            found.insert(id.clone(), entry(&id, text(&path)));
        }
    }
    Ok(found)
}

fn text(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("{size} bytes are more than {MAX_FILE_BYTES}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn entry(id: &str, text: Result<String, String>) -> Value {
    let parsed = text.and_then(|text| serde_json::from_str::<Value>(&text).map_err(|error| error.to_string()));
    match parsed {
        Ok(dashboard @ Value::Object(_)) => json!({ "id": id, "dashboard": dashboard }),
        Ok(_) => json!({ "id": id, "error": "a dashboard is a JSON object" }),
        Err(why) => json!({ "id": id, "error": why }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_stand_first_and_are_whole() {
        let all = all(Path::new("/there/is/no/such/directory")).expect("ours");
        assert_eq!(all.iter().map(|entry| entry["id"].as_str()).collect::<Vec<_>>(), [Some("ads"), Some("orders")]);
        for entry in &all {
            let (dashboard, id) = (&entry["dashboard"], &entry["id"]);
            let queries = dashboard["queries"].as_object().unwrap_or_else(|| panic!("{id}: queries"));
            let panels = dashboard["panels"].as_array().unwrap_or_else(|| panic!("{id}: panels"));
            for panel in panels {
                let named = panel["query"].as_str().unwrap_or_else(|| panic!("{id}: {panel}"));
                assert!(queries.contains_key(named), "{id}: no query [{named}]");
            }
        }
    }

    /// As the console asks them: with a datasource, an interval and a granularity of its own.
    #[test]
    fn every_query_of_ours_can_be_asked() {
        for entry in all(Path::new("/there/is/no/such/directory")).expect("ours") {
            let dashboard = &entry["dashboard"];
            for (name, query) in dashboard["queries"].as_object().expect("queries") {
                let mut query = query.clone();
                query["dataSource"] = dashboard["dataSource"].clone();
                query["intervals"] = json!(["2026-01-01/2026-01-02"]);
                if query["granularity"].as_str().is_some_and(|text| text.starts_with("auto")) {
                    query["granularity"] = json!({"type": "duration", "duration": 60_000});
                }
                let text = query.to_string();
                query::Query::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
            }
        }
    }

    #[test]
    fn a_written_file_adds_one_or_takes_the_place_of_ours_and_a_bad_one_says_why() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
        write("orders.json", r#"{"title": "Mine"}"#);
        write("third.json", r#"{"title": "Third"}"#);
        write("bad.json", "{");
        write("list.json", "[]");
        write("notes.txt", "not one");
        let all = all(dir.path()).expect("all");
        let ids: Vec<&str> = all.iter().filter_map(|entry| entry["id"].as_str()).collect();
        assert_eq!(ids, ["ads", "orders", "bad", "list", "third"]);
        assert_eq!(all[1]["dashboard"]["title"], "Mine");
        assert!(all[2]["error"].as_str().is_some_and(|why| why.contains("EOF")), "{}", all[2]);
        assert_eq!(all[3]["error"], "a dashboard is a JSON object");
    }
}
