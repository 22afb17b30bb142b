//! What is known about one zone, for one kind of subject.
//!
//! Lists of one zone may have profiles with different test entries, or with different codes that mean "refused". Each such
//! profile has its own view of the zone and draws its own conclusions; lists with equal controls share one view.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::clock::later;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Question, RecordType};
use crate::dnsxl::{
    AskMode, Control, Corroboration, Evidence, HealthState, Label, ListSpec, Observation, Purpose, SubjectAnswer,
    SubjectKind,
};
use crate::report::learned::{OwnAnswer, ZoneHint};
use crate::state::ask_plan::{AskPlan, SAME_LABEL, is_recent};
use crate::state::event::Event;
use crate::state::resolver::ResolverState;
use crate::state::view::{ZoneChange, ZoneView};

/// This many questions about subjects may fail in a row before the controls are asked together with the next one.
const MAX_FAILURES: u32 = 4;
/// The most views of one zone; beyond that the least recently used is dropped.
const MAX_VIEWS: usize = 16;

/// One zone and one kind of subject.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    label: Option<(Label, Instant)>,
    /// The answer for the latest random label, for all views, and when the question was sent.
    random: Option<(Arc<Evidence>, Instant)>,
    /// How many questions about subjects have failed in a row.
    failures: u32,
    /// When the controls were last asked because of a suspicion.
    suspected: Option<Instant>,
    pub(crate) views: Vec<ZoneView>,
    corroboration: Corroboration,
    pub(crate) used: Instant,
    /// The number of the latest invalidation of its answers, or of the latest of all when it was created.
    pub(super) invalidated: u64,
}

impl Zone {
    pub(crate) fn new(now: Instant, invalidated: u64) -> Self {
        Self {
            label: None,
            random: None,
            failures: 0,
            suspected: None,
            views: Vec::new(),
            corroboration: Corroboration::default(),
            used: now,
            invalidated,
        }
    }

    /// This list's view of the zone.
    pub(crate) fn view(&self, spec: &ListSpec, kind: SubjectKind) -> Option<&ZoneView> {
        self.views.iter().find(|view| view.is_of(spec, kind))
    }

    /// This list's view of the zone; a new one if there is none.
    pub(crate) fn view_mut(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant) -> &mut ZoneView {
        let index = self.views.iter().position(|view| view.is_of(spec, kind)).unwrap_or_else(|| {
            if self.views.len() >= MAX_VIEWS
                && let Some(oldest) =
                    self.views.iter().enumerate().min_by_key(|(_, view)| view.used).map(|(index, _)| index)
            {
                self.views.swap_remove(oldest);
            }
            self.views.push(ZoneView::new(Arc::clone(spec), now));
            self.views.len() - 1
        });
        // The index was just found, or is that of the element just pushed.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        let view = &mut self.views[index];
        view.used = now;
        view
    }

    /// How a check that starts now asks the list. `label` is for its random control, unless another check has just chosen
    /// one.
    pub(crate) fn plan(
        &mut self,
        spec: &Arc<ListSpec>,
        kind: SubjectKind,
        window: Duration,
        suspects_resolver: bool,
        now: Instant,
        label: Label,
    ) -> AskPlan {
        let failing = self.is_failing();
        let may_suspect = self.may_suspect(now);
        let view = self.view_mut(spec, kind, now);
        let wants_must_exist = view.wants_must_exist(suspects_resolver, now);
        let health = Arc::clone(&view.health);
        let mode = match health.retry {
            None => AskMode::Normal,
            Some(retry) if now >= retry => AskMode::ControlsFirst,
            Some(_) => health.breakage.clone().map_or(AskMode::Silent, |breakage| AskMode::Broken(Box::new(breakage))),
        };
        let proof = view.fresh(window, now).filter(|_| matches!(mode, AskMode::Normal));
        let is_proven = proof.is_some();
        let label = self.label(now, label);
        let is_normal = matches!(mode, AskMode::Normal);
        let asks_about_subjects = matches!(mode, AskMode::Normal | AskMode::ControlsFirst);
        let control = match proof {
            Some(proof) => Control::fresh(proof),
            None => self.half_proof(window, now).filter(|_| is_normal).unwrap_or_else(|| Control::stale(label)),
        };
        AskPlan {
            control,
            mode,
            is_proven,
            wants_must_exist,
            suspects_resolver,
            is_failing: failing && is_normal,
            suspicion: (may_suspect && asks_about_subjects).then_some(label),
            health,
            hint: ZoneHint::default(),
        }
    }

