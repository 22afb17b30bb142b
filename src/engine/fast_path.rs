//! The short cut to a summary: every answer is cached, every list answered "not listed", and nothing has changed since that
//! could make these answers unreliable.
//!
//! Most mail comes from clients that were checked a moment ago and that no list holds. For them one look-up of one cache record
//! answers for all lists. Everything else takes the full check, which gives the same result with its reasons.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::lock::lock;
use crate::base::mail_path::{self, Path};
use crate::check::iprev::Iprev;
use crate::dnsxl::score::{self, Counts, Outcome, Score};
use crate::dnsxl::{About, ListSpec, Part, Subject, SubjectKind};
use crate::engine::cache::{Cache, CachedVerdict, Edition, Tick};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::Settings;
use crate::policy::{Action, Finding};
use crate::report::Completeness;
use crate::report::summary::{FindingSet, Summary};
use crate::state::SharedState;

/// The result of a checker's lists when all of them answer "not listed", computed in advance.
#[derive(Debug)]
pub(crate) struct FastPath {
    /// `None` if the fast path cannot be used: a list is asked about something other than the client's address, or the
    /// threshold is reached without any listing.
    families: Option<[PerFamily; 2]>,
    /// The findings for each cached iprev verdict; `None` if the policy acts on it.
    iprev: [Option<FindingSet>; 4],
    /// Does the policy act on a null sender?
    acts_on_null_sender: bool,
}

/// The lists that are asked about one family of addresses.
#[derive(Debug)]
struct PerFamily {
    kind: SubjectKind,
    lists: Vec<Arc<ListSpec>>,
    /// The zone numbers of these lists in the cache, ascending, without duplicates.
    numbers: Box<[VersionedNumber]>,
    /// The edition of these numbers.
    edition: AtomicU64,
    /// The count of changes at which the lists' health was last read, shifted left by one; the lowest bit is set if the fast
    /// path may be used.
    state: AtomicU64,
    /// Held while `numbers`, `edition` and `state` are written, so that two refreshes cannot mix.
    refreshing: Mutex<()>,
    score: Score,
    counts: Counts,
}

/// A zone number in the lowest 16 bits, with its edition above. A reader that races with a writer sees the wrong edition and
/// gives up.
#[derive(Debug, Default)]
struct VersionedNumber(AtomicU64);

impl VersionedNumber {
    fn store(&self, number: u16, edition: Edition) {
        self.0.store(edition.0 << 16 | u64::from(number), Ordering::Relaxed);
    }

    /// The number in this edition; 0, which no zone has, if it belongs to another one.
    fn load(&self, edition: Edition) -> u16 {
        let known = self.0.load(Ordering::Relaxed);
        if known >> 16 == edition.0 { (known & 0xffff) as u16 } else { 0 }
    }
}

impl FastPath {
    pub(crate) fn new(settings: &Settings) -> Self {
        let lists = settings.lists.shared();
        let about_client = |spec: &ListSpec| spec.about().all(|about| matches!(about, About::Part(Part::Address)));
        let (score, contexts) = score::of_contexts(std::iter::empty, settings.lists.all_contexts());
        let mut outcomes = contexts.iter().map(|context| context.score.outcome());
        let open = lists.iter().all(|spec| about_client(spec) && !spec.only_null_sender())
            && score.outcome() == Outcome::NotListed
            && outcomes.all(|outcome| outcome == Outcome::NotListed);
        let family = |kind| PerFamily::new(lists, kind, score);
        let passes = |finding| (!settings.policy.acts_on(finding)).then(|| [finding].into_iter().collect());
        Self {
            families: open.then(|| [family(SubjectKind::Ipv4), family(SubjectKind::Ipv6)]),
            iprev: [
                Some(FindingSet::default()),
                passes(Finding::IprevForged),
                passes(Finding::IprevNoName),
                passes(Finding::IprevGeneric),
            ],
            acts_on_null_sender: settings.policy.acts_on(Finding::NullSender),
        }
    }

    /// The summary of a dialogue, which the cache counts; `None` if the dialogue needs a full check.
    ///
    /// `changes` is the count of changes, read before anything else: a change that happens during this call raises the count,
    /// so the next call reads the health again.
    pub(crate) fn summary(
        &self,
        dialogue: &Dialogue,
        settings: &Settings,
        cache: &Cache,
        shared: &Mutex<SharedState>,
        changes: u64,
        now: Tick,
    ) -> Option<Summary> {
        let client = dialogue.client?.to_canonical();
        if dialogue.helo.is_some() || dialogue.rcpt_to.is_some() || dialogue.domain.is_some() {
            return None;
        }
        let [v4, v6] = self.families.as_ref()?;
        let family = if client.is_ipv4() { v4 } else { v6 };
        if settings.skips(client, dialogue.trust).is_some() || !family.is_usable(cache, shared, changes) {
            return None;
        }
        let mut is_null_sender = false;
        if let Some(sender) = &dialogue.mail_from {
            match mail_path::read(sender) {
                Path::Null if !self.acts_on_null_sender => is_null_sender = true,
                Path::Domain(domain) if !settings.is_local(&domain) => {
                    cache.get_verdict(&Subject::Domain(domain), now).filter(|verdict| *verdict == DOMAIN_OK)?;
                }
                _ => return None,
            }
        }
        // The client last: what is found is counted.
        let edition = Edition(family.edition.load(Ordering::Acquire));
        let numbers = family.numbers.iter().map(|number| number.load(edition));
        let findings_of = |iprev: CachedVerdict| *self.iprev.get(usize::from(iprev.0))?;
        let mut findings = cache.get_client(client, edition, numbers, now, findings_of)?;
        if is_null_sender {
            findings.insert(Finding::NullSender);
        }
        Some(Summary {
            score: family.score,
            counts: family.counts,
            findings,
            action: Action::Pass,
            resolver_fault: None,
            completeness: Completeness::Complete,
        })
    }
}

