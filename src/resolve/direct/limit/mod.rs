//! Limits on the questions in flight to one server.

pub(crate) mod admission;
pub(crate) mod unread_window;
