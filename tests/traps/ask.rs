//! One request and what is wanted back.

use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    query: Option<Map<String, Value>>,
    get: Option<String>,
    delete: Option<String>,
    post: Option<String>,
    body: Option<Value>,
    /// The status; 200 if neither this nor `wrong` is given.
    status: Option<u16>,
    /// Any status that refuses.
    #[serde(default)]
    wrong: bool,
    /// Where in the answer `only` and `answer` look.
    at: Option<String>,
    /// The properties that `answer` gives, among others.
    only: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    answer: Option<Value>,
    /// What the answer has among others.
    has: Option<Map<String, Value>>,
    /// Texts within the bytes of the answer.
    #[serde(default)]
    text: Vec<String>,
    /// Properties whose values are free.
    #[serde(default)]
    keys: Vec<String>,
    /// The rows of a scan, in the order of their text.
    rows: Option<Vec<Value>>,
    /// The segments of a scan; `{version}` stands for one version.
    ids: Option<Vec<String>>,
}

/// A `null` that is written down is an answer.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Ask {
    /// What is not as wanted.
    pub async fn complaints(&self, http: &Client, base: &str, common: &Map<String, Value>) -> Vec<String> {
        let (status, text) = self.send(http, base, common).await;
        let mut complaints = Vec::new();
        let wanted = match (self.status, self.wrong) {
            (Some(wanted), _) => status == wanted,
            (None, true) => status >= 400,
            (None, false) => status == 200,
        };
        if !wanted {
            return vec![format!("status {status}: {text}")];
        }
        complaints
            .extend(self.text.iter().filter(|part| !text.contains(*part)).map(|part| format!("no {part} in {text}")));
        let whole: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_default() };
        complaints
            .extend(self.keys.iter().filter(|key| whole.get(key).is_none()).map(|key| format!("no {key} in {text}")));
        for (key, wanted) in self.has.iter().flatten() {
            if whole.get(key) != Some(wanted) {
                complaints.push(format!("{key} is not {wanted} in {text}"));
            }
        }
        complaints.extend(
            self.parts(&whole)
                .into_iter()
                .filter(|(got, wanted)| got != wanted)
                .map(|(got, wanted)| format!("got {got}, wanted {wanted}")),
        );
        complaints
    }

    /// What is got and what is wanted.
    fn parts(&self, whole: &Value) -> Vec<(Value, Value)> {
        let mut parts = Vec::new();
        if let Some(answer) = &self.answer {
            let mut got = self.at.as_ref().map_or(Some(whole), |at| whole.pointer(at)).cloned().unwrap_or_default();
            if let (Some(only), Some(got)) = (&self.only, got.as_object_mut()) {
                got.retain(|key, _| only.contains(key));
            }
            parts.push((got, answer.clone()));
        }
        let lists = || whole.as_array().into_iter().flatten();
        if let Some(rows) = &self.rows {
            let mut got: Vec<Value> =
                lists().flat_map(|list| list["events"].as_array().cloned().unwrap_or_default()).collect();
            got.sort_by_key(Value::to_string);
            parts.push((json!(got), json!(rows)));
        }
        if let Some(ids) = &self.ids {
            let mut got: Vec<String> =
                lists().filter_map(|list| list["segmentId"].as_str().map(str::to_string)).collect();
            got.sort();
            let stem = ids[0].replace("{version}", "");
            let version = got.first().and_then(|id| id.strip_prefix(&stem)).unwrap_or_default().to_string();
            let wanted: Vec<String> = ids.iter().map(|id| id.replace("{version}", &version)).collect();
            parts.push((json!(got), json!(wanted)));
        }
        parts
    }

    async fn send(&self, http: &Client, base: &str, common: &Map<String, Value>) -> (u16, String) {
        let (method, path, body) = match (&self.query, &self.get, &self.delete, &self.post) {
            (Some(query), None, None, None) => (Method::POST, "/druid/v2", Some(with_common(query, common))),
            (None, Some(path), None, None) => (Method::GET, path.as_str(), None),
            (None, None, Some(path), None) => (Method::DELETE, path.as_str(), None),
            (None, None, None, Some(path)) => (Method::POST, path.as_str(), self.body.clone()),
            _ => panic!("one of query, get, delete and post"),
        };
        let mut request = http.request(method, format!("{base}{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}

fn with_common(query: &Map<String, Value>, common: &Map<String, Value>) -> Value {
    let mut whole = common.clone();
    whole.extend(query.clone());
    whole.retain(|_, value| !value.is_null());
    Value::Object(whole)
}
