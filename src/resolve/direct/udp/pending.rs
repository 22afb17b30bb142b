//! The questions in flight on one socket.

use std::task::Waker;

use tokio::time::Instant;

use crate::dns::Failure;
use crate::resolve::wire::codec::{self, MAX_PAYLOAD, Match};

/// The most buffers kept for later questions.
const SPARE: usize = 16;
/// The largest buffer kept, in octets.
const USUAL: usize = 512;

/// All questions on a socket. There are few of them, so a linear search by id is the fastest way.
#[derive(Default)]
pub(crate) struct PendingQueries {
    all: Vec<PendingQuery>,
    spare: Vec<Vec<u8>>,
    /// Questions without an outcome.
    waiting: usize,
    /// When the socket's timer fires. It is never later than the deadline of any question polled since it was set.
    timer: Option<Instant>,
    /// Datagrams that match no question.
    wrong: u32,
}

/// One question in flight.
pub(crate) struct PendingQuery {
    id: u16,
    /// The question; then the response.
    octets: Vec<u8>,
    settled: Option<Settled>,
    /// When the response came.
    settled_at: Option<Instant>,
    due: Instant,
    /// Its deadline has passed, and this has not been reported yet.
    overdue: bool,
    waker: Option<Waker>,
}

/// The outcome of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled {
    /// The response has come: same id, same question.
    Response,
    /// A response with letters in another case.
    OtherCase,
    Failed(Failure),
    /// The socket was closed.
    Lost,
}

/// The result of taking in a datagram.
pub(crate) enum Taken {
    /// The outcome of a question, and the waker of the task that waits for it.
    Settled(Settled, Option<Waker>),
    /// It matches no question: late, or forged.
    Foreign,
}

impl PendingQueries {
    /// Is a question with this id in flight?
    pub(crate) fn has(&self, id: u16) -> bool {
        self.all.iter().any(|query| query.id == id)
    }

    /// Adds a question.
    pub(crate) fn enter(&mut self, id: u16, due: Instant, write: impl FnOnce(&mut Vec<u8>)) {
        let mut octets = self.spare.pop().unwrap_or_default();
        octets.clear();
        write(&mut octets);
        self.all.push(PendingQuery { id, octets, settled: None, settled_at: None, due, overdue: false, waker: None });
        self.waiting += 1;
    }

    /// The octets to send, unless the question already has an outcome.
    pub(crate) fn unsettled(&self, id: u16) -> Option<&[u8]> {
        self.all.iter().find(|query| query.id == id && query.settled.is_none()).map(|query| query.octets.as_slice())
    }

    pub(crate) fn find(&mut self, id: u16) -> Option<(usize, &mut PendingQuery)> {
        self.all.iter_mut().enumerate().find(|(_, query)| query.id == id)
    }

    /// Removes a question.
    pub(crate) fn leave(&mut self, at: usize) {
        if at >= self.all.len() {
            return;
        }
        let query = self.all.swap_remove(at);
        if query.settled.is_none() {
            self.waiting = self.waiting.saturating_sub(1);
        }
        if self.spare.len() < SPARE && query.octets.capacity() <= USUAL {
            self.spare.push(query.octets);
        }
    }

    /// Is there no question without an outcome?
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting == 0
    }

    /// Wrong datagrams so far.
    pub(crate) fn wrong(&self) -> u32 {
        self.wrong
    }

    /// Takes in a datagram.
    pub(crate) fn take(&mut self, datagram: &[u8], exact_case: bool) -> Taken {
        let id = datagram.first_chunk().copied().map(u16::from_be_bytes);
        let query = self.all.iter_mut().find(|query| Some(query.id) == id && query.settled.is_none());
        let settled = query.and_then(|query| {
            let settled = match codec::compare(datagram, &query.octets) {
                Match::OtherCase if exact_case => Settled::OtherCase,
                Match::Ours | Match::OtherCase => {
                    query.octets.clear();
                    query.octets.extend_from_slice(datagram);
                    // Longer than the size we announced: the end is missing, so treat it as truncated.
                    if datagram.len() > MAX_PAYLOAD {
                        mark_truncated(&mut query.octets);
                    }
                    Settled::Response
                }
                Match::Failed(failure) => Settled::Failed(failure),
                Match::Foreign => return None,
            };
            query.settled = Some(settled);
            query.settled_at = Some(Instant::now());
            Some(Taken::Settled(settled, query.waker.take()))
        });
        match settled {
            Some(taken) => {
                self.waiting = self.waiting.saturating_sub(1);
                taken
            }
            None => {
                // RFC 5452 §9.1: ignore what does not match.
                self.wrong = self.wrong.saturating_add(1);
                Taken::Foreign
            }
        }
    }

    /// Gives all open questions this outcome, and returns their wakers.
    pub(crate) fn settle_all(&mut self, settled: Settled) -> Vec<Waker> {
        self.waiting = 0;
        let open = self.all.iter_mut().filter(|query| query.settled.is_none());
        open.filter_map(|query| {
            query.settled = Some(settled);
            query.waker.take()
        })
        .collect()
    }

    /// Must the timer be set for a wait until `due`?
    pub(crate) fn needs_timer(&mut self, due: Instant) -> bool {
        let needed = self.timer.is_none_or(|timer| due < timer);
        if needed {
            self.timer = Some(due);
        }
        needed
    }

    pub(crate) fn timer(&self) -> Option<Instant> {
        self.timer
    }

    /// The timer has fired. Returns all wakers: the overdue questions end their wait, the others set the timer again.
    pub(crate) fn on_timer(&mut self, now: Instant) -> Vec<Waker> {
        self.timer = None;
        let open = self.all.iter_mut().filter(|query| query.settled.is_none());
        open.filter_map(|query| {
            query.overdue = query.due <= now;
            query.waker.take()
        })
        .collect()
    }
}

/// Notes that it was cut on the way to us.
fn mark_truncated(response: &mut [u8]) {
    if let Some(flags) = response.get_mut(2) {
        *flags |= 0x02;
    }
}

impl PendingQuery {
    pub(crate) fn settled(&self) -> Option<Settled> {
        self.settled
    }

    /// When the response came, if it has.
    pub(crate) fn settled_at(&self) -> Option<Instant> {
        self.settled_at
    }

    /// The response, once there is one.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Has its deadline passed? Reports this once.
    pub(crate) fn is_overdue(&mut self) -> bool {
        std::mem::take(&mut self.overdue)
    }

    /// Waits for the outcome, until `due`.
    pub(crate) fn wait(&mut self, waker: &Waker, due: Instant) {
        self.due = due;
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}
