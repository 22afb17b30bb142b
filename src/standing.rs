//! What is known about the sanity of zones, and about the resolver, from one check to the next. Values and arithmetic on
//! time that the caller gives; no clock, no randomness of its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::dnsxl::{Control, Entry, Label, Loopback, Proof, SubjectKind};
use crate::name::Name;
use crate::report::Report;

/// Zones that are kept in mind; beyond that the longest unused are forgotten, which costs a proof.
const MAX_ZONES: usize = 4_096;
/// How long a word about the resolver holds, and how often a zone without a clear word is asked for its must-exist entry.
const RECHECK: Duration = Duration::from_secs(60);

/// The proofs of zones: which are fresh, which must be renewed with the next hit.
#[derive(Clone, Debug)]
pub struct Standing {
    window: Duration,
    zones: HashMap<(Name, SubjectKind), ZoneState>,
    seen: Option<Instant>,
    stripped: Option<Instant>,
}

#[derive(Clone, Debug)]
struct ZoneState {
    proof: Option<(Proof, Instant)>,
    label: Option<(Label, Instant)>,
    must_exist: Option<(Entry, Instant)>,
    used: Instant,
}

/// What a finished check has learned about one zone.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    pub(crate) zone: Name,
    pub(crate) kind: SubjectKind,
    /// New proof, if its controls were asked and absent.
    pub(crate) proof: Option<Proof>,
    /// What became of the must-exist entry, if it was asked.
    pub(crate) must_exist: Option<Entry>,
    /// What all its answers told.
    pub(crate) loopback: Loopback,
}

impl Standing {
    /// How long a proof is fresh unless said: 60 seconds.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(60);

    /// Nothing is proven. A hit is believed for `window` after its zone's controls were sent; with a window of zero every
    /// hit asks for them.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { window, zones: HashMap::new(), seen: None, stripped: None }
    }

    /// The control state of a zone at this moment. `random` makes the label if one is needed: checks that run at the same
    /// time get the same label, so that their controls are one question.
    pub(crate) fn control(
        &mut self,
        zone: &Name,
        kind: SubjectKind,
        now: Instant,
        random: impl FnOnce() -> [u8; 16],
    ) -> Control {
        let window = self.window;
        let state = self.state(zone, kind, now);
        if let Some(proof) = state.fresh(window, now) {
            return Control::fresh(proof);
        }
        // A label seen absent may be remembered as absent by the resolver: an old one proves nothing new.
        let label = match state.label {
            Some((label, made)) if now.saturating_duration_since(made) < Duration::from_secs(1) => label,
            _ => Label::from_random(random()),
        };
        if state.label.is_none_or(|(old, _)| old != label) {
            state.label = Some((label, now));
        }
        Control::stale(label)
    }

    /// Proof that came in since a check started, if it is still fresh.
    pub(crate) fn fresh(&self, zone: &Name, kind: SubjectKind, now: Instant) -> Option<Proof> {
        self.zones.get(&(zone.clone(), kind))?.fresh(self.window, now)
    }

    /// Should a zone's documented must-exist entry be asked along with the subject? At its first use; again where it gave no
    /// clear word; and when another zone's missing entry makes the resolver a suspect.
    pub(crate) fn wants_must_exist(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> bool {
        let suspect = self.suspects_resolver(now);
        match self.state(zone, kind, now).must_exist {
            None => true,
            Some((Entry::Stripped | Entry::Failed, at)) => !is_recent(Some(at), now),
            Some((Entry::Present | Entry::Missing, at)) => suspect && !is_recent(Some(at), now),
        }
    }

    /// Some zone's entry was taken away not long ago, and no answer in 127/8 came through since.
    fn suspects_resolver(&self, now: Instant) -> bool {
        self.stripped.is_some() && !is_recent(self.seen, now)
    }

    /// Does the resolver take answers in 127.0.0.0/8 away, as far as earlier checks know?
    pub(crate) fn strips(&self, now: Instant) -> Loopback {
        if is_recent(self.seen, now) {
            Loopback::Seen
        } else if self.stripped.is_some_and(|at| now.saturating_duration_since(at) < 2 * RECHECK) {
            Loopback::Stripped
        } else {
            Loopback::NoWord
        }
    }

    /// Takes in what a check learned. Proof is as old as the check's first question.
    pub fn learn(&mut self, report: &Report, now: Instant) {
        let sent = report.started();
        // One answer in 127/8 clears the resolver, whichever list it came from.
        let says = |word| report.lessons().iter().any(|lesson| lesson.loopback == word);
        if says(Loopback::Seen) {
            self.seen = Some(now);
            self.stripped = None;
        } else if says(Loopback::Stripped) {
            self.stripped = Some(now);
        }
        for lesson in report.lessons() {
            let state = self.state(&lesson.zone, lesson.kind, now);
            if let Some(proof) = &lesson.proof {
                if state.proof.as_ref().is_none_or(|(_, at)| *at < sent) {
                    state.proof = Some((proof.clone(), sent));
                }
                state.label = None;
            }
            if let Some(entry) = lesson.must_exist {
                state.must_exist = Some((entry, now));
            }
        }
    }

    fn state(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> &mut ZoneState {
        if self.zones.len() >= MAX_ZONES && !self.zones.contains_key(&(zone.clone(), kind)) {
            let oldest = self.zones.iter().min_by_key(|(_, state)| state.used).map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                self.zones.remove(&key);
            }
        }
        let state = self.zones.entry((zone.clone(), kind)).or_insert(ZoneState {
            proof: None,
            label: None,
            must_exist: None,
            used: now,
        });
        state.used = now;
        state
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self::new(Self::DEFAULT_WINDOW)
    }
}

impl ZoneState {
    fn fresh(&self, window: Duration, now: Instant) -> Option<Proof> {
        let (proof, sent) = self.proof.as_ref()?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| proof.clone().aged(age))
    }
}

fn is_recent(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < RECHECK)
}
