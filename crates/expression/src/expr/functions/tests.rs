use std::collections::HashSet;

use super::FAMILIES;
use crate::expr::tests::value;

#[test]
fn no_name_occurs_twice() {
    let mut seen = HashSet::new();
    for kind in FAMILIES.iter().copied().flatten() {
        assert!(seen.insert(kind.name), "{} occurs twice", kind.name);
        assert_eq!(kind.name, kind.name.to_ascii_lowercase());
        assert!(kind.arity.start() <= kind.arity.end());
    }
}

/// An expression, its value as text, null as `null`.
const TABLE: &[(&str, &str)] = &[
    ("cast('1.9', 'LONG')", "1"),
    ("cast('x', 'LONG')", "null"),
    ("cast(1, 'STRING')", "1"),
    ("cast(1, 'DOUBLE')", "1.0"),
    ("cast(Infinity, 'LONG')", "9223372036854775807"),
    ("cast(NaN, 'LONG')", "0"),
    ("cast([1, 2], 'ARRAY<STRING>')", "[1, 2]"),
    ("if(1, 'a', 'b')", "a"),
    ("if(null, 'a', 'b')", "b"),
    ("if(-1, 'a', 'b')", "b"),
    ("if('TRUE', 'a', 1/0)", "a"),
    ("case_searched(0, 'a', 1, 'b', 'c')", "b"),
    ("case_searched(0, 'a')", "null"),
    ("case_simple(2, 1, 'a', 2, 'b', 'c')", "b"),
    ("case_simple(null, null, 'a', 'c')", "c"),
    ("coalesce(null, 3, 1/0)", "3"),
    ("nvl(null, 'a')", "a"),
    ("isnull(null)", "1"),
    ("notnull(null)", "0"),
    ("istrue(null)", "0"),
    ("isfalse(0)", "1"),
    ("nottrue(null)", "1"),
    ("notfalse(null)", "1"),
    ("isdistinctfrom(null, 1)", "1"),
    ("notdistinctfrom(null, null)", "1"),
    ("like('a%c', 'a\\\\%c', '\\\\')", "1"),
    ("like('abc', 'a_c')", "1"),
    ("like(null, 'a')", "null"),
    ("greatest(1, 2.5, null)", "2.5"),
    ("greatest('B', 1)", "B"),
    ("least(1, 2.5)", "1.0"),
    ("concat('a', 1, 2.0)", "a12.0"),
    ("format('%05d|%-4s|%.2f|%x', 42, 'ab', 1.005, 255)", "00042|ab  |1.01|ff"),
    ("strlen('a😀')", "3"),
    ("substring('abcd', 1, 2)", "bc"),
    ("left('abc', 2)", "ab"),
    ("left('abc', 0)", ""),
    ("right('abc', 2)", "bc"),
    ("strpos('abcabc', 'c', 3)", "5"),
    ("replace('a.b.c', '.', '-')", "a-b-c"),
    ("lower('ABC')", "abc"),
    ("upper('abc')", "ABC"),
    ("reverse('abc')", "cba"),
    ("trim('  a ')", "a"),
    ("ltrim('xxa', 'x')", "a"),
    ("rtrim('axx', 'x')", "a"),
    ("repeat('ab', 2)", "abab"),
    ("repeat('ab', 0)", "null"),
    ("lpad('a', 3, 'xy')", "xya"),
    ("rpad('abc', 2, 'x')", "ab"),
    ("lpad('a', 0, 'x')", "null"),
    ("parse_long('ff', 16)", "255"),
    ("parse_long('0xff', 16)", "255"),
    ("parse_long('1.5')", "null"),
    ("contains_string('abc', 'B')", "0"),
    ("icontains_string('abc', 'B')", "1"),
    ("regexp_extract('a12b', '[0-9]+')", "12"),
    ("regexp_extract('a12b', '([a-z])([0-9])', 2)", "1"),
    ("regexp_like('abc', 'b')", "1"),
    ("regexp_replace('a1b2', '([0-9])', '<$1>')", "a<1>b<2>"),
    ("decode_base64_utf8('aGVsbG8=')", "hello"),
    ("array(1, 'a')", "[1, a]"),
    ("array_length([1, 2])", "2"),
    ("array_offset([1, 2], 1)", "2"),
    ("array_ordinal([1, 2], 1)", "1"),
    ("array_offset_of(['a', 'b'], 'b')", "1"),
    ("array_ordinal_of(['a', 'b'], 'c')", "null"),
    ("array_contains([1, 2], [1])", "1"),
    ("array_overlap([1, 2], [3])", "0"),
    ("scalar_in_array(1, [1])", "1"),
    ("scalar_in_array(null, [1])", "null"),
    ("array_append([1], '2')", "[1, 2]"),
    ("array_prepend(0, [1])", "[0, 1]"),
    ("array_concat([1], [2])", "[1, 2]"),
    ("array_set_add([2, 1, 2], 0)", "[0, 1, 2]"),
    ("array_set_add_all([2], [1, 2])", "[1, 2]"),
    ("array_slice([1, 2, 3], 1, 3)", "[2, 3]"),
    ("array_slice([1, 2, 3], 2, 1)", "null"),
    ("array_quantile([1, 2, 3, 4], 0.5)", "2.5"),
    ("array_to_string([1, 2], '-')", "1-2"),
    ("string_to_array('a,b,,', ',')", "[a, b]"),
    ("mv_to_array('a')", "[a]"),
    ("array_to_mv([1, 2])", "[1, 2]"),
    ("mv_harmonize_nulls(null)", "[null]"),
    ("mv_contains([1, 2], 2)", "1"),
    ("mv_overlap([1, 2], 3)", "0"),
    ("map((x) -> x + 1, [1, 2])", "[2, 3]"),
    ("cartesian_map((x, y) -> concat(x, y), ['a', 'b'], ['c', 'd'])", "[ac, ad, bc, bd]"),
    ("filter(x -> x > 1, [1, 2, 3])", "[2, 3]"),
    ("fold((x, acc) -> x + acc, [1, 2, 3], 10)", "16"),
    ("cartesian_fold((x, y, acc) -> acc + x * y, [1, 2], [3, 4], 0)", "21"),
    ("any(x -> x > 2, [1, 2, 3])", "1"),
    ("all(x -> x > 2, [1, 2, 3])", "0"),
    ("timestamp_floor(949550706000, 'P1M')", "949363200000"),
    ("timestamp_floor(949550706000, 'P1D', null, 'America/Los_Angeles')", "949478400000"),
    ("timestamp_ceil(949536000000, 'P1D')", "949536000000"),
    ("timestamp_ceil(949550706000, 'P1D')", "949622400000"),
    ("timestamp_shift(949550706000, 'P1D', 2)", "949723506000"),
    ("timestamp_extract(949550706000, 'DOW')", "4"),
    ("timestamp_extract(949550706000, 'WEEK')", "5"),
    ("timestamp_extract(949550706000, 'CENTURY')", "20.0"),
    ("timestamp_parse('2000-02-03 04:05:06')", "949550706000"),
    ("timestamp_parse('03/02/2000', 'dd/MM/yyyy')", "949536000000"),
    ("timestamp_parse('odd')", "null"),
    ("timestamp_format(949550706000)", "2000-02-03T04:05:06.000Z"),
    ("timestamp_format(949550706000, 'yyyy-MM-dd HH', 'Asia/Tokyo')", "2000-02-03 13"),
    ("timestamp('2000-02-03T04:05:06Z')", "949550706000"),
    ("unix_timestamp('2000-02-03T04:05:06Z')", "949550706"),
    ("subtract_months(949550706000, 1, 'UTC')", "946872306000"),
    ("abs(-2)", "2"),
    ("abs(-2.5)", "2.5"),
    ("ceil(1.2)", "2.0"),
    ("floor(-1.2)", "-2.0"),
    ("exp(0)", "1.0"),
    ("expm1(0)", "0.0"),
    ("log(1)", "0.0"),
    ("log10(100)", "2.0"),
    ("log1p(0)", "0.0"),
    ("sqrt(4)", "2.0"),
    ("cbrt(8)", "2.0"),
    ("sin(0)", "0.0"),
    ("cos(0)", "1.0"),
    ("tan(0)", "0.0"),
    ("asin(0)", "0.0"),
    ("acos(1)", "0.0"),
    ("atan(0)", "0.0"),
    ("sinh(0)", "0.0"),
    ("cosh(0)", "1.0"),
    ("tanh(0)", "0.0"),
    ("cot(0)", "Infinity"),
    ("signum(-3)", "-1.0"),
    ("rint(2.5)", "2.0"),
    ("ulp(1)", "2.220446049250313E-16"),
    ("todegrees(pi())", "180.0"),
    ("toradians(180)", "3.141592653589793"),
    ("nextup(0)", "4.9E-324"),
    ("getexponent(8)", "3"),
    ("pow(2, 3)", "8.0"),
    ("atan2(0, 1)", "0.0"),
    ("hypot(3, 4)", "5.0"),
    ("copysign(2, -1)", "-2.0"),
    ("nextafter(0, 1)", "4.9E-324"),
    ("remainder(5, 3)", "-1.0"),
    ("scalb(3, 2)", "12.0"),
    ("max(1, 2)", "2"),
    ("min(1, 2.5)", "1.0"),
    ("pi()", "3.141592653589793"),
    ("round(2.5)", "3.0"),
    ("round(-2.5)", "-3.0"),
    ("round(1.005, 2)", "1.01"),
    ("round(1250, -2)", "1300"),
    ("round(NaN)", "0.0"),
    ("round(Infinity)", "1.7976931348623157E308"),
    ("div(7, 2)", "3"),
    ("safe_divide(1, 0)", "null"),
    ("safe_divide(7, 2)", "3"),
    ("bitwiseAnd(6, 3)", "2"),
    ("bitwiseOr(6, 3)", "7"),
    ("bitwiseXor(6, 3)", "5"),
    ("bitwiseShiftLeft(1, 3)", "8"),
    ("bitwiseShiftRight(-8, 1)", "-4"),
    ("bitwiseComplement(0)", "-1"),
    ("bitwiseConvertDoubleToLongBits(1.0)", "4607182418800017408"),
    ("bitwiseConvertLongBitsToDouble(4607182418800017408)", "1.0"),
    ("ipv4_match('10.1.2.3', '10.0.0.0/8')", "1"),
    ("ipv4_parse('0.0.1.0')", "256"),
    ("ipv4_stringify(256)", "0.0.1.0"),
    ("ipv6_match('2001:db8::1', '2001:db8::/32')", "1"),
    ("human_readable_binary_byte_format(1536)", "1.50 KiB"),
    ("human_readable_decimal_byte_format(-1500)", "-1.50 KB"),
    ("human_readable_decimal_format(1234567, 1)", "1.2 M"),
    ("to_json_string(12)", "12"),
    ("to_json_string(1e7)", "1.0E7"),
    ("to_json_string('a\"b')", "\"a\\\"b\""),
    ("to_json_string(null)", "null"),
    ("to_json_string(parse_json('{\"a\": [1, {\"b\": 1e10}]}'))", "{\"a\":[1,{\"b\":1.0E10}]}"),
    ("try_parse_json('{')", "null"),
    ("json_value(parse_json('{\"a\": {\"b\": \"7\"}}'), '$.a.b', 'LONG')", "7"),
    ("json_query(parse_json('{\"a\": {\"b\": true}}'), '$.a')", "{\"b\":true}"),
    ("to_json_string(json_query_array(parse_json('{\"a\": 1}'), '$.a'))", "[1]"),
    ("json_keys(parse_json('{\"a\": 1, \"b\": {}}'), '$')", "[a, b]"),
    ("json_paths(parse_json('{\"a\": {\"b\": 1}}'))", "[$.a.b]"),
    ("json_object('a', 1, 'b', 'x')", "{\"a\":1,\"b\":\"x\"}"),
    ("json_merge('{\"a\": {\"x\": 1}}', '{\"a\": {\"y\": 2}}')", "{\"a\":{\"x\":1,\"y\":2}}"),
    ("hyper_unique()", "AQAAAAAAAA=="),
    ("hyper_unique_add(1, hyper_unique())", "AQAAAQAAAAElAg=="),
    ("hyper_unique_add(1.5, hyper_unique())", "AQAAAQAAAANUEA=="),
    ("hyper_unique_add(null, hyper_unique())", "AQAAAAAAAA=="),
    (
        "hyper_unique_add(hyper_unique_add('b', hyper_unique()), hyper_unique_add('a', hyper_unique()))",
        "AQAAAgAAAABgEACqEA==",
    ),
    ("hyper_unique_estimate(hyper_unique_add('a', hyper_unique()))", "1.0002442201269182"),
    ("hyper_unique_round_estimate(hyper_unique_add('a', hyper_unique()))", "1"),
];

