//! The store answers as the oracle does. `DOLMEN_ORACLE_CASES` sets how many questions are asked, `DOLMEN_SEED` where
//! the draws begin.

use oracle::Case;

const QUERIES_A_CASE: usize = 10;

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}=[{text}] is no number")))
}

/// So many differences are told before the run gives up.
const MOST_TOLD: usize = 10;

#[test]
fn every_answer_is_what_one_row_after_the_other_gives() {
    let (num_queries, first) = (variable("DOLMEN_ORACLE_CASES", 2_000), variable("DOLMEN_SEED", 1));
    let mut told = Vec::new();
    for seed in first..first + num_queries.div_ceil(QUERIES_A_CASE as u64) {
        let case = Case::draw(seed, QUERIES_A_CASE);
        told.extend(case.queries.iter().filter_map(|query| case.check(query).err()));
        if told.len() >= MOST_TOLD {
            break;
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}
