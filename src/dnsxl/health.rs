//! The health of a list: what its answers over time show about the list itself.
//!
//! One pure function, [`State::after`], makes every transition. Certain states take a list's hits away; doubtful ones only
//! inform. Every state can be left again: lists come back.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::remote_text::RemoteText;
use crate::dns::AnswerKind;
use crate::dns::Evidence;
use crate::dnsxl::problem::{Breakage, ProblemKind};

/// How a list is doing, for one kind of subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Nothing is known yet.
    #[default]
    Unprobed,
    /// It holds what it must and does not hold what it must not.
    Sound,
    /// The entry of RFC 5782 §5 that must exist is missing. A doubt only: many good lists lack it.
    NoTestEntries,
    /// An entry that was seen before, or that the operator documents, is missing: the list may be empty.
    Emptied,
    /// It holds what no list may hold.
    ListsEverything,
    /// Its names have addresses outside 127.0.0.0/8: somebody else owns the domain.
    Parked,
    /// The domain itself does not exist: a zone above it says no.
    Gone,
    /// It does not answer, while others do.
    Unreachable,
    /// It answers that we may not ask.
    Refusing(Refusing),
    /// It has closed down, as far as is known.
    Retired,
}

/// Why a list refuses to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusing {
    /// The question came through a public resolver, or from a cloud network whose names do not tell who asks (127.255.255.254).
    PublicResolver,
    /// Too many questions, or none allowed without registration (127.255.255.255).
    OverQuota,
    /// The zone's name is misspelt (127.255.255.252).
    ZoneTypo,
    /// A code that the list's documentation calls a refusal.
    Documented,
}

impl Refusing {
    /// What the refusal codes that operators share mean.
    pub(super) fn from_codes(mut codes: impl Iterator<Item = Ipv4Addr>) -> Self {
        codes
            .find_map(|code| match code.octets() {
                [127, 255, 255, 252] => Some(Self::ZoneTypo),
                [127, 255, 255, 254] => Some(Self::PublicResolver),
                [127, 255, 255, 255] => Some(Self::OverQuota),
                _ => None,
            })
            .unwrap_or(Self::Documented)
    }
}

impl Health {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unprobed => "unprobed",
            Self::Sound => "sound",
            Self::NoTestEntries => "no_test_entries",
            Self::Emptied => "emptied",
            Self::ListsEverything => "lists_everything",
            Self::Parked => "parked",
            Self::Gone => "gone",
            Self::Unreachable => "unreachable",
            Self::Refusing(_) => "refusing",
            Self::Retired => "retired",
        }
    }

    /// Is it certain that no hit of this list means anything?
    #[must_use]
    pub fn takes_hits_away(self) -> bool {
        matches!(self, Self::ListsEverything | Self::Parked | Self::Refusing(_) | Self::Retired)
    }

    /// What to do about it; empty where there is nothing to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unprobed | Self::Sound | Self::NoTestEntries => "",
            Self::Emptied => "look at the operator's site: an empty list lists nobody",
            Self::ListsEverything | Self::Parked | Self::Gone | Self::Retired => "remove it from the configuration",
            Self::Unreachable => "if this lasts, remove it from the configuration",
            Self::Refusing(Refusing::PublicResolver) => {
                "ask through a resolver of your own, not a public one; cloud networks are refused too: ask with a key from there"
            }
            Self::Refusing(Refusing::OverQuota) => "register with the operator, or ask less",
            Self::Refusing(Refusing::ZoneTypo) => "correct the zone's name",
            Self::Refusing(Refusing::Documented) => "read the operator's terms: it does not answer this resolver",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unprobed => "not tried yet",
            Self::Sound => "sound",
            Self::NoTestEntries => "has no test entry",
            Self::Emptied => "without its test entry: it may be empty, or this resolver does not reach it",
            Self::ListsEverything => "lists everything",
            Self::Parked => "is parked",
            Self::Gone => "its domain does not exist",
            Self::Unreachable => "does not answer",
            Self::Refusing(Refusing::PublicResolver) => "refuses public resolvers and cloud networks",
            Self::Refusing(Refusing::OverQuota) => "refuses: too many questions, or not registered",
            Self::Refusing(Refusing::ZoneTypo) => "refuses: the zone is misspelt",
            Self::Refusing(Refusing::Documented) => "refuses to answer",
            Self::Retired => "has closed down",
        })
    }
}

