//! What is known about one zone, for one kind of subject.
//!
//! What a control showed belongs to the question that was asked. Lists of the same zone whose profiles try it by other entries,
//! or call other codes refusals, draw each its own conclusion; lists with equal controls share everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::name::Name;
use crate::dns::{Answer, Failure, Is, Question, RecordType};
use crate::dnsxl::{
    Access, Breakage, Control, Corroboration, Entry, Evidence, Health, HealthState, Label, ListSpec, Observation,
    ProblemKind, Proof, Purpose, SubjectKind, Trial, Word, is_denied_from_above, present, trial,
};
use crate::report::learned::OwnAnswer;
use crate::state::event::Event;
use crate::state::resolver::ResolverState;
use crate::state::{Admission, SAME_LABEL, is_recent};

/// Questions about subjects that failed in a row, before the list's controls are asked along with the next one.
const PATIENCE: u32 = 4;
/// How far apart both controls may be sent to be judged together: a resolver gives up on each sooner.
const TOGETHER: Duration = Duration::from_secs(10);
/// Sets of controls that are kept apart for one zone; beyond that the longest unused are forgotten.
const MAX_VIEWS: usize = 16;

/// One zone and one kind of subject.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    label: Option<(Label, Instant)>,
    /// What the latest label came to, for every view.
    random: Option<(Evidence, Instant)>,
    /// Questions about subjects that failed in a row.
    failures: u32,
    /// When the controls last went out because the list was suspected.
    suspected: Option<Instant>,
    pub(crate) views: Vec<View>,
    corroboration: Corroboration,
    pub(crate) used: Instant,
}

/// The zone as lists see it whose profiles have the same controls.
#[derive(Clone, Debug)]
pub(crate) struct View {
    spec: Arc<ListSpec>,
    /// The entry that must not exist.
    fixed: Option<(Evidence, Instant)>,
    must_exist: Option<(Entry, Instant)>,
    proof: Option<(Proof, Instant)>,
    /// Shared: every check of the zone carries it.
    pub(crate) health: Arc<HealthState>,
    used: Instant,
}

/// What changed in a zone.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) events: Vec<Event>,
    /// What summaries of remembered answers rest on has changed.
    pub(crate) summaries: bool,
    /// The list fell ill, or has recovered: what it said until now is void.
    pub(crate) voided: bool,
    /// Some view has found it broken.
    pub(crate) broken: bool,
    /// Some entry that must exist came back as an empty NOERROR.
    pub(crate) stripped: bool,
    /// The entry that must exist was asked.
    pub(crate) asked_for_entry: bool,
}

impl Change {
    /// Did anything change at all? Nearly every answer is a miss from a list that is well.
    pub(crate) fn is_news(&self) -> bool {
        self.summaries || !self.events.is_empty()
    }
}

