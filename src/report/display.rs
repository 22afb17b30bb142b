//! The table for people: the findings, worst first, at most 80 columns wide.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::base::address::is_private;
use crate::check::generic_name::Shape;
use crate::check::helo::{Helo, HeloReport};
use crate::check::iprev::{Forward, Iprev, Names};
use crate::check::mail_domain::{HostState, MailDomain, MailDomainReport, MailHost, Via};
use crate::dns::unknown::with_extended_error;
use crate::dnsxl::score::{Outcome, Score};
use crate::dnsxl::{Health, ListKind, Skipped, Subject, Verdict};
use crate::report::{ListReport, Report};

/// The default width of a terminal, in columns.
const WIDTH: usize = 80;
/// Column widths of the part ("reverse DNS") and its verdict; the text follows.
const PART: usize = 13;
const VERDICT: usize = 12;
const INDENT: usize = 2 + PART + VERDICT;
/// The column where a list's text continues.
const LIST_INDENT: usize = 17;
/// The most characters of a HELO argument that are shown: two lines. Most names are shorter.
const MAX_ARGUMENT: usize = 100;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target.as_ref().map_or_else(|| "SMTP dialogue".to_owned(), ToString::to_string);
        let plural = if self.questions() == 1 { "" } else { "s" };
        let cost = format!("{} question{plural}, {:.0} ms", self.questions(), self.elapsed.as_secs_f64() * 1_000.0);
        let room = WIDTH.saturating_sub(cost.len() + 1);
        writeln!(f, "{target:<room$} {cost}")?;
        if let Some(fault) = self.resolver_fault {
            row(f, "resolver", "AT FAULT", &fault.to_string())?;
        }
        if let Some(iprev) = &self.iprev {
            let text = format!("{}{}", iprev_text(iprev), private_text(self, iprev));
            row(f, "reverse DNS", iprev.client_resolve(), &text)?;
        }
        if let Some(helo) = &self.helo {
            row(f, "HELO", helo_word(helo.verdict()), &helo_text(helo))?;
        }
        for (part, report) in [("sender", &self.sender), ("recipient", &self.recipient)] {
            if let Some(report) = report {
                row(f, part, domain_word(report.verdict()), &domain_text(report))?;
            }
        }
        if !self.lists.is_empty() {
            row(f, "lists", lists_word(self), &score_text(self))?;
            for context in self.contexts.iter().filter(|_| self.counts.asked() > 0) {
                let score = context.score;
                row(f, "", outcome_word(score.outcome()), &format!("{}: {}", context.name, sum_text(score)))?;
            }
            lists(f, &self.lists)?;
        }
        if let Some(reply) = self.advice.reply() {
            row(f, "reply", &format!("{} {}", reply.code(), reply.enhanced()), reply.text())?;
        }
        Ok(())
    }
}

/// One part of the report: its name, its verdict, and a text that wraps under itself.
fn row(f: &mut fmt::Formatter<'_>, part: &str, verdict: &str, text: &str) -> fmt::Result {
    wrapped(f, &format!("  {part:<PART$}{verdict:<VERDICT$}"), INDENT, text)
}

/// Writes `head`, then `text` in the rest of the line, continued at column `indent`.
fn wrapped(f: &mut fmt::Formatter<'_>, head: &str, indent: usize, text: &str) -> fmt::Result {
    let mut line = head.to_owned();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        if !empty && line.len() + 1 + word.len() > WIDTH {
            writeln!(f, "{}", line.trim_end())?;
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        // A word that does not fit on a line is split: names have up to 253 octets.
        while line.len() + word.len() > WIDTH {
            let room = WIDTH.saturating_sub(line.len()).max(1);
            let cut = (0..=room.min(word.len())).rev().find(|at| word.is_char_boundary(*at)).unwrap_or(word.len());
            let (now, later) = word.split_at(cut);
            if now.is_empty() {
                break;
            }
            writeln!(f, "{line}{now}")?;
            line = " ".repeat(indent);
            word = later;
        }
        line.push_str(word);
        empty = false;
    }
    writeln!(f, "{}", line.trim_end())
}

fn iprev_text(iprev: &Iprev) -> String {
    match iprev {
        Iprev::Confirmed(names) => names_text(names),
        Iprev::Forged(names) => format!("none of its names leads back: {}", names_text(names)),
        Iprev::NoName(_) => "no name is published for this address".to_owned(),
        Iprev::TempError(error) => match iprev.names() {
            Some(names) if !names.all().is_empty() => {
                let extended = error.extended_error().map(|error| format!("; {error}")).unwrap_or_default();
                format!("could not tell: {}{extended}", names_text(names))
            }
            _ => format!("could not tell: {}", with_extended_error(error.why(), error.extended_error())),
        },
    }
}

