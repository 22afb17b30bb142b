//! The command line.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lexopt::Arg;
use rdnsbl::Policy;
use rdnsbl::dnsxl::ListKind;
use rdnsbl::policy::Rule;

use crate::target::{self, Target};
use crate::usage::{Usage, echo};
use crate::values;

/// What `--help` prints.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What the program is asked to do.
pub(crate) enum Request {
    Check(Box<Options>),
    Help,
    Version,
    /// What the world of `--demo` holds.
    Demo,
}

/// All options, as given.
#[derive(Default)]
pub(crate) struct Options {
    /// Empty with `--probe` only.
    pub(crate) targets: Vec<Target>,
    pub(crate) resolvers: Vec<SocketAddr>,
    pub(crate) timeout: Option<Duration>,
    /// Kind and notation, in the order in which they were given.
    pub(crate) lists: Vec<(ListKind, String)>,
    pub(crate) no_lists: bool,
    pub(crate) threshold: Option<i32>,
    pub(crate) allow_threshold: Option<i32>,
    pub(crate) helo: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) rcpt: Option<String>,
    pub(crate) own_names: Vec<String>,
    pub(crate) own_addresses: Vec<IpAddr>,
    pub(crate) local_domains: Vec<String>,
    pub(crate) special: bool,
    pub(crate) knowledge: Knowledge,
    pub(crate) window: Option<Duration>,
    pub(crate) preset: Option<Policy>,
    /// The reply to a listed client.
    pub(crate) template: Option<Rule>,
    pub(crate) form: Option<Form>,
    pub(crate) verbose: bool,
    pub(crate) demo: bool,
    /// Check lists and no target.
    pub(crate) probe: bool,
    /// Check all known lists.
    pub(crate) all: bool,
}

/// What to assume about lists.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// Only RFC 5782.
    None,
    #[default]
    Catalogue,
}

/// How reports are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    JsonLines,
    Tsv,
    Nagios,
}

/// Reads the arguments after the program's name. Octets that are no UTF-8 are replaced: names and paths with them are
/// malformed anyway.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Usage> {
    let mut parser = lexopt::Parser::from_args(arguments.into_iter().collect::<Vec<_>>());
    let mut options = Options::default();
    let mut texts = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| Usage::of_parser(&error))? {
        let option = match argument {
            Arg::Value(text) => {
                texts.push(text.to_string_lossy().into_owned());
                continue;
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Request::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Request::Version),
            Arg::Long(option) => option.to_owned(),
            Arg::Short(_) => return Err(Usage::of_parser(&argument.unexpected())),
        };
        if !options.flag(&option)? {
            options.valued(&option, &mut parser)?;
        }
    }
    options.check()?;
    if options.probe {
        options.lists.extend(texts.into_iter().map(|text| (ListKind::Deny, text)));
        return Ok(Request::Check(Box::new(options)));
    }
    let targets = texts.iter().map(|text| Target::parse(text));
    let (targets, mistakes): (Vec<_>, Vec<_>) = targets.partition(Result::is_ok);
    let mistakes: Vec<Usage> = mistakes.into_iter().filter_map(Result::err).collect();
    if !mistakes.is_empty() {
        return Err(Usage::all(&mistakes));
    }
    options.targets = targets.into_iter().filter_map(Result::ok).collect();
    if options.targets.is_empty() {
        if options.helo.is_none() && options.from.is_none() && options.rcpt.is_none() {
            if options.demo && options.form.is_none() {
                return Ok(Request::Demo);
            }
            return Err(Usage::new("need a TARGET: an IP address or a domain name (--help tells more)"));
        }
        options.targets.push(Target::Nothing);
    }
    Ok(Request::Check(Box::new(options)))
}