impl Zone {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            label: None,
            random: None,
            failures: 0,
            suspected: None,
            views: Vec::new(),
            corroboration: Corroboration::default(),
            used: now,
        }
    }

    /// The zone as this list sees it.
    pub(crate) fn view(&self, spec: &ListSpec, kind: SubjectKind) -> Option<&View> {
        self.views.iter().find(|view| view.is_of(spec, kind))
    }

    /// The same; a new one if there is none.
    pub(crate) fn view_mut(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant) -> &mut View {
        let index = self.views.iter().position(|view| view.is_of(spec, kind)).unwrap_or_else(|| {
            if self.views.len() >= MAX_VIEWS
                && let Some(oldest) =
                    self.views.iter().enumerate().min_by_key(|(_, view)| view.used).map(|(index, _)| index)
            {
                self.views.swap_remove(oldest);
            }
            self.views.push(View::new(Arc::clone(spec), now));
            self.views.len() - 1
        });
        // The index was just found, or is that of the element just pushed.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        let view = &mut self.views[index];
        view.used = now;
        view
    }

    /// How a check that starts now may treat the list. `label` is to try it by, unless another check is at that already.
    pub(crate) fn admit(
        &mut self,
        spec: &Arc<ListSpec>,
        kind: SubjectKind,
        window: Duration,
        suspects_resolver: bool,
        now: Instant,
        label: Label,
    ) -> Admission {
        let failing = self.failures >= PATIENCE;
        let may_suspect = self.may_suspect(now);
        let view = self.view_mut(spec, kind, now);
        let wants_must_exist = view.wants_must_exist(suspects_resolver, now);
        let health = Arc::clone(&view.health);
        let access = match health.retry {
            None => Access::Open,
            Some(retry) if now >= retry => Access::Trial,
            Some(_) => health.breakage.clone().map_or(Access::Silent, |breakage| Access::Broken(Box::new(breakage))),
        };
        let proof = view.fresh(window, now).filter(|_| matches!(access, Access::Open));
        let is_proven = proof.is_some();
        let label = self.label(now, label);
        let is_open = matches!(access, Access::Open);
        let asks_about_subjects = matches!(access, Access::Open | Access::Trial);
        // What a label that nobody can guess has shown holds for every view of the zone.
        let absent =
            self.random.as_ref().filter(|(evidence, _)| evidence.answer().is_no()).and_then(|(evidence, sent)| {
                let age = now.saturating_duration_since(*sent);
                (is_open && age < window).then(|| (evidence.clone(), age))
            });
        let control = match (proof, absent) {
            (Some(proof), _) => Control::fresh(proof),
            (None, Some((random, age))) => Control::half_stale(Arc::new(random), age),
            (None, None) => Control::stale(label),
        };
        Admission {
            control,
            access,
            is_proven,
            wants_must_exist,
            suspects_resolver,
            is_failing: failing && is_open,
            suspicion: (may_suspect && asks_about_subjects).then_some(label),
            health,
        }
    }

    /// May its controls go out because of a suspicion? Once in a while only.
    fn may_suspect(&self, now: Instant) -> bool {
        !is_recent(self.suspected, now)
    }

    /// Its controls go out because of a suspicion; says whether they may.
    pub(crate) fn claim_suspicion(&mut self, now: Instant) -> bool {
        let may = self.may_suspect(now);
        if may {
            self.suspected = Some(now);
        }
        may
    }

    /// The label to try the zone by. An old one may be remembered as absent by the resolver and proves nothing new.
    pub(crate) fn label(&mut self, now: Instant, new: Label) -> Label {
        match self.label {
            Some((label, made)) if now.saturating_duration_since(made) < SAME_LABEL => label,
            _ => self.label.insert((new, now)).0,
        }
    }

    /// Would a list be asked about its next subject, or its memory, and nothing more?
    pub(crate) fn is_plain(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        let documented = spec.knowledge().points(kind).documented_entry().is_some();
        let Some(view) = self.view(spec, kind) else { return !documented };
        let entry = match view.must_exist {
            None | Some((Entry::Stripped | Entry::Failed, _)) => !documented,
            Some((Entry::Present | Entry::Missing, _)) => true,
        };
        let is_well = view.health.retry.is_none() && !view.health.health.takes_hits_away();
        entry && is_well && self.failures < PATIENCE
    }

    /// What an answer about a subject said. It ends "does not answer"; failures in a row make the list suspect.
    pub(crate) fn hear_subject(&mut self, word: Word, change: &mut Change, kind: SubjectKind, now: Instant) {
        match word {
            Word::Miss | Word::Hit => {
                if self.failures > 0 {
                    change.summaries |= self.failures >= PATIENCE;
                    self.failures = 0;
                }
                for view in self.views.iter_mut().filter(|view| view.health.is_news(&Observation::Answered)) {
                    view.observe(vec![Observation::Answered], kind, None, change, now);
                }
            }
            Word::Failed => {
                self.failures = self.failures.saturating_add(1);
                change.summaries |= self.failures == PATIENCE;
            }
            Word::Odd | Word::DeniedFromAbove | Word::Nothing => {}
        }
    }

    /// One more subject about which others were heard. `alone`: only this list holds it.
    pub(crate) fn compare(&mut self, spec: &ListSpec, alone: bool, change: &mut Change) {
        if let Some(suspicion) = self.corroboration.hear(alone) {
            let (alone, heard) = (suspicion.alone, suspicion.heard);
            change.events.push(Event::StandsAlone { list: spec.id(), alone, heard });
        }
    }

    /// Takes in answers to questions of our own, and lets each view conclude.
    pub(crate) fn hear_own(
        &mut self,
        zone: &Name,
        kind: SubjectKind,
        answers: &[OwnAnswer],
        resolver: &ResolverState,
        now: Instant,
    ) -> Change {
        let mut change = Change::default();
        let random = latest(answers, |answer| answer.purpose == Purpose::RandomLabel);
        if let Some(random) = random {
            // A label that was answered may be remembered by the resolver, and proves nothing again.
            self.label = None;
            newer(&mut self.random, random);
        }
        let apex = latest(answers, |answer| answer.purpose == Purpose::Apex);
        let at = |labels: &str| Name::join(labels, zone).ok().map(|name| Question::new(name, RecordType::A));
        let answered = answers.iter().any(|answer| answer.evidence.answer().failure().is_none());
        if answered {
            change.summaries |= self.failures >= PATIENCE;
            self.failures = 0;
        }
        let mut unclear = false;
        for view in &mut self.views {
            let points = view.spec.knowledge().points(kind);
            let about = |question: &Option<Question>| {
                latest(answers, |answer| Some(answer.evidence.question()) == question.as_ref())
            };
            let fixed = about(&at(&points.must_not_exist(kind)));
            let must_exist = about(&at(&points.must_exist(kind)));
            let mut seen: Vec<Observation> = Vec::new();
            if let Some(fixed) = fixed {
                newer(&mut view.fixed, fixed);
            }
            let mut since = None;
            if fixed.is_some() || random.is_some() {
                unclear |= view.judge_controls(self.random.as_ref(), resolver, &mut seen, &mut since);
            }
            if let Some(answer) = must_exist {
                view.judge_entry(answer, kind, resolver, &mut seen, &mut change, now);
            }
            if let Some(apex) = apex {
                seen.extend(view.judge_apex(zone, apex));
            }
            view.observe(seen, kind, since, &mut change, now);
        }
        // Whose silence that was shows when they are asked again, beside the resolver's trial.
        if unclear && self.failures < PATIENCE {
            self.failures = PATIENCE;
            change.summaries = true;
        }
        change
    }
}

