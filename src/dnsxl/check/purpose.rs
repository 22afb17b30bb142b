//! The purposes of the questions, and the kinds of answers, of the check of one list.

/// The test entries of a list that a probe looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Probe {
    /// The two control entries, which must not exist.
    Controls,
    /// The entry that must exist.
    Entry,
    /// The zone itself, and the entry that must exist.
    Existence,
    /// All of them.
    Everything,
}

/// The purpose of a question. Control queries must not be answered from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// No list is asked: iprev, HELO, sender, recipient.
    Dialogue,
    /// Whether the subject is listed.
    Subject,
    /// Why it is listed.
    Reason,
    /// Whether the list contains the entry that must not exist.
    Control,
    /// Whether the list contains a random name.
    RandomLabel,
    /// Whether the list contains the entry that must exist.
    MustExist,
    /// Whether the zone of the list exists.
    Apex,
    /// Whether the resolver invents answers.
    Resolver,
}

impl Purpose {
    /// Is it a question of our own, about a name that no client can choose? Its answer must not come from the cache, and is
    /// evidence about the list or the resolver.
    pub(crate) fn is_own(self) -> bool {
        !matches!(self, Self::Dialogue | Self::Subject | Self::Reason)
    }

    /// Is it a control query?
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Control | Self::RandomLabel)
    }
}

/// The result of looking up an entry that must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestEntryState {
    /// It exists.
    Present,
    /// An empty NOERROR: the resolver may have removed the address.
    Stripped,
    /// NXDOMAIN: evidence about the list, not about the resolver.
    Missing,
    /// The query failed.
    Failed,
}

/// What an answer about a subject suggests about the list. The client chose the subject, so this is no evidence: a strange
/// answer makes the list suspect, and control queries decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubjectAnswer {
    /// Nothing: it was not asked, the answer came from the cache, or the query failed on this host.
    #[default]
    Nothing,
    /// An ordinary negative answer.
    Miss,
    /// An answer in 127.0.0.0/8 that is not a refusal.
    Hit,
    /// An answer that no working list gives: a refusal, or a code outside 127.0.0.0/8.
    Strange,
    /// NXDOMAIN from a zone above the zone of the list.
    DeniedFromAbove,
    /// No usable answer.
    Failed,
}
