//! Very many checks that wait at the same time, because nobody answers: what each of them takes.

use std::future::pending;
use std::net::UdpSocket;
use std::time::Duration;

use futures::future::poll_immediate;
use rdnsbl::Limits;
use rdnsbl::clock::BoxFuture;
use rdnsbl::dns::{Answer, Question};
use rdnsbl::resolve::{Direct, Resolve};

use super::candidates::{checker, dialogue};
use super::load;
use super::memory::resident;
use super::meter::{figure, pin};

pub(crate) fn run(smoke: bool) {
    pin(false);
    let count = if smoke { 500 } else { 100_000 };
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    waiting("direct", Direct::servers([silent.local_addr().unwrap()]).unwrap(), count);
    waiting("checker", Never, count);
}

/// What checks take without a transport.
struct Never;

impl Resolve for Never {
    fn resolve(&self, _: Question) -> BoxFuture<'static, Answer> {
        Box::pin(pending())
    }
}

fn waiting(name: &str, resolver: impl Resolve + 'static, count: usize) {
    let runtime = load::runtime();
    let mut limits = Limits::default();
    limits.checks = count;
    let checker = checker(resolver).limits(limits).build().unwrap();
    let mut checks = Vec::with_capacity(count);
    let before = resident();
    let allocated = allocation_counter::measure(|| {
        runtime.block_on(async {
            for number in 0..count {
                let mut check = checker.check(dialogue(number as u32)).within(Duration::from_secs(600));
                assert!(poll_immediate(&mut check).await.is_none(), "nobody answers");
                checks.push(check);
            }
        });
    });
    figure(&format!("waiting.{name}.heap"), allocated.bytes_current as f64 / count as f64, "B/check");
    figure(&format!("waiting.{name}.resident"), (resident() - before) / count as f64, "B/check");
}
