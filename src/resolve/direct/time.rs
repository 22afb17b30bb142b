//! Points in time that are small, and cheap to compare and to add to: several are kept for each question.

use std::num::NonZeroU64;
use std::ops::Add;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

/// A point in time on tokio's clock: nanoseconds since [`ORIGIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(NonZeroU64);

/// A day before the first use: a clock that tests have paused may be a little behind.
static ORIGIN: LazyLock<Instant> = LazyLock::new(|| {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now)
});

impl Time {
    pub(crate) fn now() -> Self {
        Self::of(Instant::now().saturating_duration_since(*ORIGIN))
    }

    fn of(since_origin: Duration) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanos(since_origin)))
    }

    /// The same point in time for tokio's timers.
    pub(crate) fn instant(self) -> Instant {
        *ORIGIN + Duration::from_nanos(self.0.get() - 1)
    }

    /// The time from `earlier` to this; zero if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(nanos(later)))
    }
}

/// The nanoseconds of a duration. It saturates after 584 years.
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_tokio() {
        assert_eq!(size_of::<Option<Time>>(), 8);
        let (before, time, after) = (Instant::now(), Time::now(), Instant::now());
        assert!(before <= time.instant() && time.instant() <= after);
        for later in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(600)] {
            assert_eq!((time + later).instant(), time.instant() + later);
            assert_eq!(((time + later).since(time), time.since(time + later)), (later, Duration::ZERO));
        }
        assert!(time + Duration::MAX > time);
    }
}
