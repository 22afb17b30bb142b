//! The permits and the waiting questions of one server. No I/O and no lock: see [`admission`](super::admission).

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::task::Waker;

use tokio::runtime::Id;

use crate::base::hash_map::FastMap;
use crate::resolve::direct::limit::places::{Decision, Places};
use crate::resolve::direct::limit::unread_window::{TIMER_STEP, UnreadWindow};
use crate::resolve::direct::runtimes::MOST_RUNTIMES;
use crate::resolve::direct::time::Time;

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
    /// Waiting questions about names that no client chose, in order of arrival, so that their numbers ascend.
    own: VecDeque<WaitingQuestion>,
    /// Waiting questions about names that clients chose, in order of arrival.
    chosen: VecDeque<WaitingQuestion>,
    /// Waiting questions of clients that already have all the permits they may have, in order of arrival.
    held_back: VecDeque<WaitingQuestion>,
    /// The clients and numbers of those held back.
    held_clients: BTreeSet<(u32, u64)>,
    /// The wakers of all of these, and what was decided about questions that have not fetched it yet.
    pub(super) places: Places,
    next: u64,
    /// When the timer of each runtime fires.
    due: Vec<(Id, Time)>,
}

/// A number of questions, and how many of them are about names that clients chose.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) all: usize,
    pub(super) chosen: usize,
}

/// A question that waits for a permit.
#[derive(Clone, Copy)]
pub(super) struct WaitingQuestion {
    number: u64,
    /// Its place in [`Places`].
    pub(super) place: usize,
    /// The client that chose the name, if one did.
    pub(super) client: Option<u32>,
    pub(super) end: Time,
    /// The runtime in which it began to wait.
    pub(super) runtime: Id,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Self {
            window: UnreadWindow::new(),
            most,
            inside: Count::default(),
            granted: Count::default(),
            clients: FastMap::default(),
            own: VecDeque::new(),
            chosen: VecDeque::new(),
            held_back: VecDeque::new(),
            held_clients: BTreeSet::new(),
            places: Places::default(),
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
        self.let_next_of(client);
    }

    /// The client has one question less, in flight or waiting: its next one is not held back any more.
    fn let_next_of(&mut self, client: u32) {
        if !self.held_clients.is_empty()
            && let Some((_, number)) = self.held_clients.range((client, 0)..=(client, u64::MAX)).next().copied()
            && let Some(next) = self.remove_held_back(client, number)
        {
            insert(&mut self.chosen, next);
        }
    }

    /// Adds a waiting question.
    pub(super) fn wait(&mut self, client: Option<u32>, end: Time, runtime: Id, waker: &Waker) -> WaitingQuestion {
        let waiting = WaitingQuestion { number: self.next, place: self.places.take(waker), client, end, runtime };
        self.next += 1;
        match client {
            None => self.own.push_back(waiting),
            Some(client) if self.has_its_share(client) => self.hold_back(client, waiting),
            Some(_) => self.chosen.push_back(waiting),
        }
        waiting
    }

    fn hold_back(&mut self, client: u32, waiting: WaitingQuestion) {
        self.held_clients.insert((client, waiting.number));
        insert(&mut self.held_back, waiting);
    }

    fn remove_held_back(&mut self, client: u32, number: u64) -> Option<WaitingQuestion> {
        self.held_clients.remove(&(client, number));
        remove(&mut self.held_back, number)
    }

    /// Removes a question that gives up waiting. What was decided and not fetched yet?
    pub(super) fn leave(&mut self, waiting: &WaitingQuestion) -> Option<Decision> {
        let decision = self.places.leave(waiting.place);
        if decision.is_none() {
            self.remove(waiting);
        }
        decision
    }

    fn remove(&mut self, waiting: &WaitingQuestion) {
        match waiting.client {
            None => drop(remove(&mut self.own, waiting.number)),
            Some(client) if remove(&mut self.chosen, waiting.number).is_some() => self.let_next_of(client),
            Some(client) => drop(self.remove_held_back(client, waiting.number)),
        }
    }

    /// Admits the first waiting question that may be admitted, and returns its waker.
    pub(super) fn admit_one(&mut self) -> Option<Option<Waker>> {
        loop {
            if !self.has_room() {
                return None;
            }
            let own = self.own.front().map(|own| own.number);
            let chosen = self.chosen.front().filter(|_| self.has_room_for_chosen());
            let is_chosen = chosen.is_some_and(|chosen| own.is_none_or(|own| chosen.number < own));
            let waiting = if is_chosen { self.chosen.pop_front() } else { self.own.pop_front() }?;
            if let Some(client) = waiting.client
                && self.has_its_share(client)
            {
                self.hold_back(client, waiting);
                continue;
            }
            self.admit(waiting.client);
            self.granted.add(waiting.client);
            return Some(self.places.decide(waiting.place, Decision::Admitted));
        }
    }

