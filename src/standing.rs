//! What is known about zones and about the resolver, from one check to the next: proofs, health, who is left alone. Values
//! and arithmetic on time that the caller gives; no clock, no randomness of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dnsxl::{
    Access, Control, Corroboration, Entry, Evidence, Health, HealthState, Label, ListId, ListSpec, Loopback,
    Observation, Observations, Proof, SubjectKind,
};
use crate::events::Event;
use crate::name::Name;
use crate::report::{Report, ResolverFault};
use crate::table::Table;
use crate::trial::Honesty;

/// Zones that are kept in mind; beyond that the longest unused are forgotten, which costs a proof.
const MAX_ZONES: usize = 4_096;
/// How long a word about the resolver holds, and how often a zone without a clear word is asked for its must-exist entry.
const RECHECK: Duration = Duration::from_secs(60);
/// Checks that start within this time try a zone by the same label, so that their controls are one question.
const SAME_LABEL: Duration = Duration::from_secs(1);

/// The standing of zones: proven, doubtful, broken, left alone.
#[derive(Clone, Debug)]
pub struct Standing {
    window: Duration,
    zones: Table<(Name, SubjectKind), ZoneState>,
    seen: Option<Instant>,
    stripped: Option<Instant>,
    /// Some zone's must-exist entry came back empty when it was last asked for.
    doubted: bool,
    honesty: Option<(bool, Instant)>,
    fault: Option<ResolverFault>,
    /// When any zone was last found broken: nearly always long before a check began.
    broken: Option<Instant>,
    /// What labels are made of, and since when.
    random: Option<([u8; 16], Instant)>,
    /// A zone was forgotten since changes were last told.
    forgot: bool,
}

#[derive(Clone, Debug)]
struct ZoneState {
    proof: Option<(Proof, Instant)>,
    label: Option<(Label, Instant)>,
    must_exist: Option<(Entry, Instant)>,
    /// Shared: every check of the zone carries it.
    health: Arc<HealthState>,
    corroboration: Corroboration,
    used: Instant,
}

/// What a finished check has learned about one zone.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) kind: SubjectKind,
    /// New proof, if its controls were asked and absent.
    pub(crate) proof: Option<Proof>,
    /// When the earlier of its controls was sent, if that is known; the check's beginning otherwise.
    pub(crate) sent: Option<Instant>,
    /// What became of the must-exist entry, if it was asked.
    pub(crate) must_exist: Option<Entry>,
    /// What its answers told about the resolver.
    pub(crate) loopback: Loopback,
    /// What they told about the list.
    pub(crate) observations: Observations,
    /// Where lists of two other operators at least were heard: is it the only one that holds the subject?
    pub(crate) alone: Option<bool>,
}

/// What is remembered and void.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Voided {
    /// The resolver lied, or has stopped lying.
    pub(crate) everything: bool,
    /// Lists that fell ill, or have recovered.
    pub(crate) zones: Vec<Name>,
    /// Something changed on which summaries of what is remembered rest.
    pub(crate) summaries: bool,
}

/// How a check may treat a zone at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) control: Control,
    pub(crate) access: Access,
    pub(crate) is_proven: bool,
    pub(crate) wants_must_exist: bool,
    /// Some list's entry came back empty, and no answer in 127/8 was seen for a while: every list is asked for its entry, so
    /// that one list that has emptied itself does not convict the resolver again and again.
    pub(crate) suspects_resolver: bool,
    pub(crate) health: Arc<HealthState>,
}

impl Standing {
    /// How long a proof is fresh unless said: 60 seconds.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(60);

