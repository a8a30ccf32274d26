//! Expressions: their text, and what they make of one row.

use crate::chance::Chance;
use crate::rows::{Column, HOUR_MS, Kind, Row, draw_value, of_kind};
use crate::value::Value;

#[derive(Debug, Clone)]
pub enum Expr {
    Column(Column),
    Constant(Value),
    /// `+ - *` of numbers; `+` of texts sets one behind the other.
    Calculate(char, Box<Expr>, Box<Expr>),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Instead(Box<Expr>, Box<Expr>),
    IsNull(Box<Expr>),
    Half(Box<Expr>),
    Cast(Box<Expr>, Kind),
    Upper(Box<Expr>),
    Length(Box<Expr>),
    /// Where a text lies in another, from 0.
    Place(Box<Expr>, &'static str),
    Replace(Box<Expr>, &'static str, &'static str),
    Greatest(Box<Expr>, Box<Expr>),
    HourOfDay,
    ArrayLength(Column),
    Element(Column, usize),
    Holds(Column, Value),
}

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

impl Expr {
    /// Of a kind of one value, of columns that may have others.
    pub fn draw(chance: &Chance, columns: &[Column], kind: Kind, depth: usize) -> Expr {
        let leaf = || {
            let same = of_kind(columns, |one| one == kind || (kind == Kind::Double && one == Kind::Float));
            if same.is_empty() || chance.one_in(5) {
                Expr::Constant(draw_value(chance, kind))
            } else {
                Expr::Column(chance.of(&same).clone())
            }
        };
        if depth == 0 || chance.one_in(4) {
            return leaf();
        }
        let inner = |kind| boxed(Expr::draw(chance, columns, kind, depth - 1));
        match chance.below(8) {
            0 => Expr::If(boxed(Expr::draw_truth(chance, columns, depth - 1)), inner(kind), inner(kind)),
            1 => Expr::Instead(inner(kind), boxed(Expr::Constant(draw_value(chance, kind)))),
            2 => Expr::Greatest(inner(kind), inner(kind)),
            _ => match kind {
                Kind::Text => Expr::draw_text(chance, columns, depth - 1),
                Kind::Long => Expr::draw_long(chance, columns, depth - 1),
                _ => Expr::draw_double(chance, columns, depth - 1),
            },
        }
    }

    fn draw_text(chance: &Chance, columns: &[Column], depth: usize) -> Expr {
        let inner = |kind| boxed(Expr::draw(chance, columns, kind, depth));
        let arrays = of_kind(columns, |kind| kind == Kind::Array(crate::rows::Element::Text));
        match chance.below(5) {
            0 => Expr::Calculate('+', inner(Kind::Text), inner(Kind::Text)),
            1 => Expr::Upper(inner(Kind::Text)),
            2 => Expr::Replace(inner(Kind::Text), chance.pick(&["a", "0", "ü"]), chance.pick(&["", "x", "aa"])),
            3 if !arrays.is_empty() => Expr::Element(chance.of(&arrays).clone(), chance.below(3)),
            _ => Expr::Cast(inner(*chance.of(&[Kind::Long, Kind::Double])), Kind::Text),
        }
    }

    fn draw_long(chance: &Chance, columns: &[Column], depth: usize) -> Expr {
        let inner = |kind| boxed(Expr::draw(chance, columns, kind, depth));
        let arrays = of_kind(columns, Kind::is_array);
        match chance.below(9) {
            0 => Expr::Length(inner(Kind::Text)),
            1 => Expr::Place(inner(Kind::Text), chance.pick(&["a", "0", "🎈"])),
            2 => Expr::Cast(inner(Kind::Double), Kind::Long),
            3 if columns.iter().any(|column| column.name == "__time") => Expr::HourOfDay,
            4 if !arrays.is_empty() => Expr::ArrayLength(chance.of(&arrays).clone()),
            5 if !arrays.is_empty() => Expr::draw_truth_of_array(chance, &arrays),
            _ => Expr::Calculate(*chance.of(&['+', '-', '*']), inner(Kind::Long), inner(Kind::Long)),
        }
    }

