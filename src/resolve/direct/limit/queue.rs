//! The permits and the waiting questions of one server. No I/O and no lock: see [`admission`](super::admission).

use std::collections::{BTreeSet, VecDeque};
use std::task::Waker;

use tokio::runtime::Id;
use tokio::time::Instant;

use crate::base::hash_map::FastMap;
use crate::resolve::direct::limit::unread_window::UnreadWindow;

/// Permits of one client: this fraction of all permits, but never fewer than the minimum.
const CLIENTS_PART: usize = 32;
const CLIENTS_LEAST: usize = 4;
/// The timer is set again by waiting questions, which it wakes for that. One would be enough if every woken task were certain
/// to poll; four make up for those that are not.
const TIMER_SETTERS: usize = 4;

/// The permits in use, and the queue.
pub(super) struct Queue {
    pub(super) window: UnreadWindow,
    /// Permits in all.
    pub(super) most: usize,
    /// Permits in use.
    pub(super) inside: Count,
    /// Of these, granted to questions that have not been polled since.
    pub(super) granted: Count,
    /// Permits in use for names that this client chose.
    pub(super) clients: FastMap<u32, usize>,
    /// The waiting questions in order of arrival, so that their numbers ascend. Nearly always the first one leaves.
    pub(super) waiting: VecDeque<WaitingQuestion>,
    /// The numbers of waiting questions that no client chose, ascending.
    pub(super) own: VecDeque<u64>,
    /// The numbers of waiting questions about names that clients chose, ascending.
    pub(super) chosen: VecDeque<u64>,
    /// The same, where the client already has all the permits it may have.
    pub(super) held_back: BTreeSet<(u32, u64)>,
    /// Outcomes that the waiting question has not fetched yet.
    pub(super) decisions: FastMap<u64, Decision>,
    pub(super) next: u64,
    /// When the timer of each runtime fires.
    pub(super) due: Vec<(Id, Instant)>,
}

/// A number of questions, and how many of them are about names that clients chose.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) all: usize,
    pub(super) chosen: usize,
}

/// A question that waits for a permit.
pub(super) struct WaitingQuestion {
    pub(super) number: u64,
    /// The client that chose the name, if one did.
    pub(super) client: Option<u32>,
    pub(super) end: Instant,
    pub(super) runtime: Id,
    /// `None` when it was woken and has not been polled since.
    pub(super) waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Admitted,
    TooLate,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Self {
            window: UnreadWindow::new(),
            most,
            inside: Count::default(),
            granted: Count::default(),
            clients: FastMap::default(),
            waiting: VecDeque::new(),
            own: VecDeque::new(),
            chosen: VecDeque::new(),
            held_back: BTreeSet::new(),
            decisions: FastMap::default(),
            next: 0,
            due: Vec::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.inside.all < self.most && self.window.has_room(self.granted.all)
    }

    /// Is there room for a question about a name that a client chose, without regard to which client?
    pub(super) fn has_room_for_chosen(&self) -> bool {
        self.has_room() && self.inside.chosen < self.share() && self.window.has_room_for_chosen(self.granted.chosen)
    }

    /// Permits for questions about names that clients chose.
    pub(super) fn share(&self) -> usize {
        (self.most / 2).max(1)
    }

    pub(super) fn has_its_share(&self, client: u32) -> bool {
        let most = (self.most / CLIENTS_PART).max(CLIENTS_LEAST).min(self.share());
        self.clients.get(&client).is_some_and(|inside| *inside >= most)
    }

    /// Is there room that no waiting question could use?
    pub(super) fn may_enter(&self, client: Option<u32>) -> bool {
        match client {
            None => self.has_room() && self.own.is_empty() && (self.chosen.is_empty() || !self.has_room_for_chosen()),
            Some(client) => {
                let is_first = self.own.is_empty() && self.chosen.is_empty();
                is_first && self.has_room_for_chosen() && !self.has_its_share(client)
            }
        }
    }

    pub(super) fn admit(&mut self, client: Option<u32>) {
        self.inside.add(client);
        if let Some(client) = client {
            *self.clients.entry(client).or_default() += 1;
        }
    }

    pub(super) fn release(&mut self, client: Option<u32>) {
        self.inside.remove(client);
        let Some(client) = client else { return };
        if let Some(inside) = self.clients.get_mut(&client) {
            *inside -= 1;
            if *inside == 0 {
                self.clients.remove(&client);
            }
        }
        if !self.held_back.is_empty()
            && let Some(next) = self.held_back.range((client, 0)..=(client, u64::MAX)).next().copied()
        {
            self.held_back.remove(&next);
            let at = self.chosen.partition_point(|number| *number < next.1);
            self.chosen.insert(at, next.1);
        }
    }

