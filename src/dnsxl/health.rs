//! The health of a list: what its answers over time show about the list itself.
//!
//! One pure function, [`HealthState::after`], makes every transition. In states that are certain, hits of the list do not count;
//! states that are doubtful only inform. A list can leave every state, because lists recover.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::remote_text::RemoteText;
use crate::dns::AnswerKind;
use crate::dns::Evidence;
use crate::dnsxl::problem::{Breakage, ProblemKind};

/// The health of a list, for one kind of subject.
///
/// ```
/// use rdnsbl::dnsxl::Health;
///
/// assert!(Health::Parked.takes_hits_away());
/// assert!(!Health::Emptied.takes_hits_away());
/// assert_eq!(Health::Gone.advice(), "remove it from the configuration");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Nothing is known yet.
    #[default]
    Unprobed,
    /// The entry that must exist exists, and no entry that must not.
    Sound,
    /// The entry of RFC 5782 §5 that must exist is missing. This is only a doubt: many good lists lack it.
    NoTestEntries,
    /// An entry that was seen before, or that the operator documents, is missing: the list may be empty.
    Emptied,
    /// It contains entries that no list may contain.
    ListsEverything,
    /// Its names have addresses outside 127.0.0.0/8: usually the domain has another owner.
    Parked,
    /// The domain does not exist, according to a zone above it.
    Gone,
    /// It does not answer, although other lists do.
    Unreachable,
    /// It refuses to answer this resolver.
    Refusing(Refusing),
    /// It has closed down, as far as is known.
    Retired,
}

/// Why a list refuses to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusing {
    /// The query came from a public resolver or an anonymous cloud network (127.255.255.254).
    PublicResolver,
    /// Too many queries, or a registration is needed (127.255.255.255).
    OverQuota,
    /// The zone's name is misspelt (127.255.255.252).
    ZoneTypo,
    /// A code that is a refusal according to the documentation of the list.
    Documented,
}

impl Refusing {
    /// The meaning of the refusal codes that several operators use.
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
    /// A word in lower case, for programs.
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

    /// Whether hits of this list certainly mean nothing.
    #[must_use]
    pub fn takes_hits_away(self) -> bool {
        matches!(self, Self::ListsEverything | Self::Parked | Self::Refusing(_) | Self::Retired)
    }

    /// What to do about it; empty if nothing has to be done.
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

/// What an answer shows about a list. All except [`Answered`](Self::Answered) come from questions of our own, because a
/// client can choose names that get any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    /// Both control entries are absent.
    Sane(Vec<Evidence>),
    /// A control entry exists, as in no working list.
    Broken(Breakage),
    /// The entry that must exist exists, with an answer in 127.0.0.0/8 that is not a refusal.
    Entry(Evidence),
    /// The entry that must exist does not exist. `documented`: the operator documents it.
    EntryMissing { documented: bool, evidence: Evidence },
    /// The zone of the list does not exist, according to a zone above the operator's domain.
    NoSuchZone(Evidence),
    /// The zone of the list exists.
    ZoneExists,
    /// No control query was answered, although the resolver answered other questions.
    Unanswered(Evidence),
    /// It answered about a subject. This ends "does not answer" and shows nothing else.
    Answered,
}

/// How long a list is not asked: at first, and at most.
const SILENT_PAUSE: Duration = Duration::from_secs(10);
const BROKEN_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// The health of a list with its evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HealthState {
    pub(crate) health: Health,
    /// Shared: every report of a check carries it.
    pub(crate) evidence: Arc<[Evidence]>,
    /// How it is broken, in a state in which its hits do not count.
    pub(crate) breakage: Option<Breakage>,
    /// When this state began.
    pub(crate) since: Option<Instant>,
    /// When both control entries were last absent.
    pub(crate) last_good: Option<Instant>,
    /// When the list was last found broken.
    last_bad: Option<Instant>,
    /// The entry that must exist was seen.
    entry_seen: bool,
    /// The list is not asked until then; then one check asks its control queries.
    pub(crate) retry: Option<Instant>,
    pause: Duration,
}

impl HealthState {
    /// The state of a list that has closed down. It is never asked, so this state never changes.
    pub(crate) fn retired() -> Self {
        Self { health: Health::Retired, ..Self::default() }
    }

    /// Applies one observation and returns the new state.
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
                // Keep the earlier text: control queries do not fetch one.
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

    /// Could this observation change the state? Nearly every answer is a miss from a sound list and does not.
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

    /// The state after these observations; the same `Arc` if nothing changes.
    pub(crate) fn after_all<'a>(
        self: Arc<Self>,
        seen: impl IntoIterator<Item = &'a Observation>,
        now: Instant,
    ) -> Arc<Self> {
        seen.into_iter().fold(self, |state, observation| {
            if state.is_news(observation) { Arc::new((*state).clone().after(observation, now)) } else { state }
        })
    }

    /// Adds the text of a broken list about itself, if none is known yet.
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

    /// Do hits of the list not count, and was it found broken at or after this moment?
    pub(crate) fn takes_hits_away_since(&self, moment: Instant) -> bool {
        self.health.takes_hits_away() && self.last_bad.is_some_and(|at| at >= moment)
    }

    /// Enters a state. If it is the present state, its start and its evidence stay.
    fn enter(&mut self, health: Health, evidence: &[Evidence], now: Instant) {
        if self.health != health || self.since.is_none() {
            self.health = health;
            self.since = Some(now);
            self.evidence = evidence.into();
        }
    }

    /// Leaves a state in which the list is not asked.
    fn recover(&mut self, now: Instant) {
        self.retry = None;
        self.pause = Duration::ZERO;
        self.breakage = None;
        if self.health.takes_hits_away() || self.health == Health::Unreachable {
            self.enter(Health::Unprobed, &[], now);
        }
    }

    /// Doubles the time for which the list is not asked.
    fn lengthen(&mut self, now: Instant, first: Duration) {
        self.pause = (self.pause * 2).clamp(first, LONGEST_PAUSE);
        self.retry = now.checked_add(self.pause);
    }

    /// Reserves the control queries for one check; the next check can ask them after another pause.
    pub(crate) fn claim_probe(&mut self, now: Instant) {
        self.retry = now.checked_add(self.pause.max(SILENT_PAUSE));
    }
}

/// The health that follows from a breakage of this kind.
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