impl View {
    fn new(spec: Arc<ListSpec>, now: Instant) -> Self {
        Self { spec, fixed: None, must_exist: None, proof: None, health: Arc::default(), used: now }
    }

    fn is_of(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        self.spec.knowledge().has_same_controls(spec.knowledge(), kind)
    }

    /// Should the documented must-exist entry be asked along with the subject? At first use; again where it gave no clear
    /// word; and when another zone's missing entry makes the resolver a suspect.
    fn wants_must_exist(&self, suspect: bool, now: Instant) -> bool {
        match self.must_exist {
            None => true,
            Some((Entry::Stripped | Entry::Failed, at)) => !is_recent(Some(at), now),
            Some((Entry::Present | Entry::Missing, at)) => suspect && !is_recent(Some(at), now),
        }
    }

    /// The entry that must exist came back as an empty NOERROR when it was last asked for.
    pub(crate) fn is_stripped(&self) -> bool {
        matches!(self.must_exist, Some((Entry::Stripped, _)))
    }

    /// The entry that must exist was there when it was last asked for, and checks still ask this list.
    pub(crate) fn may_acquit(&self, now: Instant) -> bool {
        matches!(self.must_exist, Some((Entry::Present, _))) && is_recent(Some(self.used), now)
    }

    pub(crate) fn fresh(&self, window: Duration, now: Instant) -> Option<Proof> {
        let (proof, sent) = self.proof.as_ref()?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| proof.clone().aged(age))
    }

    /// What both controls say. One that is there convicts alone; absence and silence take both. Says so where they failed, and
    /// nothing shows whether that was the list's doing or the resolver's.
    fn judge_controls(
        &mut self,
        random: Option<&(Evidence, Instant)>,
        resolver: &ResolverState,
        seen: &mut Vec<Observation>,
        since: &mut Option<Instant>,
    ) -> bool {
        let known = self.spec.knowledge();
        let (Some((fixed, fixed_sent)), Some((random, random_sent))) = (&self.fixed, random) else {
            let alone = self.fixed.as_ref().or(random);
            if let Some((evidence, sent)) = alone
                && let Some(kind) = present(known, evidence)
            {
                *since = Some(*sent);
                seen.push(Observation::Broken(Breakage { kind, evidence: vec![evidence.clone()], reason: None }));
            }
            return false;
        };
        let (first, last) = (*fixed_sent.min(random_sent), *fixed_sent.max(random_sent));
        *since = Some(first);
        // Absence holds as long as the older of both does. What was there, or failed, a while ago says nothing about now.
        let are_absent = fixed.answer().is_no() && random.answer().is_no();
        if !are_absent && last.saturating_duration_since(first) > TOGETHER {
            let newest = if fixed_sent > random_sent { fixed } else { random };
            *since = Some(last);
            if let Some(kind) = present(known, newest) {
                seen.push(Observation::Broken(Breakage { kind, evidence: vec![newest.clone()], reason: None }));
            }
            return false;
        }
        match trial(known, fixed.clone(), random.clone()) {
            Trial::Sane(proof) => {
                // What was heard before the list was last found broken proves nothing.
                let outdated = self.health.takes_hits_away_since(first);
                if !outdated && self.proof.as_ref().is_none_or(|(_, at)| *at < first) {
                    self.proof = Some((proof.clone(), first));
                }
                seen.push(Observation::Sane(proof.controls().to_vec()));
            }
            Trial::Broken(kind, evidence) => {
                seen.push(Observation::Broken(Breakage { kind, evidence, reason: None }));
            }
            // Only where neither control was answered, and the resolver answered another question of our own meanwhile.
            Trial::Failed(evidence) => {
                let failed = |evidence: &Evidence| {
                    evidence.answer().failure().is_some_and(crate::dns::Failure::may_be_the_servers)
                };
                let is_its_own = resolver.was_alive_since(first) || self.health.retry.is_some();
                if evidence.iter().all(failed) {
                    if !is_its_own {
                        return true;
                    }
                    seen.extend(evidence.into_iter().take(1).map(Observation::Unanswered));
                }
            }
        }
        false
    }

    /// What the entry that must exist says.
    fn judge_entry(
        &mut self,
        answer: &OwnAnswer,
        kind: SubjectKind,
        resolver: &ResolverState,
        seen: &mut Vec<Observation>,
        change: &mut Change,
        now: Instant,
    ) {
        let evidence = || answer.evidence.clone();
        let entry = match answer.evidence.answer().is() {
            Is::Records(set) if set.v4().any(|code| code.is_loopback()) => Entry::Present,
            Is::NoData(None) if resolver.lets_loopback_through(now) => Entry::Missing,
            Is::NoData(_) => Entry::Stripped,
            Is::Failed(Failure::Unrelated) if !resolver.lets_loopback_through(now) => Entry::Stripped,
            Is::NxDomain(_) => Entry::Missing,
            Is::Records(_) | Is::Failed(_) => Entry::Failed,
        };
        change.asked_for_entry = true;
        change.stripped |= entry == Entry::Stripped;
        change.summaries |= self.must_exist.is_none_or(|(known, _)| known != entry);
        self.must_exist = Some((entry, now));
        match answer.evidence.answer().is() {
            Is::Records(_) => match present(self.spec.knowledge(), &answer.evidence) {
                Some(problem @ (ProblemKind::Refused | ProblemKind::Parked)) => {
                    let kind = if problem == ProblemKind::Parked { ProblemKind::Outside127 } else { problem };
                    seen.push(Observation::Broken(Breakage { kind, evidence: vec![evidence()], reason: None }));
                }
                _ => seen.push(Observation::Entry(evidence())),
            },
            Is::NxDomain(_) | Is::NoData(Some(_)) => {
                let documented = self.spec.knowledge().points(kind).documented_entry().is_some();
                seen.push(Observation::EntryMissing { documented, evidence: evidence() });
            }
            // An empty entry that nobody signed is a word about the resolver, unless it was just seen to let others through.
            Is::NoData(None) if entry == Entry::Missing => {
                let documented = self.spec.knowledge().points(kind).documented_entry().is_some();
                seen.push(Observation::EntryMissing { documented, evidence: evidence() });
            }
            Is::NoData(None) | Is::Failed(_) => {}
        }
    }

    /// Does the list's own zone exist? It does wherever an entry of it is there.
    fn judge_apex(&self, zone: &Name, apex: &OwnAnswer) -> Option<Observation> {
        match apex.evidence.answer().is() {
            Is::Records(_) | Is::NoData(_) => Some(Observation::ZoneExists),
            Is::NxDomain(Some(soa)) if is_denied_from_above(zone, soa.owner()) => {
                let has_entry = matches!(self.must_exist, Some((Entry::Present, _)));
                (!has_entry).then(|| Observation::NoSuchZone(apex.evidence.clone()))
            }
            Is::NxDomain(_) | Is::Failed(_) => None,
        }
    }

    /// The list's own words about itself, where it is broken.
    pub(crate) fn note_reason(&mut self, reason: &crate::base::remote_text::RemoteText) {
        self.health = Arc::clone(&self.health).with_reason(reason);
    }

    /// Goes from one state of health to the next, and says what changed. `sent`: when the questions were sent that show it.
    fn observe(
        &mut self,
        mut seen: Vec<Observation>,
        kind: SubjectKind,
        sent: Option<Instant>,
        change: &mut Change,
        now: Instant,
    ) {
        // What was heard before the list was last found broken is no recovery, however late it is told.
        let outdated = sent.is_some_and(|sent| self.health.takes_hits_away_since(sent));
        let before = Arc::clone(&self.health);
        seen.retain(|observation| !outdated || matches!(observation, Observation::Broken(_)));
        self.health = Arc::clone(&before).after_all(&seen, now);
        let is_bad = self.health.health.takes_hits_away();
        if is_bad {
            // A new epoch: what was proven before is worth nothing now.
            self.proof = None;
        }
        if Arc::ptr_eq(&before, &self.health) {
            return;
        }
        change.summaries = true;
        change.broken |= is_bad;
        // Both when a list falls ill and when it recovers: what was on its way meanwhile is no better.
        change.voided |= before.health.takes_hits_away() != is_bad;
        if is_told(&before, &self.health) {
            change.events.push(Event::HealthChanged {
                list: self.spec.id(),
                kind,
                from: before.health,
                to: self.health.health,
                evidence: self.health.evidence.to_vec(),
                last_good: before.last_good.map(|at| now.saturating_duration_since(at)),
            });
        }
    }
}

