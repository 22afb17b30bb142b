//! Everything that waits: questions are asked and shared, answers cached, and checks run to their end.

mod asking;
mod awaited_queries;
pub(crate) mod background;
pub(crate) mod cache;
mod client_limits;
pub(crate) mod driver;
pub(crate) mod events;
pub(crate) mod fast_path;
pub(crate) mod fetch;
mod inbox;
pub(crate) mod limit;
pub(crate) mod numbers;
mod permits;
mod query_task;
pub(crate) mod run;
pub(crate) mod session_memory;
pub(crate) mod shared_query;
mod waiters;
#[cfg(test)]
mod wake_count;
pub(crate) mod zone_limits;

use std::sync::{Arc, Mutex};

use crate::base::pool::ReusePool;
use crate::engine::awaited_queries::AwaitedQueries;
use crate::engine::background::Background;
use crate::engine::fetch::{Fetcher, QueryTask};
use crate::engine::limit::Limit;
use crate::engine::run::Pending;
use crate::state::SharedState;

/// The state that all clones of a checker share.
pub(crate) struct Engine {
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) shared: Mutex<SharedState>,
    pub(crate) background: Background,
    /// Tables of checks that have ended.
    pub(crate) awaited: ReusePool<AwaitedQueries<QueryTask, Pending>>,
    /// Permits for whole checks.
    pub(crate) checks: Arc<Limit>,
}
