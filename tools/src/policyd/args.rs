//! The command line, and what is written to the terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;

pub(super) const HELP: &str = include_str!("help.txt");
const DEFAULT_FILE: &str = "/etc/rdnsbl/policyd.toml";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Args {
    Help,
    Version,
    Check(PathBuf),
    Run(PathBuf),
}

pub(super) fn parse() -> Result<Args, String> {
    of(lexopt::Parser::from_env()).map_err(|error| format!("{error}; see rdnsbl-policyd --help"))
}

fn of(mut parser: lexopt::Parser) -> Result<Args, lexopt::Error> {
    use lexopt::prelude::{Long, Short};
    let mut args = None;
    while let Some(arg) = parser.next()? {
        let wanted = match arg {
            Short('h') | Long("help") => Args::Help,
            Short('V') | Long("version") => Args::Version,
            Short('c') | Long("config") => Args::Run(parser.value()?.into()),
            Long("check") => Args::Check(parser.value()?.into()),
            _ => return Err(arg.unexpected()),
        };
        if args.replace(wanted).is_some() {
            return Err("one option at a time".into());
        }
    }
    Ok(args.unwrap_or_else(|| Args::Run(DEFAULT_FILE.into())))
}

/// Writes to standard output. Who reads only the first line is not told of an error.
pub(super) fn say(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Writes an error.
pub(super) fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}

/// What a configuration does, for `--check`.
pub(super) fn describe(file: &Path, config: &Config) -> String {
    let mut text = format!("{}: correct\n", file.display());
    let lists = config.settings.lists.iter().count();
    let _ = writeln!(
        text,
        "mode = {}, act_from = {}, deadline = {} ms, {lists} {}",
        config.mode.word(),
        config.act_from.word(),
        config.deadline.as_millis(),
        if lists == 1 { "list" } else { "lists" }
    );
    for finding in config.settings.lists.findings() {
        let _ = writeln!(text, "warning: {finding}");
    }
    for part in config.settings.lists.left_out() {
        let _ = writeln!(text, "note: {part}");
    }
    text.push_str("What is not in this table passes:\n");
    for line in config.rules.table() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let read = |args: &[&str]| of(lexopt::Parser::from_args(args)).map_err(|error| error.to_string());
        assert_eq!(read(&[]), Ok(Args::Run(DEFAULT_FILE.into())));
        assert_eq!(read(&["--config", "x"]), Ok(Args::Run("x".into())));
        assert_eq!(read(&["--check=x"]), Ok(Args::Check("x".into())));
        assert_eq!(read(&["-h"]), Ok(Args::Help));
        for wrong in [&["x"][..], &["--check"], &["--confg", "x"], &["--check", "a", "--config", "b"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
