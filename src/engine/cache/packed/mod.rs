//! The answers of all zones about one subject, packed into six octets each.
//!
//! A busy mail server caches millions of these answers. Each holds the zone's number, what the zone answered, and when it
//! expires. Times are rounded so that an answer may expire a quarter of a second early, but never late.

mod conclusion;

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Record, Soa};
use crate::engine::cache::plain_payload::{NO_DATA, NX_DOMAIN, failure, payload_of};
use crate::engine::cache::tick::{Tick, ticks};
use crate::engine::cache::zone_numbers::ZoneNumber;

/// The answers of all zones about one subject, in the order of the zones' numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectRecord {
    /// The time from which the answers' expiry counts.
    base: Tick,
    /// Until when `conclusion` holds.
    until: Tick,
    /// What the answers came to when all lists of one edition were last looked at: the edition, above our own verdict in the
    /// lowest 16 bits. 0 if there is none, or an answer has changed since.
    conclusion: u64,
    answers: Vec<PackedAnswer>,
}

/// One code, one negative answer or one failure of one zone. A zone that returned several codes has several of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PackedAnswer {
    /// The zone's number; the two lowest bits are the [`PackedKind`].
    zone: u16,
    payload: u16,
    /// Ticks after the record's base.
    expires: u16,
}

/// How to read the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PackedKind {
    /// No code: NXDOMAIN, NODATA, a failure, or one of our own verdicts.
    Plain = 0,
    /// The last two octets of a code in 127.0.0.0/16, as nearly all are.
    Code = 1,
    /// The first two octets of any other code; a `Low` follows.
    High = 2,
    /// The last two octets of the code whose `High` stands before.
    Low = 3,
}

impl PackedAnswer {
    fn new(number: ZoneNumber, kind: PackedKind, payload: u16, expires: u16) -> Self {
        Self { zone: number.value() << 2 | kind as u16, payload, expires }
    }

    fn number(self) -> u16 {
        self.zone >> 2
    }

    fn kind(self) -> PackedKind {
        match self.zone & 3 {
            0 => PackedKind::Plain,
            1 => PackedKind::Code,
            2 => PackedKind::High,
            _ => PackedKind::Low,
        }
    }
}

impl SubjectRecord {
    /// Roughly the octets it takes: the answers, and what the allocator adds.
    pub(crate) fn octets(&self) -> usize {
        self.answers.capacity() * size_of::<PackedAnswer>() + 8
    }

    /// A zone's answer, if it has not expired. A negative answer gets an SOA record of the zone itself.
    pub(crate) fn answer(&self, number: ZoneNumber, zone: &Name, now: Tick) -> Option<Answer> {
        let answers = self.of_zone(number);
        let first = *answers.first()?;
        let left = self.left(first, now)?;
        let soa = || Some(Soa::new(zone.clone(), left));
        Some(match (first.kind(), first.payload) {
            (PackedKind::Plain, NX_DOMAIN) => Answer::nx_domain(soa()),
            (PackedKind::Plain, NO_DATA) => Answer::no_data(soa()),
            (PackedKind::Plain, payload) => Answer::failed(failure(payload)?),
            _ => Answer::records(codes(answers).map(Record::A), left),
        })
    }

    /// Replaces a zone's answer and drops the expired ones. A failure that must not be cached only removes the old answer.
    pub(crate) fn put(&mut self, number: ZoneNumber, answer: &Answer, lifetime: Duration, now: Tick) {
        let expires = ticks(lifetime);
        let plain = |payload| PackedAnswer::new(number, PackedKind::Plain, payload, expires);
        let set = match answer.kind() {
            AnswerKind::NxDomain(_) => return self.put_packed(number, &[plain(NX_DOMAIN)], now),
            AnswerKind::NoData(_) => return self.put_packed(number, &[plain(NO_DATA)], now),
            AnswerKind::Failed(failure) => {
                return self.put_packed(number, payload_of(failure).map(plain).as_slice(), now);
            }
            AnswerKind::Records(set) => set,
        };
        let mut answers = Vec::new();
        for code in set.v4() {
            let [a, b, c, d] = code.octets();
            let low = u16::from_be_bytes([c, d]);
            if (a, b) == (127, 0) {
                answers.push(PackedAnswer::new(number, PackedKind::Code, low, expires));
            } else {
                answers.push(PackedAnswer::new(number, PackedKind::High, u16::from_be_bytes([a, b]), expires));
                answers.push(PackedAnswer::new(number, PackedKind::Low, low, expires));
            }
        }
        self.put_packed(number, &answers, now);
    }

    /// Replaces one of our own verdicts and drops the expired answers.
    pub(crate) fn put_verdict(&mut self, number: ZoneNumber, verdict: u16, lifetime: Duration, now: Tick) {
        // The same verdict again, from cached answers: their lifetimes are cut to whole seconds.
        let again = now.0.saturating_add(ticks(lifetime).into());
        let is_same = |known: &PackedAnswer| {
            let earlier = self.expiry(*known).checked_sub(again);
            known.payload == verdict && earlier.is_some_and(|earlier| earlier <= Tick::PER_SECOND)
        };
        if self.of_zone(number).first().is_some_and(is_same) {
            return;
        }
        self.put_packed(number, &[PackedAnswer::new(number, PackedKind::Plain, verdict, ticks(lifetime))], now);
    }

