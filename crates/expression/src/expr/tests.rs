use super::{Expr, ExprType, Scalar, Vector};
use crate::expr::lambda::vector_of;

/// The value of an expression without columns, as text.
pub(super) fn value(text: &str) -> Result<Option<String>, String> {
    let expr = Expr::parse(text).map_err(|error| error.to_string())?;
    let result = expr.eval(1, |_| Ok(None)).map_err(|error| error.to_string())?;
    Ok(result.get(0).as_text().map(|text| text.into_owned()))
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let expected = (*expected != "null").then(|| expected.to_string());
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn trap_40_and_and_or_are_on_one_level() {
    check(&[("1 || 1 && 0", "0"), ("1 || (1 && 0)", "1"), ("0 && 1 || 1", "1")]);
}

#[test]
fn trap_40_only_numbers_above_zero_are_true() {
    check(&[("!(-1)", "1"), ("!0.5", "0"), ("!'True'", "0"), ("!'yes'", "1"), ("!null", "null")]);
}

#[test]
fn trap_41_substring_and_strpos_count_from_zero() {
    check(&[("substring('abc', 3, 1)", "null"), ("substring('abc', 0, -1)", "abc"), ("strpos('abc', 'z')", "-1")]);
}

#[test]
fn precedence_is_that_of_the_grammar() {
    check(&[
        ("-2^2", "4"),
        ("2^3^2", "512"),
        ("2 + 3 * 4 - 1", "13"),
        ("1 + 1 == 2 && 3 > 2", "1"),
        ("1 < 2 == 1", "1"),
        ("10 - 3 - 2", "5"),
        ("7 / 2 * 2", "6"),
        ("-7 % 3", "-1"),
        ("!1 + 1", "1"),
    ]);
}

#[test]
fn literals_are_read_as_written() {
    check(&[
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.", "1.0"),
        ("1.5e-3", "0.0015"),
        ("1e5", "100000.0"),
        ("NaN", "NaN"),
        ("'it\\'s \\u0041\\n'", "it's A\n"),
        ("['a', null]", "[a, null]"),
        ("<LONG>[1.5]", "[1]"),
        ("ARRAY<STRING>[1]", "[1]"),
        ("null", "null"),
    ]);
    for text in ["9223372036854775808", "'open", "1 +", "(1", "a b", "[a]", "@", "", "1 -> 2", "'\\q'"] {
        assert!(Expr::parse(text).is_err(), "{text}");
    }
}

#[test]
fn operands_decide_the_operation() {
    check(&[
        ("'a' + 'b'", "ab"),
        ("'1' + 2", "3.0"),
        ("'1.5' + 2", "3.5"),
        ("'x' + 2", "null"),
        ("'true' + 1", "2.0"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("1 / 2.0", "0.5"),
        ("1.0 / 0", "Infinity"),
        ("'10' < '9'", "1"),
        ("'10' < 9", "0"),
        ("1 == 1.0", "1"),
        ("NaN == NaN", "0"),
        ("NaN > 1", "1"),
        ("null + 1", "null"),
        ("null == null", "null"),
        ("[1, 2] < [1, 3]", "1"),
        ("0 && null", "0"),
        ("null && 0", "0"),
        ("1 || null", "1"),
        ("null || 0", "null"),
    ]);
}

#[test]
fn a_branch_is_asked_only_for_its_rows() {
    let expr = Expr::parse("if(y == 0, -1, x / y) + case_searched(y > 0 && 6 / y > 2, 100, 0)").unwrap();
    let longs = |values: &[i64]| vector_of(values.iter().map(|v| Scalar::Long(*v)).collect()).unwrap();
    let column = |name: &str| Ok(Some(if name == "x" { longs(&[6, 6, 6]) } else { longs(&[0, 2, 3]) }));
    let result = expr.eval(3, column).unwrap();
    let values: Vec<_> = (0..3).map(|row| result.get(row).as_long()).collect();
    assert_eq!(values, [Some(-1), Some(103), Some(2)]);
}

#[test]
fn values_of_a_row_are_taken_one_by_one() {
    let text =
        |items: &[&str]| Scalar::array(items.iter().map(|i| Scalar::text(i.to_string())).collect(), super::Kind::Text);
    let column = |name: &str| -> crate::Result<Option<Vector>> {
        let rows =
            if name == "x" { vec![text(&["a", "b"]), Scalar::Null] } else { vec![text(&["c", "d"]), text(&["e"])] };
        vector_of(rows).map(Some)
    };
    let eval = |text: &str| {
        let result = Expr::parse(text).unwrap().eval(2, column).unwrap();
        (0..2).map(|row| result.get(row).as_text().map(|t| t.into_owned())).collect::<Vec<_>>()
    };
    assert_eq!(eval("concat(x, y)"), [Some("[ac, ad, bc, bd]".into()), None]);
    assert_eq!(eval("concat(x, x)"), [Some("[aa, bb]".into()), None]);
    assert_eq!(eval("array_length(x)"), [Some("2".into()), None]);
    assert_eq!(eval("array_to_string(map(x -> concat('f', x), x), '-')"), [Some("fa-fb".into()), None]);
}

#[test]
fn types_are_known_before_values() {
    let output = |text: &str| {
        let column = |name: &str| match name {
            "l" => Some(ExprType::LONG),
            "d" => Some(ExprType::DOUBLE),
            _ => Some(ExprType::STRING),
        };
        Expr::parse(text).unwrap().output_type(&column)
    };
    assert_eq!(output("l + l"), Some(ExprType::LONG));
    assert_eq!(output("l + d"), Some(ExprType::DOUBLE));
    assert_eq!(output("s + s"), Some(ExprType::STRING));
    assert_eq!(output("s == l"), Some(ExprType::LONG));
    assert_eq!(output("if(l, l, d)"), Some(ExprType::DOUBLE));
    assert_eq!(output("array(l, d)"), Some(ExprType::Array(super::Kind::Double)));
    assert_eq!(output("timestamp_floor(l, 'P1D')"), Some(ExprType::LONG));
    assert_eq!(output("null"), None);
}

#[test]
fn size_has_limits() {
    let deep = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    assert!(Expr::parse(&deep).unwrap_err().to_string().contains("deep"));
    let chain = vec!["x == 1"; 5_000].join(" || ");
    assert!(Expr::parse(&chain).is_ok());
    assert!(Expr::parse(&vec!["1"; 5_000].join(" + ")).is_err());
    assert!(value("repeat('abcdefgh', 100000000)").is_err());
}

#[test]
fn constants_are_folded() {
    assert_eq!(Expr::parse("1 + 2 * 3").unwrap().constant(), Some(&Scalar::Long(7)));
    assert!(Expr::parse("1 / 0").unwrap().constant().is_none());
    assert_eq!(Expr::parse("\"a b\" + x").unwrap().required_columns(), ["a b", "x"]);
}
