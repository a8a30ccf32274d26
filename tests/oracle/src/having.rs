//! Which rows of a groupBy stay.

use crate::chance::Chance;
use crate::filter::Filter;
use crate::rows::{Column, Kind, Row, of_kind};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub enum Having {
    Compare(&'static str, String, i64),
    Dimension(String, Option<String>),
    Filter(Filter),
    And(Vec<Having>),
    Or(Vec<Having>),
    Not(Box<Having>),
    Always,
}

impl Having {
    /// Over the columns of the answer, of which `texts` are dimensions.
    pub fn draw(chance: &Chance, outputs: &[Column], texts: &[String], depth: usize) -> Having {
        let numbers = of_kind(outputs, Kind::is_number);
        let part = || Having::draw(chance, outputs, texts, depth - 1);
        match chance.below(9) {
            0 if depth > 0 => Having::And(vec![part(), part()]),
            1 if depth > 0 => Having::Or(vec![part(), part()]),
            2 if depth > 0 => Having::Not(Box::new(part())),
            3 if !texts.is_empty() => Having::Dimension(chance.of(texts).clone(), crate::extraction::draw_text(chance)),
            4 if !outputs.is_empty() => Having::Filter(Filter::draw(chance, outputs, 1)),
            5..9 if !numbers.is_empty() => {
                let word = *chance.of(&["greaterThan", "lessThan", "equalTo"]);
                Having::Compare(word, chance.of(&numbers).name.clone(), chance.between(-1, 6))
            }
            _ => Having::Always,
        }
    }

    pub fn json(&self) -> Json {
        let all = |parts: &[Having]| parts.iter().map(Having::json).collect::<Vec<_>>();
        match self {
            Having::Compare(word, name, value) => json!({"type": word, "aggregation": name, "value": value}),
            Having::Dimension(name, value) => json!({"type": "dimSelector", "dimension": name, "value": value}),
            Having::Filter(filter) => json!({"type": "filter", "filter": filter.json()}),
            Having::And(parts) => json!({"type": "and", "havingSpecs": all(parts)}),
            Having::Or(parts) => json!({"type": "or", "havingSpecs": all(parts)}),
            Having::Not(part) => json!({"type": "not", "havingSpec": part.json()}),
            Having::Always => json!({"type": "always"}),
        }
    }

    pub fn keeps(&self, time: i64, event: &[(String, Value)]) -> bool {
        let named =
            |name: &str| event.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone());
        match self {
            Having::Compare(word, name, value) => named(name).number().is_some_and(|number| match *word {
                "greaterThan" => number > *value as f64,
                "lessThan" => number < *value as f64,
                _ => number == *value as f64,
            }),
            // Here an empty text is null.
            Having::Dimension(name, value) => {
                named(name).text().unwrap_or_default() == value.clone().unwrap_or_default()
            }
            Having::Filter(filter) => {
                let row = event.iter().fold(Row::new(time), |row, (name, value)| row.with(name, vec![value.clone()]));
                filter.keeps(&row)
            }
            Having::And(parts) => parts.iter().all(|part| part.keeps(time, event)),
            Having::Or(parts) => parts.iter().any(|part| part.keeps(time, event)),
            Having::Not(part) => !part.keeps(time, event),
            Having::Always => true,
        }
    }
}
