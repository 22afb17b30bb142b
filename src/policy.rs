//! What follows from the facts: a policy is a table from findings to rules, and a preset is such a table.
//!
//! Verdicts are facts; a host may judge them by a function of its own instead. Rules no preset breaks: what is unknown or was
//! cut short never refuses for good, and a HELO name that leads elsewhere refuses nothing (RFC 5321 §4.1.4) — it is not even
//! a [`Finding`].

use std::fmt;

use crate::dnsxl::{Kind, Verdict};
use crate::domain::{MailDomain, MailDomainReport};
use crate::report::Report;
use crate::score::Outcome;
use crate::text::RemoteText;

/// All a policy can react to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Finding {
    /// The lists' outcome is "listed".
    Listed,
    /// The lists say "listed", and an allow list that could have said otherwise was not heard.
    AllowListUnknown,
    /// The sender's domain takes no mail (RFC 7505).
    SenderNullMx,
    /// The sender's domain does not exist.
    SenderNoSuchDomain,
    /// The sender's domain has no mail host.
    SenderNoMailHost,
    /// The sender's mail exchangers cannot be used.
    SenderMxUnusable,
    /// Could not tell about the sender's domain.
    SenderUnknown,
    /// The recipient's domain takes no mail (RFC 7505).
    RecipientNullMx,
    /// The recipient's domain does not exist.
    RecipientNoSuchDomain,
}

impl Finding {
    /// Does the finding rest on something that could not be told?
    #[must_use]
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::AllowListUnknown | Self::SenderUnknown)
    }
}

/// What a policy asks the host to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a server goes on, defers or rejects")]
pub enum Action {
    /// Nothing against the client from here. Not "accept": that is the host's word.
    #[default]
    Pass,
    /// Try later (4yz).
    Defer,
    /// No (5yz).
    Reject,
}

/// A reply line: a code that defers or rejects, an enhanced status code (RFC 3463), and text that is safe in a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: &'static str,
    text: RemoteText,
}

impl Reply {
    /// The reply code, 4yz or 5yz.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code.
    #[must_use]
    pub fn enhanced(&self) -> &str {
        self.enhanced
    }

    /// The text: printable ASCII, so short that the whole line stays below 512 octets (RFC 5321 §4.5.3.1.5).
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    fn action(&self) -> Action {
        if self.code >= 500 { Action::Reject } else { Action::Defer }
    }
}

/// The line without CRLF.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

/// One finding that weighed, and the reply it would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    finding: Finding,
    reply: Reply,
}

impl Cause {
    /// What was found.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// The reply it would get by itself.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reply.text.fmt(f)
    }
}

/// What a policy advises, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    reply: Option<Reply>,
    causes: Vec<Cause>,
}

impl Advice {
    /// What to do.
    #[must_use]
    pub fn action(&self) -> Action {
        self.reply.as_ref().map_or(Action::Pass, Reply::action)
    }

    /// The reply to give; `None` where there is nothing against the client.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    /// Everything that speaks against the client, worst first.
    #[must_use]
    pub fn because(&self) -> &[Cause] {
        &self.causes
    }

    /// Does the reply rest on facts, and not on something that could not be told?
    #[must_use]
    pub fn rests_on_facts(&self) -> bool {
        self.reply.is_some() && self.causes.first().is_some_and(|cause| !cause.finding.is_unknown())
    }
}

/// A table from findings to replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: &'static [(Finding, u16, &'static str)],
    /// What several refusals at once get, in place of the worst one's code.
    several: Option<(u16, &'static str)>,
}

/// RFC 3463, 5321, 7372 and 7505. What the RFCs leave to local policy passes.
const RFC: &[(Finding, u16, &str)] = &[
    (Finding::Listed, 550, "5.7.1"),
    (Finding::AllowListUnknown, 450, "4.7.1"),
    (Finding::SenderNullMx, 550, "5.7.27"),
    (Finding::SenderNoSuchDomain, 550, "5.1.8"),
    (Finding::SenderNoMailHost, 550, "5.1.8"),
    (Finding::SenderMxUnusable, 550, "5.1.8"),
    (Finding::SenderUnknown, 451, "4.4.3"),
    (Finding::RecipientNullMx, 556, "5.1.10"),
    (Finding::RecipientNoSuchDomain, 550, "5.1.2"),
];

impl Policy {
    /// What the RFCs say: listed clients 550 5.7.1, null MX 550 5.7.27 (sender) and 556 5.1.10 (recipient), sender domains
    /// that cannot take mail 550 5.1.8, unknown ones 451 4.4.3; several refusals at once 550 5.7.26 (RFC 7372 §4).
    #[must_use]
    pub fn rfc() -> Self {
        Self { rules: RFC, several: Some((550, "5.7.26")) }
    }

