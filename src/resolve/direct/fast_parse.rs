//! A fast parser for the most common answers: addresses, names of hosts (PTR, MX), and negative answers with one SOA record or
//! none. It leaves everything else to the full parser. Where it returns an answer, that answer is the same as the full parser's; the tests compare them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::base::name::Name;
use crate::dns::{Answer, Failure, Question, Record, RecordType, Soa, Target, ttl_from_wire};
use crate::resolve::wire::codec::{HEADER, is_truncated};

/// An answer with more records is left to the full parser.
const MOST_RECORDS: u8 = 16;
/// A longer name, in octets, is left to the full parser: it may exceed the limit of 255.
const LONG: usize = 250;
const CLASS_IN: u16 = 1;
const TYPE_SOA: u16 = 6;
const TYPE_OPT: u8 = 41;
/// A compression pointer to the question's name (RFC 1035 §4.1.4).
const THE_NAME_ASKED: u16 = 0xc000 | HEADER as u16;

/// The answer, if the response to this very question is of a usual kind.
pub(super) fn read(response: &[u8], question: &Question) -> Option<Answer> {
    if is_truncated(response) || question.name.is_root() {
        return None;
    }
    let mut octets = Octets { all: response, at: 0 };
    let [_, _, _, flags, 0, 1, 0, answers, 0, authorities, 0, additionals] = octets.take::<HEADER>()? else {
        return None;
    };
    // Goes past the question. Text has a dot after each label where the wire has a length before it; then root, type and class.
    octets.at += question.name.expose().len() + 1 + 4;
    let answer = match (flags & 0x0f, answers, authorities) {
        (0, 1..=MOST_RECORDS, 0) => records(&mut octets, question, answers)?,
        (0, 0, 0..=1) => Answer::no_data(soa(&mut octets, question, authorities)?), // RFC 2308 §2.2
        (3, 0, 0..=1) => Answer::nx_domain(soa(&mut octets, question, authorities)?), // RFC 2308 §2.1
        (2, 0, 0) => Answer::failed(Failure::ServFail),
        _ => return None,
    };
    match additionals {
        0 => {}
        1 => opt(&mut octets)?,
        _ => return None,
    }
    if octets.at != response.len() {
        return None;
    }
    Some(if flags & 0x20 != 0 { answer.with_authenticated() } else { answer })
}

/// Records of the asked type at the name asked. `None` if there is any other record.
fn records(octets: &mut Octets<'_>, question: &Question, many: u8) -> Option<Answer> {
    let (record, mut ttl) = record(octets, question)?;
    if many == 1 {
        return Some(Answer::records([record], ttl));
    }
    let mut records = vec![record];
    for _ in 1..many {
        let (record, its_ttl) = self::record(octets, question)?;
        records.push(record);
        ttl = ttl.min(its_ttl);
    }
    Some(Answer::records(records, ttl))
}

/// One of them, with its TTL.
fn record(octets: &mut Octets<'_>, question: &Question) -> Option<(Record, Duration)> {
    if octets.number()? != THE_NAME_ASKED {
        return None;
    }
    let (found, class) = (octets.number()?, octets.number()?);
    let ttl = octets.ttl()?;
    let length = octets.number()?;
    let end = octets.at + usize::from(length);
    let record = match (question.record_type, found, class, length) {
        (RecordType::A, 1, CLASS_IN, 4) => Record::A(Ipv4Addr::from(octets.take::<4>()?)),
        (RecordType::Aaaa, 28, CLASS_IN, 16) => Record::Aaaa(Ipv6Addr::from(octets.take::<16>()?)),
        (RecordType::Ptr, 12, CLASS_IN, _) => Record::Ptr(octets.host(question)?),
        (RecordType::Mx, 15, CLASS_IN, _) => {
            Record::Mx { preference: octets.number()?, exchange: octets.host(question)? }
        }
        _ => return None,
    };
    (octets.at == end).then_some((record, ttl))
}

/// The SOA record of a negative answer, whose owner is the name asked or a parent of it.
fn soa(octets: &mut Octets<'_>, question: &Question, many: u8) -> Option<Option<Soa>> {
    if many == 0 {
        return Some(None);
    }
    let owner = owner(octets, question)?;
    if (octets.number()?, octets.number()?) != (TYPE_SOA, CLASS_IN) {
        return None;
    }
    let ttl = octets.ttl()?;
    let length = usize::from(octets.number()?);
    let end = octets.at + length;
    octets.skip_name()?;
    octets.skip_name()?;
    octets.take::<16>()?; // serial, refresh, retry, expire
    let minimum = octets.ttl()?;
    // RFC 2308 §5: the smaller of the record's TTL and its MINIMUM.
    (octets.at == end).then(|| Some(Soa::new(owner, ttl.min(minimum))))
}

/// A name written as a compression pointer into the question.
fn owner(octets: &mut Octets<'_>, question: &Question) -> Option<Name> {
    let pointer = octets.number()?;
    let from = usize::from(pointer & 0x3fff).checked_sub(HEADER)?;
    let name = (pointer >= 0xc000).then(|| question.name.ending(from)).flatten()?;
    match question.name.secret() {
        None => Some(name),
        Some(secret) => name.hiding(secret),
    }
}

