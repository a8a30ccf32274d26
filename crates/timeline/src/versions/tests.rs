use super::*;

fn span(start: i64, end: i64) -> Interval {
    Interval { start, end }
}

fn shown(timeline: &Timeline<&'static str>, within: Interval) -> Vec<(i64, i64, String)> {
    let part = |visible: Visible<'_, &str>| {
        let members: Vec<&str> = visible.members.into_iter().copied().collect();
        (visible.interval.start, visible.interval.end, members.concat())
    };
    timeline.visible(within).into_iter().map(part).collect()
}

#[test]
fn newer_versions_hide_older_ones_once_complete() {
    let mut timeline = Timeline::default();
    timeline.add(span(0, 30), "1", 0, 1, "a");
    timeline.add(span(10, 20), "2", 0, 2, "b");
    let all = span(-100, 100);
    assert_eq!(shown(&timeline, all), [(0, 30, "a".into())], "half a core set hides nothing");
    timeline.add(span(10, 20), "2", 1, 2, "c");
    timeline.add(span(10, 20), "2", 2, 0, "d");
    assert_eq!(shown(&timeline, all), [(0, 10, "a".into()), (10, 20, "bcd".into()), (20, 30, "a".into())]);
    assert_eq!(shown(&timeline, span(15, 25)), [(15, 20, "bcd".into()), (20, 25, "a".into())]);
    assert_eq!(shown(&timeline, span(40, 50)), []);
}

#[test]
fn versions_compare_as_text_and_neighbours_stay_apart() {
    let mut timeline = Timeline::default();
    timeline.add(span(0, 10), "9", 0, 0, "a");
    timeline.add(span(0, 10), "10", 0, 0, "b");
    timeline.add(span(10, 20), "9", 4, 0, "c");
    assert_eq!(shown(&timeline, span(0, 20)), [(0, 10, "a".into()), (10, 20, "c".into())]);
}
