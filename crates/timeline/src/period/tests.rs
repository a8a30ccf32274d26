use super::*;
use crate::instant;
use proptest::prelude::*;

#[test]
fn texts() {
    for text in ["P1D", "PT1H", "P3M", "P1W", "P1Y2M3W4DT5H6M7.008S", "PT0S", "PT0.001S", "P-1D", "PT-1.500S"] {
        assert_eq!(Period::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Period::parse("-P1DT2H").unwrap().to_string(), "P-1DT-2H");
    assert_eq!(Period::parse("P1DT").unwrap_err().to_string(), "[P1DT] is not an ISO-8601 period: no amount is given");
    for bad in [
        "",
        "P",
        "PT",
        "1D",
        "P1",
        "P1H",
        "PT1D",
        "P1DT1W",
        "P1D1M",
        "P1D1D",
        "P1.5D",
        "PT1.S",
        "PTT1H",
        "P99999999999D",
        "P€D",
    ] {
        assert!(Period::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn only_positive_ones_divide_time() {
    assert!(Period::parse("P1D").unwrap().require_positive().is_ok());
    for (bad, word) in [("PT0S", "zero"), ("P-1D", "negative"), ("P1DT-1H", "negative")] {
        let message = Period::parse(bad).unwrap().require_positive().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn calendar_addition() {
    let at = |text: &str| instant::parse(text).unwrap();
    let new_york = TimeZone::parse("America/New_York").unwrap();
    for (start, period, times, zone, end) in [
        ("2020-01-31T00:00Z", "P1M", 1, &TimeZone::UTC, "2020-02-29T00:00Z"),
        ("2020-02-29T00:00Z", "P1Y1M", 1, &TimeZone::UTC, "2021-03-28T00:00Z"),
        ("2020-03-31T00:00Z", "P1M", -1, &TimeZone::UTC, "2020-02-29T00:00Z"),
        ("2021-03-13T12:00-05:00", "P1D", 1, &new_york, "2021-03-14T12:00-04:00"),
        ("2021-03-13T12:00-05:00", "PT24H", 1, &new_york, "2021-03-14T13:00-04:00"),
        ("2021-03-13T02:30-05:00", "P1D", 1, &new_york, "2021-03-14T03:30-04:00"),
        ("2021-11-07T01:30-05:00", "P1W", 0, &new_york, "2021-11-07T01:30-05:00"),
        ("2021-11-06T01:30-04:00", "P1D", 1, &new_york, "2021-11-07T01:30-04:00"),
    ] {
        let period = Period::parse(period).unwrap();
        assert_eq!(period.add_to(at(start), times, zone), at(end), "{start} + {times} {period}");
    }
    assert_eq!(Period::parse("P2147483647Y").unwrap().add_to(0, i64::MAX, &TimeZone::UTC), i64::MAX);
}

proptest! {
    #[test]
    fn display_reads_back(parts in proptest::array::uniform8(0i64..100_000)) {
        let [years, months, weeks, days, hours, minutes, seconds, millis] = parts;
        let period = Period { years, months, weeks, days, hours, minutes, seconds, millis: millis % 1000 };
        prop_assert_eq!(Period::parse(&period.to_string()).unwrap(), period);
    }
}
