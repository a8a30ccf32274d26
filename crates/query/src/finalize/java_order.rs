//! The order in which Druid's clients see the properties of a row: that of a Java hash map.
//!
//! Nobody may rely on it, but answers that agree byte for byte are easier to compare.

/// The names in the order in which a map that holds them yields them. `presized`: the map was made for that many
/// entries, else it grew as they came.
pub(super) fn positions(names: &[&str], presized: bool) -> Vec<usize> {
    let capacity = capacity(names.len(), presized);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| slot(names[*at], capacity));
    order
}

fn capacity(num: usize, presized: bool) -> u32 {
    let wanted = match (presized, num) {
        (true, 0..3) => num + 1,
        (true, _) => num * 4 / 3 + 1,
        (false, _) => (num * 4).div_ceil(3).max(16),
    };
    u32::try_from(wanted.next_power_of_two()).unwrap_or(1 << 31)
}

fn slot(name: &str, capacity: u32) -> u32 {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (capacity - 1)
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn names_lie_in_the_slots_of_their_hashes() {
        assert_eq!(positions(&["n", "s", "x", "m", "p"], true), [2, 4, 1, 3, 0]);
        assert_eq!(positions(&["g", "a"], false), [1, 0]);
        assert!(positions(&[], true).is_empty());
    }
}
