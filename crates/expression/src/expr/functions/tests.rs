use std::collections::HashSet;

use super::FAMILIES;

#[test]
fn no_name_occurs_twice() {
    let mut seen = HashSet::new();
    for kind in FAMILIES.iter().copied().flatten() {
        assert!(seen.insert(kind.name), "{} occurs twice", kind.name);
        assert_eq!(kind.name, kind.name.to_ascii_lowercase());
        assert!(kind.arity.start() <= kind.arity.end());
    }
}
