//! Who may ask a server now, and who waits: in the order of coming, each in its own time.
//!
//! Questions about names that clients chose hold at most half of the places, and those of one client a few: names that are silent
//! hold their places for long, and anybody can have as many as he likes.
//!
//! Waiting costs an entry in a map. There is no timer for each who waits but one for all in the same runtime, set when time may
//! let somebody in without an answer, or somebody's time is up; mostly it is an answer that lets the next one in.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Id;
use tokio::time::Instant;

use crate::base::hash_map::Table;
use crate::base::lock::lock;
use crate::resolve::direct::limit::unread_window::{Stamp, Window};
use crate::resolve::direct::shared_timer::SharedTimer;

/// Places of one client: this part of all, or so many where that is less.
const CLIENTS_PART: usize = 32;
const CLIENTS_LEAST: usize = 4;
/// Runtimes whose timers are kept.
const MOST_RUNTIMES: usize = 16;
/// Those at the front who are woken when the alarm has rung, and set it again. One would do if everybody who is woken looked.
const ARMING: usize = 4;

/// The way in to one server.
pub(crate) struct Gate {
    state: Mutex<State>,
    alarms: Mutex<Vec<(Id, Arc<SharedTimer>)>>,
}

struct State {
    window: Window,
    /// Questions at a time, answered or not.
    most: usize,
    /// Those that are inside.
    inside: Count,
    /// Of these, who were called in and have not come yet.
    called_in: Count,
    /// How many inside are about names that this client chose.
    clients: Table<u32, usize>,
    /// Those outside; numbers rise.
    waiting: BTreeMap<u64, Waiting>,
    /// Their numbers: our own; those about names that clients chose; and of these the ones whose client has enough inside.
    own: BTreeSet<u64>,
    chosen: BTreeSet<u64>,
    held_back: BTreeSet<(u32, u64)>,
    /// What became of others, until they look.
    called: BTreeMap<u64, Called>,
    next: u64,
    /// When the alarm of a runtime rings.
    due: Vec<(Id, Instant)>,
}

/// How many, and how many of them are about names that clients chose.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    chosen: usize,
}

struct Waiting {
    /// Who chose the name, if a client did.
    client: Option<u32>,
    end: Instant,
    runtime: Id,
    /// None when it was woken and has not looked since.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    In,
    TooLate,
}

/// A place inside. Dropping it lets the next one in.
pub(crate) struct Place<'a> {
    gate: &'a Gate,
    client: Option<u32>,
    stamp: Stamp,
}

/// Somebody outside. Dropping it gives its turn to the next one.
struct Turn<'a> {
    gate: &'a Gate,
    client: Option<u32>,
    number: u64,
    done: bool,
}

