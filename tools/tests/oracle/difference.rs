//! Where a server and its preset differ, and why that is right.

use crate::Compared;

/// A server; what must be the case, at least; the class of its reply and of ours; and the reason.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, &'static str);

const FIRST: &str = "the server stops at the first rule that refuses; we give the reply of the worst finding";
const ONE_NAME: &str =
    "the server looks at the first of several names, and which one is first is chance; we look at all (RFC 8601 §3)";
const MX_FAILED: &str =
    "any address is enough for the server; where the MX record cannot be had, RFC 5321 §5.1 forbids to use the address";
const BY_SYNTAX: &str =
    "sendmail refuses what is malformed itself, before any milter; its preset has no reply for that";
const LOCAL_SENDER: &str =
    "Postfix takes a sender without a domain for a user of its own, and any local part; RFC 5321 §4.1.2 does not";
const ONE_CODE: &str =
    "sendmail's map returns one of several addresses; a filter on codes may miss the one that counts";

const TABLE: &[Row] = &[
    ("postfix", &["reverse second_confirmed"], "4", "2", ONE_NAME),
    ("postfix", &["sender mx_servfail"], "2", "4", MX_FAILED),
    ("postfix", &["sender unqualified"], "2", "5", LOCAL_SENDER),
    ("postfix", &["sender no_local_part"], "2", "5", LOCAL_SENDER),
    ("exim", &["helo bare_address"], "2", "5", "Exim takes an address without brackets; RFC 5321 §4.1.3 wants them"),
    (
        "exim",
        &["helo underscore"],
        "5",
        "2",
        "Exim's helo_allow_chars is empty; an underscore is common, and no preset refuses it",
    ),
    ("exim", &["sender literal"], "5", "2", "Exim's allow_domain_literals is off; RFC 5321 §4.1.3 allows them"),
    ("exim", &["reverse ptr_servfail", "sender address_mx"], "4", "5", FIRST),
    ("sendmail", &["reverse second_confirmed"], "4", "2", ONE_NAME),
    (
        "sendmail",
        &["reverse numeric"],
        "5",
        "4",
        "a name that is an address is no name for sendmail; for us it is one that leads nowhere",
    ),
    ("sendmail", &["helo malformed"], "5", "2", BY_SYNTAX),
    ("sendmail", &["sender mx_servfail"], "2", "4", MX_FAILED),
    ("sendmail", &["sender unqualified"], "5", "2", BY_SYNTAX),
    ("sendmail", &["sender two_dots"], "5", "2", BY_SYNTAX),
    ("sendmail", &["sender no_local_part"], "5", "2", BY_SYNTAX),
    (
        "sendmail",
        &["sender literal"],
        "5",
        "2",
        "sendmail wants an address literal to have a name; RFC 5321 §4.1.3 does not",
    ),
    ("sendmail", &["lists listed_twice"], "2", "5", ONE_CODE),
    ("sendmail", &["reverse single_label", "lists listed_twice"], "4", "5", ONE_CODE),
    ("sendmail", &["ipv6", "lists listed"], "2", "5", "FEATURE(enhdnsbl) asks about IPv4 addresses only"),
    ("sendmail", &["sender servfail", "lists listed"], "4", "5", FIRST),
];

/// What is wrong: differences without a row, and rows without a difference. `whole`: were all situations compared?
pub fn judge(compared: &[Compared], whole: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut used = vec![false; TABLE.len()];
    for one in compared.iter().filter(|one| differs(one)) {
        let row = TABLE.iter().position(|row| {
            let (server, when, theirs, ours, _) = row;
            *server == one.server
                && when.iter().all(|word| one.words.iter().any(|own| own == word))
                && (*theirs, *ours) == (one.theirs.class(), one.ours.class())
        });
        match row {
            Some(row) => used[row] = true,
            None => wrong.push(format!(
                "{} {:?} is not in the table:\n  theirs: {}\n  ours:   {}",
                one.server, one.words, one.theirs.0, one.ours.0
            )),
        }
    }
    for ((server, when, ..), _) in TABLE.iter().zip(used).filter(|(_, used)| !used) {
        if whole || compared.iter().any(|one| one.server == *server && one.words == *when) {
            wrong.push(format!("{server} {when:?} is in the table, and makes no difference"));
        }
    }
    wrong
}

fn differs(one: &Compared) -> bool {
    let enhanced = match (one.theirs.enhanced(), one.ours.enhanced()) {
        // Of several refusals each side gives another.
        (Some(theirs), Some(ours)) => one.words.len() == 1 && theirs != ours,
        _ => false,
    };
    one.theirs.class() != one.ours.class() || enhanced
}
