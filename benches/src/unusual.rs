//! Events as they are not usually written, made of usual ones.

use serde_json::{Value, json};
use std::io::Write;

/// The fields of an event in another order each time, one with an escape, the place in an object, two fields more.
pub fn general(line: &[u8], number: u64, out: &mut Vec<u8>) {
    let event: Value = serde_json::from_slice(line).expect("an event");
    let place = json!({"province": event["province"], "city": event["city"]});
    let mut fields = vec![
        format!(r#""trace":{{"id":"{number:016x}","hops":[1,2]}}"#),
        format!(r#""note":"line\tone \"{number}\"\n""#),
        format!(r#""place":{place}"#),
    ];
    for (name, value) in event.as_object().into_iter().flatten() {
        match (name.as_str(), value.as_str()) {
            ("province" | "city", _) => {}
            // Characters beyond ASCII as escapes, as many writers have them.
            ("channel", Some(text)) => fields.push(format!(r#""channel":"\u005f{text}""#)),
            _ => fields.push(format!("\"{name}\":{value}")),
        }
    }
    for at in (1..fields.len()).rev() {
        let other = mixed(number * 64 + at as u64) % (at as u64 + 1);
        fields.swap(at, other as usize);
    }
    out.clear();
    let _ = write!(out, "{{{}}}", fields.join(","));
}

/// An event with one field more, of which no value comes twice.
pub fn distinct(line: &[u8], number: u64, out: &mut Vec<u8>) {
    out.clear();
    let _ = write!(out, r#"{{"session":"{:016x}","#, mixed(number));
    out.extend_from_slice(&line[1..]);
}

/// Numbers that follow one another would be kind to whoever keeps them.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ number >> 31
}
