//! The questions in flight on one socket: who waits for what, and until when.

use std::task::Waker;

use tokio::time::Instant;

use crate::dns::Failure;
use crate::resolve::direct::query_codec::{self, MAX_PAYLOAD, Match};

/// Buffers that are kept for later questions, and the largest that is.
const SPARE: usize = 16;
const USUAL: usize = 512;

/// All questions on a socket. There are few, and ids are ours and random: looking through them is the quickest way.
#[derive(Default)]
pub(crate) struct Slots {
    all: Vec<Slot>,
    spare: Vec<Vec<u8>>,
    /// How many still wait.
    waiting: usize,
    /// When the socket's alarm rings: no later than anybody wants to be woken who has been polled since it was set.
    alarm: Option<Instant>,
    /// Datagrams that belong to no question.
    wrong: u32,
}

/// One question in flight.
pub(crate) struct Slot {
    id: u16,
    /// The question; then the response.
    octets: Vec<u8>,
    settled: Option<Settled>,
    /// When that was.
    settled_at: Option<Instant>,
    due: Instant,
    /// Its time has come.
    overdue: bool,
    waker: Option<Waker>,
}

/// What became of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled {
    /// The response is there: same id, same question.
    Response,
    /// A response in which letters have changed their case.
    OtherCase,
    Failed(Failure),
    /// The socket was given up.
    Lost,
}

/// What a datagram was.
pub(crate) enum Taken {
    /// A response; who waits for it.
    Settled(Settled, Option<Waker>),
    /// Nobody's: too late, or forged.
    Foreign,
}

impl Slots {
    /// Is a question with this id in flight?
    pub(crate) fn has(&self, id: u16) -> bool {
        self.all.iter().any(|slot| slot.id == id)
    }

    /// Enters a question.
    pub(crate) fn enter(&mut self, id: u16, due: Instant, write: impl FnOnce(&mut Vec<u8>)) {
        let mut octets = self.spare.pop().unwrap_or_default();
        octets.clear();
        write(&mut octets);
        self.all.push(Slot { id, octets, settled: None, settled_at: None, due, overdue: false, waker: None });
        self.waiting += 1;
    }

    /// The octets to send, unless the question is settled already.
    pub(crate) fn unsettled(&self, id: u16) -> Option<&[u8]> {
        self.all.iter().find(|slot| slot.id == id && slot.settled.is_none()).map(|slot| slot.octets.as_slice())
    }

    pub(crate) fn find(&mut self, id: u16) -> Option<(usize, &mut Slot)> {
        self.all.iter_mut().enumerate().find(|(_, slot)| slot.id == id)
    }

    /// Empties a place.
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

    /// Does anybody wait?
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
                    // Longer than we said that we take: the rest is lost, as if the server had cut it.
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
                // RFC 5452 §9.1: whatever does not fit is as if it had never come.
                self.wrong = self.wrong.saturating_add(1);
                Taken::Foreign
            }
        }
    }

    /// The same became of all that wait. Gives who is to be woken.
    pub(crate) fn settle_all(&mut self, settled: Settled) -> Vec<Waker> {
        self.waiting = 0;
        let open = self.all.iter_mut().filter(|slot| slot.settled.is_none());
        open.filter_map(|slot| {
            slot.settled = Some(settled);
            slot.waker.take()
        })
        .collect()
    }

    /// Is the alarm to be set for a wait until `due`?
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

    /// The alarm has rung. Everybody is woken: those whose time has come, and the others to set it again.
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

    /// Has its time come? Told once.
    pub(crate) fn is_overdue(&mut self) -> bool {
        std::mem::take(&mut self.overdue)
    }

    /// Who asked waits, until `due`.
    pub(crate) fn wait(&mut self, waker: &Waker, due: Instant) {
        self.due = due;
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}