    /// One of our own verdicts, if it has not expired.
    pub(crate) fn verdict(&self, number: ZoneNumber, now: Tick) -> Option<u16> {
        let answer = *self.of_zone(number).first()?;
        self.left(answer, now)?;
        Some(answer.payload)
    }

    fn put_packed(&mut self, number: ZoneNumber, new: &[PackedAnswer], now: Tick) {
        self.conclusion = 0;
        let passed = now.0.checked_sub(self.base.0).and_then(|passed| u16::try_from(passed).ok());
        let fits = |passed: u16| new.iter().all(|answer| answer.expires.checked_add(passed).is_some());
        let passed = match passed.filter(|passed| fits(*passed) && !self.answers.is_empty()) {
            Some(passed) => passed,
            None => {
                self.count_from(now);
                0
            }
        };
        let value = number.value();
        if self.answers.iter().any(|answer| answer.expires <= passed || answer.number() == value) {
            self.answers.retain(|answer| answer.expires > passed && answer.number() != value);
        }
        let place = self.answers.partition_point(|answer| answer.number() < value);
        self.answers.reserve_exact(room(self.answers.len() + new.len()) - self.answers.len());
        for (place, answer) in (place..).zip(new) {
            let expires = answer.expires.saturating_add(passed);
            self.answers.insert(place, PackedAnswer { expires, ..*answer });
        }
    }

    /// Counts expiry times from now on, and drops the expired answers.
    fn count_from(&mut self, now: Tick) {
        let base = self.base.0;
        self.answers.retain_mut(|answer| {
            let left = base.saturating_add(answer.expires.into()).saturating_sub(now.0);
            answer.expires = u16::try_from(left).unwrap_or(u16::MAX);
            left > 0
        });
        self.base = now;
    }

    fn of_zone(&self, number: ZoneNumber) -> &[PackedAnswer] {
        let value = number.value();
        let start = self.answers.partition_point(|answer| answer.number() < value);
        let rest = self.answers.get(start..).unwrap_or_default();
        let length = rest.iter().position(|answer| answer.number() != value).unwrap_or(rest.len());
        rest.get(..length).unwrap_or_default()
    }

    fn expiry(&self, answer: PackedAnswer) -> u32 {
        self.base.0.saturating_add(answer.expires.into())
    }

    /// The remaining lifetime of an answer.
    fn left(&self, answer: PackedAnswer, now: Tick) -> Option<Duration> {
        let left = self.expiry(answer).checked_sub(now.0).filter(|left| *left > 0)?;
        Some(Duration::from_millis(u64::from(left) * u64::from(1_000 / Tick::PER_SECOND)))
    }
}

/// The number of answers to make room for: 4, 9, 12, 14, 17 and so on. An allocator gives blocks in steps of 16 octets, 8 of
/// them its own, and at least 32; a small record grows by two such steps at a time, so that it is moved less often.
fn room(answers: usize) -> usize {
    let octets = answers * size_of::<PackedAnswer>() + 8;
    let step = if octets <= 64 { 32 } else { 16 };
    (octets.next_multiple_of(step) - 8) / size_of::<PackedAnswer>()
}