    /// Nothing is proven. A hit is believed for `window` after its zone's controls were sent; with a window of zero every
    /// hit asks for them.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            zones: Table::default(),
            seen: None,
            stripped: None,
            doubted: false,
            honesty: None,
            fault: None,
            broken: None,
            random: None,
            forgot: false,
        }
    }

    /// What the labels of a check that starts now are made of: new octets every second, as the labels of zones are.
    pub(crate) fn random(&mut self, now: Instant, unguessable: fn() -> [u8; 16]) -> [u8; 16] {
        match self.random {
            Some((random, made)) if now.saturating_duration_since(made) < SAME_LABEL => random,
            _ => self.random.insert((unguessable(), now)).0,
        }
    }

    /// How a check that starts now may treat a zone. `label` is to try it by, unless another check is at that already.
    pub(crate) fn admit(&mut self, zone: &Name, kind: SubjectKind, now: Instant, label: Label) -> Admission {
        let window = self.window;
        let suspects_resolver = self.doubted && !is_recent(self.seen, now);
        let state = self.state(zone, kind, now);
        let wants_must_exist = state.wants_must_exist(suspects_resolver, now);
        let health = Arc::clone(&state.health);
        let access = match health.retry {
            None => Access::Open,
            Some(retry) if now >= retry => Access::Trial,
            Some(_) => health.breakage.clone().map_or(Access::Silent, |breakage| Access::Broken(Box::new(breakage))),
        };
        let proof = state.fresh(window, now).filter(|_| matches!(access, Access::Open));
        let is_proven = proof.is_some();
        let control = match proof {
            Some(proof) => Control::fresh(proof),
            None => Control::stale(state.label(now, label)),
        };
        Admission { control, access, is_proven, wants_must_exist, suspects_resolver, health }
    }

    /// A check really asks the controls of a list under trial: others leave it alone meanwhile.
    pub(crate) fn claim_trial(&mut self, zone: &Name, kind: SubjectKind, now: Instant) {
        let health = &mut self.state(zone, kind, now).health;
        if health.retry.is_some_and(|retry| now >= retry) {
            Arc::make_mut(health).claim_trial(now);
        }
    }

    /// Proof that came in since a check started, if it is still fresh.
    pub(crate) fn fresh(&self, zone: &Name, kind: SubjectKind, now: Instant) -> Option<Proof> {
        self.zones.get(&(zone.clone(), kind))?.fresh(self.window, now)
    }

    /// A zone that was found broken after a check had begun: the check's hits are void, whatever proof it has.
    pub(crate) fn turned_bad(&self, zone: &Name, kind: SubjectKind, started: Instant) -> Option<&Arc<HealthState>> {
        self.broken.filter(|at| *at >= started)?;
        let health = &self.zones.get(&(zone.clone(), kind))?.health;
        health.takes_hits_away_since(started).then_some(health)
    }

    /// The health of a zone.
    pub(crate) fn health(&self, zone: &Name, kind: SubjectKind) -> Option<&Arc<HealthState>> {
        self.zones.get(&(zone.clone(), kind)).map(|state| &state.health)
    }

    /// The kinds of subjects about which a zone has been asked.
    pub(crate) fn kinds(&self, zone: &Name) -> Vec<SubjectKind> {
        let all = [SubjectKind::Ipv4, SubjectKind::Ipv6, SubjectKind::Domain];
        all.into_iter().filter(|kind| self.zones.contains_key(&(zone.clone(), *kind))).collect()
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

    /// Does the resolver invent answers, as far as a recent trial knows? `None`: it has to be tried.
    pub(crate) fn rewrites(&self, now: Instant) -> Option<bool> {
        self.honesty.filter(|(_, at)| is_recent(Some(*at), now)).map(|(rewrites, _)| rewrites)
    }

    /// Was the resolver convicted, and is it time to see whether that is still so?
    pub(crate) fn must_try_resolver(&self, now: Instant) -> bool {
        self.honesty.is_some_and(|(rewrites, at)| rewrites && !is_recent(Some(at), now))
    }

    /// Takes in what a check learned. Proof is as old as the check's first question.
    pub fn learn(&mut self, report: &Report, now: Instant) {
        self.take_in(report, now);
    }

    /// Takes in what a check learned, and says what changed, and of which zones everything remembered is void.
    pub(crate) fn take_in(&mut self, report: &Report, now: Instant) -> (Vec<Event>, Voided) {
        let calm = self.is_calm();
        let mut events = self.judge_resolver(report, now);
        let lied = |event: &Event| {
            use ResolverFault::{RewritesNxdomain, Strips127};
            matches!(
                event,
                Event::ResolverFault(RewritesNxdomain | Strips127)
                    | Event::ResolverRecovered(RewritesNxdomain | Strips127)
            )
        };
        let mut voided = Voided { everything: events.iter().any(lied), ..Voided::default() };
        // One answer in 127/8 clears the resolver, whichever list it came from.
        let says = |word| report.lessons().iter().any(|lesson| lesson.loopback == word);
        if says(Loopback::Seen) {
            self.seen = Some(now);
            self.stripped = None;
        } else if report.convicts_of_stripping() {
            self.stripped = Some(now);
        }
        let mut broken = false;
        for lesson in report.lessons() {
            if lesson.proof.is_some() {
                // What has been seen absent once may be remembered as absent, and proves nothing again.
                self.random = None;
            }
            let zone = lesson.spec.zone();
            let state = self.state(zone, lesson.kind, now);
            if let Some(entry) = lesson.must_exist {
                voided.summaries |= state.must_exist.is_none_or(|(known, _)| known != entry);
                state.must_exist = Some((entry, now));
            }
            let (was_bad, health) = (state.health.health.takes_hits_away(), Arc::clone(&state.health));
            let sent = lesson.sent.map_or(report.started(), |sent| sent.min(report.started()));
            events.extend(state.observe(lesson, sent, now));
            if !Arc::ptr_eq(&health, &state.health) {
                voided.summaries = true;
                broken |= state.health.health.takes_hits_away();
            }
            // Both when a list falls ill and when it recovers: what was on its way meanwhile is no better.
            if was_bad != state.health.health.takes_hits_away() {
                voided.zones.push(zone.clone());
            }
            if let Some(suspicion) = lesson.alone.and_then(|alone| state.corroboration.hear(alone)) {
                let (list, alone, heard) = (lesson.spec.id(), suspicion.alone, suspicion.heard);
                events.push(Event::StandsAlone { list, alone, heard });
            }
        }
        if broken {
            self.broken = Some(now);
        }
        if report.lessons().iter().any(|lesson| lesson.must_exist.is_some()) {
            self.doubted = self.zones.values().any(|zone| matches!(zone.must_exist, Some((Entry::Stripped, _))));
        }
        voided.summaries |= calm != self.is_calm() || !events.is_empty() || std::mem::take(&mut self.forgot);
        (events, voided)
    }

    /// Is there nothing to hold against the resolver, so that a remembered "no" is one?
    pub(crate) fn is_calm(&self) -> bool {
        let rewrites = self.honesty.is_some_and(|(rewrites, _)| rewrites);
        !self.doubted && self.stripped.is_none() && self.fault.is_none() && !rewrites
    }

    /// Would this list be asked about its next subject, or its memory, and nothing more?
    pub(crate) fn is_plain(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        let documented = spec.knowledge().points(kind).documented_entry().is_some();
        let Some(state) = self.zones.get(&(spec.zone().clone(), kind)) else { return !documented };
        let entry = match state.must_exist {
            None | Some((Entry::Stripped | Entry::Failed, _)) => !documented,
            Some((Entry::Present | Entry::Missing, _)) => true,
        };
        entry && state.health.retry.is_none() && !state.health.health.takes_hits_away()
    }

    /// What a report says about the resolver.
    fn judge_resolver(&mut self, report: &Report, now: Instant) -> Vec<Event> {
        match report.honesty() {
            Some(Honesty::Honest) => self.honesty = Some((false, now)),
            Some(Honesty::Rewrites(_)) => self.honesty = Some((true, now)),
            Some(Honesty::Unknown) | None => {}
        }
        let found = report.resolver_fault();
        // A report without any question of its own says nothing about the resolver.
        if found == self.fault || (found.is_none() && report.questions() == 0) {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.fault, found);
        before.map(Event::ResolverRecovered).into_iter().chain(found.map(Event::ResolverFault)).collect()
    }

    fn state(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> &mut ZoneState {
        if self.zones.len() >= MAX_ZONES && !self.zones.contains_key(&(zone.clone(), kind)) {
            let oldest = self.zones.iter().min_by_key(|(_, state)| state.used).map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                self.zones.remove(&key);
                self.forgot = true;
            }
        }
        let state = self.zones.entry((zone.clone(), kind)).or_insert_with(|| ZoneState {
            proof: None,
            label: None,
            must_exist: None,
            health: Arc::default(),
            corroboration: Corroboration::default(),
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
    /// Should the documented must-exist entry be asked along with the subject? At first use; again where it gave no clear
    /// word; and when another zone's missing entry makes the resolver a suspect.
    fn wants_must_exist(&self, suspect: bool, now: Instant) -> bool {
        match self.must_exist {
            None => true,
            Some((Entry::Stripped | Entry::Failed, at)) => !is_recent(Some(at), now),
            Some((Entry::Present | Entry::Missing, at)) => suspect && !is_recent(Some(at), now),
        }
    }

    fn fresh(&self, window: Duration, now: Instant) -> Option<Proof> {
        let (proof, sent) = self.proof.as_ref()?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| proof.clone().aged(age))
    }

    /// The label to try the zone by. An old one may be remembered as absent by the resolver and proves nothing new.
    fn label(&mut self, now: Instant, new: Label) -> Label {
        match self.label {
            Some((label, made)) if now.saturating_duration_since(made) < SAME_LABEL => label,
            _ => self.label.insert((new, now)).0,
        }
    }

    /// Takes in what one check saw of the zone, and says if its health changed.
    fn observe(&mut self, lesson: &Lesson, sent: Instant, now: Instant) -> Option<Event> {
        // What was heard before the list was last found broken is no recovery, however late it is told.
        let outdated = self.health.takes_hits_away_since(sent);
        if let Some(proof) = lesson.proof.as_ref().filter(|_| !outdated) {
            if self.proof.as_ref().is_none_or(|(_, at)| *at < sent) {
                self.proof = Some((proof.clone(), sent));
            }
            self.label = None;
        }
        let before = Arc::clone(&self.health);
        let counts = |observation: &&Observation| !outdated || matches!(observation, Observation::Broken(_));
        self.health = Arc::clone(&before).after_all(lesson.observations.iter().filter(counts), now);
        if self.health.health.takes_hits_away() {
            // A new epoch: what was proven before is worth nothing now.
            self.proof = None;
            self.label = None;
        }
        if Arc::ptr_eq(&before, &self.health) {
            return None;
        }
        let last_good = before.last_good.map(|at| now.saturating_duration_since(at));
        change(&before, &self.health).then(|| Event::HealthChanged {
            list: lesson.spec.id(),
            kind: lesson.kind,
            from: before.health,
            to: self.health.health,
            evidence: self.health.evidence.to_vec(),
            last_good,
        })
    }
}

/// Is it worth telling? That a new list turns out sound, or to lack test entries as many do, is not news; that a sick one
/// recovers is.
fn change(before: &HealthState, after: &HealthState) -> bool {
    let ordinary = matches!(after.health, Health::Sound | Health::NoTestEntries);
    before.health != after.health && !(before.health == Health::Unprobed && ordinary)
}

fn is_recent(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < RECHECK)
}

/// The health of one list, for one kind of subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    pub(crate) list: ListId,
    pub(crate) kind: SubjectKind,
    pub(crate) health: Health,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) since: Option<Duration>,
    pub(crate) last_good: Option<Duration>,
}

