//! Java's `String.format` for the conversions that data needs: `s d x X o f e c b n %`, with width, precision and
//! the flags `-`, `0`, `+`, space, `,` and `(`.

use crate::expr::Scalar;
use crate::{Error, Result};

/// Widest field and most digits that a pattern may ask for.
const MAX_WIDTH: usize = 10_000;

/// A pattern cut into text and fields.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Field(Field),
}

#[derive(Clone, Debug, Default)]
struct Field {
    /// Counted from 1; `None` takes the next argument.
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

impl Format {
    pub fn parse(pattern: &str) -> Result<Format> {
        let bad = |reason: &str| Error::invalid(format!("format '{pattern}': {reason}"));
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(at) = rest.find('%') {
            parts.push(Part::Text(rest[..at].to_string()));
            let (field, after) = Field::parse(&rest[at + 1..]).ok_or_else(|| bad("a field that cannot be read"))?;
            if field.width.max(field.precision.unwrap_or(0)) > MAX_WIDTH {
                return Err(bad("a field that is too wide"));
            }
            match field.conversion {
                '%' => parts.push(Part::Text("%".into())),
                'n' => parts.push(Part::Text("\n".into())),
                's' | 'S' | 'd' | 'x' | 'X' | 'o' | 'f' | 'e' | 'E' | 'c' | 'b' => parts.push(Part::Field(field)),
                other => return Err(bad(&format!("unknown conversion '%{other}'"))),
            }
            rest = after;
        }
        parts.push(Part::Text(rest.to_string()));
        Ok(Format { parts })
    }

    /// Fails when an argument is missing or of the wrong kind.
    pub fn apply(&self, args: &[Scalar<'_>]) -> Result<String> {
        let mut out = String::new();
        let mut next = 0;
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(field) => {
                    let at = field.index.unwrap_or_else(|| {
                        next += 1;
                        next
                    });
                    let missing = || Error::evaluation("format", format!("argument {at} is missing"));
                    let value = at.checked_sub(1).and_then(|at| args.get(at)).ok_or_else(missing)?;
                    out.push_str(&field.apply(value)?);
                }
            }
        }
        Ok(out)
    }
}

impl Field {
    /// What stands after `%`, and the rest of the pattern.
    fn parse(text: &str) -> Option<(Field, &str)> {
        let mut field = Field::default();
        let mut rest = text;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 && rest[digits..].starts_with('$') {
            field.index = Some(rest[..digits].parse().ok()?);
            rest = &rest[digits + 1..];
        }
        let after = rest.trim_start_matches(['-', '#', '+', ' ', '0', ',', '(']);
        field.flags = rest[..rest.len() - after.len()].to_string();
        rest = after;
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() < rest.len() {
            field.width = rest[..rest.len() - after.len()].parse().ok()?;
        }
        rest = after;
        if let Some(precision) = rest.strip_prefix('.') {
            let after = precision.trim_start_matches(|c: char| c.is_ascii_digit());
            field.precision = Some(precision[..precision.len() - after.len()].parse().ok()?);
            rest = after;
        }
        let conversion = rest.chars().next()?;
        field.conversion = conversion;
        Some((field, &rest[conversion.len_utf8()..]))
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn apply(&self, value: &Scalar<'_>) -> Result<String> {
        let text = value.as_text();
        if self.conversion == 'b' {
            return Ok(self.pad((!value.is_null() && text.as_deref() != Some("false")).to_string()));
        }
        if value.is_null() {
            return Ok(self.pad(self.cut("null")));
        }
        let shown = match (self.conversion, value) {
            ('s', _) => self.cut(text.as_deref().unwrap_or("null")),
            ('S', _) => self.cut(&text.as_deref().unwrap_or("null").to_uppercase()),
            ('d', Scalar::Long(value)) => return Ok(self.number(*value < 0, value.unsigned_abs().to_string())),
            ('x', Scalar::Long(value)) => format!("{value:x}"),
            ('X', Scalar::Long(value)) => format!("{value:X}"),
            ('o', Scalar::Long(value)) => format!("{value:o}"),
            ('c', Scalar::Long(value)) => u32::try_from(*value)
                .ok()
                .and_then(char::from_u32)
                .map(String::from)
                .ok_or_else(|| self.wrong(value))?,
            ('f', Scalar::Double(value)) => {
                return Ok(self.number(*value < 0.0, fixed(value.abs(), self.precision.unwrap_or(6))));
            }
            ('e' | 'E', Scalar::Double(value)) => {
                let text = exponent(value.abs(), self.precision.unwrap_or(6));
                let text = if self.conversion == 'E' { text.to_uppercase() } else { text };
                return Ok(self.number(*value < 0.0, text));
            }
            (_, value) => return Err(self.wrong(value)),
        };
        Ok(self.pad(shown))
    }

    fn wrong(&self, value: impl std::fmt::Debug) -> Error {
        Error::evaluation("format", format!("%{} cannot show {value:?}", self.conversion))
    }

    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => dialect::utf16::slice(text, 0, precision).to_string(),
            None => text.to_string(),
        }
    }

    fn number(&self, negative: bool, mut digits: String) -> String {
        if self.has(',') {
            let whole = digits.find('.').unwrap_or(digits.len());
            for at in (1..whole).rev().filter(|at| (whole - at).is_multiple_of(3)) {
                digits.insert(at, ',');
            }
        }
        let (before, after) = match negative {
            true if self.has('(') => ("(", ")"),
            true => ("-", ""),
            false if self.has('+') => ("+", ""),
            false if self.has(' ') => (" ", ""),
            false => ("", ""),
        };
        if self.has('0') {
            let missing = self.width.saturating_sub(before.len() + digits.len() + after.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        self.pad(format!("{before}{digits}{after}"))
    }

    fn pad(&self, text: String) -> String {
        let missing = " ".repeat(self.width.saturating_sub(dialect::utf16::len(&text)));
        if self.has('-') { text + &missing } else { missing + &text }
    }
}

/// Decimal digits with so many places, halves rounded up as the shortest text of the number has them.
pub(crate) fn fixed(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return dialect::print::double_text(value);
    }
    let shortest = format!("{value}");
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    if fraction.len() <= places {
        let zeros = "0".repeat(places - fraction.len());
        return if places == 0 { whole.to_string() } else { format!("{whole}.{fraction}{zeros}") };
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(places)).collect();
    if fraction.as_bytes()[places] >= b'5' {
        increment(&mut digits);
    }
    let text: String = digits.iter().map(|b| char::from(*b)).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    if places == 0 { whole.to_string() } else { format!("{whole}.{fraction}") }
}

/// Adds one to decimal digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return;
        }
    }
    digits.insert(0, b'1');
}

fn exponent(value: f64, places: usize) -> String {
    let text = format!("{value:.places$e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text,
    }
}
