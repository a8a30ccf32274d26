//! The proleptic Gregorian calendar on days since 1970-01-01.

/// A wall clock's reading, cut into fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// Days since 1970-01-01.
    pub epoch_day: i64,
    /// Milliseconds since midnight.
    pub ms: i64,
}

pub(crate) const DAY_MS: i64 = 86_400_000;

impl Civil {
    /// Of milliseconds since 1970-01-01T00:00 on the wall clock.
    pub fn of_local(local_ms: i64) -> Civil {
        let epoch_day = local_ms.div_euclid(DAY_MS);
        // Years begin in March, so that the leap day is the last one.
        let shifted = epoch_day + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil { year, month, day, epoch_day, ms: local_ms.rem_euclid(DAY_MS) }
    }

    /// 1 for Monday to 7 for Sunday.
    pub fn weekday(&self) -> i64 {
        (self.epoch_day + 3).rem_euclid(7) + 1
    }

    /// From 1.
    pub fn day_of_year(&self) -> i64 {
        self.epoch_day - days_to(self.year, 1, 1) + 1
    }

    /// The ISO week and the year it belongs to.
    pub fn week(&self) -> (i64, i64) {
        let thursday = self.epoch_day - self.weekday() + 4;
        let year = Civil::of_local(thursday * DAY_MS).year;
        (year, (thursday - days_to(year, 1, 1)) / 7 + 1)
    }
}

/// Days from 1970-01-01 to the date.
pub(crate) fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_to(next_year, next, 1) - days_to(year, month, 1)
}

/// The Monday of week 1 of an ISO year.
pub(crate) fn first_monday(year: i64) -> i64 {
    let fourth = days_to(year, 1, 4);
    fourth - (fourth + 3).rem_euclid(7)
}

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
