//! What the answers of all lists about one subject come to. Most clients are on no list, so this decides most checks.

use crate::engine::cache::packed::{NO_DATA, PackedAnswer, SubjectRecord};
use crate::engine::cache::tick::Tick;
use crate::engine::cache::zone_numbers::{Edition, ZoneNumber};

impl SubjectRecord {
    /// Our own verdict, if all zones of this edition answered "not listed". `numbers` are theirs and are read only if no such
    /// conclusion is kept.
    pub(crate) fn conclude(
        &mut self,
        edition: Edition,
        numbers: impl ExactSizeIterator<Item = u16>,
        now: Tick,
    ) -> Option<u16> {
        if self.conclusion >> 16 == edition.0 && self.until > now {
            return Some((self.conclusion & 0xffff) as u16);
        }
        let negative = self.all_negative_until(numbers, now)?;
        let own = *self.of_zone(ZoneNumber::OWN_VERDICT).first()?;
        self.left(own, now)?;
        self.until = negative.min(Tick(self.expiry(own)));
        self.conclusion = edition.0 << 16 | u64::from(own.payload);
        Some(own.payload)
    }

    /// If all of these zones answered "not listed", when the first of these answers expires. `numbers` must ascend; number 0 is
    /// reserved and never matches.
    pub(super) fn all_negative_until(
        &self,
        mut numbers: impl ExactSizeIterator<Item = u16>,
        now: Tick,
    ) -> Option<Tick> {
        let passed = u16::try_from(now.0.checked_sub(self.base.0)?).ok()?;
        let mut answers = match self.answers.as_slice() {
            [own, rest @ ..] if own.number() == ZoneNumber::OWN_VERDICT.value() => rest,
            answers => answers,
        };
        let earlier = |until: u16, answer: &PackedAnswer, number: u16| {
            let holds = (answer.zone == number << 2) & (answer.payload <= NO_DATA) & (answer.expires > passed);
            holds.then_some(until.min(answer.expires))
        };
        let until = if answers.len() == numbers.len() {
            // The common case: exactly these zones were asked about the client.
            answers.iter().zip(numbers).try_fold(u16::MAX, |until, (answer, number)| earlier(until, answer, number))
        } else {
            numbers.try_fold(u16::MAX, |until, number| {
                let place = answers.partition_point(|answer| answer.number() < number);
                answers = answers.get(place..).unwrap_or_default();
                earlier(until, answers.first()?, number)
            })
        };
        Some(Tick(self.base.0.saturating_add(until?.into())))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::dns::{Answer, Record};

    const SECOND: u32 = Tick::PER_SECOND;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn the_same_verdict_again_changes_nothing() {
        let mut record = SubjectRecord::default();
        let conclude = |record: &mut SubjectRecord, numbers: &[u16], now| {
            record.conclude(Edition(1), numbers.iter().copied(), Tick(now))
        };
        record.put(ZoneNumber::test(1), &Answer::nx_domain(None), minutes(9), Tick(0));
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, minutes(2), Tick(0));
        assert_eq!(conclude(&mut record, &[1], 0), Some(7));
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, Duration::from_secs(118), Tick(5));
        assert_eq!(conclude(&mut record, &[2], 2 * 60 * SECOND - 1), Some(7), "the conclusion is kept");
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, minutes(1), Tick(5));
        assert_eq!(conclude(&mut record, &[2], 5), None, "another lifetime");
        assert_eq!(conclude(&mut record, &[1], 60 * SECOND + 5), None);
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, minutes(3), Tick(5));
        assert_eq!(conclude(&mut record, &[1], 60 * SECOND + 5), Some(7));
        record.put_verdict(ZoneNumber::OWN_VERDICT, 8, minutes(3), Tick(5));
        assert_eq!(conclude(&mut record, &[1], 5), Some(8));
    }

    /// It ends with the first answer it rests on, with any change, and is no other edition's.
    #[test]
    fn a_conclusion_is_kept() {
        let no = Answer::nx_domain(None);
        let mut record = SubjectRecord::default();
        record.put(ZoneNumber::test(1), &no, minutes(3), Tick(0));
        record.put(ZoneNumber::test(2), &no, minutes(2), Tick(0));
        let conclude = |record: &mut SubjectRecord, edition, numbers: &[u16], minute: u32| {
            record.conclude(Edition(edition), numbers.iter().copied(), Tick(minute * 60 * SECOND))
        };
        assert_eq!(conclude(&mut record, 1, &[1, 2], 0), None, "no verdict of our own");
        record.put_verdict(ZoneNumber::OWN_VERDICT, 7, minutes(4), Tick(0));
        assert_eq!(conclude(&mut record, 1, &[1, 2], 0), Some(7));
        assert_eq!(conclude(&mut record, 1, &[], 1), Some(7), "the numbers are not read again");
        assert_eq!(conclude(&mut record, 2, &[1, 3], 1), None, "zone 3 has not answered");
        assert_eq!(conclude(&mut record, 1, &[1, 2], 2), None);
        assert_eq!(conclude(&mut record, 3, &[1], 2), Some(7));
        assert_eq!(conclude(&mut record, 3, &[1], 3), None);
        record.put(ZoneNumber::test(1), &no, minutes(9), Tick(0));
        assert_eq!(conclude(&mut record, 3, &[1], 3), Some(7));
        assert_eq!(conclude(&mut record, 3, &[1], 4), None, "our own verdict has expired");
        record.put_verdict(ZoneNumber::OWN_VERDICT, 8, minutes(9), Tick(0));
        assert_eq!(conclude(&mut record, 3, &[1], 4), Some(8));
        record.put(
            ZoneNumber::test(1),
            &Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], minutes(9)),
            minutes(9),
            Tick(0),
        );
        assert_eq!(conclude(&mut record, 3, &[1], 4), None, "it is listed now");
    }
}