/// A hint for a private address without confirmed reverse DNS: public DNS knows nothing about it.
fn private_text(report: &Report, iprev: &Iprev) -> &'static str {
    match report.target() {
        Some(Subject::Client(client)) if is_private(*client) && !matches!(iprev, Iprev::Confirmed(_)) => {
            "; a private address: NAT or a proxy may hide the client's, or the network is one of yours, to be exempt"
        }
        _ => "",
    }
}

fn names_text(names: &Names) -> String {
    let mut texts: Vec<String> = names
        .confirmed()
        .chain(names.unconfirmed())
        .map(|name| {
            let forward = match name.forward() {
                Forward::LeadsBack => String::new(),
                Forward::Elsewhere => " (leads elsewhere)".to_owned(),
                Forward::NoAddress => " (has no address)".to_owned(),
                Forward::NoSuchName => " (does not exist)".to_owned(),
                Forward::Failed(failure) => format!(" ({failure})"),
            };
            let shape = match name.shape() {
                Shape::Plain => "",
                Shape::EmbedsAddress => " (generic: holds the address)",
                Shape::LooksDynamic => " (generic: looks dynamic)",
            };
            format!("{}{forward}{shape}", name.name())
        })
        .collect();
    texts.extend(names.unusable().iter().map(|text| format!("\"{text}\" (no host name)")));
    let more = if names.truncated() { ", and more" } else { "" };
    format!("{}{more}", texts.join(", "))
}

fn helo_word(verdict: Helo) -> &'static str {
    match verdict {
        Helo::ResolvesToClient | Helo::LiteralMatches => "OK",
        Helo::Unknown(_) => "UNKNOWN",
        Helo::ResolvesElsewhere | Helo::LiteralDiffers => "ELSEWHERE",
        Helo::MxOnly => "MX ONLY",
        Helo::NotFqdn => "NOT FQDN",
        Helo::Malformed => "MALFORMED",
        Helo::ClaimsUs => "CLAIMS US",
        Helo::NoSuchName | Helo::NoAddress => "NO ADDRESS",
    }
}

/// A client's text, clipped: some clients send kilobytes.
fn clipped(argument: &str) -> Cow<'_, str> {
    match argument.char_indices().nth(MAX_ARGUMENT) {
        Some((at, _)) => Cow::Owned(format!("{}...", argument.split_at(at).0)),
        None => Cow::Borrowed(argument),
    }
}

fn helo_text(helo: &HeloReport) -> String {
    let argument = &*clipped(helo.argument().as_str());
    let addresses = || helo.addresses().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match helo.verdict() {
        Helo::ResolvesToClient => format!("{argument} has the client's address"),
        Helo::ResolvesElsewhere => format!("{argument} leads to {}", addresses()),
        Helo::MxOnly => format!("{argument} has no address, only MX records"),
        Helo::LiteralMatches => format!("{argument} is the client's address"),
        Helo::LiteralDiffers => format!("{argument} is not the client's address"),
        Helo::NotFqdn => format!("{argument} is no fully qualified name"),
        Helo::Malformed => format!("\"{argument}\" is neither a name nor an address literal{}", literal_text(argument)),
        Helo::ClaimsUs => format!("{argument} is us"),
        Helo::NoSuchName => format!("{argument} does not exist"),
        Helo::NoAddress => format!("{argument} has neither address nor MX"),
        Helo::Unknown(why) => format!("{argument}: {}", with_extended_error(&why, helo.extended_error())),
    }
}

/// A hint on how to write the address, if the argument is one in the wrong form (RFC 5321 §4.1.3).
fn literal_text(argument: &str) -> String {
    match argument.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("; an IPv6 address is written with its tag: [IPv6:{address}]"),
        Ok(IpAddr::V4(address)) => format!("; an address is written in brackets: [{address}]"),
        Err(_) => String::new(),
    }
}

