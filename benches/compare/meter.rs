//! CPU time of this thread, and printing.

use std::sync::OnceLock;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::ClockId;
use nix::unistd::Pid;

/// Microseconds of CPU that this thread has used, in its own code and in the kernel: what `getrusage` counts, to the
/// nanosecond and not to the tick.
pub(crate) fn cpu() -> f64 {
    let used = ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap();
    used.tv_sec() as f64 * 1e6 + used.tv_nsec() as f64 / 1e3
}

/// Keeps this thread on one of the cores it may use: the first, or the last.
pub(crate) fn pin(last: bool) {
    let cores = cores();
    if let Some(core) = if last { cores.last() } else { cores.first() } {
        let mut one = CpuSet::new();
        one.set(*core).unwrap();
        sched_setaffinity(Pid::from_raw(0), &one).unwrap();
    }
}

/// Starts a process on the last core, wherever this thread has to stay: it would inherit that.
pub(crate) fn elsewhere<T>(start: impl FnOnce() -> T) -> T {
    let now = sched_getaffinity(Pid::from_raw(0)).unwrap();
    pin(true);
    let started = start();
    sched_setaffinity(Pid::from_raw(0), &now).unwrap();
    started
}

/// The cores this process may use, as it was before anything was pinned.
fn cores() -> &'static [usize] {
    static CORES: OnceLock<Vec<usize>> = OnceLock::new();
    CORES.get_or_init(|| {
        let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
        (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false)).collect()
    })
}

pub(crate) fn figure(name: &str, value: f64, unit: &str) {
    println!("{name} {value:.2} {unit}");
}

/// The middle one, which a neighbour's burst does not move.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
