//! Virtual columns.

use crate::chance::Chance;
use crate::expression::Expr;
use crate::extraction::draw_text;
use crate::nested::Field;
use crate::rows::{Column, Kind, Row, of_kind};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Computed {
    pub column: Column,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Expression(Expr),
    /// Each of several texts in capitals.
    Upper(String),
    /// Of several texts those of a list, or the others.
    Only {
        of: String,
        values: Vec<String>,
        is_allowed: bool,
    },
    Field(Field),
}

impl Computed {
    pub fn draw(chance: &Chance, columns: &[Column], number: usize) -> Computed {
        let name = format!("v{number}");
        let lists = of_kind(columns, |kind| kind == Kind::Texts);
        let nested = of_kind(columns, |kind| kind == Kind::Nested);
        match chance.below(5) {
            0 if !nested.is_empty() => {
                let field = Field::draw(chance, chance.of(&nested));
                Computed { column: Column::new(name, field.kind), what: What::Field(field) }
            }
            1 if !lists.is_empty() => {
                let of = chance.of(&lists).name.clone();
                let values = (0..1 + chance.below(3)).filter_map(|_| draw_text(chance)).collect();
                let what = match chance.one_in(2) {
                    true => What::Upper(of),
                    false => What::Only { of, values, is_allowed: chance.one_in(2) },
                };
                let name = if matches!(what, What::Only { .. }) { format!("w{number}") } else { name };
                Computed { column: Column::new(name, Kind::Texts), what }
            }
            _ => {
                let kind = *chance.of(&[Kind::Text, Kind::Long, Kind::Double]);
                let expr = Expr::draw(chance, columns, kind, 2);
                Computed { column: Column::new(name, kind), what: What::Expression(expr) }
            }
        }
    }

    pub fn json(&self) -> Json {
        let Column { name, kind } = &self.column;
        let expression = |text: String| json!({"type": "expression", "name": name, "expression": text, "outputType": kind.type_name()});
        match &self.what {
            What::Expression(expr) => expression(expr.text()),
            What::Upper(of) => expression(format!("upper(\"{of}\")")),
            What::Only { of, values, is_allowed } => {
                json!({"type": "mv-filtered", "name": name, "delegate": of, "values": values, "isAllowList": is_allowed})
            }
            What::Field(field) => field.json(name),
        }
    }

    /// The row with this column.
    pub fn added(&self, row: &Row) -> Row {
        let values = match &self.what {
            What::Expression(expr) => vec![expr.of(row)],
            What::Upper(of) => row.values(of).into_iter().map(upper).collect(),
            What::Only { of, values, is_allowed } => {
                let is_kept = |value: &Value| value.text().is_some_and(|text| values.contains(&text)) == *is_allowed;
                row.values(of).into_iter().filter(is_kept).collect()
            }
            What::Field(field) => vec![field.of(row)],
        };
        row.with(&self.column.name, values)
    }
}

fn upper(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.to_uppercase()),
        other => other,
    }
}
