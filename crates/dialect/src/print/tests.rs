use super::*;
use proptest::prelude::*;

fn json(value: f64) -> String {
    text_of(|out| json_double(out, value))
}

fn escaped(text: &str) -> String {
    text_of(|out| json_string(out, text))
}

#[test]
fn doubles_as_java_prints_them() {
    let cases: &[(f64, &str)] = &[
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-1.0, "-1.0"),
        (100.0, "100.0"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.00123, "0.00123"),
        (0.0001, "1.0E-4"),
        (0.00099999, "9.9999E-4"),
        (123456.789, "123456.789"),
        (9_999_999.0, "9999999.0"),
        (9_999_999.5, "9999999.5"),
        (9_999_999.999_999_998, "9999999.999999998"),
        (1e7, "1.0E7"),
        (80_419_541.0, "8.0419541E7"),
        (-80_419_541.0, "-8.0419541E7"),
        (12_345_678.9, "1.23456789E7"),
        (1e21, "1.0E21"),
        (2e23, "1.9999999999999998E23"),
        (4_611_686_018_427_387_904.0, "4.6116860184273879E18"),
        (2.0f64.powi(-44), "5.6843418860808015E-14"),
        (1e23, "9.999999999999999E22"),
        (1.0 / 3.0, "0.3333333333333333"),
        (2.0 / 3.0, "0.6666666666666666"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2.000_977_198_748_901, "2.000977198748901"),
        (f64::MAX, "1.7976931348623157E308"),
        (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
        (5e-324, "4.9E-324"),
        (1e-323, "1.0E-323"),
        (9_007_199_254_740_993.0, "9.007199254740992E15"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ];
    for (value, text) in cases {
        assert_eq!(double_text(*value), *text);
    }
}

#[test]
fn floats_print_with_float_precision() {
    let cases: &[(f32, &str)] = &[
        (1.1, "1.1"),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (16_777_216.0, "1.6777216E7"),
        (1e7, "1.0E7"),
        (1e-4, "1.0E-4"),
        (3.4028235e38, "3.4028235E38"),
        (1e-45, "1.4E-45"),
        (0.33333334, "0.33333334"),
        (1e10, "1.0E10"),
        (f32::NAN, "NaN"),
    ];
    for (value, text) in cases {
        assert_eq!(float_text(*value), *text);
    }
}

#[test]
fn json_quotes_what_is_not_finite() {
    assert_eq!(json(f64::NAN), "\"NaN\"");
    assert_eq!(json(f64::NEG_INFINITY), "\"-Infinity\"");
    assert_eq!(json(1.0), "1.0");
    assert_eq!(text_of(|out| json_float(out, f32::INFINITY)), "\"Infinity\"");
}

#[test]
fn longs_at_the_edges() {
    for value in [0, 7, -7, 10, i64::MAX, i64::MIN] {
        assert_eq!(text_of(|out| long(out, value)), value.to_string());
    }
}

#[test]
fn json_escapes() {
    assert_eq!(escaped("a\"b\\c/d"), r#""a\"b\\c/d""#);
    assert_eq!(escaped("\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é😀"), "\"\\b\\f\\n\\r\\t\\u0001\\u001F\u{7f}é😀\"");
    assert_eq!(escaped(""), "\"\"");
}

proptest! {
    #[test]
    fn doubles_read_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = double_text(value);
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits, "{}", text);
        prop_assert!(text.contains('.'));
        let scientific = value != 0.0 && !(1e-3..1e7).contains(&value.abs());
        prop_assert_eq!(text.contains('E'), scientific, "{}", text);
    }

    #[test]
    fn plain_range_doubles_read_back(value in -2e7f64..2e7) {
        prop_assert_eq!(double_text(value).parse::<f64>().unwrap(), value);
    }

    #[test]
    fn floats_read_back(bits in any::<u32>()) {
        let value = f32::from_bits(bits);
        prop_assume!(value.is_finite());
        prop_assert_eq!(float_text(value).parse::<f32>().unwrap().to_bits(), bits);
    }

    #[test]
    fn json_strings_read_back(text in any::<String>()) {
        prop_assert_eq!(serde_json::from_str::<String>(&escaped(&text)).unwrap(), text);
    }
}
