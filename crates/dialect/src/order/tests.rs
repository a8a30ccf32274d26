use super::*;
use proptest::prelude::*;

const ALL: [StringOrder; 6] = [
    StringOrder::Lexicographic,
    StringOrder::Alphanumeric,
    StringOrder::Numeric,
    StringOrder::Strlen,
    StringOrder::Version,
    StringOrder::Natural,
];

fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Asserts that every entry is below every later one.
fn ascending(order: StringOrder, values: &[&str]) {
    for (at, low) in values.iter().enumerate() {
        assert_eq!(order.compare(low, low), Ordering::Equal, "{low}");
        for high in &values[at + 1..] {
            assert_eq!(order.compare(low, high), Ordering::Less, "{order}: {low} < {high}");
            assert_eq!(order.compare(high, low), Ordering::Greater, "{order}: {high} > {low}");
        }
    }
}

#[test]
fn supplementary_characters_sort_below_the_private_use_area() {
    ascending(StringOrder::Lexicographic, &["", "A", "a", "é", "\u{d7ff}", "😀", "\u{10ffff}", "\u{e000}", "\u{ffff}"]);
    ascending(StringOrder::Lexicographic, &["x😀", "x😀a", "x😁", "x\u{fffd}"]);
}

#[test]
fn numeric_is_exact_and_puts_words_first() {
    ascending(
        StringOrder::Numeric,
        &["", "10x", "Infinity", "NaN", "abc", "-1e3", "-10", "0.5", "2", "10", "9007199254740992", "9007199254740993"],
    );
    assert_eq!(StringOrder::Numeric.compare("1.0", "+1"), Ordering::Equal);
}

#[test]
fn alphanumeric_reads_digit_runs() {
    ascending(
        StringOrder::Alphanumeric,
        &["", "1", "01", "2", "10", "10a", "A1", "a2", "a10", "a10b", "B1", "file-2", "file-10"],
    );
    assert_eq!(StringOrder::Alphanumeric.compare("abc", "ABC"), Ordering::Equal);
    assert_eq!(StringOrder::Alphanumeric.compare("\u{fffd}", "\u{1f600}"), Ordering::Less, "by code point");
    assert_eq!(StringOrder::Alphanumeric.compare("-1", "-2"), Ordering::Less, "no negative numbers");
    assert_eq!(StringOrder::Alphanumeric.compare("1.5", "1.10"), Ordering::Less, "no decimals");
    assert_eq!(StringOrder::Alphanumeric.compare("99999999999999999999", "100000000000000000000"), Ordering::Less);
}

#[test]
fn strlen_counts_code_units() {
    ascending(StringOrder::Strlen, &["", "b", "aa", "😀", "aaa"]);
}

#[test]
fn versions() {
    ascending(
        StringOrder::Version,
        &[
            "1-alpha",
            "1-beta2",
            "1-milestone",
            "1-rc1",
            "1-snapshot",
            "1",
            "1-sp",
            "1-foo",
            "1-1",
            "1.0.1",
            "1.2",
            "1.10",
            "2",
        ],
    );
    for (a, b) in [
        ("1", "1.0"),
        ("1.0.0", "1"),
        ("1-ga", "1"),
        ("1.0-cr1", "1.0-rc1"),
        ("1a1", "1-alpha-1"),
        ("1.0", "1.00"),
        ("1.X", "1.x"),
    ] {
        assert_eq!(StringOrder::Version.compare(a, b), Ordering::Equal, "{a} = {b}");
    }
    ascending(StringOrder::Version, &["1.0.0.RC1", "1.0.0", "1.0.0.x", "1.0.1"]);
    ascending(StringOrder::Version, &["-a0", "", "x"]);
    let deep = "1-".repeat(10_000);
    assert_eq!(StringOrder::Version.compare(&deep, &deep), Ordering::Equal);
}

#[test]
fn nulls_come_first_everywhere() {
    for order in ALL {
        assert_eq!(order.compare_nullable(None, Some("")), Ordering::Less);
        assert_eq!(order.compare_nullable(Some(""), None), Ordering::Greater);
        assert_eq!(order.compare_nullable(None, None), Ordering::Equal);
    }
    assert_eq!(compare_nullable(None, Some("")), Ordering::Less);
}

#[test]
fn json_forms() {
    let read = |text: &str| serde_json::from_str::<StringOrder>(text);
    assert_eq!(read("\"NUMERIC\"").unwrap(), StringOrder::Numeric);
    assert_eq!(read(r#"{"x":[1],"type":"alphaNumeric"}"#).unwrap(), StringOrder::Alphanumeric);
    for order in ALL {
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(text, format!("{{\"type\":\"{order}\"}}"));
        assert_eq!(read(&text).unwrap(), order);
        assert_eq!(order.name().parse(), Ok(order));
    }
    assert!(read("\"size\"").unwrap_err().to_string().contains("[size]"));
    assert!(read("{}").is_err());
    assert!(read("5").is_err());
}

/// Text in which the parts that orders care about are frequent.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-cA-C0-2.+-]{0,6}",
        "[0-9]{1,3}(\\.[0-9]{1,2})?",
        "[0-2]([.-](0|1|a|x|rc|sp|ga)){0,4}",
        any::<String>(),
        proptest::collection::vec(
            prop_oneof![
                Just('a'),
                Just('\u{d7ff}'),
                Just('\u{e000}'),
                Just('\u{ffff}'),
                Just('😀'),
                Just('\u{10ffff}')
            ],
            0..4
        )
        .prop_map(|chars| chars.into_iter().collect()),
    ]
}

proptest! {
    #[test]
    fn same_as_java(a in texts(), b in texts(), shared in "[a-z😀]{0,20}") {
        let (long_a, long_b) = (format!("{shared}{a}"), format!("{shared}{b}"));
        prop_assert_eq!(compare(&long_a, &long_b), utf16_order(&long_a, &long_b));
        prop_assert_eq!(compare(&a, &b), utf16_order(&a, &b));
    }

    #[test]
    fn prefixes_sort_as_texts_do(a in texts(), b in texts(), shared in "[a-z😀]{0,3}") {
        let (a, b) = (format!("{shared}{a}"), format!("{shared}{b}"));
        match prefix(&a).cmp(&prefix(&b)) {
            Ordering::Equal => {}
            order => prop_assert_eq!(order, compare(&a, &b)),
        }
    }

    #[test]
    fn order_laws(a in texts(), b in texts(), c in texts()) {
        for order in ALL {
            prop_assert_eq!(order.compare(&a, &a), Ordering::Equal);
            prop_assert_eq!(order.compare(&a, &b), order.compare(&b, &a).reverse(), "{}", order);
            let mut sorted = [&a, &b, &c];
            sorted.sort_by(|x, y| order.compare(x, y));
            prop_assert_ne!(order.compare(sorted[0], sorted[2]), Ordering::Greater, "{}", order);
        }
    }
}
