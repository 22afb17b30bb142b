//! How long a resolver waits.

use std::time::Duration;

/// Shorter intervals between re-sends would flood the server.
const LEAST_RESEND: Duration = Duration::from_millis(10);
/// No mail server waits longer for one question.
const MOST_TOTAL: Duration = Duration::from_secs(600);

/// How long a resolver waits.
///
/// ```
/// use std::time::Duration;
/// use rdnsbl::resolve::Timeouts;
///
/// let timeouts = Timeouts::default().with_total(Duration::from_secs(2));
/// assert_eq!(timeouts.resend(), Duration::from_millis(400));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    resend: Duration,
    total: Duration,
}

impl Timeouts {
    /// Waits this long for a response before the question is sent again. Each later wait is twice the one before. At least 10 ms.
    #[must_use]
    pub fn with_resend(self, resend: Duration) -> Self {
        Self { resend: resend.max(LEAST_RESEND), ..self }
    }

    /// Gives up on a question after this time, including TCP and CNAME chains. At most 10 minutes.
    #[must_use]
    pub fn with_total(self, total: Duration) -> Self {
        Self { total: total.min(MOST_TOTAL), ..self }
    }

    /// The wait before the first re-send.
    #[must_use]
    pub fn resend(self) -> Duration {
        self.resend
    }

    /// The total time for one question.
    #[must_use]
    pub fn total(self) -> Duration {
        self.total
    }
}

impl Default for Timeouts {
    /// Re-sends after 400 ms, 1.2 s and 2.8 s; gives up after 4 s.
    fn default() -> Self {
        Self { resend: Duration::from_millis(400), total: Duration::from_secs(4) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let odd = Timeouts::default().with_resend(Duration::ZERO).with_total(Duration::MAX);
        assert_eq!((odd.resend(), odd.total()), (LEAST_RESEND, MOST_TOTAL));
    }
}
