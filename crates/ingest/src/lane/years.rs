//! The guard against times that cannot be meant: seconds read as milliseconds land all over the centuries.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Error, Result};

/// Years that a message names.
const MOST_YEARS: usize = 12;

/// Fails when `found`, starts of time chunks and their rows, are more than `limit` different ones. The message
/// says how many rows lie in which year.
pub(super) fn check(found: impl Iterator<Item = (i64, u64)>, limit: usize) -> Result<()> {
    let mut chunks: BTreeMap<i64, u64> = BTreeMap::new();
    found.for_each(|(start, rows)| *chunks.entry(start).or_default() += rows);
    if chunks.len() <= limit {
        return Ok(());
    }
    let what = format!("the number of time chunks of a lane, by year {},", histogram(&chunks));
    Err(Error::LimitExceeded { what, found: chunks.len() as u64, limit: limit as u64 })
}

fn histogram(chunks: &BTreeMap<i64, u64>) -> String {
    let mut years: BTreeMap<String, u64> = BTreeMap::new();
    for (start, rows) in chunks {
        let text = timeline::instant::text(*start);
        let year = text.char_indices().skip(1).find(|(_, c)| *c == '-').and_then(|(at, _)| text.get(..at));
        *years.entry(year.unwrap_or(&text).to_owned()).or_default() += rows;
    }
    let mut years: Vec<(String, u64)> = years.into_iter().collect();
    years.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let mut text = String::new();
    for (year, rows) in years.iter().take(MOST_YEARS) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{year}: {rows} rows", if text.is_empty() { "" } else { ", " });
    }
    match years.len().saturating_sub(MOST_YEARS) {
        0 => text,
        more => format!("{text}, and {more} more years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_halt_says_which_years() {
        let chunks = || (0..5).map(|n| (n * HOUR, 10)).chain([(1_700_000_000_000, 3), (0, 1)]);
        assert!(check(chunks(), 6).is_ok(), "a time chunk counts once");
        let error = check(chunks(), 5).expect_err("too many").to_string();
        assert_eq!(
            error,
            "the number of time chunks of a lane, by year 1970: 51 rows, 2023: 3 rows, is 6, the limit is 5"
        );
    }

    #[test]
    fn few_of_many_years_are_named() {
        let error = check((0..40).map(|n| (n * 366 * 24 * HOUR, 1)), 3).expect_err("too many").to_string();
        assert!(error.contains("and 28 more years"), "{error}");
    }
}