    /// The random label was found absent a short time ago. It is the same for every view, so its answer is, too.
    fn half_proof(&self, window: Duration, now: Instant) -> Option<Control> {
        let (evidence, sent) = self.random.as_ref().filter(|(evidence, _)| evidence.answer().is_no())?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| Control::half_stale(Arc::clone(evidence), age))
    }

    /// May its controls be asked because of a suspicion? At most once a minute.
    fn may_suspect(&self, now: Instant) -> bool {
        !is_recent(self.suspected, now)
    }

    /// May its controls be asked because of a suspicion? If so, they count as asked.
    pub(crate) fn claim_suspicion(&mut self, now: Instant) -> bool {
        let may = self.may_suspect(now);
        if may {
            self.suspected = Some(now);
        }
        may
    }

    /// The label for the random control. An old one proves nothing new: the resolver may have its absence in its cache.
    pub(crate) fn label(&mut self, now: Instant, new: Label) -> Label {
        match self.label {
            Some((label, made)) if now < later(made, SAME_LABEL) => label,
            _ => self.label.insert((new, now)).0,
        }
    }

    /// Have so many questions about subjects failed in a row that the controls are asked together with the next one?
    fn is_failing(&self) -> bool {
        self.failures >= MAX_FAILURES
    }

    /// Would the next check ask this list, or the cache, only about its subject?
    pub(crate) fn needs_only_the_subject(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        match self.view(spec, kind) {
            Some(view) => view.needs_only_the_subject(kind) && !self.is_failing(),
            None => spec.knowledge().points(kind).documented_entry().is_none(),
        }
    }

    /// The health of the list, if a check that starts now asks it only about its subject.
    pub(crate) fn health_if_usual(
        &mut self,
        spec: &ListSpec,
        kind: SubjectKind,
        now: Instant,
    ) -> Option<Arc<HealthState>> {
        let is_failing = self.is_failing();
        let view = self.views.iter_mut().find(|view| view.is_of(spec, kind))?;
        if is_failing || !view.needs_only_the_subject(kind) {
            return None;
        }
        (self.used, view.used) = (now, now);
        Some(Arc::clone(&view.health))
    }

    /// Applies an answer about a subject. An answer ends "does not answer"; several failures in a row make the list suspect.
    pub(crate) fn apply_subject_answer(
        &mut self,
        answer: SubjectAnswer,
        change: &mut ZoneChange,
        kind: SubjectKind,
        now: Instant,
    ) {
        match answer {
            SubjectAnswer::Miss | SubjectAnswer::Hit => {
                if self.failures > 0 {
                    change.summaries |= self.is_failing();
                    self.failures = 0;
                }
                for view in self.views.iter_mut().filter(|view| view.health.is_news(&Observation::Answered)) {
                    view.observe(vec![Observation::Answered], kind, None, change, now);
                }
            }
            SubjectAnswer::Failed => {
                self.failures = self.failures.saturating_add(1);
                change.summaries |= self.failures == MAX_FAILURES;
            }
            SubjectAnswer::Strange | SubjectAnswer::DeniedFromAbove | SubjectAnswer::Nothing => {}
        }
    }

    /// Counts one more subject about which other operators' lists answered. `alone`: only this list holds it.
    pub(crate) fn compare(&mut self, spec: &ListSpec, alone: bool, change: &mut ZoneChange) {
        if let Some(suspicion) = self.corroboration.record(alone) {
            let (alone, answered) = (suspicion.alone, suspicion.compared);
            change.events.push(Event::StandsAlone { list: spec.id(), alone, answered });
        }
    }

    /// Applies answers to our own questions: each view draws its conclusions. `has_entry`: an entry of the zone exists, for
    /// whatever kind of subject.
    pub(crate) fn apply_own_answers(
        &mut self,
        zone: &Name,
        kind: SubjectKind,
        answers: &[OwnAnswer],
        has_entry: bool,
        resolver: &ResolverState,
        now: Instant,
    ) -> ZoneChange {
        let mut change = ZoneChange::default();
        let random = latest(answers, |answer| answer.purpose == Purpose::RandomLabel);
        if let Some(random) = random {
            // The resolver may now have this label in its cache, so it proves nothing again.
            self.label = None;
            newer(&mut self.random, random);
        }
        let apex = latest(answers, |answer| answer.purpose == Purpose::Apex);
        let at = |labels: &str| Name::join(labels, zone).ok().map(|name| Question::new(name, RecordType::A));
        let answered = answers.iter().any(|answer| answer.evidence.answer().failure().is_none());
        if answered {
            change.summaries |= self.is_failing();
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
            view.judge_apex(zone, apex, has_entry, &mut seen);
            view.observe(seen, kind, since, &mut change, now);
        }
        // Was the list silent, or the resolver? The next check asks the controls again, together with the resolver's trial.
        if unclear && !self.is_failing() {
            self.failures = MAX_FAILURES;
            change.summaries = true;
        }
        change
    }
}

/// The answer to the question of this kind that was sent last.
pub(super) fn latest(answers: &[OwnAnswer], wanted: impl Fn(&OwnAnswer) -> bool) -> Option<&OwnAnswer> {
    answers.iter().filter(|answer| wanted(answer)).max_by_key(|answer| answer.sent)
}

/// Keeps whichever was sent later.
fn newer(known: &mut Option<(Arc<Evidence>, Instant)>, answer: &OwnAnswer) {
    if known.as_ref().is_none_or(|(_, sent)| *sent <= answer.sent) {
        *known = Some((Arc::new(answer.evidence.clone()), answer.sent));
    }
}

/// Does this answer accuse a list, provided that the resolver did not invent it?
pub(crate) fn accuses(answer: &OwnAnswer) -> bool {
    match (answer.evidence.answer().kind(), answer.purpose) {
        (AnswerKind::Records(set), Purpose::MustExist) => set.v4().any(|code| !code.is_loopback()),
        (AnswerKind::Records(_), purpose) => purpose.is_control(),
        _ => false,
    }
}

/// Did an answer in 127.0.0.0/8 come through?
pub(crate) fn is_loopback(answer: &Answer) -> bool {
    matches!(answer.kind(), AnswerKind::Records(set) if set.v4().any(|code| code.is_loopback()))
}
