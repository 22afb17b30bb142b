//! A check without I/O, driven over a blocking UDP socket: no runtime, no resolver of this crate.
//!
//! `cargo run --example sans_io -- --demo 203.0.113.8`
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]
mod world;

use std::{error::Error, net::IpAddr, net::SocketAddr, net::UdpSocket, time::Duration};

use rdnsbl::resolve::wire::{Query, Received, UDP_BUFFER};
use rdnsbl::{Answer, Failure, Question, check::Check, check::Step, check::iprev::IprevCheck};

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
            check.supply(slot, ask(server, &check.question(slot).ok_or("every needed slot has a question")?)?);
        }
    };
    println!("{client} {} (sendmail: {})", verdict.rfc8601(), verdict.client_resolve());
    Ok(())
}

fn ask(server: SocketAddr, question: &Question) -> Result<Answer, Box<dyn Error>> {
    let socket = UdpSocket::bind(if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let (mut query, mut buffer) = (Query::new(question)?, [0; UDP_BUFFER]);
    socket.send(query.octets())?;
    while let Ok(length) = socket.recv(&mut buffer) {
        match query.read_udp(buffer.get(..length).unwrap_or_default()) {
            Received::NotOurs => continue,
            // A real program connects to the server and sends `octets_for_tcp`.
            Received::AskOverTcp => return Ok(Answer::failed(Failure::Truncated)),
            Received::AskNext(next) => query = next,
            Received::Answer(answer) => return Ok(answer),
        }
        socket.send(query.octets())?;
    }
    Ok(Answer::failed(Failure::Timeout))
}
