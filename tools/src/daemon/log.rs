//! The log: lines on standard error, which the journal reads. A thread of its own writes them, so that a full disk or a
//! stopped reader delays no answer; what does not fit in its queue is counted.

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that wait to be written.
const QUEUE: usize = 1_024;
/// How long the end of the program waits for the last lines.
const PATIENCE: Duration = Duration::from_millis(500);

/// Priorities of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
}

/// Where lines go.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
    with_level: bool,
}

enum Line {
    Text(String),
    /// Says that everything before it is written.
    End(SyncSender<()>),
}

impl Log {
    /// Starts the thread. With `JOURNAL_STREAM` set, as systemd does, each line starts with its level in sd-daemon(3)'s form.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (lines, receiver) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&receiver, &counter))?;
        Ok(Self(Arc::new(Inner { lines, lost, with_level: std::env::var_os("JOURNAL_STREAM").is_some() })))
    }

    pub(crate) fn line(&self, level: Level, text: impl fmt::Display) {
        let line = if self.0.with_level { format!("<{}>{text}\n", level as u8) } else { format!("{text}\n") };
        if self.0.lines.try_send(Line::Text(line)).is_err() {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything is written, but not for long.
    pub(crate) fn finish(&self) {
        let (end, written) = sync_channel(1);
        if self.0.lines.try_send(Line::End(end)).is_ok() {
            let _ = written.recv_timeout(PATIENCE);
        }
    }
}

fn write_all(lines: &Receiver<Line>, lost: &AtomicU64) {
    for line in lines {
        match line {
            Line::Text(text) => {
                // In one piece, so that lines of several processes do not mix.
                if std::io::stderr().write_all(text.as_bytes()).is_err() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            Line::End(end) => drop(end.send(())),
        }
    }
}

/// The longest value of a field in the log.
const MAX_WORD: usize = 256;

/// A value of the log line: one printable word; `-` for none.
pub(crate) struct Word<'a>(pub(crate) Option<&'a str>);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None | Some("") => f.write_str("-"),
            Some(text) => text
                .chars()
                .take(MAX_WORD)
                .try_for_each(|letter| fmt::Write::write_char(f, if letter.is_ascii_graphic() { letter } else { '_' })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word() {
        assert_eq!(Word(Some("a b\n\u{1b}=\u{e9}")).to_string(), "a_b__=_");
        assert_eq!(Word(Some("")).to_string(), "-");
        assert_eq!(Word(Some(&"x".repeat(1_000))).to_string().len(), MAX_WORD);
    }
}
