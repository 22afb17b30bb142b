//! When a server's silence means that a datagram is lost, and when that the server may be gone. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// No response is taken for lost sooner.
const LEAST_WAIT: Duration = Duration::from_millis(100);
/// Early re-sends that may follow each other closely; more come one for 33 questions.
const MOST_CREDIT: u32 = 10 * EARLY;
/// What an early re-send costs, and what a response earns: at most 3 % of the questions are sent early again.
const EARLY: u32 = 100;
const EARNED: u32 = 3;
/// Sends without any response between them that make a server suspect, once they have lasted long enough.
const MANY: u32 = 4;

/// What is known of one server.
#[derive(Debug)]
pub(super) struct Pace {
    /// Smoothed round trip and its deviation (RFC 6298 §2); none before the first response.
    trip: Option<(Duration, Duration)>,
    credit: u32,
    unanswered: u32,
    silent_since: Option<Instant>,
    /// When it last responded.
    heard: Option<Instant>,
    passed_over: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { trip: None, credit: MOST_CREDIT, unanswered: 0, silent_since: None, heard: None, passed_over: false }
    }

    /// A response came after this long, whatever it says: NXDOMAIN is a success.
    pub(super) fn heard(&mut self, took: Duration, came: Instant) {
        // RFC 6298 §2. Every send has an id of its own, so there is no doubt which one was answered.
        self.trip = Some(match self.trip {
            None => (took, took / 2),
            Some((trip, deviation)) => ((trip * 7 + took) / 8, (deviation * 3 + trip.abs_diff(took)) / 4),
        });
        self.credit = (self.credit + EARNED).min(MOST_CREDIT);
        self.unanswered = 0;
        self.silent_since = None;
        self.heard = self.heard.max(Some(came));
        self.passed_over = false;
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

    /// Is the server to be asked whether it is there? What others chose to ask is silent; that may be their names' doing.
    pub(super) fn is_suspect(&self, now: Instant, resend: Duration) -> bool {
        let long = self.silent_since.is_some_and(|since| now.saturating_duration_since(since) >= resend);
        self.unanswered >= MANY && long
    }

    /// A question of our own, sent at `sent`, was waited for in vain, and nothing else was heard since.
    pub(super) fn is_gone(&mut self, sent: Instant) {
        self.passed_over |= self.heard.is_none_or(|heard| heard < sent);
    }

    /// Is the server to be asked only when no other is left?
    pub(super) fn is_passed_over(&self) -> bool {
        self.passed_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[tokio::test]
    async fn patience_follows_the_round_trip() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        assert_eq!(pace.patience(), None);
        for _ in 0..50 {
            pace.heard(ms(20), now);
        }
        assert_eq!(pace.patience(), Some(ms(100)));
        for _ in 0..50 {
            pace.heard(ms(80), now);
        }
        let patience = pace.patience().unwrap();
        assert!(patience > ms(230) && patience < ms(250), "{patience:?}");
    }

    #[tokio::test]
    async fn early_sends_are_three_in_a_hundred() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        let mut early = 0;
        for _ in 0..10_000 {
            pace.heard(ms(1), now);
            early += u32::from(pace.spend());
        }
        assert_eq!(early, 309); // 3 % of 10,000, and nearly 10
    }

    #[tokio::test]
    async fn only_a_question_of_our_own_convicts() {
        let (begin, resend) = (Instant::now(), ms(400));
        let at = |milliseconds| begin + ms(milliseconds);
        let mut pace = Pace::new();
        for _ in 0..4 {
            assert!(!pace.is_suspect(at(10_000), resend));
            pace.silent(begin);
        }
        assert!(!pace.is_suspect(at(399), resend), "a burst is no proof");
        assert!(pace.is_suspect(at(400), resend) && !pace.is_passed_over());
        pace.is_gone(at(400));
        assert!(pace.is_passed_over());
        pace.heard(ms(1), at(1_000));
        assert!(!pace.is_passed_over() && !pace.is_suspect(at(2_000), resend));
        // It has answered somebody else since.
        pace.is_gone(at(999));
        assert!(!pace.is_passed_over());
        pace.is_gone(at(1_001));
        assert!(pace.is_passed_over());
    }
}