impl Gate {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let state = State {
            window: Window::new(),
            most,
            inside: Count::default(),
            called_in: Count::default(),
            clients: Table::default(),
            waiting: BTreeMap::new(),
            own: BTreeSet::new(),
            chosen: BTreeSet::new(),
            held_back: BTreeSet::new(),
            called: BTreeMap::new(),
            next: 0,
            due: Vec::new(),
        };
        Arc::new(Self { state: Mutex::new(state), alarms: Mutex::default() })
    }

    /// A place, and what time it is then; `None` when there was none before `end`.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        client: Option<u32>,
        runtime: Id,
        now: Instant,
        end: Instant,
    ) -> Option<(Place<'_>, Instant)> {
        let mut turn = {
            let mut state = lock(&self.state);
            if state.may_enter(client) {
                state.come_in(client);
                let stamp = state.window.sent(now, client.is_some());
                return Some((Place { gate: self, client, stamp }, now));
            }
            let number = state.wait(Waiting { client, end, runtime, waker: None });
            Turn { gate: self, client, number, done: false }
        };
        let place = poll_fn(|cx| self.poll(&mut turn, runtime, cx)).await;
        // Who leaves at the last moment leaves too late.
        place.filter(|(_, now)| *now < end)
    }

    fn poll(
        self: &Arc<Self>,
        turn: &mut Turn<'_>,
        runtime: Id,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Place<'_>, Instant)>> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let told = match state.called.remove(&turn.number) {
            Some(called) => {
                turn.done = true;
                Poll::Ready((called == Called::In).then(|| {
                    state.called_in.remove(turn.client);
                    let stamp = state.window.sent(now, turn.client.is_some());
                    (Place { gate: self, client: turn.client, stamp }, now)
                }))
            }
            None => {
                if let Some(waiting) = state.waiting.get_mut(&turn.number) {
                    match &mut waiting.waker {
                        Some(known) => known.clone_from(cx.waker()),
                        none => *none = Some(cx.waker().clone()),
                    }
                }
                Poll::Pending
            }
        };
        self.arm(state, runtime, now);
        told
    }

    /// An answer came from the server at `now` to what was sent at `sent`; it may let others in. To be called by a task of that runtime.
    pub(crate) fn heard(self: &Arc<Self>, sent: Instant, now: Instant, runtime: Id) {
        let mut state = lock(&self.state);
        state.window.heard(sent, now);
        if !state.waiting.is_empty() {
            let state = self.call(state);
            self.arm(state, runtime, Instant::now());
        }
    }

    /// A question sent at `sent` was waited for in vain.
    pub(crate) fn lost(&self, sent: Instant, now: Instant) {
        lock(&self.state).window.lost(sent, now);
    }

    /// Calls in who may come.
    fn call<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while let Some(waker) = state.call_one() {
            if let Some(waker) = waker {
                // Not under the lock: what a waker does is not ours to know.
                drop(state);
                waker.wake();
                state = lock(&self.state);
            }
        }
        state
    }

    /// Sets the alarm of this runtime, if it rings too late for those who wait. To be called by a task of it.
    fn arm(self: &Arc<Self>, mut state: MutexGuard<'_, State>, runtime: Id, now: Instant) {
        let Some(due) = state.rings(now) else { return };
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
        let alarm = self.alarm(runtime);
        alarm.set(|| lock(&self.state).due.iter().find(|(id, _)| *id == runtime).map(|(_, due)| *due));
    }

    fn alarm(self: &Arc<Self>, runtime: Id) -> Arc<SharedTimer> {
        let mut alarms = lock(&self.alarms);
        if let Some((_, alarm)) = alarms.iter().find(|(id, _)| *id == runtime) {
            return Arc::clone(alarm);
        }
        if alarms.len() >= MOST_RUNTIMES {
            alarms.remove(0);
        }
        let ringing = TimerWaker { gate: Arc::downgrade(self), runtime };
        let alarm = Arc::new(SharedTimer::new(Waker::from(Arc::new(ringing))));
        alarms.push((runtime, Arc::clone(&alarm)));
        alarm
    }

    /// The alarm has rung: time lets some in, and is up for others. A few of the rest set it again.
    fn ring(&self, runtime: Id) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if let Some(at) = state.due.iter().position(|(id, _)| *id == runtime) {
            state.due.swap_remove(at);
        }
        state.window.rings(now);
        let late = state.too_late(now);
        let arming = self.call(state).arming(runtime);
        late.into_iter().chain(arming.into_iter().flatten()).for_each(Waker::wake);
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.inside.all < self.most && self.window.takes(self.called_in.all)
    }

    /// Is there room for a question about a name that a client chose, whoever he is?
    fn has_room_for_chosen(&self) -> bool {
        self.has_room() && self.inside.chosen < self.share() && self.window.takes_chosen(self.called_in.chosen)
    }

    /// Places for questions about names that clients chose.
    fn share(&self) -> usize {
        (self.most / 2).max(1)
    }

    fn has_enough(&self, client: u32) -> bool {
        let most = (self.most / CLIENTS_PART).max(CLIENTS_LEAST).min(self.share());
        self.clients.get(&client).is_some_and(|inside| *inside >= most)
    }

    /// Is there room, and does nobody wait who could take it?
    fn may_enter(&self, client: Option<u32>) -> bool {
        match client {
            None => self.has_room() && self.own.is_empty() && (self.chosen.is_empty() || !self.has_room_for_chosen()),
            Some(client) => {
                let is_first = self.own.is_empty() && self.chosen.is_empty();
                is_first && self.has_room_for_chosen() && !self.has_enough(client)
            }
        }
    }

    fn come_in(&mut self, client: Option<u32>) {
        self.inside.add(client);
        if let Some(client) = client {
            *self.clients.entry(client).or_default() += 1;
        }
    }

    fn go_out(&mut self, client: Option<u32>) {
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

    /// Lets somebody wait; gives the number.
    fn wait(&mut self, waiting: Waiting) -> u64 {
        let number = self.next;
        self.next += 1;
        match waiting.client {
            None => self.own.insert(number),
            Some(client) if self.has_enough(client) => self.held_back.insert((client, number)),
            Some(_) => self.chosen.insert(number),
        };
        self.waiting.insert(number, waiting);
        number
    }

    /// Somebody waits no more.
    fn take_out(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        match waiting.client {
            None => self.own.remove(&number),
            Some(client) => self.chosen.remove(&number) || self.held_back.remove(&(client, number)),
        };
        Some(waiting)
    }

    /// Calls in the first of those who wait and may come; gives whom to wake for that.
    fn call_one(&mut self) -> Option<Option<Waker>> {
        loop {
            let own = self.own.first().filter(|_| self.has_room());
            let chosen = self.chosen.first().filter(|_| self.has_room_for_chosen());
            let number = match (own, chosen) {
                (Some(own), Some(chosen)) => *own.min(chosen),
                (own, chosen) => *own.or(chosen)?,
            };
            if let Some(client) = self.waiting.get(&number)?.client
                && self.has_enough(client)
            {
                self.chosen.remove(&number);
                self.held_back.insert((client, number));
                continue;
            }
            let waiting = self.take_out(number)?;
            self.come_in(waiting.client);
            self.called_in.add(waiting.client);
            self.called.insert(number, Called::In);
            return Some(waiting.waker);
        }
    }

    /// Sends away those whose time is up; gives whom to wake for that.
    fn too_late(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(number) =
            self.waiting.first_key_value().filter(|(_, first)| first.end <= now).map(|(number, _)| *number)
        {
            self.called.insert(number, Called::TooLate);
            wakers.extend(self.take_out(number).and_then(|waiting| waiting.waker));
        }
        wakers
    }

    /// When somebody's time is up, or time lets somebody in.
    fn rings(&self, now: Instant) -> Option<Instant> {
        let end = self.waiting.first_key_value()?.1.end;
        // Time gives room in the server's buffer alone.
        let places = self.inside.all < self.most;
        let chosen = !self.chosen.is_empty() && self.inside.chosen < self.share();
        let opens = if places && (chosen || !self.own.is_empty()) { self.window.opens(now) } else { None };
        Some(opens.map_or(end, |opens| opens.min(end)))
    }

    fn arming(&mut self, runtime: Id) -> [Option<Waker>; ARMING] {
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

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.gate.state);
        state.go_out(self.client);
        state.window.settled(self.stamp, self.client.is_some());
        drop(self.gate.call(state));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = lock(&self.gate.state);
        state.take_out(self.number);
        if state.called.remove(&self.number) == Some(Called::In) {
            state.go_out(self.client);
            state.called_in.remove(self.client);
            drop(self.gate.call(state));
        }
    }
}

/// The waker of an alarm. It does not keep the gate.
struct TimerWaker {
    gate: Weak<Gate>,
    runtime: Id,
}

impl Wake for TimerWaker {
    fn wake(self: Arc<Self>) {
        if let Some(gate) = self.gate.upgrade() {
            gate.ring(self.runtime);
        }
    }
}
