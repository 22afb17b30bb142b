//! What is printed: lines for people and other programs, or one JSON document.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use rdnsbl::dnsxl::SpecErrorKind;
use serde_json::{Value, json};

use crate::collect::Found;
use crate::demo::BANNER;
use crate::finding::{Finding, Level, RULES};
use crate::kind::Kind;
use crate::mentions::may_ask;
use crate::result::{Linted, Outcome};
use crate::source::{Place, Source};
use crate::wrapped::wrapped;

/// The column where what belongs to a finding begins.
const INDENT: usize = 4;

/// The lines for people; findings sorted by place.
pub(crate) fn text(outcome: &Outcome, verbose: bool, quiet: bool, demo: bool, terminal: bool) -> String {
    let mut text = String::new();
    if demo && !quiet {
        let _ = writeln!(text, "{BANNER}: the answers are made up.");
    }
    if let Some(finding) = &outcome.resolver {
        one(&mut text, None, finding, terminal);
    }
    for linted in &outcome.texts {
        for finding in linted.findings.iter().filter(|finding| !quiet || finding.rule.level >= Level::Warning) {
            one(&mut text, Some(linted.source.place(finding.at)), finding, terminal);
        }
        if verbose {
            all(&mut text, linted);
        }
    }
    if !quiet && !outcome.texts.is_empty() {
        text.push_str(&summary(outcome, verbose));
    }
    text
}

/// One finding. Its first line is not broken for other programs, only on a terminal.
fn one(text: &mut String, place: Option<Place>, finding: &Finding, terminal: bool) {
    let place = place.map(|Place { file, line, column }| format!("{file}:{line}:{column}: ")).unwrap_or_default();
    let first = format!("{place}{}: {} [{}]", finding.rule.level.word(), finding.message, finding.rule.id);
    text.push_str(&if terminal { wrapped(&first, 0, INDENT) } else { first });
    text.push('\n');
    let indent = " ".repeat(INDENT);
    let mut more = |line: String| {
        let _ = writeln!(text, "{indent}{line}");
    };
    let in_lines = |line: &str| wrapped(line, INDENT, INDENT + 2);
    if let Some(detail) = &finding.detail {
        more(in_lines(detail));
    }
    match &finding.advice {
        // What is to be written is copied: it stays in one line.
        Some(advice) if advice.starts_with("write ") => more(format!("-> {advice}")),
        Some(advice) => more(in_lines(&format!("-> {advice}"))),
        None => {}
    }
    if let Some(source) = &finding.source {
        more(in_lines(&format!("source: {source}")));
    }
}

/// Every list, and every part that was left out.
fn all(text: &mut String, linted: &Linted) {
    let source = &linted.source;
    for found in linted.lists() {
        let Place { file, line, column } = source.place(found.at);
        let _ = writeln!(text, "{file}:{line}:{column}: list: {}", found.spec.zone().without_key());
    }
    for (item, why) in &linted.collected.left_out {
        let Place { file, line, column } = source.place(item.start);
        let _ = writeln!(text, "{file}:{line}:{column}: left out: {}: {}", name(source, item), reason(*why));
    }
}

/// The name of a setting without its value, which may be a password or a key; or the first words of another part.
fn name(source: &Source, item: &Range<usize>) -> String {
    let text = source.get(item.clone());
    let ends: &[char] = match source.kind {
        Kind::SpamAssassin if !may_ask(text) => &[' ', '\t'],
        Kind::Sendmail => &[',', '\n'],
        _ => &['=', '\n'],
    };
    let end = text.find(ends).unwrap_or(text.len());
    source.shown(&(item.start..item.start + end))
}

fn reason(why: SpecErrorKind) -> String {
    match why {
        SpecErrorKind::LeftOut(why) | SpecErrorKind::ReadAnyway(why) => why.to_owned(),
        SpecErrorKind::NotCounted(why) => why.to_string(),
        SpecErrorKind::NotSupported(what) => format!("not judged here: {what}"),
        other => other.to_string(),
    }
}

