//! An estimate of how many questions a server has not read yet, and the limits for it. No I/O.
//!
//! Questions that a server has not read fill the receive buffer of its socket. A question counts as read
//!
//! * when it is answered;
//! * when it is old, and an answer to another one came when it was already old: the server is working, and reads questions in the
//!   order of arrival;
//! * when it is old, and the server never answers quickly and is not silent for longer than usual: the server then waits for
//!   other servers.
//!
//! Otherwise a question counts as unread. So all questions count that were sent to a server that has not answered yet, or that has
//! stopped. There are two limits: one for those sent after the latest answer, and a larger one for all. A server that answers
//! is not kept waiting by the first, and the buffer of one that stops just after an answer does not overflow because of the second.
//!
//! The answer time is measured from below, by the last time at which the answer was certainly not there: the time at which we
//! read it also depends on how busy this process is.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::resolve::direct::limit::count::Count;

/// The largest number of unread questions sent after the latest answer. 224 in all (see [`in_all`]) still fit into a receive buffer
/// of the usual size: 212,992 octets on Linux, which are full with 256 questions.
const MOST: usize = 128;
/// The smallest limit, reached when many questions are lost.
const LEAST: usize = 32;
/// After this time a slow but working server has read a question. A server that answers sooner counts as quick.
const READ: Duration = Duration::from_millis(10);
/// Answers also show that it has read what was sent so much earlier.
const AT_WORK: Duration = Duration::from_millis(8);
/// An answer that is read so soon after a question was sent may have left the server before the question came.
const ON_THE_WAY: Duration = Duration::from_micros(250);
/// The quickest answer is taken from this many periods of [`READ`].
const PERIODS: usize = 8;
/// With fewer periods than this, the usual answer time is not known.
const ENOUGH: usize = 2;
/// A server that is silent for longer gets no more questions, however slow its answers usually are.
const LONGEST_SILENCE: Duration = Duration::from_millis(250);
/// Send times are kept for groups of questions: at most this many questions in a group,
const GROUP: u32 = 16;
/// sent within this time,
const MOMENT: Duration = Duration::from_millis(1);
/// and at most this many groups.
const GROUPS: usize = 64;
/// A lost question adds this much to the losses; an answer takes 1 away. Five losses in a row, or one in twenty questions, are
/// too much. Fewer are normal: the network loses some, and so do the servers that a resolver asks.
const LOST: u32 = 20;
const TOO_MUCH: u32 = 5 * LOST;
/// After this many answers, a narrowed window grows by one question.
const GROWTH: u32 = 8;

/// What is known of one server.
#[derive(Debug)]
pub(crate) struct UnreadWindow {
    /// Unread questions, the oldest first.
    groups: VecDeque<Group>,
    /// The number of the first group.
    first: u64,
    /// Questions in all groups.
    unread: Count,
    /// The number of groups sent before the latest answer.
    before_answer: usize,
    /// Questions in the other groups.
    after_answer: Count,
    /// The limit for `after_answer`.
    width: usize,
    /// Answers since the width last grew.
    grown: u32,
    losses: u32,
    narrowed: Option<Instant>,
    last_answer: Option<Instant>,
    /// The shortest answer time in each of the latest periods with answers.
    quickest: VecDeque<Duration>,
    /// When the last of these periods ends.
    period_end: Option<Instant>,
    /// The last two times, at least [`MOMENT`] apart, at which everything that had arrived had been read, or nearly everything.
    looked: [Option<Instant>; 2],
}

/// Questions that were sent together.
#[derive(Debug)]
struct Group {
    /// No question sent later belongs to it.
    end: Instant,
    last: Instant,
    sent: u32,
    open: Count,
}

/// The send time of a question, as the number of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(u64);

impl UnreadWindow {
    pub(crate) fn new() -> Self {
        Self {
            groups: VecDeque::new(),
            first: 0,
            unread: Count::default(),
            before_answer: 0,
            after_answer: Count::default(),
            width: MOST,
            grown: 0,
            losses: 0,
            narrowed: None,
            last_answer: None,
            quickest: VecDeque::with_capacity(PERIODS),
            period_end: None,
            looked: [None; 2],
        }
    }

    /// May one more question be sent, when `promised` others have been admitted but not sent yet?
    pub(crate) fn has_room(&self, promised: usize) -> bool {
        self.after_answer.all + promised < self.width && self.unread.all + promised < in_all(self.width)
    }

    /// The same for names that clients chose. They may use one half of the window, so that names whose servers never answer do
    /// not fill the other half.
    pub(crate) fn has_room_for_chosen(&self, promised: usize) -> bool {
        self.after_answer.chosen + promised < self.width / 2 && self.unread.chosen + promised < in_all(self.width) / 2
    }

    /// A question is sent. `chosen`: a client chose its name.
    pub(crate) fn sent(&mut self, now: Instant, chosen: bool) -> Stamp {
        let full = self.groups.len() >= GROUPS;
        let before_answer = self.before_answer == self.groups.len();
        let fits = |group: &Group| full || (!before_answer && group.sent < GROUP && now < group.end);
        if !self.groups.back().is_some_and(fits) {
            self.groups.push_back(Group { end: now + MOMENT, last: now, sent: 0, open: Count::default() });
        }
        let at = self.groups.len().saturating_sub(1);
        if let Some(group) = self.groups.back_mut() {
            if at < self.before_answer {
                // There are so many groups that one sent before the answer gets this question too.
                self.before_answer = at;
                self.after_answer.add_all(group.open);
            }
            group.last = group.last.max(now);
            group.sent += 1;
            group.open.add(chosen);
        }
        self.unread.add(chosen);
        self.after_answer.add(chosen);
        Stamp(self.first + at as u64)
    }

