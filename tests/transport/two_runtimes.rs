//! Questions that are waited for in several runtimes, some of which stop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::FutureExt;
use rdnsbl::dns::Answer;
use rdnsbl::resolve::BoxFuture;
use tokio::runtime::{Builder, Handle, Runtime};

/// Runs only inside `block_on`.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Polls once in this runtime; there is no answer yet.
pub(crate) fn poll_once(runtime: &Runtime, answer: &mut (impl Future<Output = Answer> + Unpin)) {
    runtime.block_on(async { assert_eq!(answer.now_or_never(), None) });
}

/// The answer, as a task of this runtime gets it.
pub(crate) fn told(runtime: &Runtime, answer: impl Future<Output = Answer>) -> Answer {
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), answer).await }).unwrap()
}

/// Runs the runtime until something has happened.
pub(crate) fn run_until(runtime: &Runtime, mut happened: impl FnMut() -> bool) {
    let happened = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), happened).await }).unwrap();
}

/// A question that is polled inside a runtime whenever it is woken, at once and on the thread that wakes it. So while another
/// runtime shuts down, it is polled after each step of that. (Not for a `Shared` future, which locks while it wakes.)
pub(crate) struct PolledAtOnce {
    answer: Mutex<Option<BoxFuture<'static, Answer>>>,
    runtime: Handle,
    wakes: AtomicUsize,
    told: Mutex<Option<Answer>>,
}

impl PolledAtOnce {
    /// Polls for the first time.
    pub(crate) fn start(answer: BoxFuture<'static, Answer>, runtime: &Runtime) -> Arc<Self> {
        let this = Arc::new(Self {
            answer: Mutex::new(Some(answer)),
            runtime: runtime.handle().clone(),
            wakes: AtomicUsize::new(0),
            told: Mutex::default(),
        });
        this.wake_by_ref();
        this
    }

    fn poll(self: &Arc<Self>) {
        let _inside = self.runtime.enter();
        let mut slot = self.answer.lock().unwrap();
        let Some(answer) = slot.as_mut() else { return };
        let waker = Waker::from(Arc::clone(self));
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(&mut Context::from_waker(&waker))));
        if !matches!(polled, Ok(Poll::Pending)) {
            *slot = None;
        }
        if let Ok(Poll::Ready(answer)) = polled {
            *self.told.lock().unwrap() = Some(answer);
        }
    }

    /// The answer, which `runtime` waits for.
    pub(crate) fn told(&self, runtime: &Runtime) -> Answer {
        run_until(runtime, || self.answer.lock().unwrap().is_none());
        self.told.lock().unwrap().take().expect("polling it has panicked")
    }
}

impl Wake for PolledAtOnce {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.wakes.fetch_add(1, Ordering::SeqCst) > 0 {
            return; // polled once more by the thread that polls now
        }
        loop {
            let seen = self.wakes.load(Ordering::SeqCst);
            self.poll();
            if self.wakes.compare_exchange(seen, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return;
            }
        }
    }
}