#[test]
fn what_is_no_collector_is_refused() {
    for wrong in ["hyper_unique_add('a', null)", "hyper_unique_add('a', 'b')", "hyper_unique_estimate('x')"] {
        assert!(value(wrong).is_err_and(|error| error.contains("hyperUnique")), "{wrong}");
    }
}

#[test]
fn each_function_gives_what_the_table_says() {
    for (text, expected) in TABLE {
        let expected = (*expected != "null").then(|| expected.to_string());
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn the_table_knows_every_function() {
    let needs_more = ["now", "lookup", "bloom_filter_test"];
    let shown: HashSet<String> = TABLE.iter().flat_map(|(text, _)| words(text)).collect();
    for kind in FAMILIES.iter().copied().flatten().filter(|kind| !needs_more.contains(&kind.name)) {
        assert!(shown.contains(kind.name), "{} is not in the table", kind.name);
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_ascii_lowercase).collect()
}

#[test]
fn null_in_null_out() {
    let silent = [
        "isnull",
        "notnull",
        "istrue",
        "isfalse",
        "nottrue",
        "notfalse",
        "array",
        "ipv4_match",
        "ipv6_match",
        "json_paths",
    ];
    let lenient = ["array_to_mv", "mv_harmonize_nulls"];
    for kind in FAMILIES.iter().copied().flatten().filter(|kind| kind.arity.contains(&1) && !kind.takes_lambda) {
        if !silent.contains(&kind.name) && !lenient.contains(&kind.name) {
            assert_eq!(value(&format!("{}(null)", kind.name)), Ok(None), "{}", kind.name);
        }
    }
}

#[test]
fn trap_42_concat_and_timestamp_meet_null_and_nonsense() {
    assert_eq!(value("concat('a', null)"), Ok(None));
    assert_eq!(value("timestamp_parse('odd')"), Ok(None));
    assert!(value("timestamp('odd')").unwrap_err().contains("odd"));
}

#[test]
fn wrong_calls_fail_at_parse() {
    for (text, part) in [
        ("nope(1)", "nope"),
        ("strlen()", "1 arguments"),
        ("substring('a', 1)", "3 arguments"),
        ("map(1, [1])", "lambda"),
        ("map((x, y) -> x, [1])", "1 parameters"),
        ("regexp_extract('a', '(?<=b)')", "look-behind"),
        ("cast(1, 'ODD')", "ODD"),
        ("timestamp_extract(0, 'ODD')", "ODD"),
        ("timestamp_floor(0, 'odd')", "odd"),
        ("timestamp_floor(0, 'P1D', null, 'Mars/Base')", "Mars/Base"),
        ("timestamp_format(0, 'bb')", "'b'"),
        ("lookup('a', 'gone')", "gone"),
        ("now()", "now"),
        ("ipv4_match('a', 'b')", "b"),
    ] {
        let error = value(text).expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn wrong_values_fail_when_they_are_met() {
    for text in ["1 / 0", "1 % 0", "div(1, 0)", "'a' * 'b'", "left('a', -1)", "round('a')", "format('%d', 'a')"] {
        assert!(value(text).is_err(), "{text}");
    }
}
