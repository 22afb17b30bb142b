//! The command line, and what is written to the terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::daemon::{Program, describe, run};

/// The exit code for a wrong command line or configuration.
const USAGE: u8 = 2;

/// The largest configuration, in octets.
const MAX_FILE: u64 = 1 << 20;

/// A daemon's `main`.
pub(crate) fn main<P: Program>() -> ExitCode {
    match parse::<P>() {
        Ok(Args::Help) => say(P::HELP),
        Ok(Args::Version) => say(&format!("{} {}\n", P::NAME, env!("CARGO_PKG_VERSION"))),
        Ok(Args::Check(file)) => match read::<P>(&file) {
            Ok(config) => say(&describe::text(&file, &config)),
            Err(text) => fail(&text, USAGE),
        },
        Ok(Args::Run(file)) => match read::<P>(&file) {
            Ok(config) => run::run::<P>(file, config),
            Err(text) => fail(&text, USAGE),
        },
        Err(text) => fail(&text, USAGE),
    }
}

/// The configuration, or every mistake on a line of its own: `FILE:LINE:COLUMN: message`.
pub(crate) fn read<P: Program>(file: &Path) -> Result<Config, String> {
    let mut octets = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    read.map_err(|error| {
        let hint = if file == Path::new(P::FILE) { "; --config names another file" } else { "" };
        format!("cannot read {}: {error}{hint}", file.display())
    })?;
    if octets.len() as u64 > MAX_FILE {
        return Err(format!("{}: larger than {} MB", file.display(), MAX_FILE >> 20));
    }
    let text = String::from_utf8(octets).map_err(|_| format!("{}: this is no text (UTF-8)", file.display()))?;
    Config::read(&text, P::FOR).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{}:{mistake}", file.display())).collect();
        lines.join("\n")
    })
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Args {
    Help,
    Version,
    Check(PathBuf),
    Run(PathBuf),
}

fn parse<P: Program>() -> Result<Args, String> {
    of(lexopt::Parser::from_env(), P::FILE).map_err(|error| format!("{error}; see {} --help", P::NAME))
}

fn of(mut parser: lexopt::Parser, usual: &str) -> Result<Args, lexopt::Error> {
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
    Ok(args.unwrap_or_else(|| Args::Run(usual.into())))
}

/// Writes to standard output. A reader that stops after the first line is not an error.
fn say(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Writes an error.
pub(crate) fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let read = |args: &[&str]| of(lexopt::Parser::from_args(args), "usual").map_err(|error| error.to_string());
        assert_eq!(read(&[]), Ok(Args::Run("usual".into())));
        assert_eq!(read(&["--config", "x"]), Ok(Args::Run("x".into())));
        assert_eq!(read(&["--check=x"]), Ok(Args::Check("x".into())));
        assert_eq!(read(&["-h"]), Ok(Args::Help));
        for wrong in [&["x"][..], &["--check"], &["--confg", "x"], &["--check", "a", "--config", "b"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
