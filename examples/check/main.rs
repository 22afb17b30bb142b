//! Asks DNS what a mail server asks before it accepts mail, and prints the verdicts.
//!
//! ```sh
//! cargo run --release --example check -- 192.0.2.1 --helo mail.example.org --from someone@example.org
//! cargo run --release --example check -- --demo 203.0.113.14
//! cargo run --release --example check -- --help
//! ```
//!
//! No `tracing` subscriber is installed here, and none may be: hickory logs whole query names, which may hold keys.

mod args;
mod demo;
mod exit;
mod lists;
mod nagios;
mod output;
mod people;
mod probe;
#[path = "../shared/servers.rs"]
mod servers;
mod target;
mod terminal;
mod tsv;
#[path = "../shared/usage.rs"]
mod usage;
#[path = "../shared/values.rs"]
mod values;
#[path = "../shared/wrapped.rs"]
mod wrapped;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rdnsbl::lists::{Retired, ZoneFinding, ZoneFindingKind};
use rdnsbl::report::{ResolverFault, Update};
use rdnsbl::{Checker, Dialogue, Finding, ListSet, PendingCheck, Policy, Report, SpecialPurpose};
use tokio::sync::watch;

use args::{Options, Request};
use exit::{Exit, Tally};
use lists::Lists;
use output::Output;
use probe::Probe;
use servers::Servers;
use terminal::Progress;
use usage::Usage;

/// Targets that are checked at the same time. More would use up each other's time.
const AT_ONCE: usize = 32;
/// The budget of a target under `--demo`, whose silent list would cost all of it.
const DEMO_TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let version = concat!("check (rdnsbl ", env!("CARGO_PKG_VERSION"), ")\n");
    let outcome = match args::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print(args::HELP),
        Ok(Request::Version) => print(version),
        Ok(Request::Demo) => print(demo::WORLD),
        Ok(Request::Check(options)) => check(&options),
        Err(usage) => Err(usage.into()),
    };
    ExitCode::from(match outcome {
        Ok(code) => code,
        Err(failure) => {
            print_error(&failure.message);
            failure.exit.code()
        }
    })
}

/// Why there is no result.
struct Failed {
    message: String,
    exit: Exit,
}

impl Failed {
    fn could_not_tell(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::CouldNotTell }
    }
}

impl From<Usage> for Failed {
    fn from(usage: Usage) -> Self {
        Self { message: usage.to_string(), exit: Exit::Usage }
    }
}

/// Prints a message on standard error. A failure to write it is ignored.
pub(crate) fn print_error(message: &str) {
    let _ = writeln!(io::stderr(), "check: {message}");
}

fn print(text: &str) -> Result<u8, Failed> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failed::could_not_tell(format!("cannot write: {error}")))
        }
        _ => Ok(Exit::Clear.code()),
    }
}

fn check(options: &Options) -> Result<u8, Failed> {
    let (probe, Lists { set: lists, notes, mistakes }) = match options.probe {
        true => Probe::read(options).map(|(probe, lists)| (Some(probe), lists))?,
        false => (None, lists::read(options, Retired::default())?),
    };
    for text in mistakes.iter().chain(&notes) {
        print_error(&text.to_string());
    }
    // On standard error: for the person who pasted the list, without changing the output for machines.
    // Notes of the catalogue about default lists are part of the report, where they matter.
    let unasked =
        |finding: &&ZoneFinding| options.lists.is_empty() && matches!(finding.kind(), ZoneFindingKind::Note(_));
    for finding in lists.findings().iter().filter(|finding| !options.all && !unasked(finding)) {
        let text = finding.to_string();
        print_error(&if options.form.is_none() { people::finding(&text) } else { text });
    }
    for unreachable in lists.unreachable() {
        print_error(&unreachable.to_string());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::could_not_tell(format!("cannot start: {error}")))?;
    let code = runtime.block_on(run(options, lists, probe))?;
    // A part of the configuration was not understood: its exit code takes precedence.
    Ok(if mistakes.is_empty() { code } else { Exit::Usage.code() })
}