    /// Refuses nothing: for watching.
    #[must_use]
    pub fn observe() -> Self {
        Self { rules: &[], several: None }
    }

    /// What this policy makes of a report.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Advice {
        let mut causes: Vec<Cause> = findings(report)
            .into_iter()
            .filter_map(|(finding, text)| {
                let (_, code, enhanced) = self.rules.iter().find(|(of, ..)| *of == finding)?;
                Some(Cause {
                    finding,
                    reply: Reply { code: *code, enhanced, text: RemoteText::clip_to(&text, REPLY_TEXT) },
                })
            })
            .collect();
        // Worst first; equal ones in the order of findings.
        causes.sort_by_key(|cause| (std::cmp::Reverse(cause.reply.action()), cause.finding));
        let rejects = causes.iter().filter(|cause| cause.reply.action() == Action::Reject).count();
        let reply = match (self.several, causes.as_slice()) {
            (Some((code, enhanced)), [first, second, ..]) if rejects > 1 => {
                let text = format!("Multiple checks failed: {}; {}", first.reply.text, second.reply.text);
                Some(Reply { code, enhanced, text: RemoteText::clip_to(&text, REPLY_TEXT) })
            }
            (_, [first, ..]) => Some(first.reply.clone()),
            (_, []) => None,
        };
        Advice { reply, causes }
    }
}

/// Octets of text in a reply: with codes, blanks and CRLF the line stays below 512 (RFC 5321 §4.5.3.1.5).
const REPLY_TEXT: usize = 480;

/// What speaks against the client, with words for it.
fn findings(report: &Report) -> Vec<(Finding, String)> {
    let mut found = Vec::new();
    if report.score().outcome() == Outcome::Listed {
        found.push(listed(report));
    }
    if let Some(sender) = report.sender() {
        found.extend(sender_finding(sender));
    }
    if let Some(recipient) = report.recipient() {
        found.extend(recipient_finding(recipient));
    }
    found
}

/// A listing, or, when an allow list that might have overruled it was not heard, only that.
fn listed(report: &Report) -> (Finding, String) {
    let unheard =
        report.lists().iter().find(|row| row.kind() == Kind::Allow && matches!(row.verdict(), Verdict::Unknown(_)));
    if let Some(row) = unheard {
        return (
            Finding::AllowListUnknown,
            format!("Service currently unavailable; {} could not be asked", row.list()),
        );
    }
    let who = report.target().map(ToString::to_string).unwrap_or_default();
    let mut by = report.decided_by();
    let first = by.next();
    let list = first.map(|row| row.list().to_string()).unwrap_or_default();
    let others = match by.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let reason = first.and_then(|row| row.verdict().reason()).map(|reason| format!("; {reason}")).unwrap_or_default();
    (Finding::Listed, format!("Service unavailable; [{who}] is listed by {list}{others}{reason}"))
}

fn sender_finding(sender: &MailDomainReport) -> Option<(Finding, String)> {
    let domain = sender.domain().map(ToString::to_string).unwrap_or_default();
    Some(match sender.verdict() {
        MailDomain::NullMx => (Finding::SenderNullMx, format!("Sender domain {domain} takes no mail (null MX)")),
        MailDomain::NoSuchDomain => (Finding::SenderNoSuchDomain, format!("Sender domain {domain} does not exist")),
        MailDomain::NoMailHost => (Finding::SenderNoMailHost, format!("Sender domain {domain} has no mail host")),
        // Hosts beyond the cap were not looked at: that is no ground to refuse for good.
        MailDomain::MxUnusable(_) if sender.truncated() => {
            (Finding::SenderUnknown, format!("Sender domain {domain} could not be checked in full"))
        }
        MailDomain::MxUnusable(reason) => (Finding::SenderMxUnusable, format!("Sender domain {domain}: {reason}")),
        MailDomain::Unknown(why) => {
            (Finding::SenderUnknown, format!("Sender domain {domain} could not be checked: {why}; try again later"))
        }
        _ => return None,
    })
}

fn recipient_finding(recipient: &MailDomainReport) -> Option<(Finding, String)> {
    let domain = recipient.domain().map(ToString::to_string).unwrap_or_default();
    Some(match recipient.verdict() {
        MailDomain::NullMx => (Finding::RecipientNullMx, format!("Recipient domain {domain} takes no mail (null MX)")),
        MailDomain::NoSuchDomain => {
            (Finding::RecipientNoSuchDomain, format!("Recipient domain {domain} does not exist"))
        }
        _ => return None,
    })
}