    /// The question is over: it was answered, or given up.
    pub(crate) fn settled(&mut self, stamp: Stamp, chosen: bool) {
        let at = stamp.0.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(at) = at
            && let Some(group) = self.groups.get_mut(at).filter(|group| group.open.all > 0)
        {
            group.open.remove(chosen);
            self.unread.remove(chosen);
            if at >= self.before_answer {
                self.after_answer.remove(chosen);
            }
        }
        while self.groups.front().is_some_and(|group| group.open.all == 0) {
            self.drop_first();
        }
    }

    /// The answer to a question sent at `sent` was read at `now`.
    pub(crate) fn answered(&mut self, sent: Instant, now: Instant) {
        self.last_answer = self.last_answer.max(Some(now));
        self.measure(sent, now);
        self.look(now);
        while let Some(group) = self.groups.get(self.before_answer).filter(|group| group.last + ON_THE_WAY <= now) {
            self.after_answer.subtract(group.open);
            self.before_answer += 1;
        }
        self.drop_older(now, AT_WORK);
        self.losses = self.losses.saturating_sub(1);
        if self.width < MOST {
            self.grown += 1;
            if self.grown >= GROWTH {
                (self.width, self.grown) = (self.width + 1, 0);
            }
        }
    }

    /// Notes how long the server took at least, if it was quick for certain, or slow for certain.
    fn measure(&mut self, sent: Instant, now: Instant) {
        // What was read just before may have been found in the same look as this answer.
        let not_yet = self.looked.iter().flatten().find(|looked| **looked + MOMENT <= now);
        let least = not_yet.map_or(Duration::ZERO, |not_yet| not_yet.saturating_duration_since(sent));
        let took = if least >= READ {
            least
        } else if now.saturating_duration_since(sent) < READ {
            Duration::ZERO
        } else {
            return;
        };
        match self.quickest.back_mut() {
            Some(quickest) if self.period_end.is_some_and(|end| now < end) => *quickest = took.min(*quickest),
            _ => {
                if self.quickest.len() >= PERIODS {
                    self.quickest.pop_front();
                }
                self.quickest.push_back(took);
                self.period_end = Some(now + READ);
            }
        }
    }

    fn look(&mut self, now: Instant) {
        if self.looked[0].is_none_or(|looked| looked + MOMENT <= now) {
            self.looked = [Some(now), self.looked[0]];
        }
    }

    /// A question sent at `sent` counts as lost. Too many losses halve the window, once for all questions in flight at that time.
    pub(crate) fn lost(&mut self, sent: Instant, now: Instant) {
        if self.narrowed.is_some_and(|narrowed| sent < narrowed) {
            return;
        }
        self.losses += LOST;
        if self.losses >= TOO_MUCH {
            self.losses = 0;
            self.narrowed = Some(now);
            self.width = (self.width / 2).max(LEAST);
        }
    }

    /// When the window may open without an answer. The caller must call [`on_timer`](Self::on_timer) then.
    pub(crate) fn next_opening(&self, now: Instant) -> Option<Instant> {
        let last = self.groups.front()?.last;
        let by_age = (last + READ).max(now + MOMENT);
        let silence = self.silence();
        if !silence.is_zero() && self.last_answer.is_some_and(|at| by_age <= at + silence) {
            return Some(by_age);
        }
        // To learn which answers have not come yet.
        (now < self.last_answer.map_or(last, |at| at.max(last)) + LONGEST_SILENCE).then(|| now + READ)
    }

    /// The earliest time for which [`next_opening`](Self::next_opening) may ask, now or later.
    pub(crate) fn earliest_opening(&self) -> Option<Instant> {
        self.groups.front().map(|group| group.last + READ)
    }

    /// The timer has fired: everything that has arrived has been read.
    pub(crate) fn on_timer(&mut self, now: Instant) {
        self.look(now);
        let silence = self.silence();
        // The timer may have fired a little late.
        if !silence.is_zero() && self.last_answer.is_some_and(|at| now <= at + silence + MOMENT * 2) {
            self.drop_older(now, READ);
        }
    }

    /// How long a working server may be silent. Zero if it answers quickly, or its usual time is not known.
    fn silence(&self) -> Duration {
        match self.quickest.iter().min() {
            Some(quickest) if *quickest >= READ && self.quickest.len() >= ENOUGH => {
                (*quickest * 2).min(LONGEST_SILENCE)
            }
            _ => Duration::ZERO,
        }
    }

    fn drop_older(&mut self, now: Instant, age: Duration) {
        while self.groups.front().is_some_and(|group| group.last + age <= now) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        let Some(group) = self.groups.pop_front() else { return };
        self.first += 1;
        self.unread.subtract(group.open);
        match self.before_answer.checked_sub(1) {
            Some(others) => self.before_answer = others,
            None => self.after_answer.subtract(group.open),
        }
    }
}

/// The limit for all unread questions, where `width` is the one for those sent after the latest answer.
fn in_all(width: usize) -> usize {
    width * 7 / 4
}
