//! The shortest way to a summary: everything is remembered, every list said "no", and nothing has happened since that could
//! change what that is worth.
//!
//! Most mail comes from clients that were seen a moment ago and that nobody lists. For them one look at one record answers
//! all lists; whatever is not plain takes the long way, which gives the same answer with reasons.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::base::lock::lock;
use crate::base::mail_path::{self, Path};
use crate::check::iprev::Iprev;
use crate::dnsxl::score::{self, Counts, Outcome, Score};
use crate::dnsxl::{About, ListSpec, Part, Subject, SubjectKind};
use crate::engine::cache::{Cache, CachedVerdict, NumberingEpoch};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::Settings;
use crate::policy::{Action, Finding, Policy};
use crate::report::Completeness;
use crate::report::summary::{FindingSet, Summary};
use crate::state::Standing;

/// What the lists of a checker come to when all of them say "no".
#[derive(Debug)]
pub(crate) struct FastPath {
    /// `None` where that way is not open: a list asks about something else than the client's address, or reaching the
    /// threshold takes no list at all.
    families: Option<[PerFamily; 2]>,
    /// What follows from each verdict of iprev that may be remembered; `None` where the policy reacts to it.
    iprev: [Option<FindingSet>; 3],
}

/// The lists that are asked about one family of addresses.
#[derive(Debug)]
struct PerFamily {
    kind: SubjectKind,
    lists: Vec<Arc<ListSpec>>,
    /// The numbers by which these lists are remembered, ascending, each once.
    numbers: Box<[VersionedNumber]>,
    /// The count of changes at which was looked whether every list is well; in the lowest bit: was it?
    state: AtomicU64,
    refreshing: Mutex<()>,
    score: Score,
    counts: Counts,
}

/// A zone's number, in the lowest 16 bits, with the numbering to which it belongs: who reads numbers while they are written
/// notices.
#[derive(Debug, Default)]
struct VersionedNumber(AtomicU64);

impl VersionedNumber {
    fn store(&self, number: u16, epoch: NumberingEpoch) {
        self.0.store(epoch.0 << 16 | u64::from(number), Ordering::Relaxed);
    }

    /// The number in this numbering; 0, which no zone has, if it is of another.
    fn load(&self, epoch: NumberingEpoch) -> u16 {
        let known = self.0.load(Ordering::Relaxed);
        if known >> 16 == epoch.0 { (known & 0xffff) as u16 } else { 0 }
    }
}

impl FastPath {
    pub(crate) fn new(settings: &Settings) -> Self {
        let lists = settings.lists.shared();
        let plain = |spec: &ListSpec| spec.about().all(|about| matches!(about, About::Part(Part::Address)));
        let (score, contexts) = score::of_contexts(std::iter::empty, settings.lists.all_contexts());
        let mut outcomes = contexts.iter().map(|context| context.score.outcome());
        let open = lists.iter().all(|spec| plain(spec))
            && score.outcome() == Outcome::NotListed
            && outcomes.all(|outcome| outcome == Outcome::NotListed);
        let way = |kind| PerFamily::new(lists, kind, score);
        let passes = |finding| passes(&settings.policy, finding).then(|| [finding].into_iter().collect());
        Self {
            families: open.then(|| [way(SubjectKind::Ipv4), way(SubjectKind::Ipv6)]),
            iprev: [Some(FindingSet::default()), passes(Finding::IprevForged), passes(Finding::IprevNoName)],
        }
    }

    /// The summary of a dialogue, if all of it is remembered and nothing in it calls for more. With the number of answers
    /// that it rests on.
    pub(crate) fn summary(
        &self,
        dialogue: &Dialogue,
        settings: &Settings,
        cache: &Cache,
        standing: &Mutex<Standing>,
        changes: u64,
        now: Instant,
    ) -> Option<(Summary, u64)> {
        let client = dialogue.client?.to_canonical();
        if dialogue.helo.is_some() || dialogue.rcpt_to.is_some() || dialogue.domain.is_some() {
            return None;
        }
        let [v4, v6] = self.families.as_ref()?;
        let way = if client.is_ipv4() { v4 } else { v6 };
        if settings.skips(client, dialogue.trust).is_some() || !way.is_calm(cache, standing, changes) {
            return None;
        }
        let epoch = cache.numbering_epoch();
        let numbers = way.numbers.iter().map(|number| number.load(epoch));
        let iprev = cache.get_client(client, epoch, numbers, now)?;
        let findings = (*self.iprev.get(usize::from(iprev.0))?)?;
        if let Some(sender) = &dialogue.mail_from {
            match mail_path::read(sender) {
                Path::Null => {}
                Path::Domain(domain) if !settings.is_local(&domain) => {
                    cache.get_verdict(&Subject::Domain(domain), now).filter(|verdict| *verdict == DOMAIN_OK)?;
                }
                _ => return None,
            }
        }
        let summary = Summary {
            score: way.score,
            counts: way.counts,
            findings,
            action: Action::Pass,
            resolver_fault: None,
            completeness: Completeness::Complete,
        };
        Some((summary, way.counts.not_listed as u64))
    }
}

