//! How many questions may be under way, in all and to one server.

pub(crate) mod admission;
pub(crate) mod unread_window;
