use timeline::TimeZone;

use super::Pattern;

fn read(pattern: &str, text: &str) -> Option<i64> {
    Pattern::parse(pattern).unwrap().read(text, &TimeZone::UTC)
}

#[test]
fn reads_what_it_writes() {
    let instant = 949_550_706_123;
    let patterns = [
        "yyyy-MM-dd'T'HH:mm:ss.SSSZZ",
        "yyyyMMddHHmmssSSS",
        "dd/MMM/yyyy:HH:mm:ss.SSS Z",
        "EEE, d MMMM yyyy h:mm:ss.SSS a",
        "xxxx-'W'ww-e HH:mm:ss.SSS",
        "yyyy-DDD HH 'o''clock' mm:ss.SSS",
        "kk:mm:ss.SSS yyyy/M/d",
    ];
    for zone in ["UTC", "America/Los_Angeles", "+05:30"] {
        let zone = TimeZone::parse(zone).unwrap();
        for pattern in patterns {
            let pattern = Pattern::parse(pattern).unwrap();
            let text = pattern.text(instant, &zone);
            assert_eq!(pattern.read(&text, &zone), Some(instant), "{text}");
        }
    }
}

#[test]
fn prints_fields() {
    let utc = TimeZone::UTC;
    let text = |pattern: &str| Pattern::parse(pattern).unwrap().text(949_550_706_789, &utc);
    assert_eq!(text("yyyy-MM-dd HH:mm:ss.SSS"), "2000-02-03 04:05:06.789");
    assert_eq!(text("yy M d H m s S"), "00 2 3 4 5 6 7");
    assert_eq!(text("EEEE EEE MMMM MMM a G C"), "Thursday Thu February Feb AM AD 20");
    assert_eq!(text("Z ZZ"), "+0000 +00:00");
    assert_eq!(text("D w e hh KK kk"), "34 5 4 04 04 04");
}

#[test]
fn a_two_digit_year_is_near() {
    assert_eq!(read("yy-MM-dd", "00-02-03"), Some(949_536_000_000));
    assert_eq!(read("yy-MM-dd", "70-01-01"), Some(0));
}

#[test]
fn what_does_not_fit_is_none() {
    for (pattern, text) in [
        ("yyyy-MM-dd", "2000-02-30"),
        ("yyyy-MM-dd", "2000-13-01"),
        ("yyyy-MM-dd", "2000-02-03 "),
        ("yyyy-MM-dd", "z2000"),
        ("HH:mm", "24:00"),
        ("MMM", "Foo"),
        ("yyyy-MM-dd", ""),
    ] {
        assert_eq!(read(pattern, text), None, "{pattern} {text}");
    }
}

#[test]
fn an_unknown_letter_is_named() {
    assert!(Pattern::parse("yyyy-bb").unwrap_err().to_string().contains("'b'"));
    let open = Pattern::parse("yyyy'T'HH'Z").expect("a quote may reach to the end");
    let mut text = String::new();
    open.write(0, &TimeZone::UTC, &mut text);
    assert_eq!(text, "1970T00Z");
    assert!(Pattern::parse("").is_err());
}
