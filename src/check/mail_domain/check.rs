//! The check of a path, step by step.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::address::is_bogus_mail_host;
use crate::base::mail_path::{self, Path};
use crate::base::name::Name;
use crate::base::small_list::SmallList;
use crate::check::mail_domain::verdict::{HostState, MailDomain, MailDomainReport, MailHost, PathRole, Unusable, Via};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, Failure, Question, Record, RecordType, RrSet, Target};

/// The maximum number of mail exchangers that are looked up (RFC 7208 §4.6.4: 10).
pub const MAX_HOSTS: usize = 10;
/// The maximum number of addresses of one host kept as evidence.
pub const MAX_ADDRESSES: usize = 8;

const MX: Slot = Slot(0);
/// Host n is asked in slots 1+2n (A) and 2+2n (AAAA). The domain itself, as implicit MX, takes the place of host 0.
const SLOTS: usize = 1 + 2 * MAX_HOSTS;

/// The check of one path: no question if it contains no domain, usually two.
///
/// ```
/// use rdnsbl::check::mail_domain::{MailDomainCheck, PathRole};
/// use rdnsbl::check::{Check, Step};
/// use rdnsbl::dns::Target;
/// use rdnsbl::{Answer, MailDomain, Record};
/// use std::time::Duration;
///
/// let mut check = MailDomainCheck::new(PathRole::Sender, "<info@example.org>");
/// let Step::Need(slots) = check.step() else { unreachable!("it needs the MX records") };
/// for slot in slots {
///     // Here: ask a resolver for check.question(slot). This answer is a null MX.
///     let record = Record::Mx { preference: 0, exchange: Target::from_text(".") };
///     check.supply(slot, Answer::records([record], Duration::from_secs(300)));
/// }
/// let Step::Done(report) = check.step() else { unreachable!("nothing more is needed") };
/// assert_eq!(report.verdict(), &MailDomain::NullMx);
///
/// let bounce = MailDomainCheck::new(PathRole::Sender, "<>"); // no question
/// assert!(matches!(bounce.step(), Step::Done(report) if report.verdict() == &MailDomain::NullSender));
/// ```
#[derive(Clone, Debug)]
pub struct MailDomainCheck {
    parsed: ParsedPath,
    answers: Answers,
}

/// The result of parsing the path.
#[derive(Clone, Debug)]
enum ParsedPath {
    Done(MailDomain),
    Ask(Name),
}

/// Does the domain of this path have octets outside ASCII?
fn has_u_labels(path: &str) -> bool {
    path.rsplit_once('@').is_some_and(|(_, domain)| !domain.is_ascii())
}

/// The verdict on a path that cannot be read. Without the feature `idna`, a domain with U-labels may be valid.
fn unreadable(path: &str, reads_u_labels: bool) -> MailDomain {
    if !reads_u_labels && has_u_labels(path) { MailDomain::NotRead } else { MailDomain::Malformed }
}

/// The progress of the look-up of one host.
enum HostLookup {
    Need(Slot),
    Done(MailHost),
}

impl MailDomainCheck {
    /// A check of the path in `MAIL FROM:` or `RCPT TO:`, with or without angle brackets. Accepts any text: an
    /// invalid path is a verdict, not an error.
    #[must_use]
    pub fn new(side: PathRole, path: &str) -> Self {
        let parsed = match (mail_path::read(path), side) {
            (Path::Domain(name), _) => ParsedPath::Ask(name),
            (Path::Literal(address), _) => ParsedPath::Done(MailDomain::AddressLiteral(address)),
            (Path::Null, PathRole::Sender) => ParsedPath::Done(MailDomain::NullSender),
            // RFC 5321 §4.1.1.3: "Postmaster" without a domain is always local.
            (Path::Postmaster, PathRole::Recipient) => ParsedPath::Done(MailDomain::Skipped),
            (Path::Null | Path::Postmaster | Path::Malformed, _) => {
                ParsedPath::Done(unreadable(path, cfg!(feature = "idna")))
            }
        };
        Self { parsed, answers: Answers::default() }
    }

    /// A check of a domain.
    #[must_use]
    pub fn of_domain(domain: Name) -> Self {
        let parsed = if domain.is_host() { ParsedPath::Ask(domain) } else { ParsedPath::Done(MailDomain::Malformed) };
        Self { parsed, answers: Answers::default() }
    }

    /// The domain that will be looked up.
    #[must_use]
    pub fn domain(&self) -> Option<&Name> {
        match &self.parsed {
            ParsedPath::Ask(name) => Some(name),
            ParsedPath::Done(_) => None,
        }
    }

    /// Ends the check without a DNS query: there is no domain.
    pub(crate) fn unqualified() -> Self {
        Self { parsed: ParsedPath::Done(MailDomain::Unqualified), answers: Answers::default() }
    }

