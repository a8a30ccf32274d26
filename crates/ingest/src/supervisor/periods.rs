//! Lengths of time in specs: ISO periods in, seconds out.

use std::time::Duration;

use timeline::Period;

/// An ISO period of fixed length, such as `PT30S`, in ms.
pub(super) fn parse_ms(text: &str) -> Result<i64, String> {
    let period = Period::parse(text).map_err(|error| error.to_string())?;
    period.fixed_ms().ok_or_else(|| format!("[{text}] has no fixed length; use weeks, days, hours, minutes or seconds"))
}

/// `PT60S`, as Druid prints lengths of time.
pub(super) fn print(duration_ms: i64) -> String {
    match (duration_ms / 1000, duration_ms % 1000) {
        (seconds, 0) => format!("PT{seconds}S"),
        (seconds, ms) => format!("PT{seconds}.{ms:03}S"),
    }
}

/// As a duration of the standard library; never negative.
pub(super) fn duration(duration_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(duration_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_print_as_seconds() {
        for (text, printed) in [("PT1M", "PT60S"), ("PT2H", "PT7200S"), ("P1D", "PT86400S"), ("PT0.5S", "PT0.500S")] {
            assert_eq!(parse_ms(text).map(print).as_deref(), Ok(printed), "{text}");
        }
        assert!(parse_ms("P1M").is_err());
        assert!(parse_ms("one hour").is_err());
    }
}