/// What questions of our own showed about a list, and, last, that it answered about a subject. What a client chose decides
/// nothing else about a list: its names may meet any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    /// Both controls are absent.
    Sane(Vec<Evidence>),
    /// A control got an answer that no sane list gives.
    Broken(Breakage),
    /// The entry that must exist does, with an answer in 127.0.0.0/8 that is no refusal.
    Entry(Evidence),
    /// The entry that must exist does not. `documented`: the operator says it is there.
    EntryMissing { documented: bool, evidence: Evidence },
    /// A zone above the operator's domain says that the list's own zone does not exist.
    NoSuchZone(Evidence),
    /// The list's own zone exists.
    ZoneExists,
    /// No control was answered while the resolver answered others.
    Unanswered(Evidence),
    /// It answered about a subject. That ends "does not answer", and nothing else.
    Answered,
}

/// How long a list is left alone at first, and at most.
const SILENT_PAUSE: Duration = Duration::from_secs(10);
const BROKEN_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A list's health with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) health: Health,
    /// Shared: every report of a check carries it.
    pub(crate) evidence: Arc<[Evidence]>,
    /// How it is broken, in a state that takes its hits away.
    pub(crate) breakage: Option<Breakage>,
    /// When this state began.
    pub(crate) since: Option<Instant>,
    /// When the list was last seen to be sane.
    pub(crate) last_good: Option<Instant>,
    /// When it was last found broken.
    last_bad: Option<Instant>,
    /// The entry that must exist was seen.
    entry_seen: bool,
    /// Left alone until then; then one check tries its controls.
    pub(crate) retry: Option<Instant>,
    pause: Duration,
}

impl State {
    /// The state of a list that has closed down, as far as is known. It is never asked, so nothing changes it.
    pub(crate) fn retired() -> Self {
        Self { health: Health::Retired, ..Self::default() }
    }

    /// The state after one more observation.
    pub(crate) fn after(mut self, observation: &Observation, now: Instant) -> Self {
        match observation {
            Observation::Unanswered(evidence) => {
                if self.health == Health::Unreachable {
                    self.lengthen(now, SILENT_PAUSE);
                } else if self.retry.is_some() {
                    self.lengthen(now, BROKEN_PAUSE);
                } else {
                    self.enter(Health::Unreachable, std::slice::from_ref(evidence), now);
                    self.lengthen(now, SILENT_PAUSE);
                }
            }
            Observation::Broken(breakage) => {
                self.last_bad = Some(now);
                let health = broken(breakage.kind, &breakage.evidence);
                self.enter(health, &breakage.evidence, now);
                // A text once seen stays; controls alone bring none.
                let reason = breakage.reason.clone().or_else(|| self.breakage.take()?.reason);
                self.breakage = Some(Breakage { reason, ..breakage.clone() });
                self.lengthen(now, BROKEN_PAUSE);
            }
            Observation::Sane(evidence) => {
                self.last_good = Some(now);
                self.recover(now);
                if self.health == Health::Unprobed {
                    self.enter(Health::Sound, evidence, now);
                }
            }
            Observation::Entry(evidence) => {
                self.entry_seen = true;
                if matches!(
                    self.health,
                    Health::Unprobed | Health::NoTestEntries | Health::Emptied | Health::Gone | Health::Unreachable
                ) {
                    self.recover(now);
                    self.enter(Health::Sound, std::slice::from_ref(evidence), now);
                }
            }
            Observation::EntryMissing { documented, evidence } => {
                let health = if *documented || self.entry_seen { Health::Emptied } else { Health::NoTestEntries };
                if !self.health.takes_hits_away() && self.health != Health::Gone {
                    self.recover(now);
                    self.enter(health, std::slice::from_ref(evidence), now);
                }
            }
            Observation::NoSuchZone(evidence) => {
                if !self.health.takes_hits_away() {
                    self.recover(now);
                    self.enter(Health::Gone, std::slice::from_ref(evidence), now);
                }
            }
            Observation::ZoneExists => {
                if matches!(self.health, Health::Gone | Health::Unreachable) {
                    self.recover(now);
                    self.enter(Health::Unprobed, &[], now);
                }
            }
            Observation::Answered => {
                if self.health == Health::Unreachable {
                    self.recover(now);
                }
            }
        }
        self
    }

