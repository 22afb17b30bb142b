//! What a list that dies does to a client that no list holds: the table of docs/dying-lists.md, and our rows of docs/compare.md.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rdnsbl::testing::LoopbackServer;
use tokio::runtime::Handle;

use crate::kit::dying::{self, CLEAN, INVENTED, LISTED, ROWS, zone};
use crate::kit::exim::{self, Exim};
use crate::kit::postfix::Postfix;
use crate::kit::sendmail::Sendmail;
use crate::kit::{Daemon, Scratch, namespace};
use crate::pages;
use crate::server::Process;

/// What asks the lists: the server, without or with a filter of codes, or one of our daemons.
#[derive(Clone, Copy)]
enum Asks {
    Itself,
    Filter,
    Policyd,
    Milter,
}

/// Starts a server that asks `sound.example` and this list.
type Start = fn(&Arc<LoopbackServer>, &str, Asks) -> (Process, Option<Daemon>);

const COLUMNS: [(&str, Start, Asks); 10] = [
    ("Postfix", postfix, Asks::Itself),
    ("with filter", postfix, Asks::Filter),
    ("Exim", exim, Asks::Itself),
    ("with filter", exim, Asks::Filter),
    ("sendmail", sendmail, Asks::Itself),
    ("with filter", sendmail, Asks::Filter),
    ("Postfix, policyd", postfix, Asks::Policyd),
    ("Postfix, milter", postfix, Asks::Milter),
    ("Exim, policyd", exim, Asks::Policyd),
    ("sendmail, milter", sendmail, Asks::Milter),
];
/// Columns that are measured side by side.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix, exim4 and sendmail"]
async fn the_documented_table_is_measured() {
    if !namespace::entered("dying::the_documented_table_is_measured") {
        return;
    }
    let dns = namespace::dns(dying::CLIENTS).await;
    dying::fall_ill(&dns);
    let mut cells = measure(&dns, 0..INVENTED);
    dns.set(dying::INVENTS).unwrap();
    cells.extend(measure(&dns, INVENTED..ROWS.len()));

    dying::check_table("the list", &COLUMNS.map(|(title, ..)| title), &cells);
    compare(&cells);
}

/// Our servers' cells in docs/compare.md.
fn compare(cells: &[Vec<&str>]) {
    let mut compared = 0;
    for (row, _) in pages::rows(include_str!("../../../docs/compare.md")) {
        let Some(number) = ROWS.iter().position(|(title, _)| *title == row[0]) else { continue };
        let word = |pair: &[&str]| {
            if pair[0] == pair[1] { pair[0].to_owned() } else { format!("{}; filter: {}", pair[0], pair[1]) }
        };
        let servers: Vec<String> = cells[number][..6].chunks(2).map(word).collect();
        assert_eq!(row[1..4], servers, "{}", row[0]);
        compared += 1;
    }
    assert!(compared >= 4, "{compared}");
}

/// The cells of these rows.
fn measure(dns: &Arc<LoopbackServer>, rows: Range<usize>) -> Vec<Vec<&'static str>> {
    let mut cells = vec![Vec::new(); rows.len()];
    let runtime = Handle::current();
    for some in COLUMNS.chunks(AT_ONCE) {
        std::thread::scope(|threads| {
            let column = |(_, start, asks): &(&str, Start, Asks)| {
                let (runtime, rows, start, asks) = (runtime.clone(), rows.clone(), *start, *asks);
                threads.spawn(move || rows.map(|row| cell(&runtime, dns, row, start, asks)).collect::<Vec<_>>())
            };
            for column in some.iter().map(column).collect::<Vec<_>>() {
                cells.iter_mut().zip(column.join().unwrap()).for_each(|(row, cell)| row.push(cell));
            }
        });
    }
    cells
}

/// What happens to the clean client.
fn cell(runtime: &Handle, dns: &Arc<LoopbackServer>, row: usize, start: Start, asks: Asks) -> &'static str {
    let (server, _daemon) = start(dns, &zone(row), asks);
    let ask = |client, helo| runtime.block_on(server.asks(client, helo, "a@good.example"));
    // A client on a working list is rejected, whatever the other list does.
    let listed = ask(LISTED, "spam.good.example");
    assert!(row == INVENTED || listed.class() == "5", "{row}: {}", listed.0);
    match ask(CLEAN, "mail.good.example").class() {
        "2" => "passes",
        "4" => "deferred",
        _ => "refused",
    }
}

