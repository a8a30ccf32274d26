//! Retention rules: kept with their history, checked when written.

use super::facts::{self, unavailable};
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use timeline::{Interval, Period};

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

const PREFIX: &str = "rules/";
const DEFAULT: &str = "_default";
const KINDS: &[&str] = &["load", "drop", "broadcast"];
const WHENS: &[&str] = &["Forever", "ByPeriod", "ByInterval", "BeforeByPeriod"];

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/rules", get(all))
        .route("/rules/history", get(all_history))
        .route("/rules/{name}", get(one).post(write))
        .route("/rules/{name}/history", get(history))
}

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

fn default_rules() -> Value {
    json!([{"tieredReplicants": {"_default_tier": 2}, "useDefaultTierForNull": true, "type": "loadForever"}])
}

async fn all(State(node): Node) -> Result<Response, ApiError> {
    let mut rules: Map<String, Value> = Map::from_iter([(DEFAULT.to_string(), default_rules())]);
    for config in node.metastore.configs(PREFIX).await.map_err(unavailable)? {
        if let (Some(name), Some(value)) = (config.key.strip_prefix(PREFIX), facts::value_of(&config)) {
            rules.insert(name.to_string(), value);
        }
    }
    Ok(respond::json(&Value::Object(rules)))
}

async fn one(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let mut rules = of(&node, &name).await?;
    if asked.contains_key("full")
        && name != DEFAULT
        && let Value::Array(rules) = &mut rules
        && let Value::Array(more) = of(&node, DEFAULT).await?
    {
        rules.extend(more);
    }
    Ok(respond::json(&rules))
}

async fn of(node: &NodeContext, name: &str) -> Result<Value, ApiError> {
    let absent = if name == DEFAULT { default_rules() } else { json!([]) };
    Ok(facts::read(node, &key(name)).await?.unwrap_or(absent))
}

async fn write(
    State(node): Node,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let rules = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    check(&rules).map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))?;
    facts::write(&node, &key(&name), Some(&rules), &headers).await?;
    Ok(StatusCode::OK)
}

async fn history(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    Ok(respond::json(&Value::Array(facts::history(&node, &key(&name), "rules", &asked).await?)))
}

async fn all_history(State(node): Node, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let mut entries = Vec::new();
    for config in node.metastore.configs(PREFIX).await.map_err(unavailable)? {
        entries.extend(facts::history(&node, &config.key, "rules", &asked).await?);
    }
    Ok(respond::json(&Value::Array(entries)))
}

/// A list of rules of known types with readable periods, intervals and replicas.
fn check(rules: &Value) -> Result<(), String> {
    let list = rules.as_array().ok_or("rules must be a list")?;
    list.iter().enumerate().try_for_each(|(at, rule)| check_one(rule).map_err(|why| format!("rule {at}: {why}")))
}

fn check_one(rule: &Value) -> Result<(), String> {
    let kind = rule.get("type").and_then(Value::as_str).ok_or("'type' is missing")?;
    let known = KINDS.iter().any(|what| kind.strip_prefix(what).is_some_and(|when| WHENS.contains(&when)));
    if !known || (kind.ends_with("BeforeByPeriod") && kind != "dropBeforeByPeriod") {
        return Err(format!("unknown type [{kind}]"));
    }
    if kind.ends_with("ByPeriod") {
        let period = rule.get("period").and_then(Value::as_str).ok_or("'period' is missing")?;
        period.parse::<Period>().map_err(|error| format!("period [{period}]: {error}"))?;
    }
    if let Some(interval) = rule.get("interval").and_then(Value::as_str) {
        interval.parse::<Interval>().map_err(|error| format!("interval [{interval}]: {error}"))?;
    }
    for (tier, count) in rule.get("tieredReplicants").and_then(Value::as_object).into_iter().flatten() {
        if count.as_i64().is_none_or(|count| count < 0) {
            return Err(format!("replicas of tier [{tier}] must be 0 or more"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_rules_pass() {
        let rules = json!([
            {"type": "loadByPeriod", "period": "P1M", "tieredReplicants": {"hot": 1}},
            {"type": "dropBeforeByPeriod", "period": "P1Y"},
            {"type": "loadByInterval"},
            {"type": "broadcastForever"},
        ]);
        assert_eq!(check(&rules), Ok(()));
        assert_eq!(check(&default_rules()), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (rule, word) in [
            (json!({"type": "keepForever"}), "keepForever"),
            (json!({"type": "loadBeforeByPeriod", "period": "P1D"}), "loadBeforeByPeriod"),
            (json!({"type": "loadByPeriod", "period": "month"}), "month"),
            (json!({"type": "loadForever", "tieredReplicants": {"t": -1}}), "[t]"),
            (json!({}), "type"),
        ] {
            let why = check(&json!([rule])).expect_err("wrong");
            assert!(why.contains(word), "{why}");
        }
        assert!(check(&json!({})).is_err());
    }
}
