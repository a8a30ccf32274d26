use super::*;

#[derive(Deserialize, Debug, PartialEq, Default)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "i64")]
    limit: i64,
    #[serde(deserialize_with = "opt_u64")]
    threshold: Option<u64>,
    #[serde(deserialize_with = "opt_bool")]
    descending: Option<bool>,
    #[serde(deserialize_with = "f64")]
    factor: f64,
    #[serde(deserialize_with = "string")]
    name: String,
    #[serde(deserialize_with = "string_or_list")]
    intervals: Vec<String>,
    #[serde(deserialize_with = "null_default")]
    columns: Vec<String>,
}

fn read(text: &str) -> Result<Spec, serde_json::Error> {
    let direct = serde_json::from_str::<Spec>(text);
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let through_value = serde_json::from_value::<Spec>(value);
    assert_eq!(direct.as_ref().ok(), through_value.as_ref().ok());
    direct
}

#[test]
fn scalars_in_any_dress() {
    let spec = read(
        r#"{"limit":"5","threshold":3.0,"descending":"True","factor":"1.5","name":7,
            "intervals":"a/b","columns":null,"stray":{}}"#,
    )
    .unwrap();
    assert_eq!(
        spec,
        Spec {
            limit: 5,
            threshold: Some(3),
            descending: Some(true),
            factor: 1.5,
            name: "7".into(),
            intervals: vec!["a/b".into()],
            columns: vec![],
        }
    );
}

#[test]
fn null_is_absent() {
    let nulls = r#"{"limit":null,"threshold":null,"descending":null,"factor":null,
        "name":null,"intervals":null,"columns":null}"#;
    assert_eq!(read(nulls).unwrap(), Spec::default());
    assert_eq!(read("{}").unwrap(), Spec::default());
}

#[test]
fn lists_take_scalars() {
    assert_eq!(read(r#"{"intervals":["a",1]}"#).unwrap().intervals, ["a", "1"]);
}

#[test]
fn wrong_values_are_named() {
    for (bad, word) in [
        (r#"{"limit":"five"}"#, "five"),
        (r#"{"limit":"5.5"}"#, "5.5"),
        (r#"{"limit":true}"#, "boolean"),
        (r#"{"limit":[1]}"#, "sequence"),
        (r#"{"threshold":-1}"#, "-1"),
        (r#"{"limit":1e30}"#, "floating"),
        (r#"{"descending":"maybe"}"#, "maybe"),
        (r#"{"intervals":[null]}"#, "null"),
        (r#"{"intervals":{}}"#, "map"),
    ] {
        let message = read(bad).unwrap_err().to_string();
        assert!(message.contains(word), "{bad}: {message}");
    }
}
