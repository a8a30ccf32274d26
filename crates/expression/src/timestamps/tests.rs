use super::*;

fn read(format: &str, text: &str) -> Option<i64> {
    TimestampFormat::parse(format).unwrap().read_text(text)
}

const T: i64 = 1_709_984_096_000;

#[test]
fn trap_62_auto_takes_digits_as_milliseconds_and_the_rest_as_iso() {
    for (text, wanted) in [
        ("2020", Some(2020)),
        ("1709984096000", Some(T)),
        ("\"1709984096000\"", Some(T)),
        ("2024-03-09T11:34:56Z", Some(T)),
        ("2024-03-09T11:34:56.789Z", Some(T + 789)),
        ("2024-03-09T11:34:56", Some(T)),
        ("2024-03-09 11:34:56", Some(T)),
        ("2024-03-09T12:34:56+01:00", Some(T)),
        ("2024-03-09 06:34:56 America/New_York", Some(T)),
        ("2024-03-09", Some(1_709_942_400_000)),
        ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
        ("2023-02-29T00:00:00Z", None),
        ("2024-13-01T00:00:00Z", None),
        ("2024-03-09T24:00:01Z", None),
        ("-5", Some(-62_324_985_600_000)),
        ("bad", None),
        ("", None),
        ("99999999999999999999", None),
        ("9223372036854775807", None),
    ] {
        assert_eq!(read("auto", text), wanted, "{text}");
    }
}

#[test]
fn every_named_format_reads_texts_and_numbers() {
    for (format, text, number, wanted) in [
        ("iso", "2024-03-09T11:34:56.000Z", None, T),
        ("posix", "1709984096", Some(1_709_984_096), T),
        ("millis", "1709984096000", Some(T), T),
        ("MILLIS", "1709984096000", Some(T), T),
        ("micro", "1709984096000999", Some(T * 1000 + 999), T),
        ("nano", "1709984096000999999", Some(T * 1_000_000 + 999_999), T),
        ("ruby", "1709984096.000", Some(1_709_984_096), T),
        ("auto", "1709984096000", Some(T), T),
    ] {
        let parsed = TimestampFormat::parse(format).unwrap();
        assert_eq!(parsed.read_text(text), Some(wanted), "{format}");
        if let Some(number) = number {
            assert_eq!(parsed.read_long(number), Some(wanted), "{format}");
        }
    }
    assert_eq!(TimestampFormat::parse("ruby").unwrap().read_double(1.5), Some(1500));
    assert_eq!(TimestampFormat::parse("micro").unwrap().read_long(-1500), Some(-1));
    assert_eq!(read("iso", "2024-03-09 11:34:56"), None);
    assert_eq!(TimestampFormat::parse("posix").unwrap().read_long(i64::MAX), None);
}

#[test]
fn patterns_are_read_field_by_field() {
    for (format, text, wanted) in [
        ("yyyy-MM-dd HH:mm:ss", "2024-03-09 11:34:56", Some(T)),
        ("yyyyMMddHHmmss", "20240309113456", Some(T)),
        ("dd/MMM/yyyy:HH:mm:ss Z", "09/Mar/2024:12:34:56 +0100", Some(T)),
        ("EEE MMM dd HH:mm:ss yyyy", "Sat Mar 09 11:34:56 2024", Some(T)),
        ("MM/dd/yy hh:mm:ss a", "03/09/24 11:34:56 AM", Some(T)),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2024-03-09T12:34:56.000+01:00", Some(T)),
        ("yyyy-MM-dd HH:mm:ss ZZZ", "2024-03-09 06:34:56 America/New_York", Some(T)),
        ("yyyy-DDD", "2024-069", Some(1_709_942_400_000)),
        ("yyyy-MM-dd", "2024-3-9", Some(1_709_942_400_000)),
        ("yyyy-MM-dd", "2024-02-30", None),
        ("yyyy-MM-dd", "2024-03-09x", None),
        ("yyyy-MM-dd", "x", None),
        ("HH:mm", "24:00", None),
    ] {
        assert_eq!(read(format, text), wanted, "{format} {text}");
    }
    for bad in ["yyyy-QQ", "yyyy 'open", "---"] {
        assert!(TimestampFormat::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_fixed_layout_agrees_with_the_general_reader() {
    for day in (-200_000i64..200_000).step_by(37) {
        let ms = day * 86_400_000 + 12_345_678;
        let text = timeline::instant::text(ms);
        if text.len() == 24 {
            assert_eq!(fixed::iso(text.as_bytes()), Some(ms), "{text}");
        }
    }
}
