//! What the resolvers make of every shape of response, and what they send. Every test runs with each of them.

#[macro_use]
mod makes;

mod answers;
mod dropping;
mod fail_over;
mod messages;
mod question;
mod records;
mod resends;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rdnsbl::dns::{Answer, Question, RecordType, Soa};
use rdnsbl::name::Name;
use rdnsbl::resolve::Timeouts;

use crate::kit::raw::{Seen, Server};
use makes::{Make, Subject};

/// Long before a send counts as lost: for tests that count datagrams.
fn patient(make: Make, servers: &[SocketAddr]) -> Arc<dyn Subject> {
    stub(make, servers, 5_000, 10_000)
}

/// Gives up soon: for tests of silence.
fn hasty(make: Make, servers: &[SocketAddr]) -> Arc<dyn Subject> {
    stub(make, servers, 100, 650)
}

fn stub(make: Make, servers: &[SocketAddr], resend: u64, total: u64) -> Arc<dyn Subject> {
    let timeouts = Timeouts::default();
    make(servers, timeouts.with_resend(Duration::from_millis(resend)).with_total(Duration::from_millis(total)))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

async fn ask(stub: &Arc<dyn Subject>, text: &str, kind: RecordType) -> Answer {
    stub.resolve(Question::new(name(text), kind)).await
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn soa(owner: &str, ttl: u64) -> Option<Soa> {
    Some(Soa::new(name(owner), seconds(ttl)))
}

fn listed(ttl: u64, last: u8) -> Answer {
    Answer::records([Ipv4Addr::new(127, 0, 0, last).into()], seconds(ttl))
}

/// Is it a question of the resolver's own, `. NS`?
fn is_own(query: &Seen) -> bool {
    query.label.is_empty()
}

/// The questions of others.
fn of_others(server: &Server) -> Vec<Seen> {
    server.seen().into_iter().filter(|query| !is_own(query)).collect()
}
