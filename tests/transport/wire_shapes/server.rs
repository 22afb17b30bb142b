//! A server with one shape of response for each name.

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::{Edns, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::{A, PTR, TXT};
use hickory_proto::rr::{RData, Record as WireRecord, RecordType as WireType};

use super::messages::{a, cname, coded, links, ns, soa_record, wire, with, with_option};
use crate::kit::raw::{Act, Seen, reply};

/// One behaviour per first label, all under `bl.test`.
pub(super) fn shape(query: &Seen, _before: usize) -> Act {
    let owner = format!("{}.bl.test.", query.label);
    let owner = owner.as_str();
    let mut message = reply(query);
    match query.label.as_str() {
        "" => message = coded(query, 3),
        "listed" => message = with(query, [a(owner, 60, 2)]),
        "upper" => message = with(query, [a("UPPER.bl.TEST.", 60, 2)]),
        "nx" => {
            message = coded(query, 3);
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nxnosoa" => message = coded(query, 3),
        "nxgone" => {
            message = coded(query, 3);
            message.add_authority(soa_record("test.", 30, 60));
        }
        "nodata" => {
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nodatanosoa" => {}
        "nodataforeignsoa" => {
            message.add_authority(soa_record("elsewhere.test.", 300, 60));
        }
        "nodatahugesoa" => {
            message.add_authority(soa_record("bl.test.", 300, 1 << 31));
        }
        "formerr" => message = coded(query, 1),
        "servfail" => message = coded(query, 2),
        "notimp" => message = coded(query, 4),
        "refused" => message = coded(query, 5),
        "notauth" => message = coded(query, 9),
        "rc15" => message = coded(query, 15),
        "badcookie" => message = coded(query, 23),
        "servfaila" => {
            message = coded(query, 2);
            message.add_answer(a(owner, 60, 2));
        }
        "nxa" => {
            message = coded(query, 3);
            message.add_answer(a(owner, 60, 2));
        }
        "cname" => message = with(query, [cname(owner, 20, "Target.test."), a("target.TEST.", 500, 2)]),
        "cnametail" => {
            message = with(query, [a("t.test.", 5, 2), cname("m.test.", 30, "t.test."), cname(owner, 20, "m.test.")])
        }
        "cnamenx" => {
            message = coded(query, 3);
            message.add_answer(cname(owner, 20, "gone.target.test."));
            message.add_authority(soa_record("target.test.", 300, 60));
        }
        "cnamenodata" => {
            message = with(query, [cname(owner, 500, "empty.target.test.")]);
            message.add_authority(soa_record("target.test.", 300, 60));
        }
        "unfinished" => message = with(query, [cname(owner, 20, "listed.bl.test.")]),
        "unfinishednx" => message = with(query, [cname(owner, 20, "nx.bl.test.")]),
        "unfinishedfail" => message = with(query, [cname(owner, 20, "servfail.bl.test.")]),
        "loop" => message = with(query, [cname(owner, 20, owner)]),
        "cycle" => message = with(query, [cname(owner, 20, "other.test."), cname("other.test.", 20, owner)]),
        "ping" => message = with(query, [cname(owner, 20, "pong.bl.test.")]),
        "pong" => message = with(query, [cname(owner, 20, "ping.bl.test.")]),
        "links16" => {
            message = with(query, links(owner, 16));
            message.add_answer(a("l16.bl.test.", 60, 2));
        }
        "links17" => {
            message = with(query, links(owner, 17));
            message.add_answer(a("l17.bl.test.", 60, 2));
        }
        // Always a new name, one link at a time.
        label if label.starts_with('s') && label[1..].parse::<u32>().is_ok() => {
            let next = label[1..].parse::<u32>().unwrap() + 1;
            message = with(query, [cname(owner, 60, &format!("s{next}.bl.test."))]);
        }
        "foreign" => message = with(query, [a("evil.test.", 60, 2)]),
        "mixed" => message = with(query, [a("evil.test.", 1, 9), a(owner, 60, 2)]),
        "othertype" => {
            message = with(query, [WireRecord::from_rdata(wire(owner), 60, RData::TXT(TXT::new(vec!["hi".into()])))]);
        }
        "referral" => {
            message.metadata.recursion_available = false;
            message.add_authority(ns("test."));
        }
        "referralra" | "referralup" | "referraldown" => {
            let zone = match query.label.as_str() {
                "referralra" => "bl.test.",
                "referralup" => ".",
                _ => owner,
            };
            message.add_authority(ns(zone));
        }
        "nodatans" => {
            message.add_authority(ns("bl.test."));
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nodataownns" => {
            message.metadata.authoritative = true;
            message.add_authority(ns("bl.test."));
        }
        "ttl0" => message = with(query, [a(owner, 0, 2)]),
        "ttltop" => message = with(query, [a(owner, 1 << 31, 2)]),
        "ttlhuge" => message = with(query, [a(owner, 2_000_000, 2)]),
        "ttlmixed" => message = with(query, [a(owner, 60, 2), a(owner, 30, 4)]),
        "noopt" | "nooptimp" if query.message.edns.is_none() => message = with(query, [a(owner, 60, 2)]),
        "nooptsilent" | "noopthead" if query.message.edns.is_none() => return Act::Silence,
        "noopt" | "nooptsilent" => message = coded(query, 1),
        "nooptimp" => message = coded(query, 4),
        "noopthead" => {
            message = coded(query, 1);
            message.queries.clear();
        }
        "noopttc" if query.message.edns.is_some() => message = coded(query, 1),
        "noopttc" if query.tcp => message = with(query, [a(owner, 60, 2)]),
        "noopttc" => message.metadata.truncation = true,
        "formerropt" => {
            message = coded(query, 1);
            message.set_edns(Edns::new());
        }
        "long" => message = with(query, (0..250).map(|last| a(owner, 60, last))),
        "ad" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.authentic_data = true;
        }
        "ede" => message = with_option(coded(query, 2), &[0, 22, b'x']),
        "edeshort" => message = with_option(coded(query, 2), &[22]),
        "many" if query.tcp => {
            let addresses = (0..300_u16).map(|n| Ipv4Addr::from(0x7f00_0000 + u32::from(n)));
            message = with(query, addresses.map(|ip| WireRecord::from_rdata(wire(owner), 60, RData::A(A(ip)))));
        }
        "p" if query.tcp => {
            let names = (0..2_000).map(|n| wire(&format!("h{n}.")));
            message = with(query, names.map(|n| WireRecord::from_rdata(wire(owner), 60, RData::PTR(PTR(n)))));
        }
        "tc" if query.tcp => message = with(query, [a(owner, 77, 2)]),
        "tcpartial" if query.tcp => message = with(query, [a(owner, 60, 2), a(owner, 60, 4)]),
        "tcpartial" | "tcnotcp" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.truncation = true;
        }
        "many" | "p" | "tc" | "tctwice" | "tccloses" | "tcsilent" | "tcother" if !query.tcp => {
            message.metadata.truncation = true;
        }
        "tctwice" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.truncation = true;
        }
        "tccloses" => return Act::Close,
        "tcother" => {
            message = with(query, [a("other.test.", 60, 2)]);
            message.queries = vec![Query::query(wire("other.test."), WireType::A)];
        }
        "silent" | "tcsilent" => return Act::Silence,
        "slow" => {
            return Act::Later(Duration::from_millis(250), vec![with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "garbage" => {
            let mut octets = query.message.metadata.id.to_be_bytes().to_vec();
            octets.extend([0x84, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0xc0, 0x0c, 0xff, 0xff, 0xff]);
            return Act::Send(vec![octets]);
        }
        "five" => {
            let id = query.message.metadata.id.to_be_bytes();
            return Act::Send(vec![vec![id[0], id[1], 0x80, 0, 0]]);
        }
        "notaresponse" => message.metadata.message_type = MessageType::Query,
        "opcode" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.op_code = OpCode::Notify;
        }
        // A forged answer first, then the right one: the forged one is ignored.
        "wrongid" => {
            let mut lie = with(query, [a(owner, 60, 9)]);
            lie.metadata.id ^= 1;
            return Act::Send(vec![lie.to_vec().unwrap(), with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "wrongquestion" => {
            let mut lie = with(query, [a("other.test.", 60, 9)]);
            lie.queries = vec![Query::query(wire("other.test."), WireType::A)];
            return Act::Send(vec![lie.to_vec().unwrap(), with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "barerefused" => {
            message = coded(query, 5);
            message.queries.clear();
        }
        "bareformerr" => {
            message = coded(query, 1);
            message.queries.clear();
            message.set_edns(Edns::new());
        }
        "barenx" => {
            message = coded(query, 3);
            message.queries.clear();
        }
        other => panic!("no such shape: {other}"),
    }
    message.into()
}
