//! The questions in flight on one socket.

use std::task::Waker;

use tokio::time::Instant;

use crate::dns::Failure;
use crate::resolve::direct::query_codec::{self, MAX_PAYLOAD, Match};

/// The most buffers kept for later questions.
const SPARE: usize = 16;
/// The largest buffer kept, in octets.
const USUAL: usize = 512;

/// All questions on a socket. There are few of them, so a linear search by id is the fastest way.
#[derive(Default)]
pub(crate) struct Slots {
    all: Vec<Slot>,
    spare: Vec<Vec<u8>>,
    /// Questions without an outcome.
    waiting: usize,
    /// When the socket's timer fires. It is never later than the deadline of any question polled since it was set.
    alarm: Option<Instant>,
    /// Datagrams that match no question.
    wrong: u32,
}

/// One question in flight.
pub(crate) struct Slot {
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

impl Slots {
    /// Is a question with this id in flight?
    pub(crate) fn has(&self, id: u16) -> bool {
        self.all.iter().any(|slot| slot.id == id)
    }

    /// Adds a question.
    pub(crate) fn enter(&mut self, id: u16, due: Instant, write: impl FnOnce(&mut Vec<u8>)) {
        let mut octets = self.spare.pop().unwrap_or_default();
        octets.clear();
        write(&mut octets);
        self.all.push(Slot { id, octets, settled: None, settled_at: None, due, overdue: false, waker: None });
        self.waiting += 1;
    }

    /// The octets to send, unless the question already has an outcome.
    pub(crate) fn unsettled(&self, id: u16) -> Option<&[u8]> {
        self.all.iter().find(|slot| slot.id == id && slot.settled.is_none()).map(|slot| slot.octets.as_slice())
    }

    pub(crate) fn find(&mut self, id: u16) -> Option<(usize, &mut Slot)> {
        self.all.iter_mut().enumerate().find(|(_, slot)| slot.id == id)
    }

    /// Removes a question.
    pub(crate) fn leave(&mut self, at: usize) {
        if at >= self.all.len() {
            return;
        }
        let slot = self.all.swap_remove(at);
        if slot.settled.is_none() {
            self.waiting = self.waiting.saturating_sub(1);
        }
        if self.spare.len() < SPARE && slot.octets.capacity() <= USUAL {
            self.spare.push(slot.octets);
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
        let slot = self.all.iter_mut().find(|slot| Some(slot.id) == id && slot.settled.is_none());
        let settled = slot.and_then(|slot| {
            let settled = match query_codec::compare(datagram, &slot.octets) {
                Match::OtherCase if exact_case => Settled::OtherCase,
                Match::Ours | Match::OtherCase => {
                    slot.octets.clear();
                    slot.octets.extend_from_slice(datagram);
                    // Longer than the size we announced: the end is missing, so treat it as truncated.
                    if datagram.len() > MAX_PAYLOAD {
                        query_codec::mark_truncated(&mut slot.octets);
                    }
                    Settled::Response
                }
                Match::Failed(failure) => Settled::Failed(failure),
                Match::Foreign => return None,
            };
            slot.settled = Some(settled);
            slot.settled_at = Some(Instant::now());
            Some(Taken::Settled(settled, slot.waker.take()))
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
        let open = self.all.iter_mut().filter(|slot| slot.settled.is_none());
        open.filter_map(|slot| {
            slot.settled = Some(settled);
            slot.waker.take()
        })
        .collect()
    }

    /// Must the timer be set for a wait until `due`?
    pub(crate) fn needs_alarm(&mut self, due: Instant) -> bool {
        let needed = self.alarm.is_none_or(|alarm| due < alarm);
        if needed {
            self.alarm = Some(due);
        }
        needed
    }

    pub(crate) fn alarm(&self) -> Option<Instant> {
        self.alarm
    }

    /// The timer has fired. Returns all wakers: the overdue questions end their wait, the others set the timer again.
    pub(crate) fn ring(&mut self, now: Instant) -> Vec<Waker> {
        self.alarm = None;
        let open = self.all.iter_mut().filter(|slot| slot.settled.is_none());
        open.filter_map(|slot| {
            slot.overdue = slot.due <= now;
            slot.waker.take()
        })
        .collect()
    }
}

impl Slot {
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
