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
    /// A list that is not asked, since its answer is known.
    Unasked(usize),
    /// A list asked about itself; no check waits for it.
    Probe(usize),
}
