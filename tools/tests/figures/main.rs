//! What the daemons cost behind a real Postfix. The figures are in docs/postfix.md, with the command.
//!
//! As root, with Debian's postfix unpacked by `.ci/unpack-servers`:
//!
//! ```text
//! export POSTFIX_ROOT=$PWD/target/servers/postfix
//! cargo test --release -p rdnsbl-tools --test figures behind -- --ignored --nocapture
//! cargo test --release -p rdnsbl-tools --test figures million -- --ignored --nocapture
//! ```
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, clippy::print_stdout, unreachable_pub)]

#[path = "../kit/mod.rs"]
mod kit;

mod load;
mod million;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kit::postfix::Postfix;
use kit::{Daemon, namespace};
use load::Load;
use rdnsbl::testing::LoopbackServer;

/// Rounds, so that all are measured under the same conditions.
const ROUNDS: usize = 3;

/// Postfix with twelve lists of its own, with policyd, and with the milter, in turns.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, Debian's postfix and a release build"]
async fn behind_postfix() {
    if !namespace::entered("behind_postfix") {
        return;
    }
    let dns = namespace::dns(&world::table(Duration::from_millis(20), ROUNDS * WITH.len())).await;
    let runtime = tokio::runtime::Handle::current();
    let started: Vec<(Postfix, Option<Daemon>)> = WITH.iter().map(|(_, with)| start(&dns, *with)).collect();
    let mut loads: Vec<Load> = WITH.iter().map(|_| Load::default()).collect();
    let mut source = [Duration::ZERO; WITH.len()];
    for round in 0..ROUNDS {
        for (number, (postfix, _)) in started.iter().enumerate() {
            let clients = world::clients(round * WITH.len() + number);
            loads[number].run(&runtime, postfix.address(), clients);
            source[number] += load::smtp_source(postfix);
        }
    }
    for (number, (name, _)) in WITH.iter().enumerate() {
        let load = &loads[number];
        println!("{name}.messages {} messages", load.messages());
        println!("{name}.wrong {} actions", load.wrong);
        for part in [50, 99] {
            println!("{name}.p{part} {:.0} ms", load.percentile(part).as_secs_f64() * 1e3);
            println!("{name}.p{part}.ratio {:.2} x", ratio(load.percentile(part), loads[0].percentile(part)));
        }
        println!("{name}.one_client.ratio {:.2} x", ratio(source[number], source[0]));
    }
    assert!(loads.iter().all(|load| load.wrong == 0));
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}

#[derive(Clone, Copy)]
enum With {
    Itself,
    Policyd,
    Milter,
}

const WITH: [(&str, With); 3] = [("postfix", With::Itself), ("policyd", With::Policyd), ("milter", With::Milter)];

fn start(dns: &Arc<LoopbackServer>, with: With) -> (Postfix, Option<Daemon>) {
    let lists: String = world::lists().map(|list| format!(", reject_rbl_client {list}")).collect();
    let asks = match with {
        With::Itself => lists,
        With::Policyd => ", check_policy_service { unix:rdnsbl/socket, timeout=10s, default_action=DUNNO }".to_owned(),
        With::Milter => "\nsmtpd_milters = { unix:rdnsbl/socket, default_action=accept, connect_timeout=5s, \
                         command_timeout=15s }"
            .to_owned(),
    };
    let postfix = Postfix::start_with(
        &format!(
            "smtpd_peername_lookup = yes\nlocal_transport = discard:\nsmtpd_client_connection_count_limit = 0\n\
             inet_interfaces = 127.0.0.1, {}\nsmtpd_recipient_restrictions = reject_unauth_destination{asks}\n",
            world::SOURCE
        ),
        &format!("{}:PORT inet n - y - - smtpd\ndiscard unix - - n - - discard", world::SOURCE),
    );
    let program = match with {
        With::Itself => return (postfix, None),
        With::Policyd => env!("CARGO_BIN_EXE_rdnsbl-policyd"),
        With::Milter => env!("CARGO_BIN_EXE_rdnsbl-milter"),
    };
    let daemon = daemon(dns, program, Some(&postfix.queue().join("rdnsbl/socket")));
    (postfix, Some(daemon))
}

/// Ours with the same lists, and with all other checks of the preset.
fn daemon(dns: &Arc<LoopbackServer>, program: &str, socket: Option<&Path>) -> Daemon {
    let lists: Vec<String> = world::lists().map(|list| format!("\"{list}\"")).collect();
    let tables = format!(
        "[lists]\ndeny = [{}]\nask_about_special_addresses = true\n[policy]\npreset = \"postfix\"\n",
        lists.join(", ")
    );
    Daemon::asking(dns, program, socket, "mode = \"enforce\"", &tables)
}
