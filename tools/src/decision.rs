//! What was decided about one dialogue, and the log line that says so.

use std::fmt;

use rdnsbl::{Action, Report};

use crate::config::{Config, Exempt, Judgement, Mode, Profile};
use crate::daemon::log::Word;
use crate::facts::Facts;
use crate::id::Id;

/// The end of a log line about a client that was not checked, in the form of the library's lines.
const UNCHECKED: &str =
    "iprev=- name=- helo=- sender=- recipient=- lists=- score=0..0 listed=- allowed=- broken=- unheard=- observed=-";

/// What was decided. It is kept for further recipients of a message, so it is small.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    id: Id,
    pub(crate) done: Judgement,
    /// The action of all rules, those that are only observed, too.
    pub(crate) would: Action,
    /// The finding that decided `would`.
    would_finding: Option<&'static str>,
    exempt: Option<&'static str>,
    found: String,
    /// For Authentication-Results.
    pub(crate) results: Vec<String>,
    /// What sendmail says about the client's name.
    pub(crate) client_resolve: Option<String>,
}

impl Decision {
    /// For a client that is exempt.
    pub(crate) fn exempt(id: Id, why: &'static str) -> Self {
        Self {
            id,
            done: Judgement::default(),
            would: Action::Pass,
            would_finding: None,
            exempt: Some(why),
            found: UNCHECKED.to_owned(),
            results: Vec::new(),
            client_resolve: None,
        }
    }

    pub(crate) fn of(id: Id, exempt: &Exempt, profile: &Profile, report: &Report) -> Self {
        let exempt = report.iprev().is_some_and(|iprev| exempt.name(iprev)).then_some("name");
        let (wanted, done) = match exempt {
            Some(_) => Default::default(),
            None => profile.rules.judge(report),
        };
        let done = if profile.mode == Mode::Observe { Judgement::default() } else { done };
        Self {
            id,
            would_finding: wanted.finding().map(rdnsbl::Finding::word),
            would: wanted.action(),
            exempt,
            found: found(report),
            results: rdnsbl::report::authres::results(report),
            client_resolve: None,
            done,
        }
    }

    pub(crate) fn is_exempt(&self) -> bool {
        self.exempt.is_some()
    }

    /// The finding that decided what was done; where nothing was done, the one that decided what all rules want.
    fn finding(&self) -> Option<&'static str> {
        match self.done.action() {
            Action::Pass => self.would_finding,
            Action::Defer | Action::Reject => self.done.finding().map(rdnsbl::Finding::word),
        }
    }

    /// The value of the header field.
    pub(crate) fn header(&self) -> String {
        format!("would={} finding={} {} id={}", self.would.word(), Word(self.would_finding), self.found, self.id)
    }

    /// What follows the text of a reply.
    pub(crate) fn mark(&self, config: &Config) -> String {
        if config.id_in_replies { format!(" (id={})", self.id) } else { String::new() }
    }

    /// The line for the log.
    pub(crate) fn line<'a>(&'a self, facts: &'a Facts, mode: Mode) -> impl fmt::Display + 'a {
        Line { decision: self, facts, mode }
    }
}

/// What the library's log line says after what was done: from `iprev=` on. Values hold no blanks, so the first is the field.
fn found(report: &Report) -> String {
    let line = report.log_line().to_string();
    line.find(" iprev=").and_then(|at| line.get(at + 1..)).unwrap_or(UNCHECKED).to_owned()
}

struct Line<'a> {
    decision: &'a Decision,
    facts: &'a Facts,
    mode: Mode,
}

/// The library's line, with what was really done, and then what only the daemon knows.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision, facts, mode } = self;
        let reply = decision.done.reply();
        let done = reply.map_or(Action::Pass, rdnsbl::policy::Reply::action);
        let client = facts.client.map(|client| client.to_canonical().to_string());
        write!(f, "rdnsbl: client={} action={}", Word(client.as_deref()), done.word())?;
        let code = reply.map(|reply| reply.code().to_string());
        write!(f, " code={} enhanced={}", Word(code.as_deref()), Word(reply.map(rdnsbl::policy::Reply::enhanced)))?;
        let finding = decision.finding();
        write!(f, " finding={} {}", Word(finding), decision.found)?;
        write!(f, " stage={} instance={}", facts.stage.word(), Word(Some(&facts.instance)))?;
        write!(f, " queue_id={}", Word(Some(&facts.queue_id)))?;
        let from = if facts.has_null_sender() { Some("<>") } else { facts.sender.as_deref() };
        write!(f, " from={} to={}", Word(from), Word(facts.recipient.as_deref()))?;
        write!(f, " helo_name={} sasl={}", Word(facts.helo.as_deref()), Word(facts.login.as_deref()))?;
        write!(f, " mode={} would={} exempt={}", mode.word(), decision.would.word(), Word(decision.exempt))?;
        write!(f, " id={}", decision.id)?;
        if let Some(class) = &decision.done.class {
            write!(f, " class={}", class.as_str())?;
        }
        if let Some(resolved) = &decision.client_resolve {
            write!(f, " client_resolve={}", Word(Some(resolved)))?;
        }
        if decision.would_finding != finding {
            write!(f, " would_finding={}", Word(decision.would_finding))?;
        }
        Ok(())
    }
}
