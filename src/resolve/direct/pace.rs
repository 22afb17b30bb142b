//! When a server's silence means that a datagram is lost, and when that the server is gone. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// No response is taken for lost sooner.
const LEAST_WAIT: Duration = Duration::from_millis(100);
/// Early re-sends that may follow each other closely; more come one for 33 questions.
const MOST_CREDIT: u32 = 10 * EARLY;
/// What an early re-send costs, and what a response earns: at most 3 % of the questions are sent early again.
const EARLY: u32 = 100;
const EARNED: u32 = 3;
/// Sends without any response between them that make a server look dead, once they have lasted long enough.
const MANY: u32 = 4;
/// How often a server that looks dead is asked first again.
const PROBE: Duration = Duration::from_secs(1);

/// What is known of one server.
#[derive(Debug)]
pub(super) struct Pace {
    /// Smoothed round trip and its deviation (RFC 6298 §2); none before the first response.
    trip: Option<(Duration, Duration)>,
    credit: u32,
    unanswered: u32,
    silent_since: Option<Instant>,
    next_probe: Option<Instant>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { trip: None, credit: MOST_CREDIT, unanswered: 0, silent_since: None, next_probe: None }
    }

    /// A response came after this long, whatever it says: NXDOMAIN is a success.
    pub(super) fn heard(&mut self, took: Duration) {
        // RFC 6298 §2. Every send has an id of its own, so there is no doubt which one was answered.
        self.trip = Some(match self.trip {
            None => (took, took / 2),
            Some((trip, deviation)) => ((trip * 7 + took) / 8, (deviation * 3 + trip.abs_diff(took)) / 4),
        });
        self.credit = (self.credit + EARNED).min(MOST_CREDIT);
        self.unanswered = 0;
        self.silent_since = None;
        self.next_probe = None;
    }

    /// A datagram sent at `sent` was waited for in vain.
    pub(super) fn silent(&mut self, sent: Instant) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.silent_since.get_or_insert(sent);
    }

    /// How long to wait before a datagram counts as lost.
    pub(super) fn patience(&self) -> Option<Duration> {
        let (trip, deviation) = self.trip?;
        Some((trip * 3).max(trip + deviation * 4).max(LEAST_WAIT))
    }

    /// May one more question be sent early again?
    pub(super) fn spend(&mut self) -> bool {
        match self.credit.checked_sub(EARLY) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }

    /// Does the server look dead, and is it not time to try it?
    pub(super) fn is_passed_over(&mut self, now: Instant, resend: Duration) -> bool {
        let long = self.silent_since.is_some_and(|since| now.saturating_duration_since(since) >= resend);
        if self.unanswered < MANY || !long {
            return false;
        }
        match self.next_probe {
            Some(due) if now < due => true,
            _ => {
                let first = self.next_probe.is_none();
                self.next_probe = Some(now + PROBE);
                first
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn patience_follows_the_round_trip() {
        let mut pace = Pace::new();
        assert_eq!(pace.patience(), None);
        for _ in 0..50 {
            pace.heard(ms(20));
        }
        assert_eq!(pace.patience(), Some(ms(100)));
        for _ in 0..50 {
            pace.heard(ms(80));
        }
        let patience = pace.patience().unwrap();
        assert!(patience > ms(230) && patience < ms(250), "{patience:?}");
    }

    #[test]
    fn early_sends_are_three_in_a_hundred() {
        let mut pace = Pace::new();
        let mut early = 0;
        for _ in 0..10_000 {
            pace.heard(ms(1));
            early += u32::from(pace.spend());
        }
        assert_eq!(early, 309); // 3 % of 10,000, and nearly 10
    }

    #[tokio::test]
    async fn dead_servers_are_tried_now_and_then() {
        let begin = Instant::now();
        let resend = ms(400);
        let mut pace = Pace::new();
        let passed = |pace: &mut Pace, at: u64| pace.is_passed_over(begin + ms(at), resend);
        for _ in 0..4 {
            assert!(!passed(&mut pace, 10_000));
            pace.silent(begin);
        }
        assert!(!passed(&mut pace, 399), "a burst is no proof");
        assert!(passed(&mut pace, 400));
        assert!(passed(&mut pace, 1_399));
        assert!(!passed(&mut pace, 1_400), "probe");
        assert!(passed(&mut pace, 1_401));
        pace.heard(ms(1));
        assert!(!passed(&mut pace, 1_402));
    }
}
