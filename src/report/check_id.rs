//! The checks of one dialogue, by number.

/// The check that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckId {
    Iprev,
    Helo,
    Sender,
    Recipient,
    Trial,
    /// A list, by the number of its row.
    List(usize),
    /// A list asked about itself; no check waits for it.
    Probe(usize),
}