/// Is it worth telling? That a new list turns out sound, or to lack test entries as many do, is not news; that a sick one
/// recovers is.
fn is_told(before: &HealthState, after: &HealthState) -> bool {
    let ordinary = matches!(after.health, Health::Sound | Health::NoTestEntries);
    before.health != after.health && !(before.health == Health::Unprobed && ordinary)
}

/// The answer to the question of this kind that was sent last.
fn latest(answers: &[OwnAnswer], wanted: impl Fn(&OwnAnswer) -> bool) -> Option<&OwnAnswer> {
    answers.iter().filter(|answer| wanted(answer)).max_by_key(|answer| answer.sent)
}

/// Keeps whichever was sent later.
fn newer(known: &mut Option<(Evidence, Instant)>, answer: &OwnAnswer) {
    if known.as_ref().is_none_or(|(_, sent)| *sent <= answer.sent) {
        *known = Some((answer.evidence.clone(), answer.sent));
    }
}

/// Does this answer accuse a list, if it is an answer of the list's own?
pub(crate) fn accuses(answer: &OwnAnswer) -> bool {
    match (answer.evidence.answer().is(), answer.purpose) {
        (Is::Records(set), Purpose::MustExist) => set.v4().any(|code| !code.is_loopback()),
        (Is::Records(_), purpose) => purpose.is_control(),
        _ => false,
    }
}

/// Did an answer in 127.0.0.0/8 come through?
pub(crate) fn is_loopback(answer: &Answer) -> bool {
    matches!(answer.is(), Is::Records(set) if set.v4().any(|code| code.is_loopback()))
}
