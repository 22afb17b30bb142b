//! Admission of questions to one server: first come, first served, each until its own deadline.
//!
//! Questions about names that clients chose get at most half of the permits, and those of one client only a few. A client can
//! make up any number of names whose servers never answer, and such a question holds its permit until it times out.
//!
//! A waiting question costs an entry in a queue. It has no timer of its own: the waiting questions of a runtime share one. It fires
//! at the next deadline, or when a question may be admitted because time has passed. In most cases it is an answer that admits
//! the next one. If tasks in several runtimes wait for one answer, the question has a timer in each of them, for its deadline only.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Id;

use crate::base::lock::lock;
use crate::resolve::direct::limit::places::Decision;
use crate::resolve::direct::limit::queue::{Queue, WaitingQuestion};
use crate::resolve::direct::limit::unread_window::Stamp;
use crate::resolve::direct::runtime_timers::RuntimeTimers;
use crate::resolve::direct::runtimes::{MOST_RUNTIMES, runtime_here};
use crate::resolve::direct::shared_timer::SharedTimer;
use crate::resolve::direct::time::Time;

/// The admission control of one server.
pub(crate) struct AdmissionControl {
    queue: Mutex<Queue>,
    timers: Mutex<Vec<(Id, Arc<SharedTimer>)>>,
}

/// The right to have one question in flight. Dropping it admits the next one.
pub(crate) struct Permit<'a> {
    admission: &'a AdmissionControl,
    client: Option<u32>,
    stamp: Stamp,
    returned: bool,
}

/// A waiting question. Dropping it leaves the queue, and passes on a permit that it has not used.
struct Waiter<'a> {
    admission: &'a AdmissionControl,
    question: WaitingQuestion,
    /// Set once it was polled in another runtime than the one in which it began to wait.
    timers: Option<RuntimeTimers>,
    done: bool,
}

/// A permit, the time at which it was granted, and the runtime that polls then, if one does.
type Entered<'a> = (Permit<'a>, Time, Option<Id>);

