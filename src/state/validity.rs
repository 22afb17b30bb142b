//! Which answers from before a change must no longer be used.

use crate::base::name::Name;

/// What the cache must no longer use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidated {
    /// Everything: the resolver began to change answers, or stopped.
    pub(crate) everything: bool,
    /// Answers of these zones, whose lists broke or have recovered.
    pub(crate) zones: Vec<Name>,
    /// Summaries of cached answers: something that they rest on has changed.
    pub(crate) summaries: bool,
}

/// How often everything was invalidated, and a count of all invalidations.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Invalidations {
    pub(super) all: u64,
    pub(super) everything: u64,
}

/// What an answer depends on besides its TTL. It can be used as long as this is the same as when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ZoneValidity {
    pub(super) everything: u64,
    pub(super) zone: u64,
}
