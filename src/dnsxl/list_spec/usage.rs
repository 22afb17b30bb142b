//! How a list is used, beyond its zone, codes and weight.

use std::fmt;

use crate::base::name::Name;
use crate::base::template::Template;
use crate::dnsxl::Subject;
use crate::dnsxl::kind::{ListKind, Part};
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::list_spec::merged::Within;

/// What is done about a list that could not be heard. It steers replies; the score stays a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OnNoAnswer {
    /// Mail goes on. Usual for deny lists: it cannot wait for every one of them. What the negative weight of such a list might
    /// have saved is not refused.
    Ignore,
    /// Mail waits while the list could still decide.
    Defer,
    /// As if the list held the subject (Exim's `+include_unknown`). On a deny list it refuses for good what nobody knows:
    /// it must be asked for by name.
    Listed,
    /// A refusal that the list might have prevented becomes a deferral. Usual for allow lists, as in Postfix; for negative
    /// weights to be said.
    DeferIfReject,
}

impl OnNoAnswer {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Defer => "defer",
            Self::Listed => "listed",
            Self::DeferIfReject => "defer_if_reject",
        }
    }

    /// What is usual for a list of this kind.
    pub(crate) fn usual(kind: ListKind) -> Self {
        match kind {
            ListKind::Allow => Self::DeferIfReject,
            ListKind::Deny => Self::Ignore,
        }
    }
}

/// The rarer settings of a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct How {
    unheard: Option<OnNoAnswer>,
    fixed: Vec<Subject>,
    explained_by: Option<Name>,
    reply: Option<Template>,
    pub(crate) within: Option<Within>,
}

/// Without the text of the reply, which may quote the zone with its key.
impl fmt::Debug for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unheard, fixed, explained_by, reply, within } = self;
        f.debug_struct("How")
            .field("unheard", unheard)
            .field("fixed", fixed)
            .field("explained_by", explained_by)
            .field("has_reply", &reply.is_some())
            .field("within", within)
            .finish()
    }
}

impl ListSpec {
    /// What is done when the list could not be heard. Unless said: [`OnNoAnswer::Ignore`] for deny lists,
    /// [`OnNoAnswer::DeferIfReject`] for allow lists.
    #[must_use]
    pub fn with_on_no_answer(mut self, unheard: OnNoAnswer) -> Self {
        self.how.unheard = Some(unheard);
        self
    }

    /// What is done when the list could not be heard.
    #[must_use]
    pub fn on_no_answer(&self) -> OnNoAnswer {
        self.how.unheard.unwrap_or(OnNoAnswer::usual(self.kind))
    }

    /// Asks about these very subjects, whoever the client is, and about no part of the dialogue.
    #[must_use]
    pub fn with_fixed_subjects(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.how.fixed = subjects.into_iter().collect();
        self.parts = Vec::new();
        self
    }

    /// The subjects it is asked about whoever the client is.
    #[must_use]
    pub fn fixed_subjects(&self) -> &[Subject] {
        &self.how.fixed
    }

    /// The reason (TXT) of a hit stands in this zone: the cheap merged list says that, the special one says why, as in
    /// Exim's lists of two domains. The special one must hold the subject, too, under any code: where it does not, the hit
    /// is excluded, and where it does not answer, unknown.
    #[must_use]
    pub fn with_reason_zone(mut self, zone: Name) -> Self {
        self.how.explained_by = Some(zone.with_keys_hidden());
        self
    }

    /// The zone that holds the reasons, if it is another.
    #[must_use]
    pub fn reason_zone(&self) -> Option<&Name> {
        self.how.explained_by.as_ref()
    }

    /// What to say when this list decides, in place of the policy's text. A text that starts with no code gets the
    /// policy's.
    #[must_use]
    pub fn with_reply_template(mut self, template: Template) -> Self {
        self.how.reply = Some(template);
        self
    }

    /// What to say when this list decides, if it was set.
    #[must_use]
    pub fn reply_template(&self) -> Option<&Template> {
        self.how.reply.as_ref()
    }

    /// Was the list given a name of its own?
    pub(crate) fn is_labelled(&self) -> bool {
        self.label.is_some()
    }

    /// Everything the list is asked about, in order.
    pub(crate) fn about(&self) -> impl Iterator<Item = About<'_>> {
        self.parts.iter().copied().map(About::Part).chain(self.how.fixed.iter().map(About::Fixed))
    }
}

/// One thing a list is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    Part(Part),
    Fixed(&'a Subject),
}