    /// Would this observation change anything? Nearly every answer is a miss from a list that is well.
    pub(crate) fn is_news(&self, observation: &Observation) -> bool {
        match observation {
            Observation::Answered => self.health == Health::Unreachable,
            Observation::ZoneExists => matches!(self.health, Health::Gone | Health::Unreachable),
            Observation::Entry(_) => {
                !self.entry_seen || !matches!(self.health, Health::Sound) && !self.health.takes_hits_away()
            }
            _ => true,
        }
    }

    /// The state after these observations; the same one when they bring no news.
    pub(crate) fn after_all<'a>(
        self: Arc<Self>,
        seen: impl IntoIterator<Item = &'a Observation>,
        now: Instant,
    ) -> Arc<Self> {
        seen.into_iter().fold(self, |state, observation| {
            if state.is_news(observation) { Arc::new((*state).clone().after(observation, now)) } else { state }
        })
    }

    /// The list's own words about itself, where it is broken and they were not known yet.
    pub(crate) fn with_reason(self: Arc<Self>, reason: &RemoteText) -> Arc<Self> {
        match &self.breakage {
            Some(Breakage { reason: None, .. }) => {
                let mut state = (*self).clone();
                if let Some(breakage) = &mut state.breakage {
                    breakage.reason = Some(reason.clone());
                }
                Arc::new(state)
            }
            _ => self,
        }
    }

    /// Is it in a state that takes its hits away, and was that seen at this moment or later?
    pub(crate) fn takes_hits_away_since(&self, moment: Instant) -> bool {
        self.health.takes_hits_away() && self.last_bad.is_some_and(|at| at >= moment)
    }

    /// Goes into a state; its beginning and evidence stay when it is the same one.
    fn enter(&mut self, health: Health, evidence: &[Evidence], now: Instant) {
        if self.health != health || self.since.is_none() {
            self.health = health;
            self.since = Some(now);
            self.evidence = evidence.into();
        }
    }

    /// Out of a state in which the list is left alone.
    fn recover(&mut self, now: Instant) {
        self.retry = None;
        self.pause = Duration::ZERO;
        self.breakage = None;
        if self.health.takes_hits_away() || self.health == Health::Unreachable {
            self.enter(Health::Unprobed, &[], now);
        }
    }

    /// Leaves the list alone for twice as long as last time.
    fn lengthen(&mut self, now: Instant, first: Duration) {
        self.pause = (self.pause * 2).clamp(first, LONGEST_PAUSE);
        self.retry = now.checked_add(self.pause);
    }

    /// One check goes ahead and tries the controls; the next may do so after another pause.
    pub(crate) fn claim_trial(&mut self, now: Instant) {
        self.retry = now.checked_add(self.pause.max(SILENT_PAUSE));
    }
}

/// The state that a broken answer leads to.
fn broken(kind: ProblemKind, evidence: &[Evidence]) -> Health {
    match kind {
        ProblemKind::ListsEverything => Health::ListsEverything,
        ProblemKind::Refused => {
            let codes = evidence.iter().flat_map(|evidence| match evidence.answer().kind() {
                AnswerKind::Records(set) => set.v4().collect::<Vec<_>>(),
                _ => Vec::new(),
            });
            Health::Refusing(Refusing::from_codes(codes))
        }
        ProblemKind::Outside127 | ProblemKind::Parked | ProblemKind::Ambiguous => Health::Parked,
    }
}
