//! One draw: columns, rows, a store of them, and questions.

use crate::chance::Chance;
use crate::query::Query;
use crate::rows::{Column, Row, draw_columns, draw_rows};
use crate::store::Store;
use serde_json::Value as Json;

pub struct Case {
    pub seed: u64,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub store: Store,
    pub queries: Vec<Query>,
}

/// Equal but for the last digit of a fraction, which reading JSON may change.
fn same(said: &Json, wanted: &Json) -> bool {
    match (said, wanted) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (Json::Number(a), Json::Number(b)) => match (a.is_f64(), b.is_f64(), a.as_f64(), b.as_f64()) {
            (true, true, Some(a), Some(b)) => (a - b).abs() <= 1e-15 * a.abs().max(b.abs()),
            _ => a == b,
        },
        _ => said == wanted,
    }
}

/// Where two answers part.
fn apart(said: &Json, wanted: &Json) -> (String, String) {
    let none = Vec::new();
    let (said, wanted) = (said.as_array().unwrap_or(&none), wanted.as_array().unwrap_or(&none));
    let at =
        said.iter().zip(wanted).position(|(said, wanted)| !same(said, wanted)).unwrap_or(said.len().min(wanted.len()));
    let show = |rows: &[Json]| {
        format!("row {at} of {}: {}", rows.len(), rows.get(at).map_or("none".to_owned(), Json::to_string))
    };
    (show(said), show(wanted))
}

impl Case {
    pub fn draw(seed: u64, num_queries: usize) -> Case {
        let chance = Chance::new(seed);
        let columns = draw_columns(&chance);
        let rows = draw_rows(&chance, &columns);
        let store = Store::deal(&chance, &columns, &rows);
        let queries = (0..num_queries).map(|_| Query::draw(&chance, &columns)).collect();
        Case { seed, columns, rows, store, queries }
    }

    /// What is wrong with an answer, for a person.
    pub fn check(&self, query: &Query) -> Result<(), String> {
        let written = query.json("t");
        let wanted = query.answer(&self.rows);
        let said = self.store.ask(&written).map(|answer| query.plain(answer));
        if said.as_ref().is_ok_and(|said| same(said, &wanted)) {
            return Ok(());
        }
        let rows: Vec<String> = self.rows.iter().map(|row| row.json().to_string()).collect();
        let (said, wanted) = match said {
            Ok(said) => apart(&said, &wanted),
            Err(error) => (error, wanted.to_string()),
        };
        Err(format!("seed {}\nquery  {written}\nsaid   {said}\nwanted {wanted}\nrows\n{}", self.seed, rows.join("\n")))
    }
}
