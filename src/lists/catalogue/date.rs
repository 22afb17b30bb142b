//! Dates as precise as their sources: a year, a month, or a day.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A date in UTC, as precise as its source.
///
/// ```
/// use rdnsbl::lists::catalogue::Date;
///
/// let closed: Date = "2006-12-18".parse()?;
/// assert_eq!(closed.to_string(), "2006-12-18");
/// assert!("2007".parse::<Date>()? > closed);
/// # Ok::<(), rdnsbl::lists::catalogue::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl Date {
    /// The value in place of a missing date: the first day of Unix time.
    pub(crate) const EPOCH: Self = Self { year: 1970, month: Some(1), day: Some(1) };

    /// The year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12, if the source gives it.
    #[must_use]
    pub fn month(self) -> Option<u8> {
        self.month
    }

    /// The day of the month, if the source gives it.
    #[must_use]
    pub fn day(self) -> Option<u8> {
        self.day
    }

    /// Midnight of its first day, UTC.
    #[must_use]
    pub fn start(self) -> SystemTime {
        let days = days_since_epoch(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1));
        SystemTime::UNIX_EPOCH + Duration::from_secs(days * 24 * 60 * 60)
    }
}

/// The day of a moment in UTC; the first day of Unix time for earlier moments.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use rdnsbl::lists::catalogue::Date;
///
/// let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_164_800 + 86_399);
/// assert_eq!(Date::from(moment).to_string(), "2024-02-29");
/// ```
impl From<SystemTime> for Date {
    fn from(moment: SystemTime) -> Self {
        let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let days = (since.as_secs() / (24 * 60 * 60)).min(LAST_DAY);
        // The inverse of `days_since_epoch`: years from March, in eras of 400.
        let shifted = days + DAYS_TO_MARCH_1970;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let small = |number: u64| u8::try_from(number).ok();
        Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: small(month), day: small(day) }
    }
}

/// 9999-12-31: later years do not fit in four digits.
const LAST_DAY: u64 = 2_932_896;
/// Days from 1 March of the year 0 to 1970-01-01.
const DAYS_TO_MARCH_1970: u64 = 719_468;

/// Days since 1970-01-01. Years start in March, so that the leap day is the last day of its year.
fn days_since_epoch(year: u16, month: u8, day: u8) -> u64 {
    let (year, month, day) = (u64::from(year), u64::from(month), u64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_TO_MARCH_1970
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, 1970 or later.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let number = |part: &str, length: usize| {
            let digits = part.len() == length && part.bytes().all(|octet| octet.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| digits).ok_or(DateError)
        };
        let mut parts = text.split('-');
        let year = number(parts.next().unwrap_or_default(), 4)?;
        let mut pair = || parts.next().map(|part| number(part, 2)).transpose();
        let month = pair()?.map(|month| u8::try_from(month).unwrap_or(0));
        let day = pair()?.map(|day| u8::try_from(day).unwrap_or(0));
        let sound = year >= 1970
            && month.is_none_or(|month| (1..=12).contains(&month))
            && day.is_none_or(|day| (1..=days_in(year, month.unwrap_or(1))).contains(&day))
            && parts.next().is_none();
        if sound { Ok(Self { year, month, day }) } else { Err(DateError) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

/// The text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("need YYYY, YYYY-MM or YYYY-MM-DD, from 1970 on")]
pub struct DateError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_precision() {
        for text in ["2007", "2006-12", "2006-12-18", "2024-02-29", "1970-01-01"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in ["", "07", "2007-1", "2007-13", "2007-00", "2023-02-29", "2007-01-32", "2007-01-01-01", "1969", "x"]
        {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text}");
        }
    }

    #[test]
    fn days_of_unix_time() {
        let seconds = |text: &str| {
            text.parse::<Date>().unwrap().start().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
        };
        assert_eq!(seconds("1970-01-01"), 0);
        assert_eq!(seconds("1970"), 0);
        assert_eq!(seconds("2000-03-01"), 951_868_800);
        assert_eq!(seconds("2024-02-29"), 1_709_164_800);
        assert_eq!(seconds("2026-08"), 1_785_542_400);
    }

    #[test]
    fn days_of_moments() {
        let mut date: Date = "1970-01-01".parse().unwrap();
        for day in 0..60_000 {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + day % 86_400);
            let found = Date::from(moment);
            assert_eq!(found.start(), SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400), "{found}");
            assert!(day == 0 || found > date, "{found}");
            date = found;
        }
        let late = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 40)).unwrap();
        assert_eq!(Date::from(late).to_string(), "9999-12-31");
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Date::from(early).to_string(), "1970-01-01");
    }
}