fn domain_word(verdict: &MailDomain) -> &'static str {
    match verdict {
        MailDomain::Ok(_) => "OK",
        MailDomain::NullMx => "NULL MX",
        MailDomain::NoSuchDomain => "NO DOMAIN",
        MailDomain::NoMailHost => "NO HOST",
        MailDomain::MxUnusable(_) => "MX UNUSABLE",
        MailDomain::Malformed => "MALFORMED",
        MailDomain::NullSender => "NULL",
        MailDomain::AddressLiteral(_) => "LITERAL",
        MailDomain::Unqualified => "UNQUALIFIED",
        MailDomain::Skipped | MailDomain::NotRead => "SKIPPED",
        MailDomain::Unknown(_) => "UNKNOWN",
    }
}

fn domain_text(report: &MailDomainReport) -> String {
    let domain = report.domain().map(ToString::to_string).unwrap_or_default();
    match report.verdict() {
        MailDomain::Ok(via) => {
            let host = report.hosts().iter().find(|host| host.state() == HostState::Usable);
            let name = host.map(|host| host.target().to_string()).unwrap_or_default();
            match via {
                Via::Mx if host.is_some_and(MailHost::is_alias) => format!("{domain}, mail goes to {name}, an alias"),
                Via::Mx => format!("{domain}, mail goes to {name}"),
                Via::ImplicitMx => format!("{domain} has no MX record; mail goes to its own address"),
            }
        }
        MailDomain::NullMx => format!("{domain} says that it takes no mail"),
        MailDomain::NoSuchDomain => format!("{domain} does not exist"),
        MailDomain::NoMailHost => format!("{domain} exists, but has no mail host"),
        MailDomain::MxUnusable(reason) => {
            format!("{domain}: {}", report.unusable_host().unwrap_or_else(|| reason.to_string()))
        }
        MailDomain::Malformed => "not a mail address".to_owned(),
        MailDomain::NullSender => "the null reverse-path <>: a notification".to_owned(),
        MailDomain::AddressLiteral(address) => format!("[{address}], there is no domain to check"),
        MailDomain::Unqualified => "a user name without a domain".to_owned(),
        MailDomain::Skipped => "ours".to_owned(),
        MailDomain::NotRead => "has U-labels, which are not read without the feature idna".to_owned(),
        MailDomain::Unknown(why) => format!("{domain}: {}", with_extended_error(why, report.extended_error())),
    }
}

/// The outcome in a word: "not listed" only if at least one reliable list says so.
fn lists_word(report: &Report) -> &'static str {
    let is_miss = |row: &&ListReport| rank(&row.verdict) == NOT_LISTED;
    let mut misses = report.deciding_lists().filter(is_miss).peekable();
    match report.score.outcome() {
        _ if report.counts.total() == 0 => "OBSERVED",
        _ if report.counts.asked() == 0 => "NOT ASKED",
        Outcome::NotListed if report.counts.answered() == 0 => "NOT HEARD",
        Outcome::NotListed
            if misses.peek().is_some()
                && report.counts.answered() == report.counts.not_listed
                && misses.all(|row| !row.advice().is_empty()) =>
        {
            "DOUBTFUL"
        }
        outcome => outcome_word(outcome),
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Listed => "LISTED",
        Outcome::NotListed => "NOT LISTED",
        Outcome::Allowed => "ALLOWED",
        Outcome::Undecided => "UNDECIDED",
    }
}

/// The score, and the threshold for "listed".
fn sum_text(score: Score) -> String {
    let from = format!("listed from {} on", score.threshold());
    if score.low() == score.high() {
        format!("score {}, {from}", score.low())
    } else {
        format!("score {} to {}, {from}", score.low(), score.high())
    }
}