impl Options {
    /// Applies an option without a value; false if it is not one.
    fn flag(&mut self, option: &str) -> Result<bool, Usage> {
        match option {
            "no-lists" => self.no_lists = true,
            "special" => self.special = true,
            "verbose" => self.verbose = true,
            "demo" => self.demo = true,
            "probe" => self.probe = true,
            "all" => self.all = true,
            "json" => self.print_as(Form::Json)?,
            "jsonl" => self.print_as(Form::JsonLines)?,
            "tsv" => self.print_as(Form::Tsv)?,
            "nagios" => self.print_as(Form::Nagios)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Applies an option with its value, whatever the value looks like.
    fn valued(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), Usage> {
        let option = format!("--{name}");
        let unknown = || Usage::new(format!("there is no option {} (--help lists them)", echo(&option)));
        if !VALUED.contains(&name) {
            return Err(unknown());
        }
        let value = parser.value().map_err(|error| Usage::of_parser(&error))?;
        let text = value.to_string_lossy().into_owned();
        match name {
            "resolver" => self.resolvers.push(values::resolver(&text)?),
            "timeout" => self.timeout = Some(values::duration(&option, &text)?),
            "list" => self.lists.push((ListKind::Deny, text)),
            "allow" => self.lists.push((ListKind::Allow, text)),
            "threshold" => self.threshold = Some(values::number(&option, &text)?),
            "allow-threshold" => self.allow_threshold = Some(values::number(&option, &text)?),
            "helo" => self.helo = Some(text),
            "from" => self.from = Some(text),
            "rcpt" => self.rcpt = Some(text),
            "me" => match text.parse() {
                Ok(address) => self.own_addresses.push(address),
                Err(_) => self.own_names.push(target::host(&option, &text)?.expose().to_owned()),
            },
            "local-domain" => self.local_domains.push(target::host(&option, &text)?.expose().to_owned()),
            "profile" => {
                let words = [("none", Knowledge::None), ("catalogue", Knowledge::Catalogue)];
                self.knowledge = values::word(&option, &text, &words)?;
            }
            "window" => self.window = Some(values::duration(&option, &text)?),
            "preset" => self.preset = Some(values::preset(&option, &text)?),
            "template" => self.template = Some(values::template(&option, &text)?),
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn print_as(&mut self, form: Form) -> Result<(), Usage> {
        match self.form.replace(form) {
            Some(other) if other != form => Err(Usage::new("--json, --jsonl, --tsv and --nagios exclude each other")),
            _ => Ok(()),
        }
    }

    /// Rejects options that contradict each other.
    fn check(&self) -> Result<(), Usage> {
        if self.no_lists && !self.lists.is_empty() {
            return Err(Usage::new("--no-lists contradicts --list and --allow"));
        }
        if self.demo && !self.resolvers.is_empty() {
            return Err(Usage::new("--demo brings its own server and contradicts --resolver"));
        }
        let dialogue = [&self.helo, &self.from, &self.rcpt].iter().any(|fact| fact.is_some());
        if self.all && !self.probe {
            return Err(Usage::new("--all belongs to --probe"));
        }
        if self.probe && (dialogue || self.no_lists) {
            return Err(Usage::new("--probe tries lists alone: no --helo, --from, --rcpt or --no-lists"));
        }
        if self.probe && matches!(self.form, Some(Form::Tsv | Form::Nagios)) {
            return Err(Usage::new("--probe prints a table, --json or --jsonl"));
        }
        if self.all && self.knowledge == Knowledge::None {
            return Err(Usage::new("--all contradicts --profile none: no list is known"));
        }
        // To some programs 0 means "for ever", to others "now".
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Usage::new("--timeout: 0 leaves no time to ask anything"));
        }
        Ok(())
    }
}

/// The options that take a value.
const VALUED: &[&str] = &[
    "resolver",
    "timeout",
    "list",
    "allow",
    "threshold",
    "allow-threshold",
    "helo",
    "from",
    "rcpt",
    "me",
    "local-domain",
    "profile",
    "window",
    "preset",
    "template",
];
