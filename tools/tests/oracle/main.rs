//! Real Postfix, Exim and sendmail beside the library: the same clients, the same DNS, the same action.
//!
//! As root, with Debian's packages unpacked by `.ci/unpack-servers`:
//!
//! ```text
//! export POSTFIX_ROOT=$PWD/target/servers/postfix EXIM_ROOT=$PWD/target/servers/exim SENDMAIL_ROOT=$PWD/target/servers/sendmail
//! cargo test -p rdnsbl-tools --test oracle -- --ignored
//! ```
//!
//! `RDNSBL_SITUATIONS=all` takes all situations instead of 20. Everything runs in namespaces of its own, where clients have their
//! real addresses.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

mod client_resolve;
mod difference;
mod dying;
mod server;
mod situation;

use kit::namespace;
use server::{Reply, Server};
use situation::Situation;

/// The same class of reply, and where one thing is wrong the same enhanced code; or a row of the table says why not.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix, exim4 and sendmail"]
async fn servers_and_presets_agree() {
    if !namespace::entered("servers_and_presets_agree") {
        return;
    }
    let situations = situation::all();
    let records: String = situations.iter().map(|situation| situation.records.as_str()).collect();
    let dns = namespace::dns(&format!("{}{records}", situation::WORLD)).await;
    let whole = std::env::var("RDNSBL_SITUATIONS").as_deref() == Ok("all");
    let some = if whole { situations } else { situation::spread(situations, 20) };
    let servers = [Server::postfix(&dns), Server::exim(&dns), Server::sendmail(&dns)];
    let runtime = tokio::runtime::Handle::current();
    // Side by side: what is slow is waiting for silence.
    let found: Vec<Compared> = std::thread::scope(|threads| {
        let compare = |server| {
            let (runtime, some) = (runtime.clone(), &some);
            threads.spawn(move || runtime.block_on(compare(server, some)))
        };
        servers.iter().map(compare).collect::<Vec<_>>().into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found.len(), 3 * some.len());
    let wrong = difference::judge(&found, whole);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a server and the library say in one situation.
struct Compared {
    server: &'static str,
    words: Vec<String>,
    theirs: Reply,
    ours: Reply,
}

async fn compare(server: &Server, situations: &[Situation]) -> Vec<Compared> {
    let mut compared = Vec::new();
    for situation in situations {
        let theirs = server.asks(situation).await;
        let ours = server.judges(situation).await;
        compared.push(Compared { server: server.name, words: situation.words.clone(), theirs, ours });
    }
    compared
}
