use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::order;

fn scalar() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Long),
        any::<i32>().prop_map(|v| Value::Double(f64::from(v) / 8.0)),
        "[\\x00-\\x04aß\u{e000}\u{10000}]{0,5}".prop_map(|text| Value::Text(text.into())),
    ]
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        3 => scalar(),
        2 => prop::collection::vec(scalar(), 0..5).prop_map(Value::Array),
        1 => Just(Value::Json("{\"a\":[1,{}]}".into())),
    ]
}

fn compared(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    let rank = |v: &Value<'_>| !matches!(v, Value::Null);
    match (a, b) {
        (Value::Long(a), Value::Long(b)) => a.cmp(b),
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => order::compare(a, b),
        (Value::Array(a), Value::Array(b)) => {
            let items = a.iter().zip(b).map(|(a, b)| compared(a, b));
            items.into_iter().find(|o| o.is_ne()).unwrap_or(a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn of_one_kind(kind: u8) -> BoxedStrategy<Value<'static>> {
    match kind {
        0 => any::<i64>().prop_map(Value::Long).boxed(),
        1 => any::<f64>().prop_filter("one NaN", |v| !v.is_nan()).prop_map(Value::Double).boxed(),
        _ => "[\\x00-\\x04ab\u{e000}\u{10000}]{0,4}".prop_map(|text| Value::Text(text.into())).boxed(),
    }
}

fn arrays() -> impl Strategy<Value = (Value<'static>, Value<'static>)> {
    (0u8..3).prop_flat_map(|kind| {
        let item = || prop_oneof![1 => Just(Value::Null).boxed(), 4 => of_one_kind(kind)];
        let array = move || prop::collection::vec(item(), 0..4).prop_map(Value::Array);
        (array(), array())
    })
}

proptest! {
    #[test]
    fn a_key_gives_its_value_back(value in value()) {
        let key = key(&value);
        prop_assert_eq!(key.is_none(), value == Value::Null);
        prop_assert_eq!(of_key(key.as_deref()), Some(value));
    }

    #[test]
    fn keys_of_arrays_sort_as_the_arrays((a, b) in arrays()) {
        let order = order::compare_nullable(key(&a).as_deref(), key(&b).as_deref());
        prop_assert_eq!(order, compared(&a, &b));
    }

    #[test]
    fn keys_of_scalars_sort_as_the_scalars(kind in 0u8..3, a in any::<i64>(), b in any::<i64>()) {
        let of = |v: i64| match kind {
            0 => Value::Long(v),
            1 => Value::Double(v as f64 / 7.0),
            _ => Value::Text(v.to_string().into()),
        };
        let (a, b) = (of(a), of(b));
        let order = order::compare_nullable(key(&a).as_deref(), key(&b).as_deref());
        prop_assert_eq!(order, compared(&a, &b));
    }

    #[test]
    fn no_text_makes_reading_fail_badly(text in "[SLNXY\\x00-\\x04a-z-]{0,16}") {
        if let Some(value) = of_key(Some(&text)) {
            prop_assert!(key(&value).is_some());
        }
    }

    #[test]
    fn values_are_printed_as_json(value in value()) {
        let mut out = Vec::new();
        print(key(&value).as_deref(), &mut out);
        let tree: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let mut again = Vec::new();
        json::print_value(&of_json(&tree), &mut again);
        prop_assert_eq!(out, again);
    }
}

#[test]
fn trees_become_values() {
    let tree = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(
        of_json(&tree("[1, null, 2.5, \"x\"]")),
        Value::Array(vec![Value::Long(1), Value::Null, Value::Double(2.5), Value::Text("x".into()),])
    );
    assert_eq!(of_json(&tree("[1, [2]]")), Value::Json("[1,[2]]".into()));
    assert_eq!(of_json(&tree("true")), Value::Json("true".into()));
    assert_eq!(of_json(&tree("{\"b\": 1e10, \"a\": {}}")), Value::Json("{\"b\":1.0E10,\"a\":{}}".into()));
    assert_eq!(to_json(&Value::Json("{\"b\":[true]}".into())), tree("{\"b\":[true]}"));
}
