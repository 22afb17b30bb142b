//! The checks of one dialogue, by number.

/// The check that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckId {
    Iprev,
    Helo,
    Sender,
    Recipient,
    Trial,
    List(usize),
    /// A row of a list that had its verdict when it was made: there is no check.
    Decided(usize),
    /// A list asked about itself; no check waits for it.
    Probe(usize),
}