/// The cached verdict of a mail domain that can receive mail.
pub(crate) const DOMAIN_OK: CachedVerdict = CachedVerdict(0);

/// The cached form of an iprev verdict; `None` if it must not be cached.
pub(crate) fn cached_iprev(iprev: &Iprev) -> Option<CachedVerdict> {
    match iprev {
        Iprev::Confirmed(_) if iprev.is_generic() => Some(CachedVerdict(3)),
        Iprev::Confirmed(_) => Some(CachedVerdict(0)),
        Iprev::Forged(_) => Some(CachedVerdict(1)),
        Iprev::NoName(_) => Some(CachedVerdict(2)),
        Iprev::TempError(_) => None,
    }
}

impl PerFamily {
    fn new(all: &[Arc<ListSpec>], kind: SubjectKind, score: Score) -> Self {
        let asked = |spec: &&Arc<ListSpec>| !spec.is_retired() && spec.knowledge().is_about(kind);
        let lists: Vec<_> = all.iter().filter(asked).cloned().collect();
        let mut zones: Vec<_> = lists.iter().map(|spec| spec.zone()).collect();
        zones.sort_unstable();
        zones.dedup();
        let numbers = zones.iter().map(|_| VersionedNumber::default()).collect();
        let decides = |spec: &&Arc<ListSpec>| !spec.only_observed();
        let not_listed = lists.iter().filter(decides).count();
        let skipped = all.iter().filter(decides).count() - not_listed;
        let counts = Counts { not_listed, skipped, ..Counts::default() };
        let (edition, state, refreshing) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(()));
        Self { kind, lists, numbers, edition, state, refreshing, score, counts }
    }

    /// What was found when this count of changes was the latest.
    fn known_at(&self, changes: u64) -> Option<bool> {
        let known = self.state.load(Ordering::Acquire);
        (known >> 1 == changes).then_some(known & 1 == 1)
    }

    /// Are all lists and the resolver healthy, and are all zone numbers known? Read again only after a change.
    fn is_usable(&self, cache: &Cache, shared: &Mutex<SharedState>, changes: u64) -> bool {
        if let Some(usable) = self.known_at(changes) {
            return usable;
        }
        let _guard = lock(&self.refreshing);
        // Another thread may have read them meanwhile. To read them again would begin another edition, and take away the one that
        // is in use.
        if let Some(usable) = self.known_at(changes) {
            return usable;
        }
        // Begun before the numbers are read: numbers that change meanwhile are stored under an edition that has ended, and no
        // reader uses them.
        let edition = cache.begin_edition();
        let mut numbers: Vec<u16> = Vec::with_capacity(self.lists.len());
        let usable = {
            let shared = lock(shared);
            shared.has_no_suspicion() && self.lists.iter().all(|spec| shared.needs_only_the_subject(spec, self.kind))
        } && self.lists.iter().all(|spec| match cache.number(spec.zone()) {
            Some(number) => {
                numbers.push(number.value());
                true
            }
            None => false,
        });
        numbers.sort_unstable();
        numbers.dedup();
        let usable = usable && numbers.len() == self.numbers.len();
        for (slot, number) in self.numbers.iter().zip(&numbers) {
            slot.store(*number, edition);
        }
        self.edition.store(edition.0, Ordering::Release);
        // Last, with release ordering: a reader that sees this state also sees what was stored above.
        self.state.store(changes << 1 | u64::from(usable), Ordering::Release);
        usable
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::base::name::Name;
    use crate::dns::{Answer, Soa};
    use crate::engine::cache::bounds::Bounds;
    use crate::lists::ListSet;

    /// One of two lists never answered about the client. Both lists are renumbered all the time.
    #[test]
    fn numbers_that_change_while_they_are_read() {
        let lists = ListSet::builder().deny("x.test").deny("y.test").build().unwrap();
        let settings = Settings { lists, ..Settings::default() };
        let fast_path = FastPath::new(&settings);
        let now = Instant::now();
        let cache = Cache::new(Bounds { entries: 100, bytes: 1 << 24, failure: Duration::ZERO }, now);
        let (shared, changes, over) = (Mutex::new(SharedState::default()), AtomicU64::new(1), AtomicBool::new(false));
        let client = std::net::IpAddr::from([45, 66, 77, 7]);
        let (subject, dialogue) = (Subject::from(client), Dialogue::from(client));
        let summary = || {
            let changes = changes.load(Ordering::Acquire);
            fast_path.summary(&dialogue, &settings, &cache, &shared, changes, cache.tick(now))
        };
        let [x, y] = ["x.test", "y.test"].map(|zone| Name::parse(zone).unwrap());
        let no = Answer::nx_domain(Some(Soa::new(y.clone(), Duration::from_secs(60))));
        let summaries = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut summaries = 0;
                while !over.load(Ordering::Relaxed) {
                    summaries += usize::from(summary().is_some());
                }
                summaries
            });
            for _ in 0..NUMBER_CHANGES {
                cache.insert_verdict(&subject, None, CachedVerdict(0), Duration::from_secs(60), now, cache.epoch());
                for zone in [&x, &y] {
                    cache.invalidate(zone);
                    cache.insert_list(&subject, None, cache.number(&y).unwrap(), &no, now);
                    changes.fetch_add(1, Ordering::AcqRel);
                    summary();
                }
            }
            over.store(true, Ordering::Relaxed);
            reader.join().unwrap()
        });
        assert_eq!(summaries, 0);
        cache.insert_list(&subject, None, cache.number(&x).unwrap(), &no, now);
        assert!(summary().is_some());
    }

    const NUMBER_CHANGES: usize = 3_000;
}
