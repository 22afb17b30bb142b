//! sendmail's own word for each client's name, `{client_resolve}`, beside the milter's.

use std::collections::BTreeSet;

use crate::kit::sendmail::Sendmail;
use crate::kit::smtp::Smtp;
use crate::kit::{Daemon, namespace};
use crate::situation::{self, Situation};

const LINES: &str = "INPUT_MAIL_FILTER(`rdnsbl', `S=local:/run/rdnsbl-milter/socket, T=C:5s;S:15s;R:15s;E:60s')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Port=PORT, Addr=::1')dnl
FEATURE(`accept_unresolvable_domains')dnl
define(`confTO_RESOLVER_RETRANS', `2s')dnl
define(`confTO_RESOLVER_RETRY', `2')dnl
";

/// The case, sendmail's word and ours where they differ, and the reason. As docs/milter.md has it.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[
    ("reverse forward_servfail", "FORGED", "TEMP", "sendmail takes every failure of the second look-up for a forgery"),
    ("reverse forward_silent", "FORGED", "TEMP", "the same"),
    ("reverse numeric", "FAIL", "FORGED", "a name that is an address is no name for sendmail"),
    ("reverse second_confirmed", "FORGED", "OK", "sendmail looks at the first name only"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn each_client_has_the_same_word() {
    if !namespace::entered("client_resolve::each_client_has_the_same_word") {
        return;
    }
    let clients: Vec<Situation> = situation::all().into_iter().filter(Situation::is_about_reverse_dns_alone).collect();
    let records: String = clients.iter().map(|client| client.records.as_str()).collect();
    let dns = namespace::dns(&format!("{}{records}", situation::WORLD)).await;
    let milter = env!("CARGO_BIN_EXE_rdnsbl-milter");
    let mut daemon = Daemon::asking(&dns, milter, None, "watch = \"off\"", "");
    let sendmail = Sendmail::start_with(LINES, "files dns", "", daemon.scratch.path());
    let mut differences = BTreeSet::new();
    for client in &clients {
        let mut smtp = Smtp::connect_from(client.client, sendmail.address()).await;
        for command in [&*format!("EHLO {}", client.helo), "MAIL FROM:<a@good.example>", "RCPT TO:<root@mx.example>"] {
            let reply = smtp.command(command);
            assert!(reply.starts_with("250 "), "{command}: {reply}");
        }
        let line = daemon.decision(&format!("client={} ", client.client));
        let word = |key: &str| line.split(' ').find_map(|field| field.strip_prefix(key)).unwrap().to_owned();
        let (theirs, ours) = (word("client_resolve="), word("iprev="));
        if theirs != ours {
            differences.insert((client.words.last().cloned().unwrap_or_default(), theirs, ours));
        }
    }
    let known = DIFFERENCES.iter().map(|(case, theirs, ours, _)| [case, theirs, ours].map(ToString::to_string));
    assert_eq!(differences, known.map(|[case, theirs, ours]| (case, theirs, ours)).collect());
}
