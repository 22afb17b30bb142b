//! The questions in flight on one socket.

use std::task::Waker;

use crate::dns::Failure;
use crate::resolve::direct::time::Time;
use crate::resolve::wire::codec::{self, MAX_PAYLOAD, Match};

/// The most buffers kept for later questions.
const SPARE: usize = 16;
/// The largest buffer kept, in octets.
const USUAL: usize = 512;

/// All questions on a socket. There are few of them, so a linear search by id is the fastest way.
#[derive(Default)]
pub(crate) struct PendingQueries {
    all: Vec<PendingQuery>,
    /// The ids of all, in the same order, and close together for the search.
    ids: Vec<u16>,
    spare: Vec<Vec<u8>>,
    /// Questions without an outcome.
    waiting: usize,
    /// When the socket's timer fires. It is never later than the deadline of any question that the socket's runtime has polled
    /// since it was set.
    timer: Option<Time>,
    /// Datagrams that match no question.
    wrong: u32,
}

/// The name of a question on its socket.
#[derive(Clone, Copy)]
pub(crate) struct QueryKey {
    id: u16,
    /// Where it was last. Another question may have its place now. There are fewer questions than ids.
    at: u16,
}

/// One question in flight.
pub(crate) struct PendingQuery {
    /// The question; then the response.
    octets: Vec<u8>,
    settled: Option<Settled>,
    due: Time,
    /// Its deadline has passed, and this has not been reported yet.
    overdue: bool,
    waker: Option<Waker>,
}

/// The outcome of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled {
    /// The response came at this time: same id, same question.
    Response(Time),
    /// A response with letters in another case.
    OtherCase(Time),
    Failed(Failure),
    /// The socket was closed.
    Lost,
}

/// The result of taking in a datagram.
pub(crate) enum Taken {
    /// The outcome of a question, and the waker of the task that waits for it.
    Settled { settled: Settled, waker: Option<Waker>, was_last: bool },
    /// It matches no question: late, or forged.
    Foreign,
}

impl PendingQueries {
    /// Adds a question; `None` when the id is in use.
    pub(crate) fn enter(&mut self, id: u16, due: Time, write: impl FnOnce(&mut Vec<u8>)) -> Option<QueryKey> {
        if self.ids.contains(&id) {
            return None;
        }
        let mut octets = self.spare.pop().unwrap_or_default();
        octets.clear();
        write(&mut octets);
        let at = u16::try_from(self.all.len()).ok()?;
        self.all.push(PendingQuery { octets, settled: None, due, overdue: false, waker: None });
        self.ids.push(id);
        self.waiting += 1;
        Some(QueryKey { id, at })
    }

