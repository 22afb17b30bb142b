//! What a policy advises: an action, the reply to give, and the causes.

use std::borrow::Cow;
use std::fmt;

use crate::report::action::Action;
use crate::report::finding::Finding;
use crate::report::reply::Reply;
use crate::report::stage::Stage;

/// One finding that has a reply under the policy.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::{Finding, policy::Stage};
///
/// let report = clock.run(checker.check(client));
/// let cause = &report.advice().because()[0];
/// assert_eq!((cause.finding(), cause.stage(), cause.reply().code()), (Finding::Listed, Stage::Connect, 550));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cause {
    pub(crate) finding: Finding,
    pub(crate) reply: Reply,
    pub(crate) stage: Stage,
    /// The other findings of a combined rule.
    pub(crate) others: Vec<Finding>,
}

impl Cause {
    /// What was found; of a combined rule, its first finding.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// Every finding behind it: one, or those of a [combined rule](crate::Policy::all).
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        std::iter::once(self.finding).chain(self.others.iter().copied())
    }

    /// The stage of the session to which the facts behind it belong: a listing of the sender's domain belongs to MAIL.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The reply that it would get alone.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.reply.text())
    }
}

/// What a policy advises, and why.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::Action;
///
/// let report = clock.run(checker.check(client));
/// let advice = report.advice();
/// assert_eq!(advice.action(), Action::Reject);
/// if let Some(reply) = advice.reply() {
///     println!("{} {} {}", reply.code(), reply.enhanced(), reply.text());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Advice {
    pub(crate) reply: Option<Reply>,
    pub(crate) causes: Vec<Cause>,
}

impl Advice {
    /// What to do.
    #[must_use]
    pub fn action(&self) -> Action {
        self.reply.as_ref().map_or(Action::Pass, Reply::action)
    }

    /// The reply to give; `None` to pass.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    /// Every finding that has a reply, worst first.
    #[must_use]
    pub fn because(&self) -> &[Cause] {
        &self.causes
    }

    /// Is at least one cause a fact, and not something unknown? The reply given may belong to another cause: of several
    /// deferrals, the first finding's reply is given.
    #[must_use]
    pub fn rests_on_facts(&self) -> bool {
        self.causes.iter().any(|cause| cause.findings().all(|finding| !finding.is_unknown()))
    }

    /// The action for Postfix's policy protocol (access(5)): `DUNNO`, `DEFER_IF_PERMIT 4.7.25 text`, or the rejecting reply
    /// line. Never `OK`, which would skip the restrictions that follow.
    ///
    /// Postfix puts its own `<...>: Recipient address rejected: ` in front, so the same words of
    /// the preset are left out; the address stays.
    #[must_use]
    pub fn postfix_action(&self) -> String {
        let Some(reply) = &self.reply else { return "DUNNO".to_owned() };
        let (enhanced, text) = (reply.enhanced(), without_class(reply.text()));
        match reply.action() {
            Action::Reject => format!("{} {enhanced} {text}", reply.code()),
            Action::Pass | Action::Defer => format!("DEFER_IF_PERMIT {enhanced} {text}"),
        }
    }
}

/// A reply's text without the words that Postfix adds itself, `<a@b.example>: Recipient address rejected: `. The address stays:
/// `<a@b.example>: Sender address rejected: Domain not found` becomes `<a@b.example>: Domain not found`.
fn without_class(text: &str) -> Cow<'_, str> {
    let (who, rest) = match text.strip_prefix('<').and_then(|rest| rest.split_once(">: ")) {
        Some((who, rest)) => (Some(who), rest),
        None => (None, text),
    };
    let after = |class: &str| rest.strip_prefix(class)?.strip_prefix(" rejected: ").filter(|rest| !rest.is_empty());
    if let Some(rest) = after("Client host").or_else(|| after("Recipient address")) {
        return Cow::Borrowed(rest);
    }
    match (who, after("Sender address").or_else(|| after("Helo command"))) {
        (Some(who), Some(rest)) => Cow::Owned(format!("<{who}>: {rest}")),
        _ => Cow::Borrowed(text),
    }
}
