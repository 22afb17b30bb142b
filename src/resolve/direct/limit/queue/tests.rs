use std::time::Duration;

use super::*;
use crate::resolve::direct::limit::unread_window::Stamp;

const MOST: usize = 16;

/// What the queue has to do, in the plainest way: an admitted question is one of `inside`, the others wait in their order.
#[derive(Default)]
struct Model {
    inside: Vec<Option<u32>>,
    waiting: Vec<WaitingQuestion>,
}

impl Model {
    fn may_enter(&self, client: Option<u32>) -> bool {
        let chosen = self.inside.iter().flatten();
        let room = self.inside.len() < MOST;
        let [all, its] = [chosen.clone().count(), chosen.filter(|inside| Some(**inside) == client).count()];
        room && (client.is_none() || (all < MOST / 2 && its < CLIENTS_LEAST))
    }

    /// Checks that the queue admits the same questions in the same order.
    fn admit(&mut self, queue: &mut Queue) {
        while let Some(at) = self.waiting.iter().position(|waiting| self.may_enter(waiting.client)) {
            let admitted = self.waiting.remove(at);
            self.inside.push(admitted.client);
            assert!(queue.admit_one().is_some());
            assert_eq!(queue.places.poll(admitted.place, Waker::noop()), Some(Decision::Admitted));
            queue.granted.remove(admitted.client);
        }
        assert!(queue.admit_one().is_none());
        assert_eq!(queue.is_empty(), self.waiting.is_empty());
    }
}

#[tokio::test]
async fn the_timer_fires_for_a_question_that_is_held_back() {
    let (mut queue, now, runtime) = (Queue::new(MOST), Time::now(), tokio::runtime::Handle::current().id());
    for _ in 0..CLIENTS_LEAST {
        queue.admit(Some(1));
        queue.window.sent(now, true);
    }
    let end = now + Duration::from_secs(5);
    queue.wait(Some(1), end, runtime, Waker::noop());
    assert!(queue.chosen.is_empty() && queue.timer_due(now).is_some_and(|due| due < end));
}

#[tokio::test]
async fn a_timer_that_fires_after_the_window_opens_is_set_again() {
    let (mut queue, begin, runtime) = (Queue::new(MOST), Time::now(), tokio::runtime::Handle::current().id());
    let at = |milliseconds| begin + Duration::from_millis(milliseconds);
    queue.window.sent(begin, false);
    queue.wait(None, at(5_000), runtime, Waker::noop());
    // Nothing is known of the server, so the timer is set to learn more.
    assert_eq!(queue.timer_too_late(runtime), Some(at(10)));
    queue.note_timer(runtime, at(10));
    assert_eq!(queue.timer_too_late(runtime), None);
    // Then it answers: what it has not answered counts as read after 5 ms.
    queue.window.answered(begin, at(1));
    assert_eq!(queue.timer_too_late(runtime), Some(at(5)));
    queue.note_timer(runtime, at(5));
    assert_eq!(queue.timer_too_late(runtime), None);
    queue.window.answered(begin, at(6));
    queue.note_timer(runtime, at(7));
    assert_eq!(queue.timer_too_late(runtime), None, "an earlier time is not worth setting");
}

/// Questions to one server from one runtime, as `AdmissionControl` handles them. Each question also waits for its timer.
struct Asking {
    queue: Queue,
    runtime: Id,
    now: Time,
    in_flight: Vec<(Option<u32>, Time, Stamp)>,
    waiting: Vec<WaitingQuestion>,
}

impl Asking {
    fn send(&mut self, client: Option<u32>) {
        let stamp = self.queue.window.sent(self.now, client.is_some());
        self.in_flight.push((client, self.now, stamp));
    }

    fn ask(&mut self, client: Option<u32>) {
        if self.queue.may_enter(client) {
            self.queue.admit(client);
            return self.send(client);
        }
        let end = self.now + Duration::from_millis(60);
        self.waiting.push(self.queue.wait(client, end, self.runtime, Waker::noop()));
        self.set_timer();
    }

    /// Ends a question: it was answered, and the answer was read a little later, or it is given up.
    fn end(&mut self, at: usize, answered: Option<Duration>) {
        if self.in_flight.is_empty() {
            return;
        }
        let (client, sent, stamp) = self.in_flight.swap_remove(at % self.in_flight.len());
        let came = answered.map(|ago| sent + self.now.since(sent).saturating_sub(ago));
        came.into_iter().for_each(|came| self.queue.window.answered(sent, came));
        self.queue.release(client);
        self.queue.window.settled(stamp, client.is_some());
        self.admit();
        if answered.is_some() {
            self.set_timer();
        }
    }

