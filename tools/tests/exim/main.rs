//! The policy daemon behind a real Exim.
//!
//! `cargo test -p rdnsbl-tools --test exim -- --ignored` as root, with Debian's exim4-daemon-light unpacked into the directory
//! that `EXIM_ROOT` names (`dpkg -x`).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

use kit::exim::{self, Exim};
use kit::{Daemon, POLICY};

const RECIPE: &str = include_str!("../../../docs/exim.md");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's exim4-daemon-light"]
async fn each_client_gets_its_reply() {
    let mut daemon = Daemon::policyd("socket_mode = \"0666\"\nmode = \"enforce\"", POLICY).await;
    let recipe = pages::blocks(RECIPE).into_iter().find(|block| block.mark == "run by tools/tests/exim").unwrap();
    let exim = Exim::with(&exim::asking(&recipe.text, &daemon));
    for (client, sender, reply) in [
        ("203.0.113.7", "<a@good.example>", "250 Accepted"),
        ("203.0.113.7", "<>", "250 Accepted"),
        ("203.0.113.8", "<a@good.example>", "450 4.7.1 Access denied. Reverse DNS of 203.0.113.8 is forged"),
        ("203.0.113.9", "<a@good.example>", "450 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9"),
        ("203.0.113.14", "<a@good.example>", "554-5.7.1 Service unavailable; Client host [203.0.113.14] blocked using"),
        ("2001:db8::7", "<a@good.example>", "450 4.7.1 Access denied. Cannot resolve PTR record for 2001:db8::7"),
    ] {
        let said = exim.session(client, sender, "<b@mx.example>");
        assert!(said.lines().any(|line| line.starts_with(reply)), "{client} {sender}: {said}");
    }
    assert!(daemon.decision(" client=203.0.113.14 ").contains(" from=a@good.example to=b@mx.example "));
    assert!(exim.session("203.0.113.7", "<a@good.example>", "<b@elsewhere.example>").contains("\n550 relay"));

    // Exim does not expand what a list says.
    let lines = "15.113.0.203.bl.example A 127.0.0.2\n15.113.0.203.bl.example TXT \"${primary_hostname} $pid\"";
    daemon.dns.set(lines).unwrap();
    let said = exim.session("203.0.113.15", "<a@good.example>", "<b@mx.example>");
    assert!(said.contains("\n554 5.7.1 bl.example; ${primary_hostname} $pid\r\n"), "{said}");

    daemon.kill();
    assert!(exim.session("203.0.113.14", "<a@good.example>", "<b@mx.example>").contains("\n250 Accepted"));
}