    /// Adds a waiting question and returns its number.
    pub(super) fn wait(&mut self, client: Option<u32>, end: Instant, runtime: Id) -> u64 {
        let number = self.next;
        self.next += 1;
        match client {
            None => self.own.push_back(number),
            Some(client) if self.has_its_share(client) => drop(self.held_back.insert((client, number))),
            Some(_) => self.chosen.push_back(number),
        }
        self.waiting.push_back(WaitingQuestion { number, client, end, runtime, waker: None });
        number
    }

    fn position(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |waiting| waiting.number).ok()
    }

    /// The waiting question with this number.
    pub(super) fn find(&mut self, number: u64) -> Option<&mut WaitingQuestion> {
        let at = self.position(number)?;
        self.waiting.get_mut(at)
    }

    /// Removes a waiting question.
    pub(super) fn remove_waiting(&mut self, number: u64) -> Option<WaitingQuestion> {
        let waiting = self.waiting.remove(self.position(number)?)?;
        match waiting.client {
            None => drop(remove(&mut self.own, number)),
            Some(client) => drop(remove(&mut self.chosen, number) || self.held_back.remove(&(client, number))),
        }
        Some(waiting)
    }

    /// Admits the first waiting question that may be admitted, and returns its waker.
    pub(super) fn admit_one(&mut self) -> Option<Option<Waker>> {
        if self.waiting.is_empty() {
            return None;
        }
        loop {
            let own = self.own.front().filter(|_| self.has_room());
            let chosen = self.chosen.front().filter(|_| self.has_room_for_chosen());
            let number = match (own, chosen) {
                (Some(own), Some(chosen)) => *own.min(chosen),
                (own, chosen) => *own.or(chosen)?,
            };
            let at = self.position(number)?;
            if let Some(client) = self.waiting.get(at)?.client
                && self.has_its_share(client)
            {
                self.chosen.pop_front();
                self.held_back.insert((client, number));
                continue;
            }
            let waiting = self.remove_waiting(number)?;
            self.admit(waiting.client);
            self.granted.add(waiting.client);
            self.decisions.insert(number, Decision::Admitted);
            return Some(waiting.waker);
        }
    }

    /// Rejects the questions whose deadline has passed, and returns their wakers.
    ///
    /// Only the front of the queue is looked at: all questions have the same time-out, so deadlines rise with the numbers.
    pub(super) fn reject_expired(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(number) = self.waiting.front().filter(|first| first.end <= now).map(|first| first.number) {
            self.decisions.insert(number, Decision::TooLate);
            wakers.extend(self.remove_waiting(number).and_then(|waiting| waiting.waker));
        }
        wakers
    }

    /// When the timer has to fire: at the first deadline, or when a question may be admitted because time has passed.
    pub(super) fn timer_due(&self, now: Instant) -> Option<Instant> {
        let end = self.waiting.front()?.end;
        // Time alone frees no permit; it only makes it likely that the server has read its buffer.
        let places = self.inside.all < self.most;
        let chosen = !self.chosen.is_empty() && self.inside.chosen < self.share();
        let next_opening =
            if places && (chosen || !self.own.is_empty()) { self.window.next_opening(now) } else { None };
        Some(next_opening.map_or(end, |next_opening| next_opening.min(end)))
    }

    pub(super) fn wakers_for_timer(&mut self, runtime: Id) -> [Option<Waker>; TIMER_SETTERS] {
        let ours = self.waiting.iter_mut().filter(|waiting| waiting.runtime == runtime);
        let mut wakers = ours.filter_map(|waiting| waiting.waker.take());
        std::array::from_fn(|_| wakers.next())
    }
}

/// Removes a number from numbers that ascend. Was it among them?
fn remove(numbers: &mut VecDeque<u64>, number: u64) -> bool {
    let found = numbers.binary_search(&number);
    found.is_ok_and(|at| numbers.remove(at).is_some())
}

impl Count {
    pub(super) fn add(&mut self, client: Option<u32>) {
        self.all += 1;
        self.chosen += usize::from(client.is_some());
    }

    pub(super) fn remove(&mut self, client: Option<u32>) {
        self.all -= 1;
        self.chosen -= usize::from(client.is_some());
    }
}
