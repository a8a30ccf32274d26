//! One draw: columns, rows, a store of them, and questions.

use crate::chance::Chance;
use crate::query::Query;
use crate::source::World;
use crate::store::Store;
use serde_json::Value as Json;

pub struct Case {
    pub seed: u64,
    pub world: World,
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
            (true, true, Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
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
        let world = World::draw(&chance);
        let store = Store::deal(&chance, &world);
        let queries = (0..num_queries).map(|_| Query::draw(&chance, &world)).collect();
        Case { seed, world, store, queries }
    }

    /// What is wrong with an answer, for a person.
    pub fn check(&self, query: &Query) -> Result<(), String> {
        let written = query.json("t");
        let wanted = query.answer(&self.world);
        let asked = std::panic::AssertUnwindSafe(|| self.store.ask(&written));
        let said = std::panic::catch_unwind(asked).unwrap_or_else(|_| Err("a panic".to_owned()));
        let said = said.map(|answer| query.plain(answer));
        if said.as_ref().is_ok_and(|said| same(said, &wanted)) {
            return Ok(());
        }
        let tables = self
            .world
            .tables
            .iter()
            .map(|table| table.rows.iter().map(|row| row.json().to_string()).collect::<Vec<_>>().join("\n"));
        let rows: Vec<String> = tables.collect();
        let (said, wanted) = match said {
            Ok(said) => apart(&said, &wanted),
            Err(error) => (error, wanted.to_string()),
        };
        Err(format!(
            "seed {}\nquery  {written}\nsaid   {said}\nwanted {wanted}\nrows\n{}",
            self.seed,
            rows.join("\n\n")
        ))
    }
}
