//! Encodes questions, and decides whether a datagram is the response to one. No I/O.

use hickory_proto::rr;

use crate::base::name::Name;
use crate::dns::{Failure, RecordType};
use crate::resolve::wire::classify::failure_of;
use crate::resolve::wire::rdata::kind_to_wire;

/// The largest response, in octets, that is not fragmented on any usual path (RFC 9715 §3.2 and the DNS flag day of 2020).
pub(in crate::resolve) const MAX_PAYLOAD: usize = 1_232;
/// Octets of a message header (RFC 1035 §4.1.1).
pub(in crate::resolve) const HEADER: usize = 12;
/// RD (RFC 1035 §4.1.1) and AD (RFC 6840 §5.7: asks for the AD bit without the DNSSEC records).
const ASKING: [u8; 2] = [0x01, 0x20];
/// The OPT record that ends a question (RFC 6891 §6.1.2): root, type 41, [`MAX_PAYLOAD`], nothing else.
const OPT: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];
/// Octets reserved for a buffer: enough for the usual negative answer, which later replaces the question there.
const USUAL_ANSWER: usize = 192;

/// Does a question have an OPT record?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edns {
    Yes,
    /// The server does not understand it.
    No,
}

/// The name to ask for.
#[derive(Clone, Copy)]
pub(crate) enum AskedName<'a> {
    /// The name of the question.
    Name(&'a Name),
    /// The end of a CNAME chain.
    Wire(&'a rr::Name),
}

/// Writes the question into an empty buffer.
pub(in crate::resolve) fn encode(octets: &mut Vec<u8>, id: u16, asked: AskedName<'_>, kind: RecordType, edns: Edns) {
    octets.reserve(USUAL_ANSWER);
    let ([high, low], [flags, more]) = (id.to_be_bytes(), ASKING);
    octets.extend_from_slice(&[high, low, flags, more, 0, 1, 0, 0, 0, 0, 0, u8::from(edns == Edns::Yes)]);
    match asked {
        AskedName::Name(name) => push_text(octets, name.expose()),
        AskedName::Wire(name) => {
            name.iter().for_each(|label| push_label(octets, label));
            octets.push(0);
        }
    }
    let [high, low] = u16::from(kind_to_wire(kind)).to_be_bytes();
    octets.extend_from_slice(&[high, low, 0, 1]);
    if edns == Edns::Yes {
        octets.extend_from_slice(&OPT);
    }
}

/// The end of the question section in a message that [`encode`] wrote.
pub(in crate::resolve) fn end_of_question(octets: &[u8]) -> usize {
    let additional = octets.get(HEADER - 1).copied().unwrap_or_default();
    octets.len().saturating_sub(if additional == 0 { 0 } else { OPT.len() })
}

/// The question in a buffer of its own.
pub(in crate::resolve) fn encoded(id: u16, asked: AskedName<'_>, kind: RecordType, edns: Edns) -> Vec<u8> {
    let mut octets = Vec::new();
    encode(&mut octets, id, asked, kind, edns);
    octets
}

/// Writes a name given as text with a trailing dot and without escapes. In text a dot ends each label; on the wire a length begins
/// it. So the text moves by one octet, and each dot becomes the length of the label after it; the last dot becomes the root.
fn push_text(octets: &mut Vec<u8>, text: &str) {
    if text == "." {
        return octets.push(0);
    }
    let start = octets.len();
    octets.push(b'.');
    octets.extend_from_slice(text.as_bytes());
    let mut length = 0;
    for octet in octets.get_mut(start..).unwrap_or_default().iter_mut().rev() {
        if *octet == b'.' {
            *octet = std::mem::take(&mut length);
        } else {
            length += 1; // at most 63
        }
    }
}

fn push_label(octets: &mut Vec<u8>, label: &[u8]) {
    // A label has at most 63 octets.
    octets.push(u8::try_from(label.len()).unwrap_or_default());
    octets.extend_from_slice(label);
}

/// The relation of a datagram to the question with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolve) enum Match {
    /// The response to it.
    Ours,
    /// The response to it, with letters in another case.
    OtherCase,
    /// A bare response code, or octets that are not a message.
    Failed(Failure),
    /// The response to another question: forged, or meant for another socket.
    Foreign,
}

