//! A question on its way, shared by all who wait for its answer.
//!
//! Whoever is polled drives it; whoever leaves takes nothing from who stays; when the last one has left it is given up. All of
//! it is one block of memory, since a busy server has thousands of them in the air.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::base::small_list::Few;
use crate::dns::{Answer, Failure};
use crate::inquiry::SentAt;

/// A question on its way.
pub(crate) struct Flight {
    /// When it was put to the resolver; empty while it waits for a place.
    sent: OnceLock<Instant>,
    state: Mutex<State>,
}

struct State {
    /// Away while somebody polls it, gone when it has landed or everybody has left.
    future: Option<BoxFuture<'static, Answer>>,
    answer: Option<Answer>,
    seats: Few<Seat>,
    next_seat: u32,
    /// Somebody came to poll it while somebody else was at it, and has to come again.
    missed: bool,
}

/// Someone who waits.
struct Seat {
    number: u32,
    waker: Option<Waker>,
}

impl Flight {
    /// Takes off with the first who waits. What flies may know its flight, but must not keep it.
    pub(crate) fn take_off(make: impl FnOnce(Weak<Self>) -> BoxFuture<'static, Answer>) -> Passenger {
        let flight = Arc::new_cyclic(|flight| {
            let seats = Few::one(Seat { number: 0, waker: None });
            let future = Some(make(Weak::clone(flight)));
            let state = State { future, answer: None, seats, next_seat: 1, missed: false };
            Self { sent: OnceLock::new(), state: Mutex::new(state) }
        });
        Passenger { flight, seat: 0 }
    }

    /// One more who waits; `None` when everybody has left and it is given up.
    pub(crate) fn board(self: &Arc<Self>) -> Option<Passenger> {
        let mut state = lock(&self.state);
        if state.answer.is_none() && state.seats.is_empty() {
            return None;
        }
        let seat = state.next_seat;
        state.next_seat = state.next_seat.wrapping_add(1);
        state.seats.push(Seat { number: seat, waker: None });
        Some(Passenger { flight: Arc::clone(self), seat })
    }

    /// It is put to the resolver now.
    pub(crate) fn send(&self, now: Instant) {
        let _ = self.sent.set(now);
    }

    /// Has its answer come?
    pub(crate) fn has_landed(&self) -> bool {
        lock(&self.state).answer.is_some()
    }

    /// Lands, and tells everybody but the one who already knows.
    fn land(&self, answer: Answer, except: u32) {
        let wakers = {
            let mut state = lock(&self.state);
            state.answer = Some(answer);
            state.wakers(Some(except))
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn wakers(&self, except: Option<u32>) -> Few<Waker> {
        let mut wakers = Few::default();
        let seats = self.seats.iter().filter(|seat| Some(seat.number) != except);
        seats.filter_map(|seat| seat.waker.clone()).for_each(|waker| wakers.push(waker));
        wakers
    }
}

/// All who wait are told, since any of them may be gone or busy.
impl Wake for Flight {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = lock(&self.state).wakers(None);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// When it was put to the resolver, by whoever did so first.
impl SentAt for Flight {
    fn sent(&self) -> Option<Instant> {
        self.sent.get().copied()
    }
}

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flight").field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// One who waits for the answer.
pub(crate) struct Passenger {
    flight: Arc<Flight>,
    seat: u32,
}

impl Passenger {
    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }
}

impl Future for Passenger {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let mut future = {
            let mut state = lock(&self.flight.state);
            if let Some(answer) = &state.answer {
                return Poll::Ready(answer.clone());
            }
            if let Some(seat) = state.seats.iter_mut().find(|seat| seat.number == self.seat)
                && !seat.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker()))
            {
                seat.waker = Some(context.waker().clone());
            }
            let Some(future) = state.future.take() else {
                state.missed = true;
                return Poll::Pending;
            };
            Polled { flight: &self.flight, seat: self.seat, future: Some(future) }
        };
        future.poll()
    }
}

/// The future while somebody polls it: it goes back, or lands, whatever happens.
struct Polled<'a> {
    flight: &'a Arc<Flight>,
    seat: u32,
    future: Option<BoxFuture<'static, Answer>>,
}

