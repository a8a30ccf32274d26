use super::*;
use proptest::prelude::*;

const VERSION: &str = "2018-05-21T16:00:05.123Z";

#[test]
fn trap_55_text_leaves_out_partition_zero() {
    let interval = Interval::parse("2018-05-21T16/PT1H").unwrap();
    let id = SegmentId::new("click_stream", interval, VERSION, 0);
    let text = "click_stream_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_2018-05-21T16:00:05.123Z";
    assert_eq!(id.to_string(), text);
    assert_eq!(SegmentId::parse(text, "click_stream"), Ok(id.clone()));
    let seventh = SegmentId { partition_num: 7, ..id };
    assert_eq!(seventh.to_string(), format!("{text}_7"));
    assert_eq!(seventh.to_string().parse(), Ok(seventh.clone()));
    let json = serde_json::to_string(&seventh).unwrap();
    assert_eq!(json, format!("\"{text}_7\""));
    assert_eq!(serde_json::from_str::<SegmentId>(&json).unwrap(), seventh);
}

#[test]
fn refuses_other_texts() {
    let good = SegmentId::new("a", Interval::ETERNITY, "v", 0).to_string();
    assert!(SegmentId::parse(&good, "b").is_err());
    for bad in [
        "",
        "a",
        "_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_v",
        "a_2018_2019_v",
        "a_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z",
        "a_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_",
        "a_2018-05-21T17:00:00.000Z_2018-05-21T16:00:00.000Z_v",
    ] {
        assert!(SegmentId::parse_any(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn reads_back(
        datasource in "[a-z][a-z0-9_.-]{0,12}",
        start in -4_000_000_000_000i64..4_000_000_000_000,
        length in 0i64..4_000_000_000_000,
        partition_num in any::<u32>(),
    ) {
        let interval = Interval { start, end: start + length };
        let id = SegmentId::new(datasource.clone(), interval, VERSION, partition_num);
        prop_assert_eq!(SegmentId::parse(&id.to_string(), &datasource), Ok(id.clone()));
        prop_assert_eq!(SegmentId::parse_any(&id.to_string()), Ok(id));
    }
}