/// Compares a datagram with the question that was sent under the same id.
pub(in crate::resolve) fn compare(datagram: &[u8], sent: &[u8]) -> Match {
    let question = sent.get(HEADER..end_of_question(sent)).unwrap_or_default();
    let Some(&[_, _, flags, code, many, count, ..]) = datagram.first_chunk::<HEADER>() else {
        return Match::Failed(Failure::Malformed);
    };
    // QR, and the opcode of a query.
    if flags & 0xf8 != 0x80 {
        return Match::Failed(Failure::Malformed);
    }
    match (many, count) {
        // RFC 5452 §9.1: a response must repeat the question.
        (0, 1) => match datagram.get(HEADER..HEADER + question.len()) {
            Some(echo) if echo == question => Match::Ours,
            // RFC 4343: names are compared without regard to case. The length, type and class octets of a question are never letters.
            Some(echo) if echo.eq_ignore_ascii_case(question) => Match::OtherCase,
            _ if holds_question(datagram) => Match::Foreign,
            _ => Match::Failed(Failure::Malformed),
        },
        // Some servers send an error with the header alone, or with the header and an OPT record.
        (0, 0) if datagram.len() <= HEADER + OPT.len() => match code & 0x0f {
            0 => Match::Foreign,
            // Accept FORMERR and NOTIMP: without an OPT record they say that the server does not know OPT records.
            1 | 4 => Match::Ours,
            // NXDOMAIN without a question does not say which name.
            3 => Match::Failed(Failure::Malformed),
            code => Match::Failed(failure_of(code.into())),
        },
        _ => Match::Foreign,
    }
}

/// Does the datagram have a readable question?
fn holds_question(datagram: &[u8]) -> bool {
    let mut at = HEADER;
    while let Some(&length) = datagram.get(at) {
        at += 1 + usize::from(length);
        match length {
            0 => return datagram.len() >= at + 4,
            1..=63 => {}
            _ => return false,
        }
    }
    false
}

/// Was it cut (RFC 1035 §4.1.1, TC)?
pub(in crate::resolve) fn is_truncated(response: &[u8]) -> bool {
    response.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Message;

    fn question(text: &str) -> Vec<u8> {
        encoded(7, AskedName::Name(&Name::parse(text).unwrap()), RecordType::A, Edns::Yes)
    }

    #[test]
    fn a_question_without_opt_record_is_a_message_too() {
        let name = Name::parse("abc.bl.test").unwrap();
        let sent = encoded(7, AskedName::Name(&name), RecordType::A, Edns::No);
        let message = Message::from_vec(&sent).unwrap();
        assert!(message.edns.is_none() && message.recursion_desired && message.authentic_data);
        let mut response = sent.clone();
        response[2] |= 0x80;
        assert_eq!(compare(&response, &sent), Match::Ours);
        response[14] = b'x';
        assert_eq!(compare(&response, &sent), Match::Foreign);
    }

    fn response(text: &str) -> Vec<u8> {
        let mut octets = question(text);
        octets[2] |= 0x80;
        octets
    }

    #[test]
    fn questions_are_messages() {
        for text in ["x.bl.test", ".", "1/25.2.0.192.in-addr.arpa"] {
            let message = Message::from_vec(&question(text)).unwrap();
            assert_eq!(message.queries[0].name().to_ascii().replace('\\', ""), Name::parse(text).unwrap().expose());
            assert!(message.recursion_desired && message.authentic_data);
            assert_eq!(message.edns.as_ref().map(hickory_proto::op::Edns::max_payload), Some(1232));
        }
    }

    #[test]
    fn only_the_same_question_is_ours() {
        let sent = question("x.bl.test");
        let compared = |datagram: &[u8]| compare(datagram, &sent);
        assert_eq!(compared(&response("x.bl.test")), Match::Ours);
        assert_eq!(compared(&response("y.bl.test")), Match::Foreign);
        assert_eq!(compared(&response("xx.bl.test")), Match::Foreign);
        let mut other = response("x.bl.test");
        other[13] = b'X';
        assert_eq!(compared(&other), Match::OtherCase);
        let mut kind = response("x.bl.test");
        kind[24] = 28;
        assert_eq!(compared(&kind), Match::Foreign);
        assert_eq!(compared(&sent), Match::Failed(Failure::Malformed), "QR");
        for cut in 0..sent.len() - OPT.len() {
            assert_eq!(compared(&response("x.bl.test")[..cut]), Match::Failed(Failure::Malformed), "{cut}");
        }
        let bare = |code| [0, 7, 0x81, code, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(compared(&bare(5)), Match::Failed(Failure::Refused));
        assert_eq!(compared(&bare(3)), Match::Failed(Failure::Malformed));
        assert_eq!(compared(&bare(0)), Match::Foreign);
        assert_eq!((compared(&bare(1)), compared(&bare(4))), (Match::Ours, Match::Ours));
    }
}
