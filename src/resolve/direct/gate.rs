//! Who may ask a server now, and who waits: in the order of coming, each in its own time.
//!
//! Waiting costs an entry in a map. There is no timer for each who waits but one for all in the same runtime, set when time may
//! let somebody in without an answer, or somebody's time is up; mostly it is an answer that lets the next one in.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Id;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::window::{Stamp, Window};
use crate::lock::lock;

/// Runtimes whose timers are kept.
const MOST_RUNTIMES: usize = 16;
/// Those at the front who are woken when the alarm has rung, and set it again. One would do if everybody who is woken looked.
const ARMING: usize = 4;

/// The way in to one server.
pub(super) struct Gate {
    state: Mutex<State>,
    alarms: Mutex<Vec<(Id, Arc<Alarm>)>>,
}

struct State {
    window: Window,
    /// Questions at a time, answered or not.
    most: usize,
    /// Those that are inside.
    inside: usize,
    /// Of these, who were called in and have not come yet.
    called_in: usize,
    /// Those outside; numbers rise.
    waiting: BTreeMap<u64, Waiting>,
    /// What became of others, until they look.
    called: BTreeMap<u64, Called>,
    next: u64,
    /// When the alarm of a runtime rings.
    due: Vec<(Id, Instant)>,
}

struct Waiting {
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
pub(super) struct Place<'a> {
    gate: &'a Gate,
    stamp: Stamp,
}

/// Somebody outside. Dropping it gives its turn to the next one.
struct Turn<'a> {
    gate: &'a Gate,
    number: u64,
    done: bool,
}

impl Gate {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let state = State {
            window: Window::new(),
            most,
            inside: 0,
            called_in: 0,
            waiting: BTreeMap::new(),
            called: BTreeMap::new(),
            next: 0,
            due: Vec::new(),
        };
        Arc::new(Self { state: Mutex::new(state), alarms: Mutex::default() })
    }

    /// A place, and what time it is then; `None` when there was none before `end`.
    pub(super) async fn enter(
        self: &Arc<Self>,
        runtime: Id,
        now: Instant,
        end: Instant,
    ) -> Option<(Place<'_>, Instant)> {
        let mut turn = {
            let mut state = lock(&self.state);
            if state.waiting.is_empty() && state.has_room() {
                state.inside += 1;
                let stamp = state.window.sent(now);
                return Some((Place { gate: self, stamp }, now));
            }
            let number = state.next;
            state.next += 1;
            state.waiting.insert(number, Waiting { end, runtime, waker: None });
            Turn { gate: self, number, done: false }
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
                    state.called_in -= 1;
                    (Place { gate: self, stamp: state.window.sent(now) }, now)
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
    pub(super) fn heard(self: &Arc<Self>, sent: Instant, now: Instant, runtime: Id) {
        let mut state = lock(&self.state);
        state.window.heard(sent, now);
        if !state.waiting.is_empty() {
            let state = self.call(state);
            self.arm(state, runtime, Instant::now());
        }
    }

    /// A question sent at `sent` was waited for in vain.
    pub(super) fn lost(&self, sent: Instant, now: Instant) {
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

    fn alarm(self: &Arc<Self>, runtime: Id) -> Arc<Alarm> {
        let mut alarms = lock(&self.alarms);
        if let Some((_, alarm)) = alarms.iter().find(|(id, _)| *id == runtime) {
            return Arc::clone(alarm);
        }
        if alarms.len() >= MOST_RUNTIMES {
            alarms.remove(0);
        }
        let ringing = Ringing { gate: Arc::downgrade(self), runtime };
        let alarm = Arc::new(Alarm::new(Waker::from(Arc::new(ringing))));
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
        self.inside < self.most && self.window.takes(self.called_in)
    }

    /// Calls in the first of those who wait, if there is room; gives whom to wake for that.
    fn call_one(&mut self) -> Option<Option<Waker>> {
        if !self.has_room() {
            return None;
        }
        let (number, waiting) = self.waiting.pop_first()?;
        self.inside += 1;
        self.called_in += 1;
        self.called.insert(number, Called::In);
        Some(waiting.waker)
    }

    /// Sends away those whose time is up; gives whom to wake for that.
    fn too_late(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some((number, waiting)) =
            self.waiting.first_entry().filter(|first| first.get().end <= now).map(|first| first.remove_entry())
        {
            self.called.insert(number, Called::TooLate);
            wakers.extend(waiting.waker);
        }
        wakers
    }

    /// When somebody's time is up, or time lets somebody in.
    fn rings(&self, now: Instant) -> Option<Instant> {
        let end = self.waiting.first_key_value()?.1.end;
        let opens = if self.inside < self.most { self.window.opens(now) } else { None };
        Some(opens.map_or(end, |opens| opens.min(end)))
    }

    fn arming(&mut self, runtime: Id) -> [Option<Waker>; ARMING] {
        let ours = self.waiting.values_mut().filter(|waiting| waiting.runtime == runtime);
        let mut wakers = ours.filter_map(|waiting| waiting.waker.take());
        std::array::from_fn(|_| wakers.next())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.gate.state);
        state.inside -= 1;
        state.window.settled(self.stamp);
        drop(self.gate.call(state));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = lock(&self.gate.state);
        state.waiting.remove(&self.number);
        if state.called.remove(&self.number) == Some(Called::In) {
            state.inside -= 1;
            state.called_in -= 1;
            drop(self.gate.call(state));
        }
    }
}

/// The waker of an alarm. It does not keep the gate.
struct Ringing {
    gate: Weak<Gate>,
    runtime: Id,
}

impl Wake for Ringing {
    fn wake(self: Arc<Self>) {
        if let Some(gate) = self.gate.upgrade() {
            gate.ring(self.runtime);
        }
    }
}
