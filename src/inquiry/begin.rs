//! How an inquiry begins: which checks there are, and which lists are asked about what.

use std::sync::Arc;
use std::time::Instant;

use crate::base::address::reversed_labels;
use crate::base::mail_path::{self, Path};
use crate::base::name::{Name, NameError, NamesUnder};
use crate::base::small_list::SmallList;
use crate::check::helo::HeloCheck;
use crate::check::iprev::IprevCheck;
use crate::check::mail_domain::{MailDomainCheck, PathRole};
use crate::dns::{Answer, Question, Randomness, RecordType};
use crate::dnsxl::{
    About, Control, HealthState, Label, ListCheck, ListSpec, Part, Probe, Skipped, Subject, SubjectKind, Verdict,
};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::known_lists::{KnownLists, NothingKnown, lists_about};
use crate::inquiry::list_run::{ListRun, WaitingList, list_run};
use crate::inquiry::questions::{CheckId, Questions};
use crate::inquiry::running::{Reported, Running};
use crate::inquiry::settings::Settings;
use crate::inquiry::subjects::Subjects;
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
        let mut inquiry = Self::within(workspace, dialogue.clone(), settings, &NothingKnown, shared, now, random);
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
    ) -> Self {
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
        let mut inquiry = Self {
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
            unasked: Vec::new(),
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
            // Set below, once `Subjects` no longer borrows it.
            dialogue: Dialogue::new(),
            settings: Arc::clone(settings),
        };
        let lists = settings.lists.shared();
        // One question per list, and those of the other checks.
        inquiry.questions.reserve(lists.len() + 5);
        let mut subjects = Subjects { dialogue: &dialogue, settings, known: SmallList::default() };
        let mut names = client.map(|client| {
            let times = |spec: &ListSpec| spec.about().filter(is_about_client).count();
            let zones = lists.iter().flat_map(|spec| std::iter::repeat_n(spec.zone(), times(spec)));
            NamesUnder::new(reversed_labels(client), zones, &mut inquiry.workspace.text)
        });
        let mut known = std::mem::take(&mut inquiry.workspace.known);
        if client.is_some()
            && let (Some(client), None) = subjects.of(Part::Address)
        {
            let mut about_client = lists_about(client.kind(), lists, shared);
            known_lists.look_up(&client, &mut about_client, &mut known);
        }
        inquiry.unasked.reserve_exact(known.len());
        let mut answers = known.drain(..).peekable();
        for (position, (spec, operator)) in settings.lists.with_operators().enumerate() {
            let mut answer = answers.next_if(|(of, _)| *of == position).map(|(_, answer)| answer);
            for about in spec.about() {
                let is_about_client = is_about_client(&about);
                let name = names.as_mut().filter(|_| is_about_client).map(|names| names.next(spec.zone()));
                let known = answer.take_if(|_| is_about_client);
                let wanted = ListAbout { spec, position, operator, about, name, known };
                inquiry.add_list(wanted, &mut subjects, shared, now);
            }
        }
        drop(answers);
        inquiry.workspace.known = known;
        inquiry.dialogue = dialogue;
        inquiry
    }

    /// Begins all checks. Without `asks` it begins no question of our own.
    pub(crate) fn begin(&mut self, shared: &mut SharedState, asks: bool) {
        for id in [CheckId::Iprev, CheckId::Helo, CheckId::Sender, CheckId::Recipient] {
            self.advance(id);
        }
        for index in 0..self.lists.len() {
            self.advance(CheckId::List(index));
        }
        if asks {
            self.ask_own_questions(shared, self.started);
        }
    }

    /// An inquiry with one check only. `asks` is false where no question may be sent.
    pub(crate) fn of_one(
        check: SingleCheck,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
        asks: bool,
    ) -> Self {
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
    ) -> Self {
        let label = Label::from_random(random);
        let trial = shared.trial(now, label, true);
        let workspace = Workspace::default();
        let none = Arc::default();
        let mut inquiry = Self::within(workspace, Dialogue::new(), &none, &NothingKnown, shared, now, random);
        inquiry.settings = Arc::clone(settings);
        for (spec, kind) in lists {
            let health = shared.health(&spec, kind).cloned().unwrap_or_default();
            let control = Control::stale(shared.label(&spec, kind, now, label));
            let unit = ListCheck::probe(spec, kind, control, Probe::Everything);
            let group = inquiry.lists.len();
            inquiry.push_list(ListRun { group, ..ListRun::about_nobody(unit, health) });
        }
        inquiry.take_part_in(trial);
        inquiry.begin(shared, true);
        inquiry
    }

    /// Adds one list about one subject.
    fn add_list(&mut self, wanted: ListAbout<'_>, subjects: &mut Subjects<'_>, shared: &mut SharedState, now: Instant) {
        let ListAbout { spec, position, operator, about, name, known } = wanted;
        let group = self.lists.len() + self.unasked.len() + self.waiting.len();
        let (subject, skip, part) = match about {
            About::Fixed(subject) => (Some(subject.clone()), None, None),
            About::Part(part) => {
                let (subject, skip) = subjects.of(part);
                (subject, skip, Some(part))
            }
        };
        // "Retired" is the reason that counts, whatever the list would have been asked about.
        let is_null = |path: &String| mail_path::read(path) == Path::Null;
        let applies = !spec.only_null_sender() || subjects.dialogue.mail_from.as_ref().is_some_and(is_null);
        let skip = match (spec.is_retired(), applies) {
            (true, _) => Some(Skipped::Retired),
            (false, false) => Some(Skipped::Condition),
            (false, true) => skip,
        };
        let names = matches!(part, Some(Part::ConfirmedName | Part::ReverseName)) && skip.is_none();
        let kind = subject.as_ref().map_or(SubjectKind::Domain, Subject::kind);
        let check = CheckId::Unasked(self.unasked.len());
        let unasked = if (subject.is_none() && !names) || skip.is_some() {
            let health = if spec.is_retired() { HealthState::retired() } else { HealthState::default() };
            Some((Verdict::Skipped(skip.unwrap_or(Skipped::NoClient)), Arc::new(health)))
        } else if let (Some(about), Some(Ok(name)), Some(answer)) = (&subject, &name, known)
            && let Some(verdict) = ListCheck::known_miss(spec, about, &answer)
            && let Some(health) = shared.health_if_usual(spec, position, kind, now)
        {
            self.questions.add_known(Question::new(name.clone(), RecordType::A), answer, check);
            Some((verdict, health))
        } else {
            None
        };
        if let Some((verdict, health)) = unasked {
            let spec = Arc::clone(spec);
            self.unasked.push(ListReport { subject, part, group, operator, check, verdict, health, spec });
            return;
        }
        let plan = shared.plan(spec, position, kind, now, self.label);
        match (subject, part) {
            (None, Some(part)) => {
                let spec = spec.clone();
                self.waiting.push(WaitingList { group, operator, spec, part, plan });
            }
            (subject, part) => {
                let Some(about) = subject else { return };
                self.push_list(list_run(spec, about, name, part, group, operator, plan));
            }
        }
    }
}

/// One list of the set, and what it is to be asked about.
struct ListAbout<'a> {
    spec: &'a Arc<ListSpec>,
    /// Its number in the set.
    position: usize,
    /// The number of its operator in the set.
    operator: usize,
    about: About<'a>,
    /// The name to ask for, if it is made already.
    name: Option<Result<Name, NameError>>,
    /// What the list is known to have answered.
    known: Option<Answer>,
}

/// Is a list asked about the client's address?
fn is_about_client(about: &About<'_>) -> bool {
    matches!(about, About::Part(Part::Address))
}