/// The codes that packed answers stand for.
fn codes(answers: &[PackedAnswer]) -> impl Iterator<Item = Ipv4Addr> {
    answers.iter().enumerate().filter_map(|(index, answer)| {
        let [c, d] = answer.payload.to_be_bytes();
        match answer.kind() {
            PackedKind::Code => Some(Ipv4Addr::new(127, 0, c, d)),
            PackedKind::Low => {
                let [a, b] = answers.get(index.checked_sub(1)?)?.payload.to_be_bytes();
                Some(Ipv4Addr::new(a, b, c, d))
            }
            PackedKind::Plain | PackedKind::High => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Failure;
    use crate::engine::cache::plain_payload::FAILURES;

    const SECOND: u32 = Tick::PER_SECOND;

    fn number(value: u16) -> ZoneNumber {
        ZoneNumber::test(value)
    }

    fn zone() -> Name {
        Name::parse("bl.example").unwrap()
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn an_answer_takes_six_octets_and_a_record_sixteen_beside_them() {
        assert_eq!(std::mem::size_of::<PackedAnswer>(), 6);
        assert_eq!(std::mem::size_of::<SubjectRecord>(), 16 + std::mem::size_of::<Vec<PackedAnswer>>());
    }

    #[test]
    fn every_answer_comes_back_as_it_was() {
        let soa = || Some(Soa::new(zone(), minutes(5)));
        let codes =
            |codes: &[[u8; 4]]| Answer::records(codes.iter().map(|code| Record::A(Ipv4Addr::from(*code))), minutes(5));
        let mut answers = vec![
            Answer::nx_domain(soa()),
            Answer::no_data(soa()),
            codes(&[[127, 0, 0, 2]]),
            codes(&[[127, 0, 0, 2], [127, 0, 1, 255]]),
            codes(&[[127, 1, 0, 1], [127, 0, 0, 1], [203, 0, 113, 9], [127, 255, 255, 254]]),
            Answer::failed(Failure::Rcode(0)),
            Answer::failed(Failure::Rcode(4_095)),
        ];
        answers.extend(FAILURES.map(Answer::failed));
        let mut record = SubjectRecord::default();
        for (value, answer) in (1..).zip(&answers) {
            record.put(number(value), answer, minutes(5), Tick(0));
        }
        for (value, answer) in (1..).zip(&answers) {
            assert_eq!(record.answer(number(value), &zone(), Tick(0)).as_ref(), Some(answer));
        }
        assert_eq!(record.answer(number(99), &zone(), Tick(0)), None);
    }

    #[test]
    fn each_answer_expires_at_its_own_time() {
        let no = Answer::nx_domain(None);
        let mut record = SubjectRecord::default();
        record.put(number(2), &no, minutes(1), Tick(0));
        record.put(number(1), &no, minutes(3), Tick(30 * SECOND));
        let holds = |value, second: u32| record.answer(number(value), &zone(), Tick(second * SECOND)).is_some();
        assert!(holds(2, 59) && !holds(2, 60));
        assert!(holds(1, 209) && !holds(1, 210));
        let negative = |numbers: &[u16], second: u32| {
            let until = record.all_negative_until(numbers.iter().copied(), Tick(second * SECOND));
            until.map(|until| until.0 / SECOND)
        };
        assert_eq!(negative(&[1, 2], 59), Some(60));
        assert_eq!(negative(&[1, 2], 60), None);
        assert_eq!(negative(&[1], 60), Some(210));
        assert_eq!(negative(&[1, 3], 0), None, "zone 3 has not answered");
        record.put(number(3), &no, minutes(1), Tick(100 * SECOND));
        assert_eq!(record.answers.len(), 2, "expired answers are dropped");
    }

    #[test]
    fn a_listing_or_a_failure_is_not_negative() {
        for answer in [
            Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], minutes(1)),
            Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 0))], minutes(1)),
            Answer::records([Record::A(Ipv4Addr::new(0, 0, 0, 0))], minutes(1)),
            Answer::failed(Failure::Timeout),
        ] {
            let mut record = SubjectRecord::default();
            record.put(number(1), &answer, minutes(1), Tick(0));
            assert_eq!(record.all_negative_until([1].into_iter(), Tick(0)), None, "{answer}");
        }
    }

    #[test]
    fn a_long_lifetime_is_cut() {
        let mut record = SubjectRecord::default();
        record.put(number(1), &Answer::nx_domain(None), minutes(24 * 60), Tick(0));
        assert!(record.answer(number(1), &zone(), Tick(4 * 3_600 * SECOND)).is_some());
        assert!(record.answer(number(1), &zone(), Tick(5 * 3_600 * SECOND)).is_none());
    }

    /// Answers added at different times stay unchanged, each until its own expiry.
    #[test]
    fn the_time_of_insertion_does_not_matter() {
        let no = Answer::nx_domain(None);
        for step in [0, 1, 50, 4_000, 30_000, 65_000, 70_000] {
            let mut record = SubjectRecord::default();
            let order = [5, 3, 9, 1, 7];
            for (index, value) in (0..).zip(order) {
                record.put(number(value), &no, minutes(240), Tick(index * step));
            }
            for (index, value) in (0..).zip(order) {
                let end = index * step + 240 * 60 * SECOND;
                let last = 4 * step;
                let holds = |tick: u32| record.answer(number(value), &zone(), Tick(tick)).is_some();
                assert_eq!((holds(end), end <= last || holds(end - 1)), (false, true), "{step} {value}");
            }
        }
    }

    #[test]
    fn a_new_answer_replaces_the_old_one() {
        let mut record = SubjectRecord::default();
        record.put(number(1), &Answer::nx_domain(None), minutes(1), Tick(0));
        let codes = Answer::records([2, 3].map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last))), minutes(1));
        record.put(number(1), &codes, minutes(1), Tick(0));
        assert_eq!(record.answer(number(1), &zone(), Tick(0)), Some(codes));
        assert_eq!(record.answers.len(), 2);
    }

    #[test]
    fn our_own_verdicts_are_kept_apart() {
        let mut record = SubjectRecord::default();
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, minutes(1), Tick(0));
        record.put(number(1), &Answer::nx_domain(None), minutes(1), Tick(0));
        assert_eq!(record.verdict(ZoneNumber::OWN_VERDICT, Tick(0)), Some(7));
        assert_eq!(record.verdict(ZoneNumber::OWN_VERDICT, Tick(60 * SECOND)), None);
        assert!(record.all_negative_until([1].into_iter(), Tick(0)).is_some());
    }
}
