use super::*;
use proptest::prelude::*;

#[test]
fn forms() {
    for (text, shown) in [
        ("2021-01-01/2021-01-02", "2021-01-01T00:00:00.000Z/2021-01-02T00:00:00.000Z"),
        ("2021-01-31/P1M", "2021-01-31T00:00:00.000Z/2021-02-28T00:00:00.000Z"),
        ("P1DT1H/2021-01-02", "2020-12-31T23:00:00.000Z/2021-01-02T00:00:00.000Z"),
        ("0000/3000", "0000-01-01T00:00:00.000Z/3000-01-01T00:00:00.000Z"),
        ("2021-01-01T00:00+02:00/2021-01-01T00:00Z", "2020-12-31T22:00:00.000Z/2021-01-01T00:00:00.000Z"),
        ("2021/2021", "2021-01-01T00:00:00.000Z/2021-01-01T00:00:00.000Z"),
    ] {
        assert_eq!(Interval::parse(text).unwrap().to_string(), shown);
    }
    assert_eq!(Interval::ETERNITY.to_string(), "-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z");
    assert_eq!(Interval::parse(&Interval::ETERNITY.to_string()), Ok(Interval::ETERNITY));
    for bad in ["", "2021", "2021/", "/2021", "2022/2021", "P1D/P1D", "2021/P-1D", "a/b", "2021/2022/2023"] {
        let message = Interval::parse(bad).unwrap_err().to_string();
        assert!(message.starts_with(&format!("[{bad}] is not an interval")), "{message}");
    }
    assert_eq!(Interval::parse_list("2021/2022, 2023/P1Y").unwrap().len(), 2);
}

#[test]
fn json_is_text() {
    let json = "\"2021-01-01T00:00:00.000Z/2022-01-01T00:00:00.000Z\"";
    let interval: Interval = serde_json::from_str("\"2021/2022\"").unwrap();
    assert_eq!(serde_json::to_string(&interval).unwrap(), json);
    assert!(serde_json::from_str::<Interval>("\"2022/2021\"").is_err());
}

fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let one = (0i64..60, 0i64..12).prop_map(|(start, len)| Interval { start, end: start + len });
    proptest::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn condensed_holds_the_same_instants_once(given in intervals()) {
        let merged = condense(given.clone());
        for pair in merged.windows(2) {
            prop_assert!(pair[0].end < pair[1].start);
        }
        for t in -1..80 {
            let before = given.iter().any(|interval| interval.contains(t));
            prop_assert_eq!(merged.iter().filter(|i| i.contains(t)).count(), usize::from(before));
        }
    }

    #[test]
    fn intersection_is_what_both_contain(given in intervals()) {
        for a in &given {
            for b in &given {
                prop_assert_eq!(a.overlaps(b), a.intersect(b).is_some());
                for t in 0..80 {
                    let common = a.intersect(b).is_some_and(|i| i.contains(t));
                    prop_assert_eq!(common, a.contains(t) && b.contains(t));
                }
            }
        }
    }
}