impl Polled<'_> {
    fn poll(&mut self) -> Poll<Answer> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        let waker = Waker::from(Arc::clone(self.flight));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        match &polled {
            Poll::Ready(answer) => {
                let landed = self.future.take();
                self.flight.land(answer.clone(), self.seat);
                // Until here it can be boarded; from now on who asks the same finds what was remembered.
                drop(landed);
            }
            Poll::Pending => self.put_back(),
        }
        polled
    }

    fn put_back(&mut self) {
        let wakers = {
            let mut state = lock(&self.flight.state);
            state.future = self.future.take();
            if std::mem::take(&mut state.missed) { state.wakers(Some(self.seat)) } else { Few::default() }
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A resolver that panics takes nobody with it but the one who polled it.
impl Drop for Polled<'_> {
    fn drop(&mut self) {
        if self.future.take().is_some() {
            self.flight.land(Answer::failed(Failure::Overload), self.seat);
        }
    }
}

impl Drop for Passenger {
    fn drop(&mut self) {
        let given_up = {
            let mut state = lock(&self.flight.state);
            state.seats.retain(|seat| seat.number != self.seat);
            // What it holds may hold a waker, and with it this flight: only so it ends. Who stays need not be told: whenever
            // there is something to tell, all are.
            if state.seats.is_empty() { state.future.take() } else { None }
        };
        drop(given_up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// What a test sees of a flying future.
    #[derive(Default)]
    struct Tower {
        waker: Mutex<Option<Waker>>,
        answer: Mutex<Option<Answer>>,
        polls: AtomicUsize,
        dropped: AtomicUsize,
    }

    struct Flying(Arc<Tower>);

    impl Future for Flying {
        type Output = Answer;

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
            self.0.polls.fetch_add(1, Ordering::SeqCst);
            *lock(&self.0.waker) = Some(context.waker().clone());
            lock(&self.0.answer).take().map_or(Poll::Pending, Poll::Ready)
        }
    }

    impl Drop for Flying {
        fn drop(&mut self) {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Tower {
        fn clear_to_land(&self) {
            *lock(&self.answer) = Some(Answer::nx_domain(None));
            let waker = lock(&self.waker).take();
            waker.unwrap().wake();
        }
    }

    fn take_off() -> (Arc<Tower>, Passenger) {
        let tower = Arc::new(Tower::default());
        let flying = Flying(Arc::clone(&tower));
        (tower, Flight::take_off(|_| Box::pin(flying)))
    }

    fn poll(passenger: &mut Passenger, told: &Arc<Counting>) -> Poll<Answer> {
        let waker = Waker::from(Arc::clone(told));
        Pin::new(passenger).poll(&mut Context::from_waker(&waker))
    }

    fn times(told: &Counting) -> usize {
        told.0.load(Ordering::SeqCst)
    }

    #[test]
    fn all_who_wait_are_told_and_get_the_answer() {
        let (tower, mut first) = take_off();
        let mut second = first.flight().board().unwrap();
        let told = [Arc::new(Counting::default()), Arc::new(Counting::default())];
        assert!(poll(&mut first, &told[0]).is_pending());
        assert!(poll(&mut second, &told[1]).is_pending());
        tower.clear_to_land();
        assert_eq!((times(&told[0]), times(&told[1])), (1, 1));
        assert!(poll(&mut second, &told[1]).is_ready());
        assert_eq!((times(&told[0]), times(&told[1])), (2, 1));
        assert!(poll(&mut first, &told[0]).is_ready());
        let mut late = first.flight().board().unwrap();
        assert!(poll(&mut late, &told[0]).is_ready(), "landed, and known to who comes now");
        assert_eq!(tower.dropped.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn who_leaves_takes_nothing_from_who_stays() {
        let (tower, mut first) = take_off();
        let mut second = first.flight().board().unwrap();
        let told = [Arc::new(Counting::default()), Arc::new(Counting::default())];
        assert!(poll(&mut second, &told[1]).is_pending());
        assert!(poll(&mut first, &told[0]).is_pending());
        tower.clear_to_land();
        drop(first);
        assert_eq!(times(&told[1]), 1, "told of the landing, though another was told as well; not of the leaving");
        assert!(poll(&mut second, &told[1]).is_ready());
    }

    #[test]
    fn when_the_last_has_left_it_is_given_up() {
        let (tower, mut first) = take_off();
        let told = Arc::new(Counting::default());
        assert!(poll(&mut first, &told).is_pending());
        let flight = Arc::downgrade(first.flight());
        let mut second = first.flight().board().unwrap();
        drop(first);
        assert!(poll(&mut second, &told).is_pending());
        assert_eq!(tower.dropped.load(Ordering::SeqCst), 0);
        let kept = Arc::clone(second.flight());
        drop(second);
        assert_eq!(tower.dropped.load(Ordering::SeqCst), 1);
        assert!(kept.board().is_none());
        drop(kept);
        lock(&tower.waker).take();
        assert!(flight.upgrade().is_none(), "nothing is left of it");
    }

    #[test]
    fn who_comes_while_another_polls_is_told_to_come_again() {
        /// Polls the other one from within.
        struct Nested(Arc<Mutex<Option<Passenger>>>, Arc<Counting>);
        impl Future for Nested {
            type Output = Answer;
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
                if let Some(other) = lock(&self.0).as_mut() {
                    assert!(poll(other, &self.1).is_pending());
                }
                Poll::Pending
            }
        }
        let (place, told) = (Arc::new(Mutex::new(None)), Arc::new(Counting::default()));
        let nested = Nested(Arc::clone(&place), Arc::clone(&told));
        let mut first = Flight::take_off(|_| Box::pin(nested));
        *lock(&place) = first.flight().board();
        assert!(poll(&mut first, &Arc::default()).is_pending());
        assert_eq!(times(&told), 1);
        let other = lock(&place).take();
        drop(other);
    }

    #[test]
    fn a_panic_takes_nobody_with_it() {
        let mut first = Flight::take_off(|_| Box::pin(async { panic!("a resolver's mistake") }));
        let mut second = first.flight().board().unwrap();
        let told = Arc::new(Counting::default());
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut first, &told)));
        assert!(outcome.is_err());
        assert_eq!(poll(&mut second, &told), Poll::Ready(Answer::failed(Failure::Overload)));
    }
}
