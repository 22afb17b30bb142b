//! How a list is used, beyond its zone, codes and weight.

use crate::base::name::Name;
use crate::base::template::Template;
use crate::dnsxl::Subject;
use crate::dnsxl::kind::Part;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::list_spec::fields::OnNoAnswer;

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

    /// Asks the list only for mail with the null sender `<>`, as the operators of lists about bounces to forged senders want.
    /// Other mail skips it ([`Skipped::Condition`](crate::dnsxl::Skipped::Condition)).
    ///
    /// ```
    /// # use rdnsbl::{Checker, Dialogue, ListSet, ListSpec, ManualClock, Scripted};
    /// # let clock = ManualClock::new();
    /// # let checker = Checker::builder_with(Scripted::table("* NXDOMAIN", clock.clone())?, clock.clone());
    /// let list = ListSpec::deny("ips.backscatterer.example")?.with_only_null_sender();
    /// let checker = checker.lists(ListSet::builder().list(list).build()?).build()?;
    /// let client: std::net::IpAddr = "8.8.4.4".parse()?;
    /// let asked = |sender| clock.run(checker.check(Dialogue::from(client).mail_from(sender))).counts().asked();
    /// assert_eq!((asked("<a@example.org>"), asked("<>")), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_only_null_sender(mut self) -> Self {
        self.usage.only_null_sender = true;
        self
    }

    /// Whether the list is asked only for mail with the null sender.
    #[must_use]
    pub fn only_null_sender(&self) -> bool {
        self.usage.only_null_sender
    }

    /// Observes the list: it is asked, proven, reported and logged like any other, but it never decides. The score, the findings,
    /// the advice and the counts of a report ignore it. Whole reports wait for it.
    /// [`Session::advice`](crate::Session::advice) and [`stop_when_settled`](crate::PendingCheck::stop_when_settled) do not.
    ///
    /// ```
    /// # use rdnsbl::{Action, Checker, Finding, ListSet, ListSpec, ManualClock, Scripted, testing::Situation};
    /// # let (clock, client) = (ManualClock::new(), std::net::IpAddr::from([9, 9, 9, 9]));
    /// # let dns = Scripted::table(&Situation::Sound.table("bl.example", &[client]), clock.clone())?;
    /// # let checker = Checker::builder_with(dns, clock.clone());
    /// let list = ListSpec::deny("bl.example")?.with_only_observed();
    /// let checker = checker.lists(ListSet::builder().list(list).build()?).build()?;
    /// let report = clock.run(checker.check(client));
    /// assert_eq!(report.lists()[0].verdict().word(), "listed"); // it holds the client
    /// assert!(!report.summary().has(Finding::Listed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_only_observed(mut self) -> Self {
        self.usage.only_observed = true;
        self
    }

    /// Whether the list is only observed and never decides.
    #[must_use]
    pub fn only_observed(&self) -> bool {
        self.usage.only_observed
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
    pub(crate) fn about(&self) -> impl Iterator<Item = About> {
        let fixed = self.usage.fixed.iter().cloned().map(About::Fixed);
        self.parts.iter().copied().map(About::Part).chain(fixed)
    }
}

/// One thing that a list is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Part(Part),
    Fixed(Subject),
}
