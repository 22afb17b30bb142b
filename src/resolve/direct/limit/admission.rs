//! Admission of questions to one server: first come, first served, each until its own deadline.
//!
//! Questions about names that clients chose get at most half of the permits, and those of one client only a few. A client can
//! make up any number of names whose servers never answer, and such a question holds its permit until it times out.
//!
//! A waiting question costs an entry in a map. It has no timer of its own: the waiting questions of a runtime share one. It fires
//! at the next deadline, or when a question may be admitted because time has passed. In most cases it is an answer that admits
//! the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Id;
use tokio::time::Instant;

use crate::base::hash_map::Table;
use crate::base::lock::lock;
use crate::resolve::direct::limit::unread_window::{Stamp, UnreadWindow};
use crate::resolve::direct::shared_timer::SharedTimer;

/// Permits of one client: this fraction of all permits, but never fewer than the minimum.
const CLIENTS_PART: usize = 32;
const CLIENTS_LEAST: usize = 4;
/// Timers are kept for at most this many runtimes.
const MOST_RUNTIMES: usize = 16;
/// The timer is set again by waiting questions, which it wakes for that. One would be enough if every woken task were certain
/// to poll; four make up for those that are not.
const TIMER_SETTERS: usize = 4;

/// The admission control of one server.
pub(crate) struct AdmissionControl {
    state: Mutex<State>,
    timers: Mutex<Vec<(Id, Arc<SharedTimer>)>>,
}

struct State {
    window: UnreadWindow,
    /// Permits in all.
    most: usize,
    /// Permits in use.
    inside: Count,
    /// Of these, granted to questions that have not been polled since.
    granted: Count,
    /// Permits in use for names that this client chose.
    clients: Table<u32, usize>,
    /// The waiting questions by number, in order of arrival.
    waiting: BTreeMap<u64, Waiting>,
    /// Waiting questions that no client chose.
    own: BTreeSet<u64>,
    /// Waiting questions about names that clients chose.
    chosen: BTreeSet<u64>,
    /// The same, where the client already has all the permits it may have.
    held_back: BTreeSet<(u32, u64)>,
    /// Outcomes that the waiting question has not fetched yet.
    decisions: BTreeMap<u64, Decision>,
    next: u64,
    /// When the timer of each runtime fires.
    due: Vec<(Id, Instant)>,
}

/// A number of questions, and how many of them are about names that clients chose.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    chosen: usize,
}

struct Waiting {
    /// The client that chose the name, if one did.
    client: Option<u32>,
    end: Instant,
    runtime: Id,
    /// `None` when it was woken and has not been polled since.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Admitted,
    TooLate,
}

/// The right to have one question in flight. Dropping it admits the next one.
pub(crate) struct Permit<'a> {
    admission: &'a AdmissionControl,
    client: Option<u32>,
    stamp: Stamp,
}

/// A waiting question. Dropping it leaves the queue, and passes on a permit that it has not used.
struct Waiter<'a> {
    admission: &'a AdmissionControl,
    client: Option<u32>,
    number: u64,
    done: bool,
}

