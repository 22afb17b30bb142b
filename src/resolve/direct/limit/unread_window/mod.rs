//! An estimate of how many questions a server has not read yet, and the limit for it. No I/O.
//!
//! Questions that a server has not read fill the receive buffer of its socket. A question counts as read
//!
//! * when it is answered;
//! * when it is old, and the server never answers quickly and is not silent for longer than usual: the server then waits for
//!   other servers;
//! * when it is a little old, and the server has answered another question in the meantime: the server is working, and reads
//!   questions in the order of arrival.
//!
//! Otherwise a question counts as unread. So all questions count that were sent to a server that has not answered yet, that
//! answers quickly, or that has stopped. The answer time is measured from below, by the last time at which the answer was
//! certainly not there: the time at which we read it also depends on how busy this process is.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use crate::resolve::direct::time::Time;

/// The largest number of unread questions. A receive buffer of the usual size on Linux (212,992 octets) has room for 256, but may
/// already be full with 192: the kernel frees the room of datagrams that were read in steps of a quarter of the buffer.
const MOST_UNREAD: usize = 128;
/// The smallest limit, reached when many questions are lost.
const LEAST_UNREAD: usize = 32;
/// After this time a slow but working server has read a question. A server that answers sooner counts as quick.
const READ_AFTER: Duration = Duration::from_millis(10);
/// A server that has answered within this time has read what was sent before that. If it stopped just after that answer, it gets
/// at most [`MOST_UNREAD`] questions more: its buffer overflows only if it had read less than half of the others.
const AT_WORK: Duration = Duration::from_millis(5);
/// The quickest answer is taken from this many periods of [`READ_AFTER`].
const MOST_PERIODS: usize = 8;
/// With fewer periods than this, the usual answer time is not known.
const ENOUGH_PERIODS: usize = 2;
/// A server that is silent for longer gets no more questions, however slow its answers usually are.
const LONGEST_SILENCE: Duration = Duration::from_millis(250);
/// Send times are kept for groups of questions: at most this many questions in a group,
const GROUP_SIZE: u32 = 16;
/// sent within this time,
const GROUP_TIME: Duration = Duration::from_millis(1);
/// and at most this many groups.
const MOST_GROUPS: usize = 32;
/// A timer fires no sooner, and a time that is so little earlier is not worth setting it again.
pub(super) const TIMER_STEP: Duration = Duration::from_millis(1);
/// A lost question adds this much to the losses; an answer takes 1 away. Five losses in a row, or one in twenty questions, are
/// too much. Fewer are normal: the network loses some, and so do the servers that a resolver asks.
const LOSS_WEIGHT: u32 = 20;
const TOO_MANY_LOSSES: u32 = 5 * LOSS_WEIGHT;
/// After this many answers, a narrowed window grows by one question.
const ANSWERS_PER_GROWTH: u32 = 8;

/// What is known of one server.
#[derive(Debug)]
pub(crate) struct UnreadWindow {
    /// Unread questions, the oldest first.
    groups: VecDeque<Group>,
    /// The number of the first group.
    first: u64,
    /// Questions in all groups.
    unread: usize,
    /// Of these, questions about names that clients chose.
    chosen: usize,
    /// The limit for `unread`.
    width: usize,
    /// Answers since the width last grew.
    grown: u32,
    losses: u32,
    narrowed: Option<Time>,
    last_answer: Option<Time>,
    /// The latest time that was mentioned.
    pub(super) latest: Option<Time>,
    /// The shortest answer time in each of the latest periods with answers.
    quickest: VecDeque<Duration>,
    /// How long a working server may be silent. Zero if it answers quickly, or its usual time is not known.
    silence: Duration,
    /// When the last of these periods ends.
    period_end: Option<Time>,
    /// The last two times at which the timer fired: everything that had arrived by then had been read.
    timer_fired: [Option<Time>; 2],
}

/// Questions that were sent together.
#[derive(Debug)]
struct Group {
    /// No question sent later belongs to it.
    end: Time,
    last: Time,
    sent: u32,
    open: usize,
    /// Of the open ones, those about names that clients chose.
    chosen: usize,
}

/// The send time of a question, as the number of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(u64);

impl UnreadWindow {
    pub(crate) fn new() -> Self {
        Self {
            groups: VecDeque::new(),
            first: 0,
            unread: 0,
            chosen: 0,
            width: MOST_UNREAD,
            grown: 0,
            losses: 0,
            narrowed: None,
            last_answer: None,
            latest: None,
            quickest: VecDeque::with_capacity(MOST_PERIODS),
            silence: Duration::ZERO,
            period_end: None,
            timer_fired: [None; 2],
        }
    }

    /// May one more question be sent, when `promised` others have been admitted but not sent yet?
    pub(crate) fn has_room(&self, promised: usize) -> bool {
        self.unread + promised < self.width
    }

    /// The same for names that clients chose. They may use one half of the window, so that names whose servers never answer do
    /// not fill the other half.
    pub(crate) fn has_room_for_chosen(&self, promised: usize) -> bool {
        self.chosen + promised < self.width / 2
    }