impl HealthReport {
    /// What the list is called.
    #[must_use]
    pub fn list(&self) -> &ListId {
        &self.list
    }

    /// For which kind of subject.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// How it is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health
    }

    /// What shows it.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// How long it has been so.
    #[must_use]
    pub fn since(&self) -> Option<Duration> {
        self.since
    }

    /// How long ago both controls were last seen absent.
    #[must_use]
    pub fn last_good(&self) -> Option<Duration> {
        self.last_good
    }

    /// What to do about it; empty where there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.health.advice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::Dialogue;
    use crate::dns::Failure;
    use crate::inquiry::Inquiry;

    /// A zone that is forgotten is asked for its entry again, so that no summary may rest on what was known of it.
    #[test]
    fn a_zone_that_is_forgotten_is_a_change() {
        let (mut standing, now, label) = (Standing::default(), Instant::now(), Label::from_random([7; 16]));
        let report = Inquiry::new(&Dialogue::new(), &Arc::default(), &mut standing, now, [7; 16]).finish(Failure::Shed);
        let mut changes = |zones: std::ops::Range<usize>| {
            for zone in zones {
                let zone = Name::parse(&format!("l{zone}.example")).unwrap();
                standing.admit(&zone, SubjectKind::Ipv4, now, label);
            }
            standing.take_in(&report, now).1.summaries
        };
        assert!(!changes(0..MAX_ZONES));
        assert!(changes(MAX_ZONES..MAX_ZONES + 1));
        assert!(!changes(MAX_ZONES..MAX_ZONES + 1));
    }
}