impl AdmissionControl {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let state = State {
            window: UnreadWindow::new(),
            most,
            inside: Count::default(),
            granted: Count::default(),
            clients: Table::default(),
            waiting: BTreeMap::new(),
            own: BTreeSet::new(),
            chosen: BTreeSet::new(),
            held_back: BTreeSet::new(),
            decisions: BTreeMap::new(),
            next: 0,
            due: Vec::new(),
        };
        Arc::new(Self { state: Mutex::new(state), timers: Mutex::default() })
    }

    /// Waits for a permit; also returns the time at which it was granted. `None` when there was none before `end`.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        client: Option<u32>,
        runtime: Id,
        now: Instant,
        end: Instant,
    ) -> Option<(Permit<'_>, Instant)> {
        let mut waiter = {
            let mut state = lock(&self.state);
            if state.may_enter(client) {
                state.admit(client);
                let stamp = state.window.sent(now, client.is_some());
                return Some((Permit { admission: self, client, stamp }, now));
            }
            let number = state.wait(Waiting { client, end, runtime, waker: None });
            Waiter { admission: self, client, number, done: false }
        };
        let permit = poll_fn(|cx| self.poll(&mut waiter, runtime, cx)).await;
        // A permit granted at or after the deadline is refused.
        permit.filter(|(_, now)| *now < end)
    }

    fn poll(
        self: &Arc<Self>,
        waiter: &mut Waiter<'_>,
        runtime: Id,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Permit<'_>, Instant)>> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let outcome = match state.decisions.remove(&waiter.number) {
            Some(decision) => {
                waiter.done = true;
                Poll::Ready((decision == Decision::Admitted).then(|| {
                    state.granted.remove(waiter.client);
                    let stamp = state.window.sent(now, waiter.client.is_some());
                    (Permit { admission: self, client: waiter.client, stamp }, now)
                }))
            }
            None => {
                if let Some(waiting) = state.waiting.get_mut(&waiter.number) {
                    match &mut waiting.waker {
                        Some(known) => known.clone_from(cx.waker()),
                        none => *none = Some(cx.waker().clone()),
                    }
                }
                Poll::Pending
            }
        };
        self.set_timer(state, runtime, now);
        outcome
    }

    /// The question sent at `sent` was answered at `now`; this may admit others. Must be called by a task of `runtime`.
    pub(crate) fn heard(self: &Arc<Self>, sent: Instant, now: Instant, runtime: Id) {
        let mut state = lock(&self.state);
        state.window.heard(sent, now);
        if !state.waiting.is_empty() {
            let state = self.admit_waiting(state);
            self.set_timer(state, runtime, Instant::now());
        }
    }

    /// The question sent at `sent` was not answered in time.
    pub(crate) fn lost(&self, sent: Instant, now: Instant) {
        lock(&self.state).window.lost(sent, now);
    }

    /// Admits every waiting question that may be admitted now.
    fn admit_waiting<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while let Some(waker) = state.admit_one() {
            if let Some(waker) = waker {
                // Never wake under the lock: a waker may run any code, also code that takes this lock.
                drop(state);
                waker.wake();
                state = lock(&self.state);
            }
        }
        state
    }

    /// Sets the timer of `runtime` if it would fire too late for the waiting questions. Must be called by a task of `runtime`.
    fn set_timer(self: &Arc<Self>, mut state: MutexGuard<'_, State>, runtime: Id, now: Instant) {
        let Some(due) = state.timer_due(now) else { return };
        match state.due.iter_mut().find(|(id, _)| *id == runtime) {
            Some((_, known)) if *known <= due => return,
            Some((_, known)) => *known = due,
            None => {
                if state.due.len() >= MOST_RUNTIMES {
                    state.due.remove(0);
                }
                state.due.push((runtime, due));
            }
        }
        drop(state);
        let timer = self.timer(runtime);
        timer.set(|| lock(&self.state).due.iter().find(|(id, _)| *id == runtime).map(|(_, due)| *due));
    }

    fn timer(self: &Arc<Self>, runtime: Id) -> Arc<SharedTimer> {
        let mut timers = lock(&self.timers);
        if let Some((_, timer)) = timers.iter().find(|(id, _)| *id == runtime) {
            return Arc::clone(timer);
        }
        if timers.len() >= MOST_RUNTIMES {
            timers.remove(0);
        }
        let on_timer = OnTimer { admission: Arc::downgrade(self), runtime };
        let timer = Arc::new(SharedTimer::new(Waker::from(Arc::new(on_timer))));
        timers.push((runtime, Arc::clone(&timer)));
        timer
    }

    /// The timer has fired: admits questions, and rejects those whose deadline has passed. Wakes a few of the others, which set
    /// the timer again.
    fn on_timer(&self, runtime: Id) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if let Some(at) = state.due.iter().position(|(id, _)| *id == runtime) {
            state.due.swap_remove(at);
        }
        state.window.on_timer(now);
        let late = state.reject_expired(now);
        let wakers_for_timer = self.admit_waiting(state).wakers_for_timer(runtime);
        late.into_iter().chain(wakers_for_timer.into_iter().flatten()).for_each(Waker::wake);
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.inside.all < self.most && self.window.has_room(self.granted.all)
    }

    /// Is there room for a question about a name that a client chose, without regard to which client?
    fn has_room_for_chosen(&self) -> bool {
        self.has_room() && self.inside.chosen < self.share() && self.window.has_room_for_chosen(self.granted.chosen)
    }

    /// Permits for questions about names that clients chose.
    fn share(&self) -> usize {
        (self.most / 2).max(1)
    }

    fn has_its_share(&self, client: u32) -> bool {
        let most = (self.most / CLIENTS_PART).max(CLIENTS_LEAST).min(self.share());
        self.clients.get(&client).is_some_and(|inside| *inside >= most)
    }

    /// Is there room that no waiting question could use?
    fn may_enter(&self, client: Option<u32>) -> bool {
        match client {
            None => self.has_room() && self.own.is_empty() && (self.chosen.is_empty() || !self.has_room_for_chosen()),
            Some(client) => {
                let is_first = self.own.is_empty() && self.chosen.is_empty();
                is_first && self.has_room_for_chosen() && !self.has_its_share(client)
            }
        }
    }

    fn admit(&mut self, client: Option<u32>) {
        self.inside.add(client);
        if let Some(client) = client {
            *self.clients.entry(client).or_default() += 1;
        }
    }

    fn release(&mut self, client: Option<u32>) {
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
            self.chosen.insert(next.1);
        }
    }

    /// Adds a waiting question and returns its number.
    fn wait(&mut self, waiting: Waiting) -> u64 {
        let number = self.next;
        self.next += 1;
        match waiting.client {
            None => self.own.insert(number),
            Some(client) if self.has_its_share(client) => self.held_back.insert((client, number)),
            Some(_) => self.chosen.insert(number),
        };
        self.waiting.insert(number, waiting);
        number
    }

    /// Removes a waiting question.
    fn remove_waiting(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        match waiting.client {
            None => self.own.remove(&number),
            Some(client) => self.chosen.remove(&number) || self.held_back.remove(&(client, number)),
        };
        Some(waiting)
    }

    /// Admits the first waiting question that may be admitted, and returns its waker.
    fn admit_one(&mut self) -> Option<Option<Waker>> {
        loop {
            let own = self.own.first().filter(|_| self.has_room());
            let chosen = self.chosen.first().filter(|_| self.has_room_for_chosen());
            let number = match (own, chosen) {
                (Some(own), Some(chosen)) => *own.min(chosen),
                (own, chosen) => *own.or(chosen)?,
            };
            if let Some(client) = self.waiting.get(&number)?.client
                && self.has_its_share(client)
            {
                self.chosen.remove(&number);
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
    fn reject_expired(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(number) =
            self.waiting.first_key_value().filter(|(_, first)| first.end <= now).map(|(number, _)| *number)
        {
            self.decisions.insert(number, Decision::TooLate);
            wakers.extend(self.remove_waiting(number).and_then(|waiting| waiting.waker));
        }
        wakers
    }

    /// When the timer has to fire: at the first deadline, or when a question may be admitted because time has passed.
    fn timer_due(&self, now: Instant) -> Option<Instant> {
        let end = self.waiting.first_key_value()?.1.end;
        // Time alone frees no permit; it only makes it likely that the server has read its buffer.
        let places = self.inside.all < self.most;
        let chosen = !self.chosen.is_empty() && self.inside.chosen < self.share();
        let next_opening =
            if places && (chosen || !self.own.is_empty()) { self.window.next_opening(now) } else { None };
        Some(next_opening.map_or(end, |next_opening| next_opening.min(end)))
    }

    fn wakers_for_timer(&mut self, runtime: Id) -> [Option<Waker>; TIMER_SETTERS] {
        let ours = self.waiting.values_mut().filter(|waiting| waiting.runtime == runtime);
        let mut wakers = ours.filter_map(|waiting| waiting.waker.take());
        std::array::from_fn(|_| wakers.next())
    }
}

impl Count {
    fn add(&mut self, client: Option<u32>) {
        self.all += 1;
        self.chosen += usize::from(client.is_some());
    }

    fn remove(&mut self, client: Option<u32>) {
        self.all -= 1;
        self.chosen -= usize::from(client.is_some());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.admission.state);
        state.release(self.client);
        state.window.settled(self.stamp, self.client.is_some());
        drop(self.admission.admit_waiting(state));
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = lock(&self.admission.state);
        state.remove_waiting(self.number);
        if state.decisions.remove(&self.number) == Some(Decision::Admitted) {
            state.release(self.client);
            state.granted.remove(self.client);
            drop(self.admission.admit_waiting(state));
        }
    }
}

/// The waker of a timer. It holds a weak reference, so it does not keep the admission control alive.
struct OnTimer {
    admission: Weak<AdmissionControl>,
    runtime: Id,
}

impl Wake for OnTimer {
    fn wake(self: Arc<Self>) {
        if let Some(admission) = self.admission.upgrade() {
            admission.on_timer(self.runtime);
        }
    }
}