/// The last lines: what was not looked at, and the counts.
fn summary(outcome: &Outcome, verbose: bool) -> String {
    let mut notes = Vec::new();
    if outcome.left_out() > 0 && !verbose {
        notes.push(format!("left out {} (--verbose shows each)", count(outcome.left_out(), "part that asks no list")));
    }
    if outcome.commented_out() > 0 {
        notes.push(format!("{} in comments", count(outcome.commented_out(), "list")));
    }
    if outcome.others() > 0 {
        let names = count(outcome.others(), "other name");
        notes.push(format!("{names} in files that are not read may be lists, and are not known"));
    }
    if outcome.too_many() > 0 {
        notes.push(format!("{} beyond the limit, not looked at", count(outcome.too_many(), "list")));
    }
    if outcome.ignored() > 0 {
        notes.push(format!("{} ignored by comments", count(outcome.ignored(), "finding")));
    }
    // If no server answers at all, that was reported once.
    if !outcome.silent.is_empty() && !outcome.unheard {
        let mut names: Vec<String> = outcome.silent.iter().map(|zone| zone.without_key().to_string()).collect();
        names.sort_unstable();
        let more = if names.len() > MOST_NAMED && !verbose { ", ..." } else { "" };
        names.truncate(if verbose { names.len() } else { MOST_NAMED });
        notes.push(format!("no answer in time from {}{more}", names.join(", ")));
    }
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "{}", wrapped(&note, 0, 2));
    }
    let of = |level| count(outcome.count(level), word(level));
    let files = count(outcome.texts.iter().map(|linted| linted.source.names().count()).sum(), "file");
    let lists = count(outcome.lists(), "list");
    let levels = [Level::Error, Level::Warning, Level::Note].map(of).join(", ");
    let _ = writeln!(text, "{files}, {lists}: {levels}");
    text
}

/// Silent lists that are named in the summary.
const MOST_NAMED: usize = 5;

fn word(level: Level) -> &'static str {
    level.word()
}

/// `1 list`, `2 lists`, `3 parts that ask no list`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match (number, what) {
        (1, what) => format!("1 {what}"),
        (_, "part that asks no list") => format!("{number} parts that ask no list"),
        _ => format!("{number} {what}s"),
    }
}

/// One JSON document.
pub(crate) fn json(outcome: &Outcome, demo: bool) -> String {
    let findings: Vec<Value> = outcome
        .resolver
        .iter()
        .map(|finding| finding_json(None, finding))
        .chain(outcome.texts.iter().flat_map(|linted| {
            linted.findings.iter().map(|finding| finding_json(Some(linted.source.place(finding.at)), finding))
        }))
        .collect();
    let files: Vec<Value> = outcome.texts.iter().flat_map(files_json).collect();
    let unread = outcome.unread.iter().map(|(name, why)| json!({"file": name, "why": why}));
    let silent: Vec<String> = outcome.silent.iter().map(|zone| zone.without_key().to_string()).collect();
    let document = json!({
        "version": 1,
        "demo": demo,
        "findings": findings,
        "files": files,
        "unread": unread.collect::<Vec<_>>(),
        "no_answer": silent,
        "counts": {
            "error": outcome.count(Level::Error),
            "warning": outcome.count(Level::Warning),
            "note": outcome.count(Level::Note),
            "ignored": outcome.ignored(),
            "lists": outcome.lists(),
            "left_out": outcome.left_out(),
            "commented_out": outcome.commented_out(),
            "other_names": outcome.others(),
            "too_many": outcome.too_many(),
        },
    });
    format!("{document}\n")
}

fn finding_json(place: Option<Place>, finding: &Finding) -> Value {
    json!({
        "file": place.as_ref().map(|place| place.file.as_str()),
        "line": place.as_ref().map(|place| place.line),
        "column": place.as_ref().map(|place| place.column),
        "level": finding.rule.level.word(),
        "rule": finding.rule.id,
        "list": finding.zone.as_ref().map(|zone| zone.without_key().to_string()),
        "message": finding.message,
        "detail": finding.detail,
        "advice": finding.advice,
        "source": finding.source,
    })
}

/// Each file with its lists, and the reasons of what was left out, with their counts.
fn files_json(linted: &Linted) -> Vec<Value> {
    let place = |found: &Found| {
        let Place { line, column, .. } = linted.source.place(found.at);
        json!({"list": found.spec.zone().without_key().to_string(), "line": line, "column": column, "context": found.context.as_deref()})
    };
    let file = |(name, range): (&str, Range<usize>)| {
        let lists = linted.lists().iter().filter(|found| range.contains(&found.at)).map(place);
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for (_, why) in linted.collected.left_out.iter().filter(|(item, _)| range.contains(&item.start)) {
            *reasons.entry(reason(*why)).or_default() += 1;
        }
        let named = linted.named().iter().filter(|(at, _)| range.contains(at));
        json!({
            "file": name,
            "kind": linted.source.kind.name(),
            "lists": lists.collect::<Vec<_>>(),
            "named": named.map(|(_, spec)| spec.zone().without_key().to_string()).collect::<Vec<_>>(),
            "left_out": reasons,
        })
    };
    linted.source.files().map(file).collect()
}

/// The table of rules.
pub(crate) fn rules() -> String {
    RULES.iter().map(|rule| format!("{:<8} {:<19} {}\n", rule.level.word(), rule.id, rule.finds)).collect()
}
