use super::*;
use proptest::prelude::*;

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
fn trap_55_newer_versions_hide_older_ones_once_complete() {
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
fn trap_55_versions_compare_as_text_and_neighbours_stay_apart() {
    let mut timeline = Timeline::default();
    timeline.add(span(0, 10), "9", 0, 0, "a");
    timeline.add(span(0, 10), "10", 0, 0, "b");
    timeline.add(span(10, 20), "9", 4, 0, "c");
    assert_eq!(shown(&timeline, span(0, 20)), [(0, 10, "a".into()), (10, 20, "c".into())]);
}

proptest! {
    #[test]
    fn trap_56_every_instant_shows_its_newest_complete_set(
        sets in proptest::collection::vec((0i64..20, 1i64..12, 0u8..4, 0u32..3), 0..10),
        start in 0i64..20,
        length in 1i64..20,
    ) {
        let mut timeline = Timeline::default();
        let mut complete = Vec::new();
        for (start, length, version, cores) in sets {
            let interval = span(start, start + length);
            timeline.add(interval, &version.to_string(), 0, cores, (interval, version));
            complete.retain(|(i, v)| *i != interval || *v != version);
            complete.push((interval, version));
        }
        // Partition 0 alone completes core sets of none or one.
        complete.retain(|(i, v)| timeline.sets[&(*i, v.to_string())].is_complete());
        let within = span(start, start + length);
        let visible = timeline.visible(within);
        for pair in visible.windows(2) {
            prop_assert!(pair[0].interval.end <= pair[1].interval.start);
        }
        for t in -1..50 {
            let expected = complete
                .iter()
                .filter(|(interval, _)| interval.contains(t) && within.contains(t))
                .max_by_key(|(interval, version)| (*version, *interval));
            let shown = visible.iter().find(|v| v.interval.contains(t)).map(|v| v.members[0]);
            prop_assert_eq!(shown, expected);
        }
    }
}