    /// Ends the check without a DNS query: the domain is ours.
    pub(crate) fn skip(&mut self) {
        self.parsed = ParsedPath::Done(MailDomain::Skipped);
    }

    fn report(&self, verdict: MailDomain, hosts: SmallList<MailHost>, truncated: bool) -> Step<MailDomainReport> {
        let mx = || self.answers.get(MX).and_then(Answer::ttl);
        let ttl = match (&verdict, &self.parsed) {
            (MailDomain::Unknown(_), _) | (_, ParsedPath::Done(_)) => None,
            // One usable host is enough, whatever the results for the others.
            (MailDomain::Ok(_), _) => mx().map(|mx| hosts.iter().filter_map(|host| host.ttl).fold(mx, Duration::min)),
            _ => hosts.iter().map(|host| host.ttl).try_fold(mx(), |least, ttl| Some(least.min(Some(ttl?)))).flatten(),
        };
        let extended_error = match verdict {
            MailDomain::Unknown(UnknownReason::Failed(failure)) => self.answers.extended_error(failure),
            _ => None,
        };
        Step::Done(MailDomainReport { verdict, domain: self.domain().cloned(), hosts, truncated, ttl, extended_error })
    }

    /// No MX record: the domain is its own mail host (RFC 5321 §5.1).
    fn implicit(&self, domain: &Name) -> Step<MailDomainReport> {
        let host = match self.look(0, Target::Name(domain.clone()), None) {
            HostLookup::Need(slot) => return Step::Need(Slots::one(slot)),
            HostLookup::Done(host) => host,
        };
        let verdict = match host.state {
            HostState::Usable => MailDomain::Ok(Via::ImplicitMx),
            HostState::Unusable(Unusable::Dangling) => MailDomain::NoMailHost,
            HostState::Unusable(reason) => MailDomain::MxUnusable(reason),
            HostState::Unknown(failure) => MailDomain::Unknown(failure.into()),
        };
        self.report(verdict, SmallList::one(host), false)
    }

    /// MX records: the first usable host decides; an address of the domain itself no longer counts (RFC 5321 §5.1).
    fn exchangers(&self, set: &RrSet) -> Step<MailDomainReport> {
        let exchanger = |record| match record {
            &Record::Mx { preference, ref exchange } => Some((preference, exchange)),
            _ => None,
        };
        let mut exchangers = set.iter().filter_map(exchanger);
        // RFC 7505 §3: a single record, preference 0, the root.
        if let (Some((0, Target::Root)), None) = (exchangers.next(), exchangers.next()) {
            return self.report(MailDomain::NullMx, SmallList::default(), false);
        }
        let truncated = set.iter().filter_map(exchanger).count() > MAX_HOSTS || set.truncated();
        let mut hosts = SmallList::default();
        for (index, (preference, target)) in set.iter().filter_map(exchanger).take(MAX_HOSTS).enumerate() {
            match self.look(index, target.clone(), Some(preference)) {
                HostLookup::Need(slot) => return Step::Need(Slots::one(slot)),
                HostLookup::Done(host) => {
                    let usable = host.state == HostState::Usable;
                    hosts.push(host);
                    if usable {
                        return self.report(MailDomain::Ok(Via::Mx), hosts, truncated);
                    }
                }
            }
        }
        // No usable host. One unknown host outweighs any number of unusable ones. If there were more than `MAX_HOSTS`,
        // `truncated` is set, and a policy must not reject permanently.
        let unknown = hosts.iter().find_map(|host| match host.state {
            HostState::Unknown(failure) => Some(MailDomain::Unknown(failure.into())),
            _ => None,
        });
        let first = hosts.iter().find_map(|host| match host.state {
            HostState::Unusable(reason) => Some(MailDomain::MxUnusable(reason)),
            _ => None,
        });
        self.report(unknown.or(first).unwrap_or(MailDomain::NoMailHost), hosts, truncated)
    }

