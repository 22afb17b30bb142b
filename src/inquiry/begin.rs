//! How an inquiry begins: which checks there are, and which lists are asked about what.

use std::sync::Arc;
use std::time::Instant;

use crate::check::helo::HeloCheck;
use crate::check::iprev::IprevCheck;
use crate::check::mail_domain::{MailDomainCheck, PathRole};
use crate::dns::Randomness;
use crate::dnsxl::{Control, Label, ListCheck, ListSpec, Probe, SubjectKind};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::lists::known::{KnownLists, NothingKnown};
use crate::inquiry::lists::rows::PLACEHOLDER;
use crate::inquiry::lists::run::ListRun;
use crate::inquiry::questions::{CheckId, Questions};
use crate::inquiry::running::{Reported, Running};
use crate::inquiry::settings::Settings;
use crate::inquiry::workspace::Workspace;
use crate::inquiry::{Inquiry, SingleCheck};
use crate::report::ListReport;
use crate::state::SharedState;

impl Inquiry {
    /// The checks of this dialogue. `shared` says which zones are proven at `now`. The labels of control questions are made
    /// from `random`: [`Randomness::new`] for each inquiry.
    #[must_use]
    pub fn new(
        dialogue: &Dialogue,
        settings: &Arc<Settings>,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
    ) -> Self {
        let workspace = Workspace::default();
        let mut inquiry = *Self::within(workspace, dialogue.clone(), settings, &NothingKnown, shared, now, random);
        inquiry.begin(shared, true);
        inquiry.known = Some(Box::new(shared.of_resolver()));
        // An inquiry without a driver never learns when another inquiry's trial ends: it does not wait for that one.
        inquiry.end_trial_elsewhere();
        inquiry
    }

    /// The same, reusing the tables of an earlier inquiry. Lists that are known not to hold the client are not asked. It asks
    /// nothing before it [begins](Self::begin).
    pub(crate) fn within(
        mut workspace: Workspace,
        dialogue: Dialogue,
        settings: &Arc<Settings>,
        known_lists: &dyn KnownLists,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
    ) -> Box<Self> {
        let client = dialogue.client.map(|address| address.to_canonical());
        let mail_domain = |side, path: &str, is_unqualified: bool| {
            if is_unqualified {
                return Running::new(MailDomainCheck::unqualified());
            }
            let mut check = MailDomainCheck::new(side, path);
            if check.domain().is_some_and(|domain| settings.is_local(domain)) {
                check.skip();
            }
            Running::new(check)
        };
        let sender = match (&dialogue.mail_from, &dialogue.domain) {
            (Some(path), _) => Some(mail_domain(PathRole::Sender, path, dialogue.is_unqualified(PathRole::Sender))),
            (None, Some(domain)) => Some(Running::new(MailDomainCheck::of_domain(domain.clone()))),
            (None, None) => None,
        };
        let mut inquiry = Box::new(Self {
            iprev: client.map(|address| Running::new(IprevCheck::new(address))),
            helo: dialogue
                .helo
                .as_deref()
                .map(|argument| Running::new(HeloCheck::new(argument, client, &settings.ourselves))),
            sender,
            recipient: dialogue
                .rcpt_to
                .as_deref()
                .map(|path| mail_domain(PathRole::Recipient, path, dialogue.is_unqualified(PathRole::Recipient))),
            lists: std::mem::take(&mut workspace.lists),
            rows: Vec::new(),
            waiting: Vec::new(),
            lists_done: 0,
            questions: Questions::within(std::mem::take(&mut workspace.asked), std::mem::take(&mut workspace.index)),
            workspace,
            probes: Vec::new(),
            trial: None,
            trial_from_the_start: false,
            trial_elsewhere: false,
            may_suspect_resolver: false,
            resolver_is_silent: false,
            known_fault: shared.resolver_fault(now),
            label: Label::from_random(random),
            known: None,
            health_epoch: shared.health_epoch(),
            reported: Reported::default(),
            stopped_early: false,
            started: now,
            // Set below: `add_rows` changes the inquiry and reads the dialogue.
            dialogue: Dialogue::new(),
            settings: Arc::clone(settings),
        });
        inquiry.add_rows(&dialogue, settings, known_lists, shared);
        inquiry.dialogue = dialogue;
        inquiry
    }

    /// Begins all checks. `asks` is false where no question may be sent: then it begins no test of a list or the resolver.
    pub(crate) fn begin(&mut self, shared: &mut SharedState, asks: bool) {
        self.begin_checks();
        if asks {
            self.ask_own_questions(shared, self.started);
        }
    }

    /// Begins the checks of what the dialogue and the lists contain.
    pub(crate) fn begin_checks(&mut self) {
        for id in [CheckId::Iprev, CheckId::Helo, CheckId::Sender, CheckId::Recipient] {
            self.advance(id);
        }
        for index in 0..self.lists.len() {
            if let Some(list) = self.lists.get(index) {
                self.advance(CheckId::List(list.number));
            }
        }
    }

    /// An inquiry with one check only. `asks` is false where no question may be sent.
    pub(crate) fn of_one(
        check: SingleCheck,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
        asks: bool,
    ) -> Box<Self> {
        let workspace = Workspace::default();
        let settings = Arc::default();
        let mut inquiry = Self::within(workspace, Dialogue::new(), &settings, &NothingKnown, shared, now, random);
        match check {
            SingleCheck::Iprev(check) => inquiry.iprev = Some(Running::new(check)),
            SingleCheck::Helo(check) => inquiry.helo = Some(Running::new(check)),
            SingleCheck::MailDomain(check) => inquiry.sender = Some(Running::new(check)),
        }
        inquiry.begin(shared, asks);
        inquiry
    }

    /// Asks lists for their test entries, and tries the resolver; there is no dialogue.
    pub(crate) fn probe(
        lists: impl Iterator<Item = (Arc<ListSpec>, SubjectKind)>,
        settings: &Arc<Settings>,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
    ) -> Box<Self> {
        let label = Label::from_random(random);
        let trial = shared.trial(now, label, true);
        let workspace = Workspace::default();
        let none = Arc::default();
        let mut inquiry = Self::within(workspace, Dialogue::new(), &none, &NothingKnown, shared, now, random);
        inquiry.settings = Arc::clone(settings);
        for (spec, kind) in lists {
            let health = shared.health(&spec, kind).cloned().unwrap_or_default();
            let control = Control::stale(shared.label(&spec, kind, now, label));
            let unit = ListCheck::probe(Arc::clone(&spec), kind, control, Probe::Everything);
            let number = inquiry.rows.len();
            let (subject, part, group, operator, verdict) = (None, None, number, 0, PLACEHOLDER);
            inquiry.rows.push(ListReport { subject, part, group, operator, number, verdict, health, spec });
            inquiry.lists.push(ListRun::new(unit, number));
        }
        inquiry.take_part_in(trial);
        inquiry.begin(shared, true);
        inquiry
    }
}
