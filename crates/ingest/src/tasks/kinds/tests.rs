use super::KINDS;

#[test]
fn the_list_holds_every_type_once() {
    let tags: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags, ["index", "index_parallel", "noop"]);
}
