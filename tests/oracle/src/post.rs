//! Arithmetic on what aggregators gave.

use crate::aggregate::Aggregator;
use crate::chance::Chance;
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Post {
    pub name: String,
    function: char,
    left: String,
    right: Operand,
}

#[derive(Debug, Clone)]
enum Operand {
    Field(String),
    Constant(f64),
}

impl Post {
    pub fn draw(chance: &Chance, aggregators: &[Aggregator]) -> Option<Post> {
        let numbers: Vec<&str> =
            aggregators.iter().filter(|one| one.is_number()).map(|one| one.name.as_str()).collect();
        if numbers.is_empty() || !chance.one_in(2) {
            return None;
        }
        let field = || (*chance.of(&numbers)).to_owned();
        let right =
            if chance.one_in(2) { Operand::Field(field()) } else { Operand::Constant(*chance.of(&[0.0, 2.0, -4.0])) };
        Some(Post { name: "p".to_owned(), function: *chance.of(&['+', '-', '*', '/']), left: field(), right })
    }

    pub fn json(&self) -> Json {
        let field = |name: &str| json!({"type": "finalizingFieldAccess", "name": name, "fieldName": name});
        let right = match &self.right {
            Operand::Field(name) => field(name),
            Operand::Constant(value) => json!({"type": "constant", "name": "c", "value": value}),
        };
        json!({"type": "arithmetic", "name": self.name, "fn": self.function, "fields": [field(&self.left), right]})
    }

    pub fn of(&self, named: &dyn Fn(&str) -> Value) -> Value {
        let right = match &self.right {
            Operand::Field(name) => named(name).number(),
            Operand::Constant(value) => Some(*value),
        };
        let (Some(left), Some(right)) = (named(&self.left).number(), right) else { return Value::Null };
        Value::Double(match self.function {
            '+' => left + right,
            '-' => left - right,
            '*' => left * right,
            _ if right == 0.0 => 0.0,
            _ => left / right,
        })
    }
}
