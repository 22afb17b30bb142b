//! A resolver that answers from a table.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::clock::Clock;
use crate::dns::{Answer, Question};
use crate::resolve::{BoxFuture, Resolve};
use crate::testing::error::TableError;
use crate::testing::journal::Journal;
use crate::testing::reply::ReplyOutcome;
use crate::testing::situations::Situation;
use crate::testing::table::Table;

/// How long [`Scripted`] waits for a silent server before the question fails.
pub const SILENCE: Duration = Duration::from_secs(4);

/// A resolver that answers from a [`Table`], waits by the clock it was given, and lists the questions it was asked. Clones share
/// table and list.
///
/// ```
/// use rdnsbl::{ManualClock, Scripted};
///
/// let dns = Scripted::table("mail.example.org. A 203.0.113.7", ManualClock::new())?;
/// dns.set("mail.example.org. SERVFAIL")?; // from now on
/// assert!(dns.asked().is_empty());
/// # Ok::<(), rdnsbl::testing::TableError>(())
/// ```
#[derive(Clone)]
pub struct Scripted {
    state: Arc<Mutex<ScriptState>>,
    clock: Arc<dyn Clock>,
}

/// What the clones share.
struct ScriptState {
    table: Table,
    journal: Journal,
    in_flight: usize,
    max_in_flight: usize,
}

impl Scripted {
    /// Answers from a table written as text; the syntax is that of [`Table`].
    ///
    /// # Errors
    /// [`TableError`] says which line is wrong.
    pub fn table(text: &str, clock: impl Clock + 'static) -> Result<Self, TableError> {
        Ok(Self::new(Table::parse(text)?, clock))
    }

    /// Answers from a table.
    #[must_use]
    pub fn new(table: Table, clock: impl Clock + 'static) -> Self {
        let state = ScriptState { table, journal: Journal::default(), in_flight: 0, max_in_flight: 0 };
        Self { state: Arc::new(Mutex::new(state)), clock: Arc::new(clock) }
    }

    /// Changes the table, as [`Table::set`] does. Questions in flight get the old answer.
    ///
    /// # Errors
    /// [`TableError`]; the table is then unchanged.
    pub fn set(&self, text: &str) -> Result<(), TableError> {
        self.lock().table.set(text)
    }

    /// Puts a list into this situation from now on, while the program under test runs: [`set`](Self::set) with
    /// [`Situation::table`]. `listed` are the addresses that the list holds, or held when it was sound.
    ///
    /// # Errors
    /// [`TableError`] when the zone is not a domain name; the table is then unchanged.
    ///
    /// ```
    /// use rdnsbl::testing::Situation;
    /// use rdnsbl::{ManualClock, Scripted};
    ///
    /// let dns = Scripted::table("", ManualClock::new())?;
    /// dns.situation("bl.example", Situation::Sound, &["192.0.2.1".parse()?])?;
    /// dns.situation("bl.example", Situation::Silent, &["192.0.2.1".parse()?])?; // it dies
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn situation(&self, zone: &str, situation: Situation, listed: &[IpAddr]) -> Result<(), TableError> {
        self.set(&situation.table(zone, listed))
    }

    /// The questions so far, in the order in which they were asked; if there are more than 65,536, the latest.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.lock().journal.list()
    }

    /// Clears the list of [`asked`](Self::asked) and [`max_in_flight`](Self::max_in_flight).
    pub fn forget_asked(&self) {
        let mut state = self.lock();
        state.journal.forget();
        state.max_in_flight = state.in_flight;
    }

    /// The largest number of questions in flight at one time. A question without a delay is answered at once, so use `after=` in
    /// the table where this matters.
    #[must_use]
    pub fn max_in_flight(&self) -> usize {
        self.lock().max_in_flight
    }

    fn lock(&self) -> MutexGuard<'_, ScriptState> {
        // No code under the lock panics in the middle of a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for Scripted {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let scripted = self.clone();
        Box::pin(async move {
            let reply = {
                let mut state = scripted.lock();
                state.journal.note(question.clone());
                state.in_flight += 1;
                state.max_in_flight = state.max_in_flight.max(state.in_flight);
                state.table.lookup(&question)
            };
            let _in_flight = InFlightGuard(&scripted);
            let after = if reply.outcome == ReplyOutcome::Silence { SILENCE } else { reply.after };
            if !after.is_zero() {
                let now = scripted.clock.now();
                scripted.clock.sleep_until(now.checked_add(after).unwrap_or(now)).await;
            }
            reply.answer()
        })
    }
}

/// A question in flight, until it is answered or dropped.
struct InFlightGuard<'a>(&'a Scripted);

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("table", &self.lock().table).finish_non_exhaustive()
    }
}
