//! What only a terminal gets: progress on standard error, and colour on standard output.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A check that takes no longer shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// The column of the verdict of a part, such as `reverse DNS`, and of a list.
const COLUMNS: [usize; 2] = [15, 4];
const RED: [&str; 8] = ["LISTED", "BROKEN", "FORGED", "FAIL", "AT FAULT", "NO DOMAIN", "NULL MX", "MALFORMED"];
const YELLOW: [&str; 6] = ["UNDECIDED", "unknown", "doubtful", "TEMP", "UNKNOWN", "NOT HEARD"];
const GREEN: [&str; 3] = ["OK", "NOT LISTED", "ALLOWED"];

/// May standard output be coloured? Not if `NO_COLOR` is set (no-color.org), and not in a pipe.
pub(crate) fn has_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// A table with its verdicts in colour.
pub(crate) fn coloured(table: &str) -> String {
    let mut text = String::with_capacity(table.len() + 64);
    for line in table.split_inclusive('\n') {
        let found = COLUMNS.iter().find_map(|column| Some((*column, colour_of(line.get(*column..)?)?)));
        match found {
            Some((column, (word, code))) => {
                let (before, after) = (line.get(..column), line.get(column + word.len()..));
                let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                text.push_str(&format!("{before}\x1b[{code}m{word}\x1b[0m{after}"));
            }
            None => text.push_str(line),
        }
    }
    text
}

/// The verdict that a text begins with, and its colour.
fn colour_of(text: &str) -> Option<(&'static str, u8)> {
    let starts = |word: &&&str| text.strip_prefix(**word).is_some_and(|rest| rest.starts_with([' ', '\n']));
    let pick = |words: &'static [&'static str], code| words.iter().find(starts).map(|word| (*word, code));
    pick(&RED, 31).or_else(|| pick(&YELLOW, 33)).or_else(|| pick(&GREEN, 32))
}

/// How far a run has come; it is shown on standard error while a terminal reads it.
pub(crate) struct Progress {
    is_shown: bool,
    lists: AtomicUsize,
}

impl Progress {
    /// Shows nothing if the output is for machines, or standard error is no terminal.
    pub(crate) fn new(for_people: bool) -> Self {
        Self { is_shown: for_people && io::stderr().is_terminal(), lists: AtomicUsize::new(0) }
    }

    /// One more list has a verdict.
    pub(crate) fn add_list(&self) {
        self.lists.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows what is waited for, again and again, until it is dropped.
    pub(crate) async fn show(&self, checked: usize, targets: usize) {
        if !self.is_shown {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(PATIENCE).await;
            let lists = self.lists.load(Ordering::Relaxed);
            let targets = if targets > 1 { format!("{checked} of {targets} targets, ") } else { String::new() };
            // Without automatic line breaks (DECAWM): of a line that is broken, only the last part could be removed.
            let text = format!("waiting: {targets}{lists} list verdicts so far (Ctrl-C shows them)");
            let _ = io::stderr().write_all(format!("\r\x1b[K\x1b[?7l{text}\x1b[?7h").as_bytes());
            let _ = io::stderr().flush();
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
