use std::collections::HashSet;

use super::KINDS;

#[test]
fn no_tag_occurs_twice() {
    let tags: HashSet<_> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags.len(), KINDS.len());
}