    /// Admits those that may be admitted, which then send and set the timer.
    fn admit(&mut self) {
        while self.queue.admit_one().is_some() {}
        for waiting in std::mem::take(&mut self.waiting) {
            match self.queue.places.poll(waiting.place, Waker::noop()) {
                None => self.waiting.push(waiting),
                Some(Decision::TooLate) => self.set_timer(),
                Some(Decision::Admitted) => {
                    self.queue.granted.remove(waiting.client);
                    self.send(waiting.client);
                    self.set_timer();
                }
            }
        }
    }

    /// Sets the timer if it is too late. Then it is not: neither now nor, until something else happens, at any later time.
    fn set_timer(&mut self) {
        if self.queue.timer_too_late(self.runtime).is_some() {
            self.queue.window.note_time(self.now);
            if let Some(due) = self.queue.timer_too_late(self.runtime) {
                self.queue.note_timer(self.runtime, due);
            }
        }
        let timer = self.queue.timer(self.runtime);
        for later in [0, 1, 4, 5, 6, 9, 10, 20, 30, 240, 250, 300].map(Duration::from_millis) {
            let now = self.now + later;
            let Some(due) = self.queue.timer_due(now) else { continue };
            assert!(timer.is_some_and(|timer| timer <= due.max(now + TIMER_STEP)), "{timer:?} {due:?} {later:?}");
        }
    }

    /// Time passes. The timer fires on the way.
    fn wait(&mut self, until: Time) {
        while let Some(due) = self.queue.timer(self.runtime).filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.queue.timer_fired(self.runtime);
            self.queue.window.on_timer(self.now);
            self.queue.reject_expired(self.now);
            self.admit();
            self.set_timer();
        }
        self.now = until;
    }
}

proptest::proptest! {
    #[test]
    fn questions_are_admitted_in_their_order(steps in proptest::collection::vec((0_u32..8, 0_usize..64), 1..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut queue, mut model, begin) = (Queue::new(MOST), Model::default(), Time::now());
        for (number, (step, at)) in steps.into_iter().enumerate() {
            let client = step.checked_sub(2).filter(|client| *client < 3);
            match step {
                // A question is over.
                0 if !model.inside.is_empty() => {
                    let client = model.inside.swap_remove(at % model.inside.len());
                    queue.release(client);
                }
                // One gives up waiting, or all whose time is over.
                1 if !model.waiting.is_empty() => {
                    let left = model.waiting.remove(at % model.waiting.len());
                    assert_eq!(queue.leave(&left), None);
                }
                7 if at < 8 => {
                    let now = begin + Duration::from_millis(number.saturating_sub(at) as u64);
                    let late = model.waiting.extract_if(.., |waiting| waiting.end <= now).collect::<Vec<_>>();
                    assert_eq!(queue.reject_expired(now).len(), late.len());
                    for late in late {
                        assert_eq!(queue.places.poll(late.place, Waker::noop()), Some(Decision::TooLate));
                    }
                }
                _ if queue.may_enter(client) => {
                    assert!(model.may_enter(client));
                    queue.admit(client);
                    model.inside.push(client);
                }
                _ => {
                    let end = begin + Duration::from_millis(number as u64);
                    model.waiting.push(queue.wait(client, end, runtime.handle().id(), Waker::noop()));
                }
            }
            model.admit(&mut queue);
        }
    }

    #[test]
    fn no_timer_is_missed(most in 1_usize..200, steps in proptest::collection::vec((0_u8..8, 0_usize..256), 1..400)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (queue, runtime) = (Queue::new(most), runtime.handle().id());
        let mut asking = Asking { queue, runtime, now: Time::now(), in_flight: Vec::new(), waiting: Vec::new() };
        for (step, at) in steps {
            match step {
                0 => (0..at).for_each(|_| asking.ask(None)),
                1 | 2 => asking.ask(u32::try_from(at % 4).ok().filter(|client| *client > 0)),
                3 | 4 => (0..=at % 32).for_each(|_| asking.end(at, Some(Duration::from_micros(at as u64 * 20)))),
                5 => asking.end(at, None),
                6 => asking.wait(asking.now + Duration::from_micros(at as u64 * 10)),
                _ => asking.wait(asking.now + Duration::from_micros(at as u64 * 300)),
            }
        }
    }
}
