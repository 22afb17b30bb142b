//! The command line.

use std::path::PathBuf;

use crate::daemon::program::Program;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Args {
    Help,
    Version,
    Check(PathBuf),
    Run(PathBuf),
}

/// Reads the command line.
pub(super) fn parse<P: Program>() -> Result<Args, String> {
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
