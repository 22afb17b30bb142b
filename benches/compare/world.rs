//! The DNS world that the responder serves: who is listed where follows from a rule, so that every answer can be checked.
//!
//! | name | answer |
//! |---|---|
//! | `bl00.test` to `bl11.test`, under each a reversed address | one address of 50 is listed, with TXT; 127.0.0.2 always, other 127.0.0.0/8 never |
//! | a reversed address under `in-addr.arpa` | PTR `hA-B-C-D.hosts.test`, whose A is that address |
//! | `sN.mail.test` | MX `mx.sN.mail.test`; both have an A |
//! | anything else | NXDOMAIN, with SOA |

use std::net::Ipv4Addr;

pub(crate) const LISTS: usize = 12;
/// Questions of a clean client: the lists, PTR and its address, MX and its address.
pub(crate) const QUESTIONS: usize = LISTS + 4;
/// The list that is silent where one is.
pub(crate) const SILENT: usize = 11;

/// A client; no two of the first 16 million are the same, and none is of a special-purpose network.
pub(crate) fn client(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x1400_0000 | (number.wrapping_mul(0x009e_3779) & 0x00ff_ffff))
}

pub(crate) fn zone(list: usize) -> String {
    format!("bl{list:02}.test")
}

/// What the lists say about this client: one bit each.
pub(crate) fn listed(client: Ipv4Addr) -> u16 {
    (0..LISTS).filter(|list| is_listed(client, *list)).fold(0, |all, list| all | 1 << list)
}

/// A client that every list holds.
pub(crate) fn client_on_all_lists(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x1500_0000 | (number & 0x00ff_ffff))
}

pub(crate) fn is_listed(client: Ipv4Addr, list: usize) -> bool {
    if client.octets()[0] == 0x15 {
        return true;
    }
    if client.is_loopback() {
        return client == Ipv4Addr::new(127, 0, 0, 2);
    }
    mixed(u64::from(u32::from(client)) << 8 | list as u64).is_multiple_of(50)
}

/// Evenly spread, and the same for the same number.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The questions of one check by name and type, in no order that matters.
pub(crate) fn questions(number: u32) -> [(String, u16); QUESTIONS] {
    let [a, b, c, d] = client(number).octets();
    std::array::from_fn(|at| match at {
        list if list < LISTS => (format!("{d}.{c}.{b}.{a}.{}", zone(list)), A),
        12 => (format!("{d}.{c}.{b}.{a}.in-addr.arpa"), PTR),
        13 => (format!("h{a}-{b}-{c}-{d}.hosts.test"), A),
        14 => (format!("s{number}.mail.test"), MX),
        _ => (format!("mx.s{number}.mail.test"), A),
    })
}

/// A question as it goes over the wire.
pub(crate) fn octets(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut octets = id.to_be_bytes().to_vec();
    octets.extend_from_slice(&[1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1]);
    labels(&mut octets, name);
    octets.extend_from_slice(&kind.to_be_bytes());
    octets.extend_from_slice(&[0, 1]);
    octets.extend_from_slice(&OPT);
    octets
}

pub(crate) const A: u16 = 1;
pub(crate) const PTR: u16 = 12;
pub(crate) const MX: u16 = 15;
const SOA: u16 = 6;
const TXT: u16 = 16;
/// EDNS, 1232 octets.
const OPT: [u8; 11] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];

/// The result of a question.
pub(crate) enum Said {
    /// The answer has been written.
    Answer,
    /// A question to the silent list, if there is one; the answer has been written anyway.
    OfSilent,
    /// No question at all.
    Nothing,
}

/// A name as labels, with where each begins.
struct Asked<'a> {
    message: &'a [u8],
    starts: [u8; 16],
    count: usize,
    kind: u16,
}

impl<'a> Asked<'a> {
    fn read(message: &'a [u8]) -> Option<(Self, usize)> {
        let (mut at, mut count, mut starts) = (12, 0, [0; 16]);
        loop {
            match *message.get(at)? {
                0 => break,
                length => {
                    *starts.get_mut(count)? = at as u8;
                    count += 1;
                    at += 1 + usize::from(length);
                }
            }
        }
        let kind = u16::from_be_bytes([*message.get(at + 1)?, *message.get(at + 2)?]);
        message.get(at + 4)?;
        Some((Self { message, starts, count, kind }, at + 5))
    }

