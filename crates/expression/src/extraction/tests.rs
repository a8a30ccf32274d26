use std::collections::HashSet;

use serde_json::json;

use super::{ExtractionFn, KINDS};

#[test]
fn no_tag_occurs_twice() {
    let tags: HashSet<_> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags.len(), KINDS.len());
}

fn check(function: serde_json::Value, cases: &[(Option<&str>, Option<&str>)]) {
    let function_fn = ExtractionFn::parse(&function).unwrap();
    for (value, expected) in cases {
        assert_eq!(function_fn.apply(*value).as_deref(), *expected, "{function} of {value:?}");
    }
}

#[test]
fn trap_41_substring_past_the_end_is_null() {
    let cases = [(Some("abcd"), Some("bc")), (Some("ab"), Some("b")), (Some("a"), None), (None, None)];
    check(json!({"type": "substring", "index": 1, "length": 2}), &cases);
}

#[test]
fn trap_63_a_lookup_of_null_does_not_find_the_empty_key() {
    let map = json!({"type": "map", "map": {"": "empty", "a": "A"}});
    let cases = [(None, None), (Some(""), Some("empty")), (Some("a"), Some("A")), (Some("b"), None)];
    check(json!({"type": "lookup", "lookup": map}), &cases);
    let cases = [(Some("b"), Some("b")), (None, None)];
    check(json!({"type": "lookup", "lookup": map, "retainMissingValue": "true"}), &cases);
    let cases = [(Some("b"), Some("")), (None, Some(""))];
    check(json!({"type": "lookup", "lookup": map, "replaceMissingValueWith": ""}), &cases);
    let both = json!({"type": "lookup", "lookup": map, "retainMissingValue": true, "replaceMissingValueWith": "x"});
    assert!(ExtractionFn::parse(&both).is_err());
}

#[test]
fn each_function() {
    check(json!({"type": "identity"}), &[(Some("a"), Some("a")), (None, None)]);
    check(json!({"type": "upper"}), &[(Some("aé"), Some("AÉ")), (None, None)]);
    check(json!({"type": "lower"}), &[(Some("AÉ"), Some("aé")), (None, None)]);
    check(json!({"type": "strlen"}), &[(Some("a😀"), Some("3")), (Some(""), Some("0")), (None, None)]);
    check(json!({"type": "partial", "expr": "b+"}), &[(Some("abc"), Some("abc")), (Some("x"), None), (None, None)]);
    let regex = json!({"type": "regex", "expr": "^(.)x"});
    check(regex, &[(Some("axb"), Some("a")), (Some("b"), Some("b")), (None, None)]);
    let regex = json!({"type": "regex", "expr": "^(.)x", "replaceMissingValue": true, "replaceMissingValueWith": "?"});
    check(regex, &[(Some("axb"), Some("a")), (Some("b"), Some("?")), (None, Some("?"))]);
    check(json!({"type": "bucket", "size": 5, "offset": 2}), &[(Some("13"), Some("12")), (Some("x"), None)]);
    check(json!({"type": "bucket", "size": 0.5}), &[(Some("1.7"), Some("1.5")), (Some("-0.1"), Some("-0.5"))]);
    let format = json!({"type": "stringFormat", "format": "[%s]", "nullHandling": "emptyString"});
    check(format, &[(Some("a"), Some("[a]")), (None, Some("[]"))]);
    check(json!({"type": "stringFormat", "format": "[%s]"}), &[(None, Some("[null]"))]);
    let time = json!({"type": "time", "timeFormat": "dd/MM/yyyy", "resultFormat": "yyyy-MM"});
    check(time, &[(Some("03/02/2000"), Some("2000-02")), (Some("x"), Some("x"))]);
    let format = json!({"type": "timeFormat", "format": "yyyy-MM", "timeZone": "America/Los_Angeles"});
    check(format, &[(Some("2000-02-01T00:00:00Z"), Some("2000-01")), (Some("x"), None), (None, None)]);
    let cascade = json!({"type": "cascade", "extractionFns": [{"type": "upper"}, {"type": "substring", "index": 1}]});
    check(cascade, &[(Some("abc"), Some("BC")), (Some("a"), None)]);
    let query = json!({"type": "insensitive_contains", "value": "B"});
    check(json!({"type": "searchQuery", "query": query}), &[(Some("abc"), Some("abc")), (Some("x"), None)]);
}

#[test]
fn an_unknown_type_is_named() {
    let error = ExtractionFn::parse(&json!({"type": "nope"})).unwrap_err().to_string();
    assert!(error.contains("nope"), "{error}");
    assert!(ExtractionFn::parse(&json!({"type": "javascript"})).unwrap_err().to_string().contains("disabled"));
    let error = ExtractionFn::parse(&json!({"type": "registeredLookup", "lookup": "gone"})).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
}

#[test]
fn a_time_format_refuses_what_is_no_instant() {
    let format = json!({"type": "timeFormat", "format": "EEEE d MMM", "locale": "fr"});
    let format_fn = ExtractionFn::parse(&format).unwrap();
    assert_eq!(format_fn.apply_long(0).as_deref(), Some("jeudi 1 janv."));
    assert!(format_fn.check("2000-01-01").is_ok());
    assert!(format_fn.check("x").unwrap_err().to_string().contains("'x'"));
    let cascade = json!({"type": "cascade", "extractionFns": [{"type": "substring", "index": 1}, format]});
    let cascade = ExtractionFn::parse(&cascade).unwrap();
    assert!(cascade.check("x2000").is_ok() && cascade.check("2x").is_err());
    let odd = json!({"type": "timeFormat", "format": "MMMM", "locale": "xx"});
    assert!(ExtractionFn::parse(&odd).unwrap_err().to_string().contains("xx"));
}
