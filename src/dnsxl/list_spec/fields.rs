//! What a list holds beyond its zone, codes and weight.

use std::fmt;

use crate::base::name::Name;
use crate::base::template::Template;
use crate::base::words::words;
use crate::dnsxl::kind::ListKind;
use crate::dnsxl::{CodeTest, Subject};

/// What to do about a list that did not answer. It affects replies; the score stays a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OnNoAnswer {
    /// The mail is handled without the list. The default for deny lists. If the negative weight of the list could have
    /// prevented a rejection, the mail is not rejected.
    Ignore,
    /// The mail is deferred if the list could still decide.
    Defer,
    /// The subject counts as listed (Exim's `+include_unknown`). On a deny list this rejects mail permanently without any
    /// evidence, so it must be set explicitly.
    Listed,
    /// A rejection that the list could have prevented becomes a deferral. The default for allow lists, as in Postfix; set it
    /// explicitly for negative weights.
    DeferIfReject,
}

words!("rule for no answer", OnNoAnswer: Display {
    Ignore = "ignore",
    Defer = "defer",
    Listed = "listed",
    DeferIfReject = "defer_if_reject",
});

impl OnNoAnswer {
    /// The default for a list of this kind.
    pub(crate) fn default_for(kind: ListKind) -> Self {
        match kind {
            ListKind::Allow => Self::DeferIfReject,
            ListKind::Deny => Self::Ignore,
        }
    }
}

/// The less common settings of a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(super) on_no_answer: Option<OnNoAnswer>,
    pub(super) fixed: Vec<Subject>,
    pub(super) reason_zone: Option<Name>,
    pub(super) reply: Option<Template>,
    /// It is asked only for mail with the null sender.
    pub(super) only_null_sender: bool,
    /// It never decides.
    pub(super) only_observed: bool,
    pub(crate) merged_into: Option<MergedInto>,
}

/// Without the text of the reply, which may contain the zone with its key.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_no_answer, fixed, reason_zone, reply, only_null_sender, only_observed, merged_into } = self;
        f.debug_struct("Usage")
            .field("on_no_answer", on_no_answer)
            .field("fixed", fixed)
            .field("reason_zone", reason_zone)
            .field("has_reply", &reply.is_some())
            .field("only_null_sender", only_null_sender)
            .field("only_observed", only_observed)
            .field("merged_into", merged_into)
            .finish()
    }
}

/// The zone in the configuration, and the codes that identify its entries in the zone that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedInto {
    pub(super) named: Name,
    pub(super) own_codes: CodeTest,
}