    /// Checks one host: first its name, then A, then AAAA if A gave nothing usable.
    fn look(&self, index: usize, target: Target, preference: Option<u16>) -> HostLookup {
        // A verdict from the MX record alone is valid as long as that record.
        const RECORD: Option<Duration> = Some(Duration::MAX);
        let mut ttl: Option<Duration> = None;
        let mut unsigned = false;
        let seen = |target, addresses, alias, state, ttl| {
            HostLookup::Done(MailHost { target, preference, addresses, alias, state, ttl })
        };
        match &target {
            Target::Root => {
                return seen(target, SmallList::default(), false, HostState::Unusable(Unusable::Root), RECORD);
            }
            Target::Illegal(text) if is_ipv6_text(text.as_str()) => {
                return seen(target, SmallList::default(), false, HostState::Unusable(Unusable::AddressAsName), RECORD);
            }
            Target::Name(name) if is_address_text(name) => {
                return seen(target, SmallList::default(), false, HostState::Unusable(Unusable::AddressAsName), RECORD);
            }
            _ if target.host().is_none() => {
                return seen(target, SmallList::default(), false, HostState::Unusable(Unusable::Dangling), RECORD);
            }
            _ => {}
        }
        let mut addresses: SmallList<IpAddr> = SmallList::default();
        let mut alias = false;
        let mut failed = None;
        for slot in host_slots(index) {
            let Some(answer) = self.answers.get(slot) else { return HostLookup::Need(slot) };
            ttl = [ttl, answer.ttl()].into_iter().flatten().min();
            unsigned |= answer.is_unsigned_no();
            match answer.kind() {
                AnswerKind::Records(set) => {
                    addresses.extend(set.addresses());
                    alias |= set.canonical().is_some();
                    if set.addresses().any(|address| !is_bogus_mail_host(address)) {
                        addresses.truncate(MAX_ADDRESSES);
                        return seen(target, addresses, alias, HostState::Usable, ttl);
                    }
                    // A usable address may be among those that were not kept.
                    failed = failed.or(set.truncated().then_some(Failure::Truncated));
                }
                // RFC 8020: no such name, whatever the type.
                AnswerKind::NxDomain(_) => break,
                AnswerKind::NoData(_) => {}
                AnswerKind::Failed(failure) => failed = failed.or(Some(failure)),
            }
        }
        let state = match failed {
            Some(failure) => HostState::Unknown(failure),
            None if addresses.is_empty() => HostState::Unusable(Unusable::Dangling),
            None => HostState::Unusable(Unusable::BogusAddress),
        };
        addresses.truncate(MAX_ADDRESSES);
        seen(target, addresses, alias, state, ttl.filter(|_| !unsigned))
    }

    /// The name of the host at `index`: an exchanger, or the domain itself.
    fn host_name(&self, index: usize) -> Option<Name> {
        match self.answers.get(MX)?.kind() {
            AnswerKind::Records(set) => set
                .iter()
                .filter_map(|record| match record {
                    Record::Mx { exchange, .. } => Some(exchange.host().cloned()),
                    _ => None,
                })
                .nth(index)?,
            _ => self.domain().cloned().filter(|_| index == 0),
        }
    }
}

/// The slots of A and AAAA of one host.
fn host_slots(index: usize) -> [Slot; 2] {
    let first = u8::try_from(1 + 2 * index.min(MAX_HOSTS)).unwrap_or(u8::MAX);
    [Slot(first), Slot(first.saturating_add(1))]
}

/// `192.0.2.1.` as a host: an address instead of a name (RFC 5321 §5.1 requires a name).
fn is_address_text(name: &Name) -> bool {
    name.expose().trim_end_matches('.').parse::<IpAddr>().is_ok()
}

/// `2001:db8::1.` as a host.
fn is_ipv6_text(text: &str) -> bool {
    text.trim_end_matches('.').parse::<std::net::Ipv6Addr>().is_ok()
}

impl Check for MailDomainCheck {
    type Verdict = MailDomainReport;

    fn step(&self) -> Step<MailDomainReport> {
        let domain = match &self.parsed {
            ParsedPath::Done(verdict) => return self.report(verdict.clone(), SmallList::default(), false),
            ParsedPath::Ask(domain) => domain,
        };
        let Some(answer) = self.answers.get(MX) else { return Step::Need(Slots::one(MX)) };
        match answer.kind() {
            // RFC 5321 §5.1: a name that does not exist is an error; nothing else is asked.
            AnswerKind::NxDomain(_) => self.report(MailDomain::NoSuchDomain, SmallList::default(), false),
            // RFC 5321 §5.1: a temporary error is not "no MX", so there is no falling back to the address.
            AnswerKind::Failed(failure) => {
                self.report(MailDomain::Unknown(failure.into()), SmallList::default(), false)
            }
            AnswerKind::NoData(_) => self.implicit(domain),
            AnswerKind::Records(set) => self.exchangers(set),
        }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        if slot == MX {
            return Some(Question::new(self.domain()?.clone(), RecordType::Mx));
        }
        let position = usize::from(slot.0).checked_sub(1)?;
        let kind = if position % 2 == 0 { RecordType::A } else { RecordType::Aaaa };
        Some(Question::new(self.host_name(position / 2)?, kind))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, SLOTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_ours() {
        for (path, reads_u_labels, verdict) in [
            ("<a@bücher.example>", false, MailDomain::NotRead),
            ("<a@bücher..example>", true, MailDomain::Malformed),
            ("<ü@bad..example>", false, MailDomain::Malformed),
            ("<>", false, MailDomain::Malformed),
        ] {
            assert_eq!(unreadable(path, reads_u_labels), verdict, "{path}");
        }
        assert_eq!(MailDomain::NotRead.word(), "skipped");
    }
}