    fn draw_double(chance: &Chance, columns: &[Column], depth: usize) -> Expr {
        let inner = |kind| boxed(Expr::draw(chance, columns, kind, depth));
        match chance.below(4) {
            0 => Expr::Half(inner(Kind::Double)),
            1 => Expr::Cast(inner(Kind::Long), Kind::Double),
            // A product may be a negative zero, which is one value to some and two to others.
            2 => Expr::Calculate(*chance.of(&['+', '-']), inner(Kind::Double), inner(Kind::Long)),
            _ => Expr::Calculate(*chance.of(&['+', '-']), inner(Kind::Double), inner(Kind::Double)),
        }
    }

    fn draw_truth_of_array(chance: &Chance, arrays: &[Column]) -> Expr {
        let column = chance.of(arrays).clone();
        let Kind::Array(element) = column.kind else { return Expr::ArrayLength(column) };
        Expr::Holds(column, draw_value(chance, element.kind()))
    }

    /// True, false or null.
    pub fn draw_truth(chance: &Chance, columns: &[Column], depth: usize) -> Expr {
        let part = |depth| boxed(Expr::draw_truth(chance, columns, depth));
        if depth > 0 && chance.one_in(3) {
            return match chance.below(3) {
                0 => Expr::And(part(depth - 1), part(depth - 1)),
                1 => Expr::Or(part(depth - 1), part(depth - 1)),
                _ => Expr::Not(part(depth - 1)),
            };
        }
        let kind = *chance.of(&[Kind::Text, Kind::Long, Kind::Double]);
        let side = || boxed(Expr::draw(chance, columns, kind, depth.min(1)));
        if chance.one_in(5) { Expr::IsNull(side()) } else { Expr::Compare(chance.pick(&COMPARISONS), side(), side()) }
    }

    pub fn text(&self) -> String {
        match self {
            Expr::Column(column) => format!("\"{}\"", column.name),
            Expr::Constant(Value::Text(text)) => format!("'{text}'"),
            // A minus would bind to what stands before it.
            Expr::Constant(value) => format!("({})", value.text().unwrap_or_else(|| "null".to_owned())),
            Expr::Calculate(sign, a, b) => format!("({} {sign} {})", a.text(), b.text()),
            Expr::Compare(sign, a, b) => format!("({} {sign} {})", a.text(), b.text()),
            Expr::And(a, b) => format!("({} && {})", a.text(), b.text()),
            Expr::Or(a, b) => format!("({} || {})", a.text(), b.text()),
            Expr::Not(of) => format!("!({})", of.text()),
            Expr::If(truth, a, b) => format!("if({}, {}, {})", truth.text(), a.text(), b.text()),
            Expr::Instead(a, b) => format!("nvl({}, {})", a.text(), b.text()),
            Expr::IsNull(of) => format!("isnull({})", of.text()),
            Expr::Half(of) => format!("({} / 2.0)", of.text()),
            Expr::Cast(of, kind) => format!("cast({}, '{}')", of.text(), kind.type_name()),
            Expr::Upper(of) => format!("upper({})", of.text()),
            Expr::Length(of) => format!("strlen({})", of.text()),
            Expr::Place(of, text) => format!("strpos({}, '{text}')", of.text()),
            Expr::Replace(of, from, to) => format!("replace({}, '{from}', '{to}')", of.text()),
            Expr::Greatest(a, b) => format!("greatest({}, {})", a.text(), b.text()),
            Expr::HourOfDay => "timestamp_extract(\"__time\", 'HOUR')".to_owned(),
            Expr::ArrayLength(column) => format!("array_length(\"{}\")", column.name),
            Expr::Element(column, at) => format!("array_offset(\"{}\", {at})", column.name),
            Expr::Holds(column, value) => {
                format!("array_contains(\"{}\", {})", column.name, Expr::Constant(value.clone()).text())
            }
        }
    }

    pub fn truth(&self, row: &Row) -> Option<bool> {
        self.of(row).number().map(|number| number > 0.0)
    }

