//! The first and the last time of rows.

use crate::chance::Chance;
use crate::query::{Common, instant};
use crate::source::Relation;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Boundary(Option<&'static str>);

impl Boundary {
    pub fn draw(chance: &Chance) -> Boundary {
        Boundary(*chance.of(&[None, Some("minTime"), Some("maxTime")]))
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("timeBoundary");
        if let Some(bound) = self.0 {
            out["bound"] = json!(bound);
        }
    }

    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let times: Vec<i64> = common.kept(relation).iter().map(|row| row.time).collect();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return json!([]) };
        let mut result = json!({});
        for (name, time) in [("minTime", first), ("maxTime", last)] {
            if self.0.is_none_or(|bound| bound == name) {
                result[name] = json!(instant(*time));
            }
        }
        let stamp = if self.0 == Some("maxTime") { last } else { first };
        json!([{"timestamp": instant(*stamp), "result": result}])
    }
}
