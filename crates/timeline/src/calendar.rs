//! The proleptic Gregorian calendar over the whole range of `i64` milliseconds, without zones:
//! "local" milliseconds are those of a wall clock as if it stood in UTC.

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const WEEK: i64 = 7 * DAY;

/// Years beyond these, either way, have no milliseconds in an `i64`.
const MAX_YEAR: i64 = 292_300_000;

const CYCLE_DAYS: i64 = 146_097;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Date {
    /// The date of a local time, and the milliseconds since its midnight.
    pub fn of_local(local_ms: i64) -> (Date, i64) {
        (Date::of_day(local_ms.div_euclid(DAY)), local_ms.rem_euclid(DAY))
    }

    /// The date so many days after 1970-01-01.
    pub fn of_day(day: i64) -> Date {
        // Years are counted from 1 March, so that the leap day is the last of its year.
        let shifted = day + 719_468;
        let cycle = shifted.div_euclid(CYCLE_DAYS);
        let of_cycle = shifted.rem_euclid(CYCLE_DAYS);
        let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let march_month = (5 * of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Date {
            year: year_of_cycle + cycle * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * march_month + 2) / 5 + 1,
        }
    }

    /// Days since 1970-01-01.
    pub fn to_day(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let cycle = year.div_euclid(400);
        let year_of_cycle = year.rem_euclid(400);
        let march_month = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let of_year = (153 * march_month + 2) / 5 + self.day - 1;
        let of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + of_year;
        cycle * CYCLE_DAYS + of_cycle - 719_468
    }

    /// Months since January of year 0.
    pub fn month_index(self) -> i64 {
        self.year * 12 + self.month - 1
    }
}

pub(crate) fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 1 for Monday to 7 for Sunday.
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

/// The Monday of ISO week 1, in days since 1970-01-01.
pub(crate) fn first_monday(week_year: i64) -> i64 {
    let fourth = Date { year: week_year, month: 1, day: 4 }.to_day();
    fourth - (weekday(fourth) - 1)
}

/// Local milliseconds of a day's midnight plus `ms_of_day`, clipped to the range of `i64`.
pub(crate) fn local_ms(day: i64, ms_of_day: i64) -> i64 {
    day.saturating_mul(DAY).saturating_add(ms_of_day)
}

/// Adds months; a day that the target month lacks becomes its last day.
pub(crate) fn add_months(local: i64, months: i64) -> i64 {
    if months == 0 {
        return local;
    }
    let (date, ms_of_day) = Date::of_local(local);
    let index = date.month_index().saturating_add(months);
    let index = index.clamp(-MAX_YEAR * 12, MAX_YEAR * 12);
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let day = date.day.min(days_in_month(year, month));
    local_ms(Date { year, month, day }.to_day(), ms_of_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        let day = |year, month, day| Date { year, month, day }.to_day();
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2000, 2, 29), 11_016);
        assert_eq!(day(1969, 12, 31), -1);
        assert_eq!(weekday(0), 4, "1970-01-01 was a Thursday");
        assert_eq!(first_monday(2020), day(2019, 12, 30));
        assert_eq!(first_monday(2021), day(2021, 1, 4));
    }

    #[test]
    fn month_ends_clip() {
        let at = |year, month, day| local_ms(Date { year, month, day }.to_day(), 5);
        assert_eq!(add_months(at(2020, 1, 31), 1), at(2020, 2, 29));
        assert_eq!(add_months(at(2020, 3, 31), -1), at(2020, 2, 29));
        assert_eq!(add_months(at(2020, 2, 29), 12), at(2021, 2, 28));
        assert_eq!(add_months(at(2020, 1, 15), -13), at(2018, 12, 15));
        assert_eq!(add_months(i64::MAX, i64::MAX), i64::MAX);
    }

    proptest! {
        #[test]
        fn dates_round_trip(day in -100_000_000_000i64..100_000_000_000) {
            let date = Date::of_day(day);
            prop_assert_eq!(date.to_day(), day);
            prop_assert!((1..=12).contains(&date.month));
            prop_assert!((1..=days_in_month(date.year, date.month)).contains(&date.day));
        }
    }
}
