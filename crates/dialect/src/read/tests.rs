use super::*;
use proptest::prelude::*;

#[test]
fn longs() {
    for (text, value) in [
        ("1", Some(1)),
        ("+1", Some(1)),
        ("-7", Some(-7)),
        ("1.0", Some(1)),
        ("1e3", Some(1000)),
        ("1.5", None),
        ("", None),
        (" 1", None),
        ("abc", None),
        ("9223372036854775808", None),
    ] {
        assert_eq!(long(text), value, "{text:?}");
    }
}

#[test]
fn doubles() {
    for (text, value) in [
        ("1", Some(1.0)),
        ("-1.5e3", Some(-1500.0)),
        (".5", Some(0.5)),
        ("5.", Some(5.0)),
        ("1.5d", Some(1.5)),
        ("2F", Some(2.0)),
        ("Infinity", Some(f64::INFINITY)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("inf", None),
        ("infinity", None),
        ("nan", None),
        ("", None),
        ("d", None),
        ("-", None),
        (".", None),
        (" 1", None),
        ("1,000", None),
        ("1dd", None),
    ] {
        assert_eq!(double(text), value, "{text:?}");
    }
    assert!(double("NaN").is_some_and(f64::is_nan));
    assert_eq!(float("1.1"), Some(1.1f32));
    assert_eq!(float("16777217"), Some(16_777_216.0), "rounded once, from the text");
}

#[test]
fn metrics() {
    assert_eq!(metric(" +1,234 "), Some(Number::Long(1234)));
    assert_eq!(metric("1,234.5"), Some(Number::Double(1234.5)));
    assert_eq!(metric("-3"), Some(Number::Long(-3)));
    assert_eq!(metric("1.0"), Some(Number::Double(1.0)));
    assert_eq!(metric(""), None);
    assert_eq!(metric("1.2.3"), None);
    assert_eq!(metric("n/a"), None);
    assert_eq!(Number::Double(-1.9).to_long(), -1);
    assert_eq!(Number::Double(1e300).to_long(), i64::MAX);
    assert_eq!(Number::Long(3).to_double(), 3.0);
    assert_eq!(Number::Double(0.1).to_float(), 0.1f32);
}

#[test]
fn booleans() {
    assert_eq!(boolean("TRUE"), Some(true));
    assert_eq!(boolean("false"), Some(false));
    assert_eq!(boolean("1"), None);
}

proptest! {
    #[test]
    fn printed_numbers_read_back(long_value in any::<i64>(), double_value in any::<f64>()) {
        prop_assert_eq!(long(&long_value.to_string()), Some(long_value));
        prop_assert_eq!(metric(&long_value.to_string()), Some(Number::Long(long_value)));
        let back = double(&crate::print::double_text(double_value)).unwrap();
        prop_assert!(back == double_value || (back.is_nan() && double_value.is_nan()));
    }
}
