//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::Arg;

use crate::kind::{self, Kind};
use crate::usage::Usage;
use crate::values;

/// What `--help` prints.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What the program is asked to do.
pub(crate) enum Request {
    Lint(Box<Options>),
    Help,
    Version,
    /// The table of rules.
    Rules,
}

/// All options, as given.
#[derive(Default)]
pub(crate) struct Options {
    /// Empty for the usual files.
    pub(crate) files: Vec<OsString>,
    pub(crate) kind: Option<Kind>,
    pub(crate) offline: bool,
    pub(crate) resolvers: Vec<SocketAddr>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) demo: bool,
    pub(crate) json: bool,
    pub(crate) fix: bool,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Usage> {
    let mut parser = lexopt::Parser::from_args(arguments.into_iter().collect::<Vec<_>>());
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(|error| Usage::of_parser(&error))? {
        match argument {
            Arg::Value(file) => options.files.push(file),
            Arg::Long("help") | Arg::Short('h') => return Ok(Request::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Request::Version),
            Arg::Long("rules") => return Ok(Request::Rules),
            Arg::Long("offline") => options.offline = true,
            Arg::Long("demo") => options.demo = true,
            Arg::Long("json") => options.json = true,
            Arg::Long("fix") => options.fix = true,
            Arg::Long("verbose") => options.verbose = true,
            Arg::Long("quiet") => options.quiet = true,
            Arg::Long("as") => {
                let text = value(&mut parser)?;
                options.kind = Some(values::word("--as", &text, &kind::WORDS)?);
            }
            Arg::Long("server" | "resolver") => options.resolvers.push(values::resolver(&value(&mut parser)?)?),
            Arg::Long("timeout") => options.timeout = Some(values::duration("--timeout", &value(&mut parser)?)?),
            Arg::Long(_) | Arg::Short(_) => return Err(Usage::of_parser(&argument.unexpected())),
        }
    }
    options.check()?;
    Ok(Request::Lint(Box::new(options)))
}

impl Options {
    /// Rejects options that contradict each other.
    fn check(&self) -> Result<(), Usage> {
        let asks = self.demo || !self.resolvers.is_empty() || self.timeout.is_some();
        if self.offline && asks {
            return Err(Usage::new("--offline asks nobody: no --server, --timeout or --demo"));
        }
        if self.demo && !self.resolvers.is_empty() {
            return Err(Usage::new("--demo brings its own server and contradicts --server"));
        }
        if self.quiet && self.verbose {
            return Err(Usage::new("--quiet contradicts --verbose"));
        }
        if self.fix && self.json {
            return Err(Usage::new("--fix prints a diff and contradicts --json"));
        }
        if self.files.iter().filter(|file| *file == "-").count() > 1 {
            return Err(Usage::new("standard input (-) can be read only once"));
        }
        // To some programs 0 means "for ever", to others "now".
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Usage::new("--timeout: 0 leaves no time to ask anything; --offline asks nobody"));
        }
        Ok(())
    }
}

fn value(parser: &mut lexopt::Parser) -> Result<String, Usage> {
    parser.value().map(|value| value.to_string_lossy().into_owned()).map_err(|error| Usage::of_parser(&error))
}
