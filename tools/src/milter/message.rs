//! One connection of a mail server: clients one after the other, each with its messages.

use std::sync::Arc;

use rdnsbl::{Action, Dialogue, Session};

use crate::config::{Config, OnTrouble};
use crate::core::{Core, exempt};
use crate::daemon::log::Level;
use crate::decision::Decision;
use crate::facts::{Facts, Stage};
use crate::milter::authres;
use crate::milter::negotiate::{self, Agreed};
use crate::milter::packet::{BadPacket, Command, Response};

/// The most fields that are removed because they claim to be ours.
const MAX_FORGED: usize = 1_000;

/// What is known about the client and its message.
pub(super) struct Conversation {
    core: Arc<Core>,
    agreed: Option<Agreed>,
    session: Session,
    facts: Facts,
    /// sendmail's own verdict about the client's name: `{client_resolve}`.
    client_resolve: Option<String>,
    is_exempt_daemon: bool,
    decided: Option<(Dialogue, Arc<Decision>)>,
    /// How many fields Authentication-Results there were, and which of them claim to be ours.
    results: u32,
    forged: Vec<u32>,
}

impl Conversation {
    pub(super) fn new(core: Arc<Core>) -> Self {
        let session = core.judge.session(None, core.config().deadline);
        Self {
            core,
            agreed: None,
            session,
            facts: Facts::default(),
            client_resolve: None,
            is_exempt_daemon: false,
            decided: None,
            results: 0,
            forged: Vec::new(),
        }
    }

    /// Is a message open?
    pub(super) fn is_busy(&self) -> bool {
        self.facts.sender.is_some()
    }

    /// The responses to a command; `None` to close the connection.
    pub(super) async fn take(&mut self, command: Command) -> Result<Option<Vec<Response>>, BadPacket> {
        let config = self.core.config();
        if self.agreed.is_none() && !matches!(command, Command::Negotiate { .. } | Command::Quit) {
            return Err(BadPacket::Early(letter(&command)));
        }
        let response = match command {
            Command::Negotiate { version, actions, protocol } => {
                let agreed = negotiate::agree(version, actions, protocol, config.milter.strip_id().is_some())?;
                let response = agreed.response.clone();
                self.agreed = Some(agreed);
                response
            }
            Command::Macros(of, macros) => {
                self.take_macros(of, macros, &config);
                return Ok(Some(Vec::new()));
            }
            Command::Connect(client) => {
                self.facts = Facts { stage: Stage::Connect, client, ..Facts::default() };
                self.session = self.core.judge.session(client, config.deadline);
                self.advise(&config).await
            }
            Command::Helo(name) => {
                self.end_message();
                self.session.helo(&*name);
                (self.facts.helo, self.facts.stage) = (Some(name), Stage::Helo);
                self.advise(&config).await
            }
            Command::Mail(sender) => {
                let login = self.facts.login.take();
                let queue_id = std::mem::take(&mut self.facts.queue_id);
                self.end_message();
                self.session.mail_from_address(&sender);
                self.facts = Facts { stage: Stage::Mail, sender: Some(sender), login, queue_id, ..self.facts.clone() };
                self.advise(&config).await
            }
            Command::Rcpt(recipient) => {
                if config.recipient_checks {
                    self.session.rcpt_to_address(&recipient);
                }
                (self.facts.recipient, self.facts.stage) = (Some(recipient), Stage::Rcpt);
                self.advise(&config).await
            }
            Command::Header { name, value } => {
                self.take_header(&name, &value, &config);
                Response::Continue
            }
            Command::EndOfMessage => {
                let responses = self.headers(&config);
                self.end_message();
                return Ok(Some(responses));
            }
            Command::Abort => {
                self.end_message();
                return Ok(Some(Vec::new()));
            }
            Command::NextClient => {
                let agreed = self.agreed.take();
                *self = Self { agreed, ..Self::new(Arc::clone(&self.core)) };
                return Ok(Some(Vec::new()));
            }
            Command::Quit => return Ok(None),
            Command::Other => Response::Continue,
        };
        Ok(Some(vec![response]))
    }

    fn take_macros(&mut self, of: u8, macros: Vec<(String, String)>, config: &Config) {
        if of == b'M' {
            self.facts.login = None;
        }
        let chooses_macros = self.agreed.as_ref().is_some_and(|agreed| agreed.chooses_macros);
        for (name, value) in macros {
            match name.trim_matches(['{', '}']) {
                "auth_authen" if of == b'M' => self.facts.login = Some(value).filter(|login| !login.is_empty()),
                "i" => self.facts.queue_id = value,
                "client_resolve" => self.client_resolve = Some(value),
                "_" if chooses_macros && self.client_resolve.is_none() => {
                    self.client_resolve = resolved(&value).map(str::to_owned);
                }
                "daemon_name" => self.is_exempt_daemon = config.milter.exempts_daemon(&value),
                _ => {}
            }
        }
    }