    /// Rejects the questions whose deadline has passed, and returns their wakers.
    ///
    /// Only the fronts of the queues are looked at: all questions have the same time-out, so deadlines rise with the numbers.
    pub(super) fn reject_expired(&mut self, now: Time) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(late) = self.first_expired(now) {
            wakers.extend(self.places.decide(late.place, Decision::TooLate));
            self.remove(&late);
        }
        wakers
    }

    fn first_expired(&self, now: Time) -> Option<WaitingQuestion> {
        self.fronts().into_iter().flatten().find(|first| first.end <= now).copied()
    }

    /// The first question of each queue: our own, those that clients chose, and those held back.
    fn fronts(&self) -> [Option<&WaitingQuestion>; 3] {
        [self.own.front(), self.chosen.front(), self.held_back.front()]
    }

    /// Does no question wait?
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.chosen.is_empty() && self.held_back.is_empty()
    }

    /// When the timer has to fire: at the first deadline, or when a question may be admitted because time has passed. As seen
    /// from `now`; seen from a later time it is not earlier.
    fn timer_due(&self, now: Time) -> Option<Time> {
        let fronts @ [own, chosen, held_back] = self.fronts();
        let end = fronts.into_iter().flatten().map(|first| first.end).min()?;
        // A question that is held back counts, too: its client may give up another one at any time, and nobody sets the timer then.
        let chosen_wait = chosen.is_some() || held_back.is_some();
        let is_wanted = own.is_some() || (chosen_wait && self.inside.chosen < self.share());
        // Time alone frees no permit; it only makes it likely that the server has read its buffer.
        let has_permits = self.inside.all < self.most;
        let next_opening = if has_permits && is_wanted { self.window.next_opening(now) } else { None };
        Some(next_opening.map_or(end, |next_opening| next_opening.min(end)))
    }

    /// The time for which the timer of the runtime has to be set; `None` if it fires in time, or very soon after.
    ///
    /// This uses the latest time that is known, which saves reading the clock. It may be long ago, so look again with the current
    /// time before setting the timer.
    pub(super) fn timer_too_late(&self, runtime: Id) -> Option<Time> {
        let now = self.window.latest?;
        let due = self.timer_due(now)?;
        let in_time = due.max(now + TIMER_STEP);
        self.timer(runtime).is_none_or(|known| known > in_time).then_some(due)
    }

    /// When the timer of the runtime fires.
    pub(super) fn timer(&self, runtime: Id) -> Option<Time> {
        self.due.iter().find(|(id, _)| *id == runtime).map(|(_, due)| *due)
    }

    /// Notes when the timer of the runtime fires.
    pub(super) fn note_timer(&mut self, runtime: Id, due: Time) {
        if let Some((_, known)) = self.due.iter_mut().find(|(id, _)| *id == runtime) {
            *known = due;
            return;
        }
        if self.due.len() >= MOST_RUNTIMES {
            self.due.remove(0);
        }
        self.due.push((runtime, due));
    }

    /// The timer of the runtime has fired.
    pub(super) fn timer_fired(&mut self, runtime: Id) {
        self.due.retain(|(id, _)| *id != runtime);
    }

    /// Wakers of a few questions that set the timer of the runtime again: only tasks of that runtime wait for them.
    pub(super) fn wakers_for_timer(&mut self, runtime: Id) -> [Option<Waker>; TIMER_SETTERS] {
        let waiting = self.own.iter().chain(&self.chosen).chain(&self.held_back);
        let ours = waiting.filter(|waiting| waiting.runtime == runtime);
        let mut wakers = ours.filter_map(|waiting| self.places.take_waker(waiting.place));
        std::array::from_fn(|_| wakers.next())
    }
}

/// Adds a question to others in the order of their numbers.
fn insert(queue: &mut VecDeque<WaitingQuestion>, waiting: WaitingQuestion) {
    let at = queue.partition_point(|other| other.number < waiting.number);
    queue.insert(at, waiting);
}

/// Removes a question from others in the order of their numbers.
fn remove(queue: &mut VecDeque<WaitingQuestion>, number: u64) -> Option<WaitingQuestion> {
    let at = queue.binary_search_by_key(&number, |waiting| waiting.number).ok()?;
    queue.remove(at)
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
