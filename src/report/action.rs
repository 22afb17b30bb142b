//! What a policy asks the host to do.

use crate::base::words::words;

/// What a policy asks the host to do.
///
/// ```
/// use rdnsbl::Action;
///
/// assert!(Action::Pass < Action::Defer && Action::Defer < Action::Reject);
/// assert_eq!(Action::Defer.word(), "defer");
/// ```
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

words!("action", Action: Display {
    Pass = "pass",
    Defer = "defer",
    Reject = "reject",
});
