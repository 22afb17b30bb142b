//! The policy daemon.

mod answer;
mod args;
mod connection;
mod decision;
mod idle;
mod instances;
mod request;
mod run;
mod server;
mod service;

use std::path::Path;
use std::process::ExitCode;

use crate::config::Config;
use crate::policyd::args::{Args, say};

/// The exit code for a command line or a configuration that is not right.
const USAGE: u8 = 2;

/// The program.
pub fn main() -> ExitCode {
    match args::parse() {
        Ok(Args::Help) => say(args::HELP),
        Ok(Args::Version) => say(concat!("rdnsbl-policyd ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Args::Check(file)) => match read(&file) {
            Ok(config) => say(&args::describe(&file, &config)),
            Err(text) => args::fail(&text, USAGE),
        },
        Ok(Args::Run(file)) => match read(&file) {
            Ok(config) => run::run(file, config),
            Err(text) => args::fail(&text, USAGE),
        },
        Err(text) => args::fail(&text, USAGE),
    }
}

/// The configuration, or every mistake on a line of its own: `FILE:LINE:COLUMN: message`.
fn read(file: &Path) -> Result<Config, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Config::read(&text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{}:{mistake}", file.display())).collect();
        lines.join("\n")
    })
}
