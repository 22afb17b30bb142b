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
    /// No rule applies to the client. It does not mean "accept": the host decides that.
    #[default]
    Pass,
    /// Defer: the client may try again later (4yz).
    Defer,
    /// Reject permanently (5yz).
    Reject,
}

words!("action", Action: Display {
    Pass = "pass",
    Defer = "defer",
    Reject = "reject",
});
