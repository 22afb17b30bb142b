//! How a list is used, beyond its zone, codes and weight.

use std::fmt;

use crate::base::name::Name;
use crate::base::template::Template;
use crate::dnsxl::Subject;
use crate::dnsxl::kind::{ListKind, Part};
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::list_spec::merged::MergedInto;

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

impl OnNoAnswer {
    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Defer => "defer",
            Self::Listed => "listed",
            Self::DeferIfReject => "defer_if_reject",
        }
    }

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
    on_no_answer: Option<OnNoAnswer>,
    fixed: Vec<Subject>,
    reason_zone: Option<Name>,
    reply: Option<Template>,
    pub(crate) merged_into: Option<MergedInto>,
}

/// Without the text of the reply, which may contain the zone with its key.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_no_answer, fixed, reason_zone, reply, merged_into } = self;
        f.debug_struct("Usage")
            .field("on_no_answer", on_no_answer)
            .field("fixed", fixed)
            .field("reason_zone", reason_zone)
            .field("has_reply", &reply.is_some())
            .field("merged_into", merged_into)
            .finish()
    }
}

impl ListSpec {
    /// Sets what to do if the list does not answer. By default [`OnNoAnswer::Ignore`] for deny lists and
    /// [`OnNoAnswer::DeferIfReject`] for allow lists.
    #[must_use]
    pub fn with_on_no_answer(mut self, on_no_answer: OnNoAnswer) -> Self {
        self.usage.on_no_answer = Some(on_no_answer);
        self
    }

    /// What to do if the list does not answer.
    #[must_use]
    pub fn on_no_answer(&self) -> OnNoAnswer {
        self.usage.on_no_answer.unwrap_or(OnNoAnswer::default_for(self.kind))
    }

    /// Asks about exactly these subjects, whatever the client is, and about no part of the SMTP session.
    #[must_use]
    pub fn with_fixed_subjects(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.usage.fixed = subjects.into_iter().collect();
        self.parts = Vec::new();
        self
    }

    /// The subjects that the list is asked about, whatever the client is.
    #[must_use]
    pub fn fixed_subjects(&self) -> &[Subject] {
        &self.usage.fixed
    }

    /// Fetches the reason (TXT) of a hit from this zone, as in Exim's lists with two domains: a combined list finds the hit,
    /// a more specific list gives the reason. The second zone must contain the subject too, with any code. If it does not,
    /// the hit is excluded; if it does not answer, the verdict is unknown.
    #[must_use]
    pub fn with_reason_zone(mut self, zone: Name) -> Self {
        self.usage.reason_zone = Some(zone.with_keys_hidden());
        self
    }

    /// The zone with the reasons, if it is another zone.
    #[must_use]
    pub fn reason_zone(&self) -> Option<&Name> {
        self.usage.reason_zone.as_ref()
    }

    /// Sets the reply if this list decides, instead of the text of the policy. A text without a reply code gets the code of
    /// the policy.
    #[must_use]
    pub fn with_reply_template(mut self, template: Template) -> Self {
        self.usage.reply = Some(template);
        self
    }

    /// The reply if this list decides, if one was set.
    #[must_use]
    pub fn reply_template(&self) -> Option<&Template> {
        self.usage.reply.as_ref()
    }

    /// Does the list have a label?
    pub(crate) fn is_labelled(&self) -> bool {
        self.label.is_some()
    }

    /// Everything that the list is asked about, in order.
    pub(crate) fn about(&self) -> impl Iterator<Item = About<'_>> {
        self.parts.iter().copied().map(About::Part).chain(self.usage.fixed.iter().map(About::Fixed))
    }
}

/// One thing that a list is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    Part(Part),
    Fixed(&'a Subject),
}
