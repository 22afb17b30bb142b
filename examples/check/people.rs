//! The table for people: the library's own, with a headline and, with `--verbose`, every question.

use std::fmt::Write;

use rdnsbl::Report;
use rdnsbl::report::Source;

use crate::demo::BANNER;
use crate::servers::Servers;

/// Columns of a standard terminal.
const WIDTH: usize = 80;
/// The column where a question starts, after its time.
const QUESTION: usize = 23;
/// The column where a finding starts, after `check: `.
const FINDING: usize = 7;

/// The headline: which servers are asked.
pub(crate) fn header(servers: &Servers, demo: bool) -> String {
    if demo {
        return format!(
            "{BANNER}: a made-up world, from {servers}.\nLists are asked about special-purpose addresses (--special is implied).\n"
        );
    }
    format!("Asking {servers}\n")
}

/// One report.
pub(crate) fn report(report: &Report, verbose: bool) -> String {
    let mut text = format!("\n{report}");
    if !verbose {
        return text;
    }
    text.push_str("  questions\n");
    for exchange in report.exchanges() {
        let source = match exchange.source() {
            Source::Network => "asked",
            Source::Shared => "shared",
            _ => "known",
        };
        let took = exchange.took().as_secs_f64() * 1_000.0;
        let head = format!("    {took:>7.1} ms  {source:<6} ");
        // Writing to a String does not fail.
        let _ = writeln!(text, "{head}{}", wrapped(&exchange.to_string(), QUESTION, QUESTION + 2));
    }
    text
}

/// A finding about a list, as `check: ...`, in lines no wider than a terminal.
pub(crate) fn finding(text: &str) -> String {
    wrapped(text, FINDING, FINDING)
}

/// A text broken between words, continued at a column. A word longer than a line is broken too, since names go up to 253
/// octets; a URL is not, so that it can be opened.
pub(crate) fn wrapped(text: &str, start: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = start;
    let line = |lines: &mut String, column: &mut usize| {
        lines.push('\n');
        lines.extend(std::iter::repeat_n(' ', indent));
        *column = indent;
    };
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 && column + 1 + word.chars().count() > WIDTH {
            line(&mut lines, &mut column);
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        for character in word.chars() {
            if column >= WIDTH && !word.contains("://") {
                line(&mut lines, &mut column);
            }
            lines.push(character);
            column += 1;
        }
    }
    lines
}