    /// A question is sent. `chosen`: a client chose its name.
    pub(crate) fn sent(&mut self, now: Time, chosen: bool) -> Stamp {
        self.note_time(now);
        let full = self.groups.len() >= MOST_GROUPS;
        let fits = |group: &Group| full || (group.sent < GROUP_SIZE && now < group.end);
        match self.groups.back_mut() {
            Some(group) if fits(group) => {
                group.last = group.last.max(now);
                group.sent += 1;
                group.open += 1;
                group.chosen += usize::from(chosen);
            }
            _ => self.groups.push_back(Group {
                end: now + GROUP_TIME,
                last: now,
                sent: 1,
                open: 1,
                chosen: usize::from(chosen),
            }),
        }
        self.unread += 1;
        self.chosen += usize::from(chosen);
        Stamp(self.first + self.groups.len() as u64 - 1)
    }

    /// The question is over: it was answered, or given up.
    pub(crate) fn settled(&mut self, stamp: Stamp, chosen: bool) {
        let at = stamp.0.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(group) = at.and_then(|at| self.groups.get_mut(at))
            && group.open > 0
        {
            group.open -= 1;
            self.unread -= 1;
            if chosen && group.chosen > 0 {
                group.chosen -= 1;
                self.chosen -= 1;
            }
        }
        while self.groups.front().is_some_and(|group| group.open == 0) {
            self.drop_first();
        }
    }

    /// The answer to a question sent at `sent` was read at `now`.
    pub(crate) fn answered(&mut self, sent: Time, now: Time) {
        self.note_time(now);
        self.last_answer = self.last_answer.max(Some(now));
        let not_yet = self.timer_fired.iter().flatten().find(|timer_fired| **timer_fired < now);
        let not_yet = not_yet.filter(|timer_fired| **timer_fired > sent);
        let took = not_yet.map_or(Duration::ZERO, |timer_fired| timer_fired.since(sent));
        match self.quickest.back_mut() {
            Some(quickest) if self.period_end.is_some_and(|end| now < end) => {
                if took < *quickest {
                    *quickest = took;
                    self.silence = silence(&self.quickest);
                }
            }
            _ => {
                if self.quickest.len() >= MOST_PERIODS {
                    self.quickest.pop_front();
                }
                self.quickest.push_back(took);
                self.period_end = Some(now + READ_AFTER);
                self.silence = silence(&self.quickest);
            }
        }
        self.losses = self.losses.saturating_sub(1);
        if self.width < MOST_UNREAD {
            self.grown += 1;
            if self.grown >= ANSWERS_PER_GROWTH {
                (self.width, self.grown) = (self.width + 1, 0);
            }
        }
    }

    /// A question sent at `sent` counts as lost. Too many losses halve the window, once for all questions in flight at that time.
    pub(crate) fn lost(&mut self, sent: Time, now: Time) {
        if self.narrowed.is_some_and(|narrowed| sent < narrowed) {
            return;
        }
        self.losses += LOSS_WEIGHT;
        if self.losses >= TOO_MANY_LOSSES {
            self.losses = 0;
            self.narrowed = Some(now);
            self.width = (self.width / 2).max(LEAST_UNREAD);
        }
    }

    /// It is at least this late.
    pub(crate) fn note_time(&mut self, now: Time) {
        self.latest = self.latest.max(Some(now));
    }

    /// When the window may open without an answer. The caller must call [`on_timer`](Self::on_timer) then. As seen from `now`,
    /// which is not before the latest time mentioned; seen from a later time it is not earlier.
    pub(crate) fn next_opening(&self, now: Time) -> Option<Time> {
        let (last, soon) = (self.groups.front()?.last, now + TIMER_STEP);
        if self.is_at_work(now) {
            return Some((last + AT_WORK).max(soon));
        }
        let by_age = (last + READ_AFTER).max(soon);
        if !self.silence.is_zero() && self.last_answer.is_some_and(|at| by_age <= at + self.silence) {
            return Some(by_age);
        }
        // To learn which answers have not come yet.
        (now < self.last_answer.map_or(last, |at| at.max(last)) + LONGEST_SILENCE).then(|| now + READ_AFTER)
    }

    /// The timer has fired: everything that has arrived has been read.
    pub(crate) fn on_timer(&mut self, now: Time) {
        self.note_time(now);
        self.timer_fired = [Some(now), self.timer_fired[0]];
        if self.is_at_work(now) {
            self.drop_older(now, AT_WORK);
        } else if !self.silence.is_zero()
            && self.last_answer.is_some_and(|at| now <= at + self.silence + TIMER_STEP * 2)
        {
            // The timer may have fired a little late.
            self.drop_older(now, READ_AFTER);
        }
    }

    /// Has the server answered within [`AT_WORK`]?
    fn is_at_work(&self, now: Time) -> bool {
        self.last_answer.is_some_and(|at| now < at + AT_WORK)
    }

    fn drop_older(&mut self, now: Time, age: Duration) {
        while self.groups.front().is_some_and(|group| now.since(group.last) >= age) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(group) = self.groups.pop_front() {
            self.first += 1;
            self.unread -= group.open;
            self.chosen -= group.chosen;
        }
    }
}

/// How long a server may be silent that answered in at least these times, one for each period.
fn silence(quickest: &VecDeque<Duration>) -> Duration {
    match quickest.iter().min() {
        Some(least) if *least >= READ_AFTER && quickest.len() >= ENOUGH_PERIODS => (*least * 2).min(LONGEST_SILENCE),
        _ => Duration::ZERO,
    }
}
