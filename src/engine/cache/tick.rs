//! The time of the cache, in quarters of a second.

use std::time::{Duration, Instant};

/// Quarters of a second since the cache was made. Enough for 34 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(crate) u32);

impl Tick {
    pub(crate) const PER_SECOND: u32 = 4;

    pub(crate) fn at(moment: Instant, origin: Instant) -> Self {
        let passed = moment.saturating_duration_since(origin);
        let quarters = passed.subsec_nanos() / (1_000_000_000 / Self::PER_SECOND);
        let seconds = u32::try_from(passed.as_secs()).unwrap_or(u32::MAX);
        Self(seconds.saturating_mul(Self::PER_SECOND).saturating_add(quarters))
    }
}

/// A lifetime in ticks. A longer one is cut to about four and a half hours.
pub(crate) fn ticks(lifetime: Duration) -> u16 {
    u16::try_from(lifetime.as_millis() / u128::from(1_000 / Tick::PER_SECOND)).unwrap_or(u16::MAX)
}
