//! The table for people: the library's own, with a headline and, with `--verbose`, every question.

use std::fmt::Write;

use rdnsbl::Report;
use rdnsbl::report::Source;

use crate::demo::BANNER;
use crate::servers::Servers;
pub(crate) use crate::wrapped::wrapped;

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
    if !verbose || report.exchanges().is_empty() {
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
