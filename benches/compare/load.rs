//! Work of one kind, some of it at the same time, on this thread alone: what it costs.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use super::meter::cpu;

/// What a number of pieces of work cost.
pub(crate) struct Load {
    pub(crate) count: u64,
    /// Microseconds of CPU, in all.
    pub(crate) cpu: f64,
    pub(crate) wall: Duration,
    allocations: u64,
    allocated: u64,
    /// Octets that were allocated and are still there.
    pub(crate) kept: i64,
    /// How long each took, the quickest first.
    pub(crate) took: Vec<Duration>,
}

/// CPU in microseconds, allocations, octets allocated: of one piece.
pub(crate) type Cost = [f64; 3];

impl Load {
    pub(crate) fn cost(&self) -> Cost {
        let count = self.count as f64;
        [self.cpu / count, self.allocations as f64 / count, self.allocated as f64 / count]
    }

    /// Pieces in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }

    /// Milliseconds within which `of_thousand` of a thousand were done.
    pub(crate) fn within(&self, of_thousand: usize) -> f64 {
        within(&self.took, of_thousand)
    }
}

/// The same, of sorted times.
pub(crate) fn within(took: &[Duration], of_thousand: usize) -> f64 {
    took[(took.len() * of_thousand / 1_000).min(took.len() - 1)].as_secs_f64() * 1e3
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// How much is under way at the same time.
#[derive(Clone, Copy)]
pub(crate) struct AtOnce {
    pub(crate) count: usize,
    /// The first pieces begin so long after each other.
    pub(crate) apart: Duration,
}

impl From<usize> for AtOnce {
    fn from(count: usize) -> Self {
        Self { count, apart: Duration::ZERO }
    }
}

/// Does it for every number from `first` on, `count` times, so many at a time.
pub(crate) fn run<F: Future<Output = ()> + 'static>(
    runtime: &Runtime,
    at_once: impl Into<AtOnce>,
    first: u64,
    count: u64,
    work: impl Fn(u64) -> F + 'static,
) -> Load {
    let at_once = at_once.into();
    let tasks = LocalSet::new();
    let (next, work) = (Rc::new(Cell::new(0)), Rc::new(work));
    let took = Rc::new(RefCell::new(Vec::with_capacity(count as usize)));
    for worker in 0..at_once.count.min(count as usize) {
        let (next, work, took) = (Rc::clone(&next), Rc::clone(&work), Rc::clone(&took));
        let wait = at_once.apart * worker as u32;
        tasks.spawn_local(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            while next.get() < count {
                let at = next.replace(next.get() + 1);
                let started = Instant::now();
                work(first + at).await;
                took.borrow_mut().push(started.elapsed());
            }
        });
    }
    let (used, started) = (cpu(), Instant::now());
    let allocated = allocation_counter::measure(|| runtime.block_on(tasks));
    let (used, wall) = (cpu() - used, started.elapsed());
    let mut took = took.take();
    took.sort_unstable();
    let (allocations, kept) = (allocated.count_total, allocated.bytes_current);
    Load { count, cpu: used, wall, allocations, allocated: allocated.bytes_total, kept, took }
}
