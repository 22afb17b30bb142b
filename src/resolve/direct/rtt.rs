//! The round-trip time of a server: when a datagram counts as lost, and when the server may be down. No I/O.

use std::time::Duration;

use crate::resolve::direct::time::Time;

/// No datagram counts as lost sooner.
const LEAST_WAIT: Duration = Duration::from_millis(100);
/// No question takes longer: see [`Timeouts`](crate::resolve::Timeouts).
const LONGEST_QUESTION: Duration = Duration::from_secs(600);
/// Ten early re-sends may follow each other closely. After that there is one for about 33 answered questions.
const MOST_CREDIT: u32 = 10 * EARLY_COST;
/// An early re-send costs 100 credits and a response earns 3, so at most 3 % of the questions are re-sent early.
const EARLY_COST: u32 = 100;
const ANSWER_EARNS: u32 = 3;
/// A server is suspect after this many sends without a response in between, once this has lasted long enough.
const SUSPECT_SENDS: u32 = 4;

/// What is known of one server.
#[derive(Debug)]
pub(super) struct Rtt {
    /// Smoothed round-trip time and its deviation in nanoseconds (RFC 6298 §2); `None` before the first response.
    smoothed: Option<(u64, u64)>,
    credit: u32,
    unanswered: u32,
    silent_since: Option<Time>,
    /// When it last responded.
    last_answer: Option<Time>,
    passed_over: bool,
}

impl Rtt {
    pub(super) fn new() -> Self {
        Self {
            smoothed: None,
            credit: MOST_CREDIT,
            unanswered: 0,
            silent_since: None,
            last_answer: None,
            passed_over: false,
        }
    }

    /// A response came after `took`, at this time. Any response counts, NXDOMAIN and errors too.
    pub(super) fn answered(&mut self, took: Duration, at: Time) {
        // RFC 6298 §2. Every send has its own id, so it is certain which one was answered, also after a re-send.
        let took = u64::try_from(took.min(LONGEST_QUESTION).as_nanos()).unwrap_or_default();
        self.smoothed = Some(match self.smoothed {
            None => (took, took / 2),
            Some((rtt, deviation)) => ((rtt * 7 + took) / 8, (deviation * 3 + rtt.abs_diff(took)) / 4),
        });
        self.credit = (self.credit + ANSWER_EARNS).min(MOST_CREDIT);
        self.unanswered = 0;
        self.silent_since = None;
        self.last_answer = self.last_answer.max(Some(at));
        self.passed_over = false;
    }

    /// The datagram sent at `sent` got no response in time.
    pub(super) fn silent(&mut self, sent: Time) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.silent_since.get_or_insert(sent);
    }

    /// How long to wait before a datagram counts as lost.
    pub(super) fn patience(&self) -> Option<Duration> {
        let (rtt, deviation) = self.smoothed?;
        Some(Duration::from_nanos((rtt * 3).max(rtt + deviation * 4)).max(LEAST_WAIT))
    }

    /// Pays for one early re-send; `false` when there is not enough credit.
    pub(super) fn spend(&mut self) -> bool {
        match self.credit.checked_sub(EARLY_COST) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }

    /// Should a probe find out whether the server is up? Silence alone does not show it: the servers of the names asked may be down.
    pub(super) fn is_suspect(&self, now: Time, resend: Duration) -> bool {
        let long = self.silent_since.is_some_and(|since| now.since(since) >= resend);
        self.unanswered >= SUSPECT_SENDS && long
    }

    /// The probe sent at `sent` got no response in time. The server is passed over unless it has answered something since.
    pub(super) fn probe_lost(&mut self, sent: Time) {
        self.passed_over |= self.last_answer.is_none_or(|at| at < sent);
    }

    /// Is the server asked only when no other is left?
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
        let (mut rtt, now) = (Rtt::new(), Time::now());
        assert_eq!(rtt.patience(), None);
        for _ in 0..50 {
            rtt.answered(ms(20), now);
        }
        assert_eq!(rtt.patience(), Some(ms(100)));
        for _ in 0..50 {
            rtt.answered(ms(80), now);
        }
        let patience = rtt.patience().unwrap();
        assert!(patience > ms(230) && patience < ms(250), "{patience:?}");
    }

    #[tokio::test]
    async fn early_sends_are_three_in_a_hundred() {
        let (mut rtt, now) = (Rtt::new(), Time::now());
        let mut early = 0;
        for _ in 0..10_000 {
            rtt.answered(ms(1), now);
            early += u32::from(rtt.spend());
        }
        assert_eq!(early, 309); // 3 % of 10,000, and nearly 10
    }

    #[tokio::test]
    async fn only_a_question_of_our_own_convicts() {
        let (begin, resend) = (Time::now(), ms(400));
        let at = |milliseconds| begin + ms(milliseconds);
        let mut rtt = Rtt::new();
        for _ in 0..4 {
            assert!(!rtt.is_suspect(at(10_000), resend));
            rtt.silent(begin);
        }
        assert!(!rtt.is_suspect(at(399), resend), "a burst is no proof");
        assert!(rtt.is_suspect(at(400), resend) && !rtt.is_passed_over());
        rtt.probe_lost(at(400));
        assert!(rtt.is_passed_over());
        rtt.answered(ms(1), at(1_000));
        assert!(!rtt.is_passed_over() && !rtt.is_suspect(at(2_000), resend));
        // It has answered another question since.
        rtt.probe_lost(at(999));
        assert!(!rtt.is_passed_over());
        rtt.probe_lost(at(1_001));
        assert!(rtt.is_passed_over());
    }
}
