//! Draws that a seed repeats.

use timeline::{Random, SeededRandom};

pub struct Chance(SeededRandom);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(SeededRandom::new(seed))
    }

    /// From 0 to `bound` - 1.
    pub fn below(&self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    /// Both ends included.
    pub fn between(&self, least: i64, most: i64) -> i64 {
        least + (self.0.next_u64() % (most - least + 1) as u64) as i64
    }

    pub fn one_in(&self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub fn of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        *self.of(choices)
    }

    /// Some of them, in their order; at least one where there is one.
    pub fn some<T: Clone>(&self, choices: &[T]) -> Vec<T> {
        let drawn: Vec<T> = choices.iter().filter(|_| self.one_in(2)).cloned().collect();
        if drawn.is_empty() && !choices.is_empty() { vec![self.of(choices).clone()] } else { drawn }
    }
}
