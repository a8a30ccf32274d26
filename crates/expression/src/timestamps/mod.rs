//! How times are written: the formats of a timestampSpec.

mod fixed;
mod pattern;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use timeline::{TimeZone, instant};

use pattern::Pattern;

/// Row times must lie within half the range of a long, as those of Druid.
pub const TIME_BOUNDS: std::ops::RangeInclusive<i64> = (i64::MIN / 2)..=(i64::MAX / 2);

/// A format of a timestampSpec.
#[derive(Debug, Clone)]
pub struct TimestampFormat {
    text: Arc<str>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Auto,
    Iso,
    Posix,
    Millis,
    Micro,
    Nano,
    Ruby,
    Pattern(Arc<Pattern>),
}

impl TimestampFormat {
    /// Reads the `format`: `auto`, `iso`, `posix`, `millis`, `micro`, `nano`, `ruby` in any case, else
    /// a date pattern. The error says why a pattern is none.
    pub fn parse(text: &str) -> Result<TimestampFormat, String> {
        let kind = match text.to_ascii_lowercase().as_str() {
            "auto" => Kind::Auto,
            "iso" => Kind::Iso,
            "posix" => Kind::Posix,
            "millis" => Kind::Millis,
            "micro" => Kind::Micro,
            "nano" => Kind::Nano,
            "ruby" => Kind::Ruby,
            _ => Kind::Pattern(Arc::new(
                Pattern::parse(text)
                    .map_err(|why| format!("Unable to parse timestamps with format [{text}]: {why}"))?,
            )),
        };
        Ok(TimestampFormat { text: text.into(), kind })
    }

    /// The format as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The time of a whole number.
    pub fn read_long(&self, value: i64) -> Option<i64> {
        let ms = match &self.kind {
            Kind::Auto | Kind::Millis => value,
            Kind::Posix => value.checked_mul(1000)?,
            Kind::Micro => value / 1000,
            Kind::Nano => value / 1_000_000,
            Kind::Ruby => value.checked_mul(1000)?,
            Kind::Iso | Kind::Pattern(_) => return self.read_text(&value.to_string()),
        };
        within(ms)
    }

    /// The time of a number with a fraction.
    pub fn read_double(&self, value: f64) -> Option<i64> {
        match &self.kind {
            Kind::Ruby => within(scaled(value, 1000.0)?),
            Kind::Iso | Kind::Pattern(_) => self.read_text(&dialect::print::double_text(value)),
            _ if value.is_finite() => self.read_long(value as i64),
            _ => None,
        }
    }

    /// The time of a text, which may stand in double quotes.
    pub fn read_text(&self, text: &str) -> Option<i64> {
        let text = unquoted(text);
        if text.is_empty() {
            return None;
        }
        let ms = match &self.kind {
            Kind::Auto => return auto(text),
            Kind::Iso => iso(text)?,
            Kind::Ruby => scaled(text.trim().parse().ok()?, 1000.0)?,
            Kind::Pattern(pattern) => pattern.read(text)?,
            Kind::Posix | Kind::Millis | Kind::Micro | Kind::Nano => return self.read_long(text.parse().ok()?),
        };
        within(ms)
    }
}

fn within(ms: i64) -> Option<i64> {
    TIME_BOUNDS.contains(&ms).then_some(ms)
}

fn scaled(value: f64, by: f64) -> Option<i64> {
    let scaled = value * by;
    (scaled.is_finite() && scaled.abs() < 9.2e18).then_some(scaled as i64)
}

fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}

/// Digits are milliseconds, anything else is ISO with `T` or a blank, and a zone at the end.
fn auto(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return within(text.parse().ok()?);
    }
    let ms = match fixed::iso(text.as_bytes()) {
        Some(ms) => ms,
        None => instant::parse_loose(text.trim(), &TimeZone::UTC).ok()?,
    };
    within(ms)
}

fn iso(text: &str) -> Option<i64> {
    match fixed::iso(text.as_bytes()) {
        Some(ms) => Some(ms),
        None => instant::parse(text).ok(),
    }
}
