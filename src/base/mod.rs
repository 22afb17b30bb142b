//! The lowest layer: names, addresses, text, time and small containers. It does not know DNS messages.

pub(crate) mod address;
pub(crate) mod client_number;
pub mod clock;
pub(crate) mod hash_map;
pub(crate) mod key_mask;
pub(crate) mod lock;
pub(crate) mod mail_path;
pub mod name;
pub(crate) mod parse_error;
pub(crate) mod pool;
pub mod remote_text;
pub(crate) mod similar;
pub(crate) mod small_list;
pub mod template;
pub(crate) mod words;