fn postfix(dns: &Arc<LoopbackServer>, zone: &str, asks: Asks) -> (Process, Option<Daemon>) {
    let lists = |filter: &str| format!(", reject_rbl_client sound.example, reject_rbl_client {zone}{filter}");
    let asking = match asks {
        Asks::Itself => lists(""),
        Asks::Filter => lists("=127.0.0.[2..11]"),
        Asks::Policyd => ", check_policy_service { unix:rdnsbl/socket, timeout=10s, default_action=DUNNO }".to_owned(),
        Asks::Milter => "\nsmtpd_milters = { unix:rdnsbl/socket, default_action=accept, connect_timeout=5s, \
                         command_timeout=15s }"
            .to_owned(),
    };
    let server = Postfix::start(&format!(
        "smtpd_peername_lookup = yes\nsmtpd_recipient_restrictions = reject_unauth_destination{asking}\n"
    ));
    let daemon = daemon(dns, zone, asks, "postfix", Some(&server.queue().join("rdnsbl/socket")));
    (Process::Postfix(server), daemon)
}

fn exim(dns: &Arc<LoopbackServer>, zone: &str, asks: Asks) -> (Process, Option<Daemon>) {
    let lists = |filter: &str| format!("  deny dnslists = sound.example\n  deny dnslists = {zone}{filter}\n");
    let daemon = daemon(dns, zone, asks, "postfix", None);
    let statements = match &daemon {
        Some(daemon) => {
            let blocks = pages::blocks(include_str!("../../../docs/exim.md"));
            let recipe = blocks.into_iter().find(|block| block.mark == "run by tools/tests/exim").unwrap();
            exim::asking(&recipe.text, daemon)
        }
        None if matches!(asks, Asks::Filter) => lists(&format!("={}", codes().join(","))),
        None => lists(""),
    };
    (Process::Exim(Exim::looking_up("*", &statements)), daemon)
}

fn sendmail(dns: &Arc<LoopbackServer>, zone: &str, asks: Asks) -> (Process, Option<Daemon>) {
    let list = |zone: &str| format!("FEATURE(`dnsbl', `{zone}', `\"550 5.7.1 listed\"')dnl\n");
    let lines = match asks {
        Asks::Filter => {
            let codes: String = codes().iter().map(|code| format!(", `{code}.'")).collect();
            format!("{}FEATURE(`enhdnsbl', `{zone}', `\"550 5.7.1 listed\"', `'{codes})dnl\n", list("sound.example"))
        }
        Asks::Itself => list("sound.example") + &list(zone),
        Asks::Policyd | Asks::Milter => {
            "INPUT_MAIL_FILTER(`rdnsbl', `S=local:/run/rdnsbl-milter/socket, T=C:5s;S:15s;R:15s;E:60s')dnl\n".to_owned()
        }
    };
    let daemon = daemon(dns, zone, asks, "sendmail", None);
    let scratch = Scratch::new("no-milter");
    let directory = daemon.as_ref().map_or(scratch.path(), |daemon| daemon.scratch.path());
    let server = Sendmail::start_with(&format!("FEATURE(`delay_checks')dnl\n{lines}"), "files dns", "", directory);
    (Process::Sendmail(server, scratch), daemon)
}

/// The codes of an ordinary list.
fn codes() -> Vec<String> {
    (2..=11).map(|last| format!("127.0.0.{last}")).collect()
}

/// A busy machine has a little longer than usual.
const KEYS: &str = "mode = \"enforce\"\nwatch = \"off\"\ndeadline = \"9s\"";

/// Ours, with the same two lists; nothing is known about them.
fn daemon(dns: &Arc<LoopbackServer>, zone: &str, asks: Asks, preset: &str, socket: Option<&Path>) -> Option<Daemon> {
    let program = match asks {
        Asks::Itself | Asks::Filter => return None,
        Asks::Policyd => env!("CARGO_BIN_EXE_rdnsbl-policyd"),
        Asks::Milter => env!("CARGO_BIN_EXE_rdnsbl-milter"),
    };
    let tables = format!(
        "[lists]\ndeny = [\"sound.example\", \"{zone}\"]\nask_about_special_addresses = true\n[policy]\npreset = \"{preset}\"\n"
    );
    Some(Daemon::asking(dns, program, socket, KEYS, &tables))
}