async fn run(options: &Options, lists: ListSet, probe: Option<Probe>) -> Result<u8, Failed> {
    // Kept until the end: the server stops when it is dropped.
    let demo = match options.demo {
        true => Some(demo::serve().await.map_err(|error| Failed::could_not_tell(format!("no demo server: {error}")))?),
        false => None,
    };
    let default = if options.demo { DEMO_TIMEOUT } else { servers::DEFAULT_TIMEOUT };
    let budget = options.timeout.unwrap_or(default);
    let servers = match &demo {
        Some(server) => Servers::demo(server.address(), budget),
        None => Servers::find(&options.resolvers, budget),
    }
    .map_err(|error| Failed::could_not_tell(error.to_string()))?;
    let checker = checker(options, &servers, lists, budget)?;

    if let Some(probe) = probe {
        return match probe.run(options, &checker, &servers).await {
            Ok(exit) => Ok(exit.code()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::CouldNotTell.code()),
            Err(error) => Err(Failed::could_not_tell(format!("cannot write: {error}"))),
        };
    }
    let mut output = Output::new(options, &servers);
    let mut tally = Tally::default();
    match report_all(options, &checker, &mut output, &mut tally).await {
        Ok(()) => {}
        // The reader closed the pipe; nothing is known of the remaining targets.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            if tally.reports() < options.targets.len() {
                tally.cut_short();
            }
            return Ok(tally.code(options.form));
        }
        Err(error) => return Err(Failed::could_not_tell(format!("cannot write: {error}"))),
    }
    for fault in output.faults() {
        print_error(&match fault {
            ResolverFault::Unreachable => format!("no answer from {servers}"),
            other => format!("{other}: {servers}"),
        });
    }
    Ok(tally.code(options.form))
}

/// Builds the checker.
fn checker(options: &Options, servers: &Servers, lists: ListSet, budget: Duration) -> Result<Checker, Failed> {
    let special = if options.special || options.demo { SpecialPurpose::Ask } else { SpecialPurpose::Skip };
    let mut builder = Checker::builder(servers.direct().clone())
        .lists(lists)
        .policy(policy(options))
        .budget(budget)
        .own_names(options.own_names.iter().cloned())
        .own_addresses(options.own_addresses.iter().copied())
        .local_domains(options.local_domains.iter().cloned())
        .special_purpose(special);
    if let Some(window) = options.window {
        builder = builder.proof_window(window);
    }
    builder.build().map_err(|error| Usage::new(error.to_string()).into())
}

/// The policy of the command line.
fn policy(options: &Options) -> Policy {
    let policy = options.preset.clone().unwrap_or_else(Policy::rfc);
    match &options.template {
        Some(template) => policy.on(Finding::Listed, template.clone()),
        None => policy,
    }
}

/// Checks every target, many at the same time, and prints the reports in the order of the targets.
async fn report_all(
    options: &Options,
    checker: &Checker,
    output: &mut Output<'_>,
    tally: &mut Tally,
) -> io::Result<()> {
    let mut waiting = options.targets.iter().map(|target| dialogue(options, target.dialogue()));
    let mut running = VecDeque::new();
    let progress = Arc::new(Progress::new(options.form.is_none()));
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = tokio::spawn(tokio::signal::ctrl_c());
    // Lets that task run once, so that Ctrl-C is handled before anything is printed.
    tokio::task::yield_now().await;
    output.begin()?;
    loop {
        while running.len() < AT_ONCE && !*stop.borrow() {
            let Some(dialogue) = waiting.next() else { break };
            let check = checker.check(dialogue).until_health_is_known();
            running.push_back(tokio::spawn(one(check, Arc::clone(&progress), stopped.clone())));
        }
        let Some(mut next) = running.pop_front() else { break };
        let report = loop {
            tokio::select! {
                report = &mut next => break report,
                () = progress.show(tally.reports(), options.targets.len()) => {}
                // Whatever is known is printed; what is missing is unknown.
                _ = &mut interrupt, if !*stop.borrow() => drop(stop.send(true)),
            }
        };
        progress.clear();
        let report = report.map_err(io::Error::other)?;
        tally.add(&report);
        output.report(&report)?;
    }
    if waiting.next().is_some() {
        tally.cut_short();
    }
    output.end()
}

/// Runs one check to its report, or until it is stopped.
async fn one(check: PendingCheck, progress: Arc<Progress>, mut stopped: watch::Receiver<bool>) -> Report {
    let mut updates = check.updates();
    loop {
        tokio::select! {
            update = updates.next() => match update {
                Some(Update::Report(report)) => return *report,
                Some(Update::List(_)) => progress.add_list(),
                // The report is the last update, so there is always one more.
                _ => {}
            },
            _ = stopped.wait_for(|stopped| *stopped), if !updates.is_stopped() => updates.stop(),
        }
    }
}

/// The dialogue about a target, with the facts that hold for all of them.
fn dialogue(options: &Options, mut dialogue: Dialogue) -> Dialogue {
    dialogue.helo.clone_from(&options.helo);
    dialogue.mail_from.clone_from(&options.from);
    dialogue.rcpt_to.clone_from(&options.rcpt);
    dialogue
}