fn score_text(report: &Report) -> String {
    let counts = report.counts;
    let allowed = report.allowed().count();
    let parts = [
        (counts.listed - allowed, "listed"),
        (allowed, "allowed"),
        (counts.problem, "broken"),
        (counts.unknown, "unknown"),
        (counts.excluded, "excluded"),
        (counts.not_listed, "not listed"),
        (counts.skipped, "skipped"),
        (report.lists.len() - counts.total(), "only observed"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{}; {}", sum_text(report.score), parts.join(", "))
}

/// The lists, worst first; those with a plain "not listed" share one line.
fn lists(f: &mut fmt::Formatter<'_>, rows: &[ListReport]) -> fmt::Result {
    let mut shown: Vec<&ListReport> = rows.iter().filter(|row| rank(&row.verdict) < NOT_LISTED).collect();
    shown.sort_by_key(|row| rank(&row.verdict));
    for row in shown {
        let (word, text) = list_text(row);
        let list = row.list().as_str();
        // The weight, if it counts for the score and is not the usual 1.
        let counts = row.kind() == ListKind::Deny && matches!(row.verdict, Verdict::Listed(..) | Verdict::Unknown(_));
        let remark = match row.weight() {
            _ if row.only_observed() => " (only observed)".to_owned(),
            weight if counts && weight != 1 => format!(" (weight {weight})"),
            _ => String::new(),
        };
        list_row(f, word, &format!("{list}: {text}{remark}"))?;
        if !row.advice().is_empty() {
            wrapped(f, &" ".repeat(LIST_INDENT), LIST_INDENT, &format!("-> {}", row.advice()))?;
        }
        if let Some(reason) = row.verdict.reason() {
            let whose = if reason.is_closing_notice() { "its closing notice: " } else { "" };
            wrapped(f, &" ".repeat(LIST_INDENT), LIST_INDENT, &format!("{whose}\"{reason}\""))?;
        }
        if let Some(note) = row.note() {
            wrapped(f, &" ".repeat(LIST_INDENT), LIST_INDENT, &format!("note: {note}"))?;
        }
    }
    // A miss of a list that may be empty or gone is not reliable.
    for row in rows.iter().filter(|row| rank(&row.verdict) == NOT_LISTED && !row.advice().is_empty()) {
        list_row(f, "doubtful", &format!("{}: not listed, but {}", row.list(), row.health()))?;
        wrapped(f, &" ".repeat(LIST_INDENT), LIST_INDENT, &format!("-> {}", row.advice()))?;
    }
    let quiet = |row: &&ListReport| rank(&row.verdict) == NOT_LISTED && row.advice().is_empty();
    let quiet: Vec<&str> = rows.iter().filter(quiet).map(|row| row.list().as_str()).collect();
    if !quiet.is_empty() {
        list_row(f, "not listed", &quiet.join(", "))?;
    }
    // Skipped lists, grouped by reason in order of appearance.
    let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in rows {
        if let Verdict::Skipped(why) = row.verdict {
            let text = why.in_words(row.subject().map(Subject::kind));
            match skipped.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(row.list().as_str()),
                None => skipped.push((text, vec![row.list().as_str()])),
            }
        }
    }
    for (why, names) in skipped {
        list_row(f, "skipped", &format!("{} ({why})", names.join(", ")))?;
        if why == Skipped::Retired.in_words(None) {
            wrapped(f, &" ".repeat(LIST_INDENT), LIST_INDENT, &format!("-> {}", Health::Retired.advice()))?;
        }
    }
    Ok(())
}

/// One entry of the part about lists.
fn list_row(f: &mut fmt::Formatter<'_>, word: &str, text: &str) -> fmt::Result {
    wrapped(f, &format!("    {word:<11}"), LIST_INDENT, text)
}

/// The rank from which on lists are not shown one by one.
const NOT_LISTED: u8 = 5;

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Listed(ListKind::Deny, _) => 0,
        Verdict::Listed(ListKind::Allow, _) => 1,
        Verdict::Problem(_) => 2,
        Verdict::Unknown(_) => 3,
        Verdict::Excluded(_) => 4,
        Verdict::NotListed(_) => NOT_LISTED,
        Verdict::Skipped(_) => NOT_LISTED + 1,
    }
}

fn list_text(row: &ListReport) -> (&'static str, String) {
    let codes = row.verdict.codes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let meanings = row.meanings().collect::<Vec<_>>().join(", ");
    match &row.verdict {
        Verdict::Listed(kind, _) => {
            let word = if *kind == ListKind::Deny { "LISTED" } else { "ALLOWED" };
            (word, if meanings.is_empty() { codes } else { format!("{codes}, {meanings}") })
        }
        Verdict::Problem(_) if row.is_filtered() => {
            ("FILTERED", format!("{codes} is an answer of something on the way, and not of the list"))
        }
        Verdict::Problem(problem) => {
            let codes = if codes.is_empty() { codes } else { format!(" ({codes})") };
            ("BROKEN", format!("{}{codes}", problem.kind()))
        }
        Verdict::Unknown(unknown) => {
            let reason = with_extended_error(unknown.why(), unknown.extended_error());
            ("unknown", if codes.is_empty() { reason } else { format!("{codes}, but {reason}") })
        }
        Verdict::Excluded(_) if meanings.is_empty() => ("excluded", format!("{codes}, not wanted")),
        Verdict::Excluded(_) => ("excluded", format!("{codes}, {meanings}: not wanted")),
        Verdict::NotListed(_) => ("not listed", String::new()),
        Verdict::Skipped(why) => ("skipped", why.to_string()),
    }
}