/// An OPT record without an extended response code and without options (RFC 6891 §6.1.2).
fn opt(octets: &mut Octets<'_>) -> Option<()> {
    let [0, 0, TYPE_OPT, _, _, 0, _, _, _, 0, 0] = octets.take()? else { return None };
    Some(())
}

/// A message, read from left to right.
struct Octets<'a> {
    all: &'a [u8],
    at: usize,
}

impl Octets<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.all.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn ttl(&mut self) -> Option<Duration> {
        self.take().map(u32::from_be_bytes).map(ttl_from_wire)
    }

    /// Goes past a name; `None` if it may be malformed.
    fn skip_name(&mut self) -> Option<()> {
        self.name(|_| Some(()))
    }

    /// The name of a host: letters, digits, `-` and `_`. `None` for any other name, and if a key has to be hidden.
    fn host(&mut self, question: &Question) -> Option<Target> {
        if question.name.secret().is_some() {
            return None;
        }
        // Most names fit.
        let mut text = String::with_capacity(64);
        self.name(|label| {
            let is_usual = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
            let label = std::str::from_utf8(label).ok().filter(|label| label.bytes().all(|octet| is_usual(&octet)))?;
            text.extend([label, "."]);
            Some(())
        })?;
        Name::parse(&text).ok().map(Target::Name)
    }

    /// Goes past a name and calls `each` with every label; `None` if the name may be malformed. Each pointer must lead to an
    /// earlier place, whose labels end before the pointer's own name begins. So there is no loop.
    fn name(&mut self, mut each: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
        let (mut at, mut start, mut limit, mut length) = (self.at, self.at, usize::MAX, 0);
        let mut end = None;
        while at < limit {
            let octet = usize::from(*self.all.get(at)?);
            match octet {
                0 => {
                    self.at = end.unwrap_or(at + 1);
                    return Some(());
                }
                1..=63 => {
                    each(self.all.get(at + 1..at + 1 + octet)?)?;
                    at += 1 + octet;
                    length += 1 + octet;
                }
                0xc0.. => {
                    let target = (octet & 0x3f) << 8 | usize::from(*self.all.get(at + 1)?);
                    if target >= start {
                        return None;
                    }
                    end.get_or_insert(at + 2);
                    (limit, start, at) = (start, target, target);
                }
                _ => return None,
            }
            if length > LONG {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::name::Key;
    use crate::resolve::direct::letter_case::shuffle_case;
    use crate::resolve::wire::classify;
    use crate::resolve::wire::codec::{AskedName, Edns, Match, compare, encoded};

    /// A response: flags, counts and what follows the question.
    fn response(question: &Question, flags: [u8; 2], counts: [u8; 3], rest: &[&[u8]]) -> Vec<u8> {
        let mut octets = encoded(7, AskedName::Name(&question.name), question.record_type, Edns::No);
        octets[2..4].copy_from_slice(&flags);
        octets[4..12].copy_from_slice(&[0, 1, 0, counts[0], 0, counts[1], 0, counts[2]]);
        rest.iter().for_each(|part| octets.extend_from_slice(part));
        octets
    }

    const OPT: &[u8] = &[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
    const OPT_EDE: &[u8] = &[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 6, 0, 15, 0, 2, 0, 22];
    const A: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0, 2];
    const A_SOON: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 44, 0, 4, 127, 0, 0, 4];
    const CNAME: &[u8] = &[0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 2, 0xc0, 14];

    /// An SOA record owned by what the pointer points at.
    fn soa_record(pointer: u8, ttl: u8, minimum: u8) -> Vec<u8> {
        let mut record = vec![0xc0, pointer, 0, 6, 0, 1, 0, 0, 0, ttl, 0, 33, 2, b'n', b's', 0xc0, pointer];
        record.extend_from_slice(&[5, b'o', b'w', b'n', b'e', b'r', 0xc0, pointer]);
        record.extend_from_slice(&[0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 0, minimum]);
        record
    }

    fn question(text: &str, kind: RecordType) -> Question {
        Question::new(Name::parse(text).unwrap(), kind)
    }

    fn samples() -> Vec<(Question, Vec<u8>)> {
        let a = question("2.bl.test", RecordType::A);
        let txt = question("2.bl.test", RecordType::Txt);
        let keyed = Name::parse("bl.test").unwrap().with_key(&Key::new("abcd1234").unwrap()).unwrap();
        let keyed = Question::new(Name::parse("2").unwrap().under(&keyed).unwrap(), RecordType::A);
        let zone = soa_record(14, 60, 30);
        let no = [0x81, 0x83];
        let yes = [0x81, 0xa0];
        let ptr = question("2.in-addr.arpa", RecordType::Ptr);
        let mx = question("mail.test", RecordType::Mx);
        let name = |kind: u8, data: &[u8]| {
            let mut record = vec![0xc0, 12, 0, kind, 0, 1, 0, 0, 1, 44, 0, data.len() as u8];
            record.extend_from_slice(data);
            record
        };
        let root = [0, 0, 6, 0, 1, 0, 0, 0, 9, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5];
        vec![
            (a.clone(), response(&a, no, [0, 1, 1], &[&zone, OPT])),
            (a.clone(), response(&a, yes, [0, 1, 0], &[&zone])),
            (a.clone(), response(&a, yes, [0, 0, 1], &[OPT])),
            (a.clone(), response(&a, yes, [2, 0, 1], &[A, A_SOON, OPT])),
            (a.clone(), response(&a, yes, [2, 0, 1], &[CNAME, A, OPT])),
            (a.clone(), response(&a, no, [1, 0, 1], &[A, OPT])),
            (a.clone(), response(&a, [0x81, 0x82], [0, 0, 1], &[OPT_EDE])),
            (a.clone(), response(&a, [0x81, 0x82], [0, 0, 1], &[OPT])),
            (a.clone(), response(&a, no, [0, 1, 0], &[&root])),
            (a.clone(), response(&a, no, [0, 1, 0], &[&soa_record(22, 60, 30)])),
            (txt.clone(), response(&txt, yes, [0, 1, 1], &[&zone, OPT])),
            (txt.clone(), response(&txt, yes, [1, 0, 1], &[A, OPT])),
            (keyed.clone(), response(&keyed, no, [0, 1, 1], &[&soa_record(14, 1, 2), OPT])),
            (keyed.clone(), response(&keyed, no, [0, 1, 1], &[&soa_record(23, 1, 2), OPT])),
            (ptr.clone(), response(&ptr, yes, [1, 0, 1], &[&name(12, b"\x02H1\x04Test\0"), OPT])),
            (
                ptr.clone(),
                response(&ptr, yes, [2, 0, 0], &[&name(12, b"\x02h1\xc0\x0e"), &name(12, b"\x02h0\xc0\x0e")]),
            ),
            (ptr.clone(), response(&ptr, yes, [1, 0, 0], &[&name(12, b"\x03h.1\x04test\0")])),
            (ptr.clone(), response(&ptr, yes, [1, 0, 0], &[&name(12, b"\0")])),
            (
                mx.clone(),
                response(&mx, yes, [2, 0, 1], &[&name(15, b"\0\x0a\x02mx\xc0\x0c"), &name(15, b"\0\x05\xc0\x0c"), OPT]),
            ),
            (mx.clone(), response(&mx, yes, [1, 0, 0], &[&name(15, b"\0\0\0")])),
            (mx.clone(), response(&mx, yes, [1, 0, 0], &[&name(15, b"\0\x0a\x02mx\xc0\x0c\0")])),
        ]
    }

    /// Checks that both parsers agree, if the fast one returns an answer.
    fn agree(response: &[u8], question: &Question) -> bool {
        let Some(quick) = read(response, question) else { return false };
        let sent = encoded(7, AskedName::Name(&question.name), question.record_type, Edns::Yes);
        if response[..2] == sent[..2] && matches!(compare(response, &sent), Match::Ours | Match::OtherCase) {
            let full = match classify::read(response, question, None) {
                classify::Classified::Answer(answer) => Some(answer),
                classify::Classified::Chase(_) => None,
            };
            assert_eq!(Some(quick), full, "{response:?}");
        }
        true
    }

    #[test]
    fn usual_answers_are_read() {
        let read: Vec<bool> = samples().iter().map(|(question, response)| agree(response, question)).collect();
        let [t, f] = [true, false];
        assert_eq!(read, [t, t, t, t, f, f, f, t, f, t, t, f, t, t, t, t, f, f, t, f, f]);
    }

    #[test]
    fn every_change_of_one_octet_and_every_cut() {
        for (question, response) in samples() {
            for at in 0..response.len() {
                for octet in 0..=255 {
                    let mut changed = response.clone();
                    changed[at] = octet;
                    agree(&changed, &question);
                }
                agree(&response[..at], &question);
            }
        }
    }

    #[test]
    fn random_case_changes_nothing() {
        let question = question("2.bl.test", RecordType::A);
        let mut octets = response(&question, [0x81, 0x83], [0, 1, 1], &[&soa_record(14, 60, 30), OPT]);
        let expected = read(&octets, &question);
        let mut name = [octets[..23].to_vec(), vec![0; 19]].concat();
        shuffle_case(&mut name, &[0xa5; 32]);
        octets[..23].copy_from_slice(&name[..23]);
        assert_eq!(read(&octets, &question), expected);
        assert!(agree(&octets, &question));
    }

    proptest::proptest! {
        #[test]
        fn changes_of_many_octets(sample in 0_usize..21, changes in proptest::collection::vec((12_usize..120, 0_u8..=255), 1..6)) {
            let (question, mut response) = samples().swap_remove(sample);
            for (at, octet) in changes {
                if let Some(place) = response.get_mut(at) {
                    *place = octet;
                }
            }
            agree(&response, &question);
        }
    }
}