    /// What to do at this stage.
    async fn advise(&mut self, config: &Config) -> Response {
        let core = &self.core;
        let profile = config.profile("");
        let acts = self.facts.stage >= profile.act_from;
        let daemon = self.is_exempt_daemon.then_some("daemon");
        if let Some(why) = daemon.or_else(|| exempt(config, &self.facts)) {
            if acts {
                core.note_exempt(why, &self.facts, config, profile.mode);
            }
            return Response::Continue;
        }
        if !acts {
            core.metrics.held.one();
            core.prefetch(self.session.prefetch());
            return Response::Continue;
        }
        let known = self.decided.as_ref().filter(|(dialogue, _)| dialogue == self.session.dialogue());
        let decision = match known {
            Some((_, decision)) => Arc::clone(decision),
            None => {
                let decided = core.decide(config, profile, self.facts.client, self.session.report());
                let decided = core.guard(config, profile.mode, decided).await;
                let mut decision = match decided {
                    Ok(decision) => decision,
                    Err(OnTrouble::Dunno) => return Response::Continue,
                    Err(OnTrouble::Defer) => return Response::TempFail,
                };
                decision.client_resolve.clone_from(&self.client_resolve);
                let decision = Arc::new(decision);
                self.decided = Some((self.session.dialogue().clone(), Arc::clone(&decision)));
                decision
            }
        };
        core.note(&decision, &self.facts, config, profile.mode);
        let Some(reply) = decision.done.reply() else {
            core.metrics.dunno.one();
            return Response::Continue;
        };
        match reply.action() {
            Action::Reject => core.metrics.reject.one(),
            _ => core.metrics.defer.one(),
        }
        Response::Reply(format!("{reply}{}", decision.mark(config)))
    }

    fn take_header(&mut self, name: &str, value: &str, config: &Config) {
        if !name.trim().eq_ignore_ascii_case(authres::NAME) {
            return;
        }
        self.results = self.results.saturating_add(1);
        let trusted = self.facts.login.is_some()
            || self.facts.client.is_some_and(|client| config.milter.trusted_relays.contains(client));
        if config.milter.strip_id().is_some_and(|id| authres::is_of(value, id))
            && !trusted
            && self.forged.len() < MAX_FORGED
        {
            self.forged.push(self.results);
        }
    }

    /// Changes to a message's header: forged fields are removed, the highest number first, since the numbers after it change; then
    /// our field is added.
    fn headers(&self, config: &Config) -> Vec<Response> {
        let Some(agreed) = &self.agreed else { return Vec::new() };
        let mut responses = Vec::new();
        if agreed.may_remove_headers {
            let delete = |number: &u32| Response::DeleteHeader { name: authres::NAME, number: *number };
            responses.extend(self.forged.iter().rev().map(delete));
        }
        if !self.forged.is_empty() {
            let client = self.facts.client.map_or_else(|| "-".to_owned(), |client| client.to_string());
            self.core.log.line(
                Level::Warning,
                format_args!("client {client} sent {} {} of ours", self.forged.len(), authres::NAME),
            );
        }
        if let (Some((_, decision)), true) = (&self.decided, agreed.may_add_headers) {
            if let Some(name) = &config.header {
                responses.push(Response::InsertHeader { name: name.clone(), value: decision.header() });
            }
            if let (Some(id), [_, ..]) = (&config.milter.authserv_id, decision.results.as_slice()) {
                let value = format!("{id};\n\t{}", decision.results.join(";\n\t"));
                responses.push(Response::InsertHeader { name: authres::NAME.to_owned(), value });
            }
        }
        responses.push(Response::Continue);
        responses
    }

    /// The client stays; the message is forgotten.
    fn end_message(&mut self) {
        self.session.reset();
        (self.facts.sender, self.facts.recipient, self.facts.login) = (None, None, None);
        self.facts.queue_id.clear();
        self.decided = None;
        self.results = 0;
        self.forged.clear();
    }
}

/// sendmail's word for the client's name, from `{_}`, which every version sends: `name [address]`, perhaps with a remark. Without a
/// name it is FAIL or TEMP, which does not show.
fn resolved(value: &str) -> Option<&'static str> {
    match value.trim_start().starts_with('[') {
        _ if value.ends_with("(may be forged)") => Some("FORGED"),
        true => None,
        false => value.ends_with(']').then_some("OK"),
    }
}

/// For an error.
fn letter(command: &Command) -> u8 {
    match command {
        Command::Negotiate { .. } => b'O',
        Command::Macros(..) => b'D',
        Command::Connect(_) => b'C',
        Command::Helo(_) => b'H',
        Command::Mail(_) => b'M',
        Command::Rcpt(_) => b'R',
        Command::Header { .. } => b'L',
        Command::EndOfMessage => b'E',
        Command::Abort => b'A',
        Command::Quit => b'Q',
        Command::NextClient => b'K',
        Command::Other => b'B',
    }
}
