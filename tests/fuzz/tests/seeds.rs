//! Every seed, whole, cut off, and with single bytes changed, through its target. The long run is `run.sh`.

use fuzz::{TARGETS, seeds};
use timeline::{Random, SeededRandom};

const MUTANTS: usize = 60;

/// One change that a parser may not have thought of.
fn mutant(seed: &[u8], other: &[u8], random: &SeededRandom) -> Vec<u8> {
    let mut out = seed.to_vec();
    let below = |bound: usize| (random.next_u64() % bound.max(1) as u64) as usize;
    let (from, to) = (below(out.len()), below(out.len()));
    match below(5) {
        0 => out.truncate(from),
        1 => out[from..].iter_mut().take(1).for_each(|byte| *byte = random.next_u64() as u8),
        2 => drop(out.splice(from.min(to)..from.max(to), [])),
        3 => drop(out.splice(from..from, seed[from.min(to)..from.max(to)].to_vec())),
        _ => drop(out.splice(from.., other[below(other.len())..].to_vec())),
    }
    out
}

#[test]
fn nothing_that_is_near_a_seed_ends_a_target() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        let random = SeededRandom::new(1);
        for (at, (_, seed)) in seeds.iter().enumerate() {
            (target.run)(seed);
            let other = &seeds[(at + 1) % seeds.len()].1;
            (0..MUTANTS).for_each(|_| (target.run)(&mutant(seed, other, &random)));
        }
    }
}
