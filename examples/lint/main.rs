//! Looks for lists in the configuration of a mail server that are dead, misspelt, refuse to answer, or are asked in a
//! wrong way.
//!
//! ```sh
//! cargo run --release --example lint -- --demo
//! cargo run --release --example lint -- --offline /etc/postfix/main.cf /etc/postfix/master.cf
//! cargo run --release --example lint -- --help
//! ```
//!
//! No `tracing` subscriber is installed here, and none may be: hickory logs whole query names, which may hold keys.

mod args;
mod collect;
mod demo;
mod files;
mod finding;
mod fix;
mod include;
mod kind;
mod lines;
mod mentions;
mod output;
mod parts;
mod postfix;
mod probe;
mod public;
mod result;
mod rules;
#[path = "../shared/servers.rs"]
#[allow(dead_code, reason = "`check` needs more of it")]
mod servers;
mod source;
mod statements;
mod status;
mod successor;
mod thresholds;
#[path = "../shared/usage.rs"]
#[allow(dead_code, reason = "`check` needs more of it")]
mod usage;
#[path = "../shared/values.rs"]
#[allow(dead_code, reason = "`check` needs more of it")]
mod values;
#[path = "../shared/wrapped.rs"]
mod wrapped;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rdnsbl::ListSpec;
use rdnsbl::lists::Knowledge;

use args::{Options, Request};
use files::Loaded;
use finding::Finding;
use mentions::Mentions;
use result::{Linted, Outcome};
use servers::Servers;
use source::Source;

/// The exit codes for a command line that cannot be read, and for when nothing can be said.
const USAGE: u8 = 2;
const COULD_NOT_TELL: u8 = 3;
/// The time for all questions together.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let version = concat!("lint (rdnsbl ", env!("CARGO_PKG_VERSION"), ")\n");
    let done = match args::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print(args::HELP).map(|()| 0),
        Ok(Request::Version) => print(version).map(|()| 0),
        Ok(Request::Rules) => print(&output::rules()).map(|()| 0),
        Ok(Request::Lint(options)) => lint(&options),
        Err(usage) => {
            print_error(&usage.to_string());
            return ExitCode::from(USAGE);
        }
    };
    ExitCode::from(done.unwrap_or_else(|message| {
        print_error(&message);
        COULD_NOT_TELL
    }))
}

/// Prints a message on standard error. A failure to write it is ignored.
pub(crate) fn print_error(message: &str) {
    let _ = writeln!(io::stderr(), "lint: {message}");
}

fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
        _ => Ok(()),
    }
}

fn lint(options: &Options) -> Result<u8, String> {
    let knowledge = match options.demo {
        true => Knowledge::Given(Arc::new(demo::catalogue().map_err(|error| format!("demo.lists: {error}"))?)),
        false => Knowledge::Catalogue,
    };
    let loaded = Loaded::new(options);
    let mut outcome = Outcome { unread: loaded.unread.clone(), ..Outcome::default() };
    for (name, why) in &outcome.unread {
        print_error(&if name.is_empty() { why.clone() } else { format!("{name}: {why}") });
    }
    let mut asked = Vec::new();
    for source in loaded.into_sources() {
        let linted = look_at(source, &knowledge);
        let lists = linted.lists().iter().map(|found| &found.spec).chain(linted.named().iter().map(|(_, spec)| spec));
        asked.extend(lists.filter(|spec| status::can_be_asked(spec, &knowledge)).cloned());
        outcome.texts.push(linted);
    }
    if !options.offline && !asked.is_empty() {
        ask(options, &mut outcome, asked, &knowledge)?;
    }
    outcome.finish();
    let text = if options.fix {
        fix::diff(&outcome)
    } else if options.json {
        output::json(&outcome, options.demo)
    } else {
        output::text(&outcome, options.verbose, options.quiet, options.demo, io::stdout().is_terminal())
    };
    print(&text)?;
    Ok(outcome.exit())
}

/// Applies the rules that need no question.
fn look_at(source: Source, knowledge: &Knowledge) -> Linted {
    let mut collected = collect::collect(&source);
    let mut mentions = match status::catalogue(knowledge) {
        Some(catalogue) => mentions::find(&source, catalogue, &mut collected),
        None => Mentions::default(),
    };
    let mut findings = std::mem::take(&mut collected.findings);
    findings.extend(rules::apply(&source, &mut collected, knowledge));
    findings.extend(postfix::apply(&source, &collected));
    findings.extend(status::named(&mut mentions.found, knowledge));
    findings.extend(source.findings());
    Linted { source, findings, collected, mentions, ignored: 0 }
}

/// Asks the lists, and adds what the answers show.
fn ask(options: &Options, outcome: &mut Outcome, lists: Vec<ListSpec>, knowledge: &Knowledge) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        // Kept until the end: the server stops when it is dropped.
        let demo = match options.demo {
            true => Some(demo::serve().await.map_err(|error| format!("no demo server: {error}"))?),
            false => None,
        };
        let budget = options.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let servers = match &demo {
            Some(server) => Servers::demo(server.address(), budget),
            None => Servers::find(&options.resolvers, budget),
        };
        let servers = servers.map_err(|error| error.to_string())?;
        let answers = probe::ask(&servers, lists, knowledge, budget).await;
        if answers.asked > 0 && !answers.any_answered() {
            print_error(&format!("no answer from {servers}"));
            outcome.unheard = true;
        }
        for linted in &mut outcome.texts {
            let zones = linted.lists().iter().map(|found| (found.spec.zone(), found.at));
            let named = linted.named().iter().map(|(at, spec)| (spec.zone(), *at));
            let found: Vec<Finding> = zones.chain(named).filter_map(|(zone, at)| answers.about(zone, at)).collect();
            linted.findings.extend(found);
        }
        outcome.resolver = answers.resolver(&servers);
        outcome.silent = answers.silent;
        Ok(())
    })
}