    fn label(&self, at: usize) -> &'a [u8] {
        let start = usize::from(self.starts[at]);
        &self.message[start + 1..][..usize::from(self.message[start])]
    }

    fn ends(&self, second: &[u8], last: &[u8]) -> bool {
        self.count >= 2
            && self.label(self.count - 1).eq_ignore_ascii_case(last)
            && self.label(self.count - 2).eq_ignore_ascii_case(second)
    }

    /// The address whose octets are the first four labels, last one first.
    fn reversed(&self) -> Option<Ipv4Addr> {
        let [d, c, b, a] = [0, 1, 2, 3].map(|at| number(self.label(at)));
        Some(Ipv4Addr::new(a?, b?, c?, d?))
    }

    /// The list asked about.
    fn list(&self) -> Option<usize> {
        if self.count < 2 || !self.label(self.count - 1).eq_ignore_ascii_case(b"test") {
            return None;
        }
        let [b'b' | b'B', b'l' | b'L', digits @ ..] = self.label(self.count - 2) else { return None };
        number(digits).map(usize::from).filter(|list| digits.len() == 2 && *list < LISTS)
    }
}

fn number(digits: &[u8]) -> Option<u8> {
    (!digits.is_empty() && digits.len() <= 3).then_some(())?;
    let value = digits
        .iter()
        .try_fold(0_u16, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0')))?;
    u8::try_from(value).ok()
}

/// The data of one record, or a no.
enum Data {
    Record(Vec<u8>),
    Nothing,
    NoName,
}

/// Writes the answer to a question.
pub(crate) fn answer(message: &[u8], answer: &mut Vec<u8>) -> Said {
    answer.clear();
    let Some((asked, end)) = Asked::read(message) else { return Said::Nothing };
    let (data, zone) = data(&asked);
    answer.extend_from_slice(&message[..end]);
    let (code, answers) = match data {
        Data::Record(_) => (0x80, 1),
        Data::Nothing => (0x80, 0),
        Data::NoName => (0x83, 0),
    };
    let edns = message[11].min(1);
    answer[2..12].copy_from_slice(&[0x81, code, 0, 1, 0, answers, 0, 1 - answers, 0, edns]);
    if let Data::Record(data) = data {
        record(answer, 12, asked.kind, &data);
    } else {
        let mut soa = vec![2, b'n', b's', 0xc0, zone, 4, b'r', b'o', b'o', b't', 0xc0, zone];
        soa.extend([1_u32, 3_600, 600, 86_400, TTL].map(u32::to_be_bytes).as_flattened());
        record(answer, zone, SOA, &soa);
    }
    if edns == 1 {
        answer.extend_from_slice(&OPT);
    }
    if asked.list() == Some(SILENT) { Said::OfSilent } else { Said::Answer }
}

/// The answer's data, and where the name of the zone begins.
fn data(asked: &Asked<'_>) -> (Data, u8) {
    let zone = asked.count.checked_sub(2).map_or(12, |at| asked.starts[at]);
    let only = |kind: u16, data: Vec<u8>| if asked.kind == kind { Data::Record(data) } else { Data::Nothing };
    let data = if let Some(list) = asked.list() {
        match (asked.count, asked.kind) {
            (2, _) => Data::Nothing,
            (6, kind) if asked.reversed().is_some_and(|client| is_listed(client, list)) => match kind {
                A => Data::Record(vec![127, 0, 0, 2]),
                TXT => Data::Record([&[39][..], b"Listed, see https://bl.test/?ip=example"].concat()),
                _ => Data::Nothing,
            },
            _ => Data::NoName,
        }
    } else if asked.ends(b"in-addr", b"arpa") {
        match (asked.count == 6).then(|| asked.reversed()).flatten() {
            Some(client) => {
                let [a, b, c, d] = client.octets();
                let mut name = Vec::with_capacity(40);
                labels(&mut name, &format!("h{a}-{b}-{c}-{d}.hosts.test"));
                only(PTR, name)
            }
            None => Data::NoName,
        }
    } else if asked.ends(b"hosts", b"test") && asked.count == 3 {
        let octets: Vec<u8> = asked.label(0)[1..].split(|octet| *octet == b'-').filter_map(number).collect();
        if octets.len() == 4 { only(A, octets) } else { Data::NoName }
    } else if asked.ends(b"mail", b"test") && (3..=4).contains(&asked.count) {
        match asked.kind {
            A => Data::Record(vec![20, 255, 0, 1]),
            MX if asked.count == 3 => Data::Record(vec![0, 10, 2, b'm', b'x', 0xc0, 12]),
            _ => Data::Nothing,
        }
    } else {
        Data::NoName
    };
    (data, zone)
}

/// How long answers are good for: longer than a section takes.
const TTL: u32 = 3_600;

fn record(message: &mut Vec<u8>, owner: u8, kind: u16, data: &[u8]) {
    message.extend_from_slice(&[0xc0, owner]);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message.extend_from_slice(&TTL.to_be_bytes());
    message.extend_from_slice(&(data.len() as u16).to_be_bytes());
    message.extend_from_slice(data);
}

fn labels(octets: &mut Vec<u8>, name: &str) {
    for label in name.split('.') {
        octets.push(label.len() as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
}
