use super::Expr;

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
