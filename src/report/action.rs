//! What a policy asks the host to do.

/// What a policy asks the host to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a server goes on, defers or rejects")]
pub enum Action {
    /// Nothing speaks against the client here. It does not mean "accept": that is for the host to decide.
    #[default]
    Pass,
    /// Refuse for now; the client may try later (4yz).
    Defer,
    /// Refuse for good (5yz).
    Reject,
}

impl Action {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Defer => "defer",
            Self::Reject => "reject",
        }
    }
}
