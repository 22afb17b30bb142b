//! Records and responses on the wire.

use std::net::Ipv4Addr;

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_proto::rr::{Name as WireName, RData, Record as WireRecord};

use crate::kit::raw::{Seen, reply};

pub(super) fn wire(text: &str) -> WireName {
    WireName::from_ascii(text).unwrap()
}

pub(super) fn a(owner: &str, ttl: u32, last: u8) -> WireRecord {
    WireRecord::from_rdata(wire(owner), ttl, RData::A(A(Ipv4Addr::new(127, 0, 0, last))))
}

pub(super) fn cname(owner: &str, ttl: u32, target: &str) -> WireRecord {
    WireRecord::from_rdata(wire(owner), ttl, RData::CNAME(CNAME(wire(target))))
}

pub(super) fn soa_record(owner: &str, ttl: u32, minimum: u32) -> WireRecord {
    let data = SOA::new(wire("ns.bl.test."), wire("root.bl.test."), 1, 2, 3, 4, minimum);
    WireRecord::from_rdata(wire(owner), ttl, RData::SOA(data))
}

pub(super) fn ns(owner: &str) -> WireRecord {
    WireRecord::from_rdata(wire(owner), 60, RData::NS(NS(wire("ns.test."))))
}

/// The reply with this code.
pub(super) fn coded(query: &Seen, code: u16) -> Message {
    let mut message = reply(query);
    message.metadata.response_code = ResponseCode::from((code >> 4) as u8, (code & 15) as u8);
    if code > 15 {
        let mut edns = Edns::new();
        edns.set_rcode_high((code >> 4) as u8);
        message.set_edns(edns);
    }
    message
}

/// The reply with these answers.
pub(super) fn with(query: &Seen, answers: impl IntoIterator<Item = WireRecord>) -> Message {
    let mut message = reply(query);
    message.add_answers(answers);
    message
}

/// The reply with an extended DNS error option of these octets.
pub(super) fn with_option(mut message: Message, data: &[u8]) -> Message {
    let mut edns = Edns::new();
    edns.options_mut().insert(EdnsOption::Unknown(15, data.to_vec()));
    message.set_edns(edns);
    message
}

/// `count` links from `owner`, each a name of its own.
pub(super) fn links(owner: &str, count: usize) -> Vec<WireRecord> {
    let at = |number: usize| if number == 0 { owner.to_owned() } else { format!("l{number}.bl.test.") };
    (0..count).map(|number| cname(&at(number), 60, &at(number + 1))).collect()
}
