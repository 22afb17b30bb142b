//! A check without I/O, driven over a blocking UDP socket: no runtime, no resolver of this crate.
//!
//! `cargo run --example sans_io -- --demo 203.0.113.8`. It shows the check, not a resolver: see the rules at `Resolve`.
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]
mod world;

use std::{error::Error, net::IpAddr, net::UdpSocket, time::Duration};

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData};
use rdnsbl::check::{Check, Step, iprev::IprevCheck};
use rdnsbl::dns::{Answer, Failure, Question, Record, Target, ttl_from_wire};

#[tokio::main(worker_threads = 1)] // only for the server of --demo
async fn main() -> Result<(), Box<dyn Error>> {
    let mut world = world::World::from_command_line().await?;
    let usage = "usage: sans_io --demo | --server ADDRESS:PORT CLIENT";
    let (client, server) = world.arguments.next().zip(world.server).ok_or(usage)?;
    let mut check = IprevCheck::new(client.parse::<IpAddr>()?);
    let verdict = loop {
        let needed = match check.step() {
            Step::Done(verdict) => break verdict,
            Step::Need(slots) => slots,
        };
        for slot in needed {
            let question = check.question(slot).ok_or("a slot that is needed has a question")?;
            check.supply(slot, ask(server, &question)?);
        }
    };
    println!("{client} {} (sendmail: {})", verdict.rfc8601(), verdict.client_resolve());
    Ok(())
}

fn ask(server: std::net::SocketAddr, question: &Question) -> Result<Answer, Box<dyn Error>> {
    let socket = UdpSocket::bind(if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let (mut query, mut octets) = (Message::query(), [0; 4_096]);
    query.metadata.recursion_desired = true;
    query.add_query(Query::query(Name::from_ascii(question.name.expose())?, question.record_type.to_string().parse()?));
    socket.send(&query.to_vec()?)?;
    while let Ok(length) = socket.recv(&mut octets) {
        let Ok(response) = Message::from_vec(octets.get(..length).unwrap_or_default()) else { continue };
        if response.metadata.id == query.metadata.id && response.queries == query.queries {
            return Ok(read(&response));
        }
    }
    Ok(Answer::failed(Failure::Timeout))
}

fn read(response: &Message) -> Answer {
    let records = response.answers.iter().filter_map(|record| match &record.data {
        RData::A(address) => Some(Record::A(address.0)),
        RData::AAAA(address) => Some(Record::Aaaa(address.0)),
        RData::PTR(name) => Some(Record::Ptr(Target::from_text(&name.0.to_ascii()))),
        _ => None,
    });
    let ttl = response.answers.iter().map(|record| ttl_from_wire(record.ttl)).min().unwrap_or_default();
    match response.metadata.response_code {
        _ if response.metadata.truncation => Answer::failed(Failure::Truncated),
        ResponseCode::NoError => Answer::records(records, ttl),
        ResponseCode::NXDomain => Answer::nx_domain(None),
        _ => Answer::failed(Failure::ServFail),
    }
}
