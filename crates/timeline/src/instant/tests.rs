use super::*;
use proptest::prelude::*;

fn utc(iso: &str) -> String {
    parse(iso).map_or_else(|e| e.to_string(), text)
}

#[test]
fn prints_as_joda_does() {
    for (instant, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_526_922_000_123, "2018-05-21T17:00:00.123Z"),
        (253_402_300_800_000, "10000-01-01T00:00:00.000Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
        (i64::MIN / 2, "-146136543-09-08T08:23:32.096Z"),
        (i64::MAX / 2, "146140482-04-24T15:36:27.903Z"),
    ] {
        assert_eq!(text(instant), expected);
        assert_eq!(parse(expected), Ok(instant));
    }
}

#[test]
fn prints_the_offset_of_the_instant() {
    let zone = TimeZone::parse("America/Los_Angeles").unwrap();
    assert_eq!(text_in(parse("2021-07-01").unwrap(), &zone), "2021-06-30T17:00:00.000-07:00");
    assert_eq!(text_in(parse("2021-01-01").unwrap(), &zone), "2020-12-31T16:00:00.000-08:00");
    assert_eq!(text_in(0, &TimeZone::parse("+05:30").unwrap()), "1970-01-01T05:30:00.000+05:30");
    assert_eq!(text_in(0, &TimeZone::parse("Etc/UTC").unwrap()), "1970-01-01T00:00:00.000Z");
    let london = TimeZone::parse("Europe/London").unwrap();
    assert_eq!(text_in(parse("1800-01-01").unwrap(), &london), "1799-12-31T23:58:45.000-00:01:15");
}

#[test]
fn reads_loosely_written_instants() {
    for (iso, expected) in [
        ("2021", "2021-01-01T00:00:00.000Z"),
        ("0000", "0000-01-01T00:00:00.000Z"),
        ("2021-03", "2021-03-01T00:00:00.000Z"),
        ("2021-3-4", "2021-03-04T00:00:00.000Z"),
        ("2021-W09-4", "2021-03-04T00:00:00.000Z"),
        ("2020-W53", "2020-12-28T00:00:00.000Z"),
        ("2021-063", "2021-03-04T00:00:00.000Z"),
        ("2020-366", "2020-12-31T00:00:00.000Z"),
        ("2021-03-04T", "2021-03-04T00:00:00.000Z"),
        ("2021-03-04T05", "2021-03-04T05:00:00.000Z"),
        ("2021-03-04T05Z", "2021-03-04T05:00:00.000Z"),
        ("2021-03-04T05:06", "2021-03-04T05:06:00.000Z"),
        ("2021-03-04t05:06:07z", "2021-03-04T05:06:07.000Z"),
        ("2021-03-04T05:06:07.8", "2021-03-04T05:06:07.800Z"),
        ("2021-03-04T05:06:07,123456789", "2021-03-04T05:06:07.123Z"),
        ("2021-03-04T05.5", "2021-03-04T05:30:00.000Z"),
        ("2021-03-04T05:06+01:00", "2021-03-04T04:06:00.000Z"),
        ("2021-03-04T05:06-0130", "2021-03-04T06:36:00.000Z"),
        ("2021-03T-08:00", "2021-03-01T08:00:00.000Z"),
        ("+2021-03-04", "2021-03-04T00:00:00.000Z"),
        ("T10:00", "1970-01-01T10:00:00.000Z"),
    ] {
        assert_eq!(utc(iso), expected, "{iso}");
    }
}

#[test]
fn refuses_what_is_no_instant() {
    for bad in [
        "",
        "x",
        "2021-13",
        "2021-00",
        "2021-02-29",
        "2021-366",
        "2021-000",
        "2021-W53",
        "2021-W00-1",
        "2021-W01-8",
        "2021-03-04T24:00",
        "2021-03-04T05:60",
        "2021-03-04T05:06:60",
        "2021-03-04T05:06:07.",
        "2021-03-04 05:06",
        "2021-03-04T05:06 ",
        "2021-03-04T05:06+25:00",
        "2021-",
        "2021-03-",
        "2021-0304",
        "2021-03-04T5:6:7:8",
        "999999999",
        "-999999999",
        "2021-03-04Z",
        "2021-03-04T05:06é",
        "1234567890",
    ] {
        let message = parse(bad).unwrap_err().to_string();
        assert!(message.starts_with(&format!("[{bad}] ")), "{message}");
    }
}

#[test]
fn loose_form_takes_blanks_and_zone_names() {
    let utc = TimeZone::UTC;
    let loose = |text| parse_loose(text, &utc).map(super::text);
    assert_eq!(loose("2020-01-01 00:00:00 America/New_York").unwrap(), "2020-01-01T05:00:00.000Z");
    assert_eq!(loose("2020-01-01T01:00 UTC").unwrap(), "2020-01-01T01:00:00.000Z");
    assert_eq!(loose("2020-01-01 01:00:00.5").unwrap(), "2020-01-01T01:00:00.500Z");
    assert_eq!(loose("2020-01-01 01:00:00 +01:00").unwrap(), "2020-01-01T00:00:00.000Z");
    assert_eq!(loose("2020-01-01 01:00:00+01:00").unwrap(), "2020-01-01T00:00:00.000Z");
    assert!(loose("2020-01-01 00:00 Mars/Base").unwrap_err().to_string().contains("Mars/Base"));
    let zone = TimeZone::parse("+02:00").unwrap();
    assert_eq!(parse_in("2020-01-01T02:00", &zone), parse("2020-01-01"));
    assert_eq!(parse_in("2020-01-01T02:00Z", &zone), parse("2020-01-01T02:00"));
}

proptest! {
    #[test]
    fn text_reads_back(instant in i64::MIN / 2..=i64::MAX / 2) {
        prop_assert_eq!(parse(&text(instant)), Ok(instant));
    }

    #[test]
    fn text_in_a_zone_reads_back(instant in -2_000_000_000_000i64..4_000_000_000_000) {
        for name in ["America/Sao_Paulo", "Asia/Kathmandu", "+05:30"] {
            let zone = TimeZone::parse(name).unwrap();
            prop_assert_eq!(parse(&text_in(instant, &zone)), Ok(instant));
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), tail in "[0-9TtWZz+:., -]{0,30}") {
        let _ = parse_loose(&text, &TimeZone::UTC);
        let _ = parse_loose(&tail, &TimeZone::UTC);
    }
}
