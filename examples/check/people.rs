//! The table for people: the library's own, with a headline and, on demand, every question.

use std::fmt::Write;

use rdnsbl::Report;
use rdnsbl::report::Source;

use crate::demo::BANNER;
use crate::servers::Servers;

/// Columns of a terminal that nobody has widened.
const WIDTH: usize = 80;
/// Where a question starts that is told with its time.
const QUESTION: usize = 23;

/// Who is asked.
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
        let _ = writeln!(text, "{head}{}", wrapped(&exchange.to_string()));
    }
    text
}

/// A text broken between words, continued below itself.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = QUESTION;
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 && column + 1 + word.len() > WIDTH {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', QUESTION + 2));
            column = QUESTION + 2;
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        // Names of IPv6 addresses are longer than what is left of a line. They are ASCII.
        let mut rest = word;
        while let Some((now, later)) =
            rest.split_at_checked(WIDTH.saturating_sub(column)).filter(|(_, later)| !later.is_empty())
        {
            lines.push_str(now);
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', QUESTION + 2));
            column = QUESTION + 2;
            rest = later;
        }
        lines.push_str(rest);
        column += rest.len();
    }
    lines
}