    pub fn of(&self, row: &Row) -> Value {
        let numbers = |a: &Expr, b: &Expr, of: fn(f64, f64) -> bool| {
            let (a, b) = (a.of(row), b.of(row));
            Value::truth((!a.is_null() && !b.is_null()).then(|| of(f64::from(a.order(&b) as i8), 0.0)))
        };
        match self {
            Expr::Column(column) => row.value(&column.name),
            Expr::Constant(value) => value.clone(),
            Expr::Calculate(sign, a, b) => calculate(*sign, a.of(row), b.of(row)),
            Expr::Compare(sign, a, b) => match *sign {
                "==" => numbers(a, b, |a, b| a == b),
                "!=" => numbers(a, b, |a, b| a != b),
                "<" => numbers(a, b, |a, b| a < b),
                "<=" => numbers(a, b, |a, b| a <= b),
                ">" => numbers(a, b, |a, b| a > b),
                _ => numbers(a, b, |a, b| a >= b),
            },
            Expr::And(a, b) => Value::truth(crate::filter::and(a.truth(row), b.truth(row))),
            Expr::Or(a, b) => {
                let neither = crate::filter::and(a.truth(row).map(|a| !a), b.truth(row).map(|b| !b));
                Value::truth(neither.map(|neither| !neither))
            }
            Expr::Not(of) => Value::truth(of.truth(row).map(|truth| !truth)),
            Expr::If(truth, a, b) => {
                if truth.truth(row) == Some(true) {
                    a.of(row)
                } else {
                    b.of(row)
                }
            }
            Expr::Instead(a, b) => {
                if a.of(row).is_null() {
                    b.of(row)
                } else {
                    a.of(row)
                }
            }
            Expr::IsNull(of) => Value::truth(Some(of.of(row).is_null())),
            Expr::Greatest(a, b) => {
                let (a, b) = (a.of(row), b.of(row));
                if a.order(&b).is_ge() { a } else { b }
            }
            Expr::HourOfDay => Value::Long(row.time.div_euclid(HOUR_MS).rem_euclid(24)),
            Expr::ArrayLength(_) | Expr::Element(..) | Expr::Holds(..) => self.of_array(row),
            Expr::Half(of) | Expr::Cast(of, _) | Expr::Upper(of) | Expr::Length(of) => self.of_one(of.of(row)),
            Expr::Place(of, _) | Expr::Replace(of, ..) => self.of_one(of.of(row)),
        }
    }

    fn of_one(&self, value: Value) -> Value {
        match (self, value) {
            (Expr::Half(_), value) => value.number().map_or(Value::Null, |number| Value::Double(number / 2.0)),
            (Expr::Cast(_, kind), value) => cast(value, *kind),
            (Expr::Upper(_), Value::Text(text)) => Value::Text(text.to_uppercase()),
            (Expr::Length(_), Value::Text(text)) => Value::Long(text.encode_utf16().count() as i64),
            (Expr::Place(_, part), Value::Text(text)) => {
                let before = text.find(part).map(|at| text[..at].encode_utf16().count() as i64);
                Value::Long(before.unwrap_or(-1))
            }
            (Expr::Replace(_, from, to), Value::Text(text)) => Value::Text(text.replace(from, to)),
            _ => Value::Null,
        }
    }

    fn of_array(&self, row: &Row) -> Value {
        let (Expr::ArrayLength(column) | Expr::Element(column, _) | Expr::Holds(column, _)) = self else {
            return Value::Null;
        };
        let Value::Array(values) = row.value(&column.name) else { return Value::Null };
        match self {
            Expr::Element(_, at) => values.get(*at).cloned().unwrap_or(Value::Null),
            Expr::Holds(_, wanted) => Value::truth(Some(values.contains(wanted))),
            _ => Value::Long(values.len() as i64),
        }
    }
}

fn calculate(sign: char, a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
        (Value::Long(a), Value::Long(b)) => Value::Long(match sign {
            '+' => a.wrapping_add(b),
            '-' => a.wrapping_sub(b),
            _ => a.wrapping_mul(b),
        }),
        (a, b) => match (a.number(), b.number()) {
            (Some(a), Some(b)) => Value::Double(match sign {
                '+' => a + b,
                '-' => a - b,
                _ => a * b,
            }),
            _ => Value::Null,
        },
    }
}

fn cast(value: Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::Text, value) => value.text().map_or(Value::Null, Value::Text),
        (Kind::Long, Value::Double(number)) => Value::Long(number.trunc() as i64),
        (Kind::Double, Value::Long(number)) => Value::Double(number as f64),
        (_, value) => value,
    }
}