/// A mail domain that can take mail.
pub(crate) const DOMAIN_OK: CachedVerdict = CachedVerdict(0);

/// The verdict of iprev as it is remembered; `None` where it is not.
pub(crate) fn cached_iprev(iprev: &Iprev) -> Option<CachedVerdict> {
    match iprev {
        Iprev::Confirmed(_) => Some(CachedVerdict(0)),
        Iprev::Forged(_) => Some(CachedVerdict(1)),
        Iprev::NoName(_) => Some(CachedVerdict(2)),
        Iprev::TempError(_) => None,
    }
}

/// Is nothing done about this finding?
fn passes(policy: &Policy, finding: Finding) -> bool {
    policy.rule(finding).is_pass()
}

impl PerFamily {
    fn new(all: &[Arc<ListSpec>], kind: SubjectKind, score: Score) -> Self {
        let asked = |spec: &&Arc<ListSpec>| !spec.is_retired() && spec.knowledge().is_about(kind);
        let lists: Vec<_> = all.iter().filter(asked).cloned().collect();
        let mut zones: Vec<_> = lists.iter().map(|spec| spec.zone()).collect();
        zones.sort_unstable();
        zones.dedup();
        let numbers = zones.iter().map(|_| VersionedNumber::default()).collect();
        let counts = Counts { not_listed: lists.len(), skipped: all.len() - lists.len(), ..Counts::default() };
        let (state, refreshing) = (AtomicU64::new(0), Mutex::new(()));
        Self { kind, lists, numbers, state, refreshing, score, counts }
    }

    /// Are all lists well, the resolver too, and the numbers right? Looked into once after every change.
    fn is_calm(&self, cache: &Cache, standing: &Mutex<Standing>, changes: u64) -> bool {
        let known = self.state.load(Ordering::Acquire);
        if known >> 1 == changes {
            return known & 1 == 1;
        }
        let _one_at_a_time = lock(&self.refreshing);
        let epoch = cache.numbering_epoch();
        let mut numbers: Vec<u16> = Vec::with_capacity(self.lists.len());
        let calm = {
            let standing = lock(standing);
            standing.is_calm() && self.lists.iter().all(|spec| standing.is_plain(spec, self.kind))
        } && self.lists.iter().all(|spec| match cache.number(spec.zone()) {
            Some(number) => {
                numbers.push(number.value());
                true
            }
            None => false,
        });
        numbers.sort_unstable();
        numbers.dedup();
        let calm = calm && numbers.len() == self.numbers.len();
        for (place, number) in self.numbers.iter().zip(&numbers) {
            place.store(*number, epoch);
        }
        self.state.store(changes << 1 | u64::from(calm), Ordering::Release);
        calm
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use super::*;
    use crate::base::name::Name;
    use crate::dns::{Answer, Soa};
    use crate::engine::cache::lru::Bounds;
    use crate::lists::ListSet;

    /// Of two lists one never said anything about the client. Both change their numbers all the time.
    #[test]
    fn numbers_that_change_while_they_are_read() {
        let lists = ListSet::builder().deny("x.test").deny("y.test").build().unwrap();
        let settings = Settings { lists, ..Settings::default() };
        let fast_path = FastPath::new(&settings);
        let cache = Cache::new(Bounds { entries: 100, bytes: 1 << 24, failure: Duration::ZERO });
        let (standing, changes, over) = (Mutex::new(Standing::default()), AtomicU64::new(1), AtomicBool::new(false));
        let client = std::net::IpAddr::from([45, 66, 77, 7]);
        let (subject, dialogue) = (Subject::from(client), Dialogue::from(client));
        let now = Instant::now();
        let look = || {
            let changes = changes.load(Ordering::Acquire);
            fast_path.summary(&dialogue, &settings, &cache, &standing, changes, now)
        };
        let [x, y] = ["x.test", "y.test"].map(|zone| Name::parse(zone).unwrap());
        let no = Answer::nx_domain(Some(Soa::new(y.clone(), Duration::from_secs(60))));
        let told = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut told = 0;
                while !over.load(Ordering::Relaxed) {
                    told += usize::from(look().is_some());
                }
                told
            });
            for _ in 0..NUMBER_CHANGES {
                cache.insert_verdict(&subject, CachedVerdict(0), Duration::from_secs(60), now, cache.epoch());
                for zone in [&x, &y] {
                    cache.invalidate(zone);
                    cache.insert_list(&subject, cache.number(&y).unwrap(), &no, now);
                    changes.fetch_add(1, Ordering::AcqRel);
                    look();
                }
            }
            over.store(true, Ordering::Relaxed);
            reader.join().unwrap()
        });
        assert_eq!(told, 0);
        cache.insert_list(&subject, cache.number(&x).unwrap(), &no, now);
        assert!(look().is_some());
    }

    const NUMBER_CHANGES: usize = 3_000;
}
