//! `--fix`: a unified diff of what can be corrected. It has no lines of context, since they may hold keys.

use std::fmt::Write;
use std::ops::Range;

use rdnsbl::remote_text::hide_keys;

use crate::finding::Edit;
use crate::kind::Kind;
use crate::output::count;
use crate::print_error;
use crate::result::{Linted, Outcome};
use crate::source::Source;

/// The diff of all files.
pub(crate) fn diff(outcome: &Outcome) -> String {
    let mut text = String::new();
    let (mut corrected, mut left) = (0, 0);
    for linted in &outcome.texts {
        let lines = corrections(linted);
        corrected += lines.len();
        left += linted.findings.iter().filter(|finding| finding.edit.is_none()).count();
        for (name, range) in linted.source.files() {
            let inside: Vec<&Correction> = lines.iter().filter(|line| range.contains(&line.range.start)).collect();
            if inside.is_empty() {
                continue;
            }
            // patch refuses absolute names.
            let name = name.trim_start_matches('/');
            let _ = writeln!(text, "--- {name}\n+++ {name}");
            // How many lines were removed before.
            let mut removed = 0;
            for line in inside {
                let number = linted.source.line_number(line.range.start);
                let old = linted.source.get(line.range.clone()).trim_end_matches('\n');
                let unended = if linted.source.is_unended(&line.range) { UNENDED } else { "" };
                match &line.text {
                    Some(new) => {
                        let at = number - removed;
                        let _ = writeln!(text, "@@ -{number} +{at} @@\n-{old}{unended}\n+{new}{unended}");
                    }
                    None => {
                        removed += 1;
                        let _ = writeln!(text, "@@ -{number} +{},0 @@\n-{old}{unended}", number - removed);
                    }
                }
            }
        }
    }
    let (corrected, left) = (count(corrected, "line"), count(left, "finding"));
    print_error(&format!("{corrected} corrected, {left} left to you"));
    text
}

/// What a diff says behind the last line of a file that has no end.
const UNENDED: &str = "\n\\ No newline at end of file";

/// A line, and what it becomes; `None` where nothing is left of it.
struct Correction {
    range: Range<usize>,
    text: Option<String>,
}

fn corrections(linted: &Linted) -> Vec<Correction> {
    let source = &linted.source;
    if source.altered {
        return Vec::new();
    }
    let mut edits: Vec<&Edit> = linted.findings.iter().filter_map(|finding| finding.edit.as_ref()).collect();
    // Of edits that overlap, the longer one.
    edits.sort_by_key(|edit| (edit.span.start, std::cmp::Reverse(edit.span.end)));
    let mut done: Vec<Correction> = Vec::new();
    let mut rest = edits.into_iter().peekable();
    while let Some(first) = rest.next() {
        let range = source.line_range(first.span.start);
        let mut of_line = vec![first];
        while let Some(edit) = rest.next_if(|edit| range.contains(&edit.span.start)) {
            if of_line.last().is_none_or(|last| last.span.end <= edit.span.start) {
                of_line.push(edit);
            }
        }
        let old = source.get(range.clone());
        if hide_keys(old) != *old || of_line.iter().any(|edit| edit.span.end > range.end) {
            continue;
        }
        done.push(Correction { text: applied(source, &range, &of_line), range });
    }
    done
}

/// The line after these edits.
fn applied(source: &Source, range: &Range<usize>, edits: &[&Edit]) -> Option<String> {
    let mut text = String::new();
    let mut at = range.start;
    let mut removed = false;
    for edit in edits {
        text.push_str(source.get(at..edit.span.start));
        text.push_str(&edit.text);
        at = edit.span.end;
        if edit.text.is_empty() && !edit.span.is_empty() {
            removed = true;
            at += separator(source.get(at..range.end), source.kind);
        }
    }
    text.push_str(source.get(at..range.end));
    let text = text.trim_end_matches('\n');
    if !removed {
        return Some(text.to_owned());
    }
    let line_end = if text.ends_with('\r') { "\r" } else { "" };
    let text = text.trim_end();
    (!text.is_empty()).then(|| format!("{text}{line_end}"))
}

/// The octets behind a removed part that belong to it: the comma, or m4's `dnl`.
fn separator(after: &str, kind: Kind) -> usize {
    let rest = after.trim_start_matches([' ', '\t']);
    let rest = match kind {
        Kind::Sendmail => rest.strip_prefix("dnl").unwrap_or(rest),
        _ => rest.strip_prefix(',').unwrap_or(rest),
    };
    after.len() - rest.trim_start_matches([' ', '\t']).len()
}
