//! The questions that the check of one list asks, and what its answers are called.

/// Which questions of our own are put to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Probe {
    /// Does it hold what no list may hold?
    Controls,
    /// Does it hold the entry that it must hold?
    Entry,
    /// Does its zone exist, and the entry that it must hold?
    Existence,
    /// All of them.
    Everything,
}

/// What a list's question is for: controls must be asked anew, whatever is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// No list's question: iprev, HELO, sender, recipient.
    Dialogue,
    /// Is the subject listed?
    Subject,
    /// Why?
    Reason,
    /// Does the list hold the entry that no list may hold?
    Control,
    /// Does it hold a name that nobody can guess?
    RandomLabel,
    /// Does it hold what it must?
    MustExist,
    /// Does its zone exist?
    Apex,
    /// Does the resolver tell the truth?
    Resolver,
}

impl Purpose {
    /// Is it a question of our own, about a name that no client chose? Its answer has to be new, and may say something about
    /// what all clients share.
    pub(crate) fn is_own(self) -> bool {
        !matches!(self, Self::Dialogue | Self::Subject | Self::Reason)
    }

    /// Is it a question that proves a list?
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Control | Self::RandomLabel)
    }
}

/// What became of an entry that must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is there.
    Present,
    /// An empty NOERROR: something took its address away.
    Stripped,
    /// NXDOMAIN: a word about the list, not about the resolver.
    Missing,
    /// Nobody could tell.
    Failed,
}

/// What an answer about a subject says of the list that gave it. A client chose the subject, so that none of it is evidence
/// about the list: an odd word makes it suspect, and questions of our own decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing: it was not asked, the answer was remembered, or the question failed for reasons of our own.
    #[default]
    Nothing,
    /// An ordinary no.
    Miss,
    /// An answer in 127.0.0.0/8 that is no refusal.
    Hit,
    /// An answer that no working list gives.
    Odd,
    /// A zone above the list's own denied the name.
    DeniedFromAbove,
    /// It did not answer, or not with an answer.
    Failed,
}