impl AdmissionControl {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(Queue::new(most)), timers: Mutex::default() })
    }

    /// Waits for a permit; `None` when there was none before `end`. `runtime` is the one that polls first.
    pub(crate) fn enter(
        self: &Arc<Self>,
        client: Option<u32>,
        runtime: Id,
        now: Time,
        end: Time,
    ) -> impl Future<Output = Option<Entered<'_>>> {
        let mut waiter = None;
        poll_fn(move |cx| {
            if let Some(waiter) = &mut waiter {
                return self.poll(waiter, cx);
            }
            match self.begin(client, runtime, now, end, cx) {
                Ok(permit) => Poll::Ready(Some((permit, now, Some(runtime)))),
                Err(waits) => {
                    waiter = Some(waits);
                    Poll::Pending
                }
            }
        })
    }

    /// A permit, or else a place in the queue.
    fn begin(
        self: &Arc<Self>,
        client: Option<u32>,
        runtime: Id,
        now: Time,
        end: Time,
        cx: &Context<'_>,
    ) -> Result<Permit<'_>, Waiter<'_>> {
        let mut queue = lock(&self.queue);
        if queue.may_enter(client) {
            queue.admit(client);
            let stamp = queue.window.sent(now, client.is_some());
            return Ok(Permit { admission: self, client, stamp, returned: false });
        }
        let question = queue.wait(client, end, runtime, cx.waker());
        self.set_timer(queue, Some(runtime));
        Err(Waiter { admission: self, question, timers: None, done: false })
    }

    fn poll(self: &Arc<Self>, waiter: &mut Waiter<'_>, cx: &mut Context<'_>) -> Poll<Option<Entered<'_>>> {
        let WaitingQuestion { place, client, end, runtime, .. } = waiter.question;
        let here = runtime_here();
        let mut queue = lock(&self.queue);
        let Some(decision) = queue.places.poll(place, cx.waker()) else {
            let is_first_elsewhere = here != Some(runtime) && waiter.timers.is_none();
            if is_first_elsewhere {
                queue.places.note_timers(place);
                waiter.timers = Some(RuntimeTimers::default());
            }
            self.set_timer(queue, here);
            if is_first_elsewhere {
                // The tasks that wait already, in the other runtime, set timers of their own, too.
                cx.waker().wake_by_ref();
            }
            return waiter.timers.as_mut().map_or(Poll::Pending, |timers| timers.poll(cx, end).map(|()| None));
        };
        waiter.done = true;
        let now = Time::now();
        let permit = (decision == Decision::Admitted).then(|| {
            queue.granted.remove(client);
            let stamp = queue.window.sent(now, client.is_some());
            (Permit { admission: self, client, stamp, returned: false }, now, here)
        });
        self.set_timer(queue, here);
        // A permit granted at or after the deadline is refused.
        Poll::Ready(permit.filter(|(_, now, _)| *now < end))
    }

    /// The question sent at `sent` was answered at `now`; this may admit others. With the permit when the question is over.
    pub(crate) fn answered(self: &Arc<Self>, sent: Time, now: Time, permit: Option<&mut Permit<'_>>) {
        let mut queue = lock(&self.queue);
        queue.window.answered(sent, now);
        if let Some(permit) = permit.filter(|permit| std::ptr::eq(permit.admission, Arc::as_ptr(self))) {
            permit.give_back(&mut queue);
        }
        if !queue.is_empty() {
            let queue = self.admit_waiting(queue);
            self.set_timer(queue, runtime_here());
        }
    }

    /// The question sent at `sent` was not answered in time.
    pub(crate) fn lost(&self, sent: Time, now: Time) {
        lock(&self.queue).window.lost(sent, now);
    }

    /// Admits every waiting question that may be admitted now.
    fn admit_waiting<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        while let Some(waker) = queue.admit_one() {
            if let Some(waker) = waker {
                // Never wake under the lock: a waker may run any code, also code that takes this lock.
                drop(queue);
                waker.wake();
                queue = lock(&self.queue);
            }
        }
        queue
    }

    /// Sets the timer of the runtime that polls, if it would fire too late for the waiting questions.
    fn set_timer(self: &Arc<Self>, queue: MutexGuard<'_, Queue>, here: Option<Id>) {
        if let Some(runtime) = here
            && queue.timer_too_late(runtime).is_some()
        {
            self.set_timer_now(queue, runtime);
        }
    }

    #[cold]
    fn set_timer_now(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>, runtime: Id) {
        queue.window.note_time(Time::now());
        let Some(due) = queue.timer_too_late(runtime) else { return };
        queue.note_timer(runtime, due);
        drop(queue);
        let timer = self.timer(runtime);
        timer.set(|| lock(&self.queue).timer(runtime));
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
        let timer = Arc::new(SharedTimer::new(runtime, Waker::from(Arc::new(on_timer))));
        timers.push((runtime, Arc::clone(&timer)));
        timer
    }

    /// The timer has fired: admits questions, and rejects those whose deadline has passed. Wakes a few of the others, which set
    /// the timer again.
    fn on_timer(&self, runtime: Id) {
        let now = Time::now();
        let mut queue = lock(&self.queue);
        queue.timer_fired(runtime);
        queue.window.on_timer(now);
        let late = queue.reject_expired(now);
        let wakers_for_timer = self.admit_waiting(queue).wakers_for_timer(runtime);
        late.into_iter().chain(wakers_for_timer.into_iter().flatten()).for_each(Waker::wake);
    }
}

impl Permit<'_> {
    fn give_back(&mut self, queue: &mut Queue) {
        if !std::mem::replace(&mut self.returned, true) {
            queue.release(self.client);
            queue.window.settled(self.stamp, self.client.is_some());
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.returned {
            let mut queue = lock(&self.admission.queue);
            self.give_back(&mut queue);
            drop(self.admission.admit_waiting(queue));
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut queue = lock(&self.admission.queue);
        if queue.leave(&self.question) == Some(Decision::Admitted) {
            queue.release(self.question.client);
            queue.granted.remove(self.question.client);
        }
        drop(self.admission.admit_waiting(queue));
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
