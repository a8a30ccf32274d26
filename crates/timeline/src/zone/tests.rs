use super::*;
use crate::instant;

fn at(text: &str) -> i64 {
    instant::parse(text).unwrap()
}

#[test]
fn names_and_offsets() {
    for (text, shown) in [
        ("UTC", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("Etc/UTC", "Etc/UTC"),
        ("+05:30", "+05:30"),
        ("-0800", "-08:00"),
        ("-8", "-08:00"),
        ("UTC+2", "+02:00"),
        ("GMT-03:30", "-03:30"),
        ("america/new_york", "America/New_York"),
        ("Asia/Kolkata", "Asia/Kolkata"),
    ] {
        assert_eq!(TimeZone::parse(text).unwrap().to_string(), shown, "{text}");
    }
    for bad in ["", "Mars/Base", "+25:00", "+05:60", "05:30", "+", "+5:3", "Etc/Unknown", "+00:00:00:00"] {
        let message = TimeZone::parse(bad).unwrap_err().to_string();
        assert!(message.contains(&format!("[{bad}]")), "{message}");
    }
}

#[test]
fn gaps_and_overlaps_of_new_york() {
    let zone = TimeZone::parse("America/New_York").unwrap();
    let local = |text: &str| at(text);
    assert_eq!(zone.to_instant(local("2021-03-14T02:30")), at("2021-03-14T07:30Z"));
    assert_eq!(zone.to_instant(local("2021-11-07T01:30")), at("2021-11-07T05:30Z"));
    let change = at("2021-03-14T07:00Z");
    assert_eq!(zone.next_transition(change - 1), Some(change));
    assert_eq!(zone.previous_transition(change), Some(change));
    assert_eq!(zone.offset_ms(change - 1), -5 * HOUR);
    assert_eq!(zone.offset_ms(change), -4 * HOUR);
}

#[test]
fn the_far_past_and_future_keep_an_offset() {
    let zone = TimeZone::parse("America/Sao_Paulo").unwrap();
    for instant in [i64::MIN / 2, i64::MAX / 2] {
        let local = zone.to_local(instant);
        assert_eq!(zone.to_instant(local), instant);
    }
    assert!(zone.to_local(i64::MAX) < i64::MAX);
}