    fn position(&self, id: u16) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }

    /// Where the question is. Brings the place in the key up to date.
    fn locate(&self, key: &mut QueryKey) -> Option<usize> {
        if self.ids.get(usize::from(key.at)) != Some(&key.id) {
            key.at = u16::try_from(self.position(key.id)?).ok()?;
        }
        Some(key.at.into())
    }

    /// The octets to send, unless the question already has an outcome.
    pub(crate) fn unsettled(&self, mut key: QueryKey) -> Option<&[u8]> {
        self.all
            .get(self.locate(&mut key)?)
            .filter(|query| query.settled.is_none())
            .map(|query| query.octets.as_slice())
    }

    pub(crate) fn get(&mut self, key: &mut QueryKey) -> Option<&mut PendingQuery> {
        let at = self.locate(key)?;
        self.all.get_mut(at)
    }

    /// Removes a question.
    pub(crate) fn leave(&mut self, mut key: QueryKey) {
        let Some(at) = self.locate(&mut key) else { return };
        self.ids.swap_remove(at);
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
        match self.settle(datagram, exact_case) {
            Some((settled, waker)) => {
                self.waiting = self.waiting.saturating_sub(1);
                Taken::Settled { settled, waker, was_last: self.waiting == 0 }
            }
            None => {
                // RFC 5452 §9.1: ignore what does not match.
                self.wrong = self.wrong.saturating_add(1);
                Taken::Foreign
            }
        }
    }

    fn settle(&mut self, datagram: &[u8], exact_case: bool) -> Option<(Settled, Option<Waker>)> {
        let at = self.position(u16::from_be_bytes(*datagram.first_chunk()?))?;
        let query = self.all.get_mut(at).filter(|query| query.settled.is_none())?;
        let settled = match codec::compare(datagram, &query.octets) {
            Match::OtherCase if exact_case => Settled::OtherCase(Time::now()),
            Match::Ours | Match::OtherCase => {
                query.octets.clear();
                query.octets.extend_from_slice(datagram);
                // Longer than the size we announced: the end is missing, so treat it as truncated.
                if datagram.len() > MAX_PAYLOAD {
                    mark_truncated(&mut query.octets);
                }
                Settled::Response(Time::now())
            }
            Match::Failed(failure) => Settled::Failed(failure),
            Match::Foreign => return None,
        };
        query.settled = Some(settled);
        Some((settled, query.waker.take()))
    }

    /// Gives all open questions this outcome, and returns their wakers.
    pub(crate) fn settle_all(&mut self, settled: Settled) -> Vec<Waker> {
        self.waiting = 0;
        let settle = |query: &mut PendingQuery| {
            query.settled = Some(settled);
            query.waker.take()
        };
        self.open().filter_map(settle).collect()
    }

    /// The questions without an outcome.
    fn open(&mut self) -> impl Iterator<Item = &mut PendingQuery> {
        self.all.iter_mut().filter(|query| query.settled.is_none())
    }

    /// Must the timer be set for a wait until `due`?
    pub(crate) fn needs_timer(&self, due: Time) -> bool {
        self.timer.is_none_or(|timer| due < timer)
    }

    /// Notes that the timer is set for a wait until `due`, and returns when it has to fire.
    pub(crate) fn note_timer(&mut self, due: Time) -> Time {
        let timer = self.timer.map_or(due, |timer| timer.min(due));
        self.timer = Some(timer);
        timer
    }

    /// The timer has fired. Returns all wakers: the overdue questions end their wait, the others set the timer again.
    pub(crate) fn on_timer(&mut self, now: Time) -> Vec<Waker> {
        self.timer = None;
        let end_wait = |query: &mut PendingQuery| {
            query.overdue = query.due <= now;
            query.waker.take()
        };
        self.open().filter_map(end_wait).collect()
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

    /// The response, once there is one.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Has its deadline passed? Reports this once.
    pub(crate) fn is_overdue(&mut self) -> bool {
        std::mem::take(&mut self.overdue)
    }

    /// Waits for the outcome, until `due`.
    pub(crate) fn wait(&mut self, waker: &Waker, due: Time) {
        self.due = due;
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Octets of a question under an id, or of the response to it.
    fn octets(id: u16, response: bool) -> Vec<u8> {
        let [high, low] = id.to_be_bytes();
        vec![high, low, if response { 0x80 } else { 0 }, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, low, 0, 0, 1, 0, 1]
    }

    proptest::proptest! {
        /// Questions come, are answered and leave in any order, and none gets the response of another.
        #[test]
        fn each_question_gets_its_own_response(steps in proptest::collection::vec((0_u8..4, 0_u16..24), 1..200)) {
            let (mut pending, mut known, now) = (PendingQueries::default(), Vec::<(u16, QueryKey, bool)>::new(), Time::now());
            for (step, id) in steps {
                let at = known.iter().position(|(held, ..)| *held == id);
                match (step, at) {
                    (0 | 1, at) => match pending.enter(id, now, |to| to.extend(octets(id, false))) {
                        Some(key) => {
                            assert_eq!((at, pending.unsettled(key)), (None, Some(octets(id, false).as_slice())));
                            known.push((id, key, false));
                        }
                        None => assert!(at.is_some()),
                    },
                    (2, at) => {
                        let open = at.and_then(|at| known.get_mut(at)).filter(|(.., settled)| !settled);
                        let taken = pending.take(&octets(id, true), false);
                        assert_eq!(matches!(taken, Taken::Settled { .. }), open.is_some());
                        open.into_iter().for_each(|(.., settled)| *settled = true);
                        if let Taken::Settled { was_last, .. } = taken {
                            assert_eq!(was_last, known.iter().all(|(.., settled)| *settled));
                        }
                    }
                    (_, Some(at)) => pending.leave(known.swap_remove(at).1),
                    _ => {}
                }
                for (id, key, settled) in &mut known {
                    let query = pending.get(key).unwrap();
                    assert_eq!((query.octets(), query.settled().is_some()), (octets(*id, *settled).as_slice(), *settled));
                }
                assert_eq!(pending.is_idle(), known.iter().all(|(.., settled)| *settled));
                assert_eq!((pending.all.len(), pending.ids.len()), (known.len(), known.len()));
            }
        }
    }
}
