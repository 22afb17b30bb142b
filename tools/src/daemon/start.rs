//! A daemon's `main`, and what it writes to the terminal.

use std::io::Write;
use std::process::ExitCode;

use crate::daemon::args::{self, Args};
use crate::daemon::program::Program;
use crate::daemon::{describe, file, run};

/// The exit code of a daemon that could not start.
const NOT_STARTED: u8 = 1;
/// The exit code for a command line or a configuration that is not right.
const USAGE: u8 = 2;

/// A daemon's `main`.
pub(crate) fn main<P: Program>() -> ExitCode {
    match done::<P>() {
        Ok(text) => {
            // Whoever reads only the first line is not told of an error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err((text, code)) => {
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::from(code)
        }
    }
}

/// Does what the command line says: the text for standard output, or an error with its exit code.
fn done<P: Program>() -> Result<String, (String, u8)> {
    let usage = |text: String| (text, USAGE);
    let unusable = |file: file::Unusable| (file.text(), USAGE);
    Ok(match args::parse::<P>().map_err(usage)? {
        Args::Help => P::HELP.to_owned(),
        Args::Version => format!("{} {}\n", P::NAME, env!("CARGO_PKG_VERSION")),
        Args::Check(path) => describe::text(&path, &file::read::<P>(&path).map_err(unusable)?),
        Args::Run(path) => {
            let config = file::read::<P>(&path).map_err(unusable)?;
            run::run::<P>(path, config).map_err(|text| (format!("cannot start: {text}"), NOT_STARTED))?;
            String::new()
        }
    })
}
