//! A session of four stages beside one check of the whole dialogue: the same facts, clients that are not known yet. Answers
//! come without a network.

use std::net::IpAddr;

use rdnsbl::{Checker, Dialogue, Report};

use super::candidates::checker;
use super::instantly::{Instantly, Reverse};
use super::load::{self, Cost};
use super::memory;
use super::meter::{figure, pin};
use super::world::{self, LISTS};

pub(crate) fn run(smoke: bool) {
    pin(false);
    let count = if smoke { 200 } else { 20_000 };
    let session = measure(count, |checker, number| async move {
        let mut session = checker.session(IpAddr::V4(world::client(number)));
        session.report().await;
        session.helo(helo(number)).report().await;
        session.mail_from(sender(number)).report().await;
        session.rcpt_to(RECIPIENT).report().await
    });
    let whole = measure(count, |checker, number| async move {
        let client = Dialogue::from(IpAddr::V4(world::client(number)));
        checker.check(client.helo(helo(number)).mail_from(sender(number)).rcpt_to(RECIPIENT)).await
    });
    for (name, [cpu, allocations, octets]) in [("four_stages", session), ("whole_check", whole)] {
        figure(&format!("session.{name}.cpu"), cpu, "us");
        figure(&format!("session.{name}.allocations"), allocations, "each");
        figure(&format!("session.{name}.allocated"), octets, "B");
    }
    figure("ratio.session.four_stages_to_whole_check", session[0] / whole[0], "x");
}

const RECIPIENT: &str = "<b@s0.mail.test>";

fn helo(number: u32) -> String {
    let [a, b, c, d] = world::client(number).octets();
    format!("h{a}-{b}-{c}-{d}.hosts.test")
}

fn sender(number: u32) -> String {
    format!("<a@s{number}.mail.test>")
}

/// What one costs, with lists that have shown that they are sound.
fn measure<F: Future<Output = Report> + 'static>(
    count: u64,
    work: impl Fn(Checker, u32) -> F + 'static + Copy,
) -> Cost {
    let runtime = load::runtime();
    let checker = checker(Instantly { reverse: Reverse::Named }).limits(memory::unlimited()).build().unwrap();
    let of = |first: u64, count: u64| {
        let checker = checker.clone();
        load::run(&runtime, 1, first, count, move |number| {
            let work = work(checker.clone(), number as u32);
            async move {
                assert_eq!(work.await.lists().len(), LISTS);
            }
        })
    };
    of(0, 500);
    of(500, count).cost()
}
