//! What the resolvers send, and where.

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::rr::RecordType as WireType;
use rdnsbl::dns::{Answer, RecordType};

use super::makes::Make;
use super::messages::coded;
use super::server::shape;
use super::{ask, listed, patient};
use crate::kit::raw::{Seen, Server};

async fn any_address_means_this_host(make: Make) {
    let server = Server::start(shape).await;
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, server.address.port()));
    assert_eq!(ask(&patient(make, &[any]), "tc.bl.test", RecordType::A).await, listed(77, 2));
}

async fn wire_format_of_the_question(make: Make) {
    let server = Server::start(|query: &Seen, _| coded(query, 3).into()).await;
    let stub = patient(make, &[server.address]);
    // Names that resolvers, hosts files and search lists like to answer themselves.
    let names = [
        "2.0.0.127.in-addr.arpa",
        "1.0.0.127.in-addr.arpa",
        "localhost",
        "a.localhost",
        "x.invalid",
        "x.test",
        "x.local",
        "x.onion",
        "vm",
        "a_b.example",
        "1/25.2.0.192.in-addr.arpa",
        "xn--bcher-kva.example",
        "192.0.2.1",
    ];
    for text in names {
        for kind in [RecordType::Ptr, RecordType::A] {
            assert_eq!(ask(&stub, text, kind).await, Answer::nx_domain(None), "{text}");
        }
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 2 * names.len());
    let mut ids = Vec::new();
    for (at, query) in seen.iter().enumerate() {
        let Seen { message, .. } = query;
        let asked = &message.queries[0];
        assert_eq!(asked.name().to_ascii().replace('\\', "").to_lowercase(), format!("{}.", names[at / 2]));
        assert_eq!(asked.query_type(), if at % 2 == 0 { WireType::PTR } else { WireType::A });
        assert!(message.recursion_desired && message.authentic_data && !message.checking_disabled);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok, edns.version()), (1232, false, 0));
        ids.push(message.id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > names.len(), "ids repeat");
}

with_each! {
    alone {
        any_address_means_this_host
        wire_format_of_the_question
    }
    together {}
}
