//! Limits on the questions in flight to one server.

pub(crate) mod admission;
mod places;
mod queue;
pub(crate) mod unread_window;
