//! The facts of an SMTP session as the client states them, and what each of them ends.

use std::net::IpAddr;
use std::time::Instant;

use crate::inquiry::dialogue::{ClientTrust, Dialogue};
use crate::inquiry::early_stop::Awaited;
use crate::inquiry::session_memory::SessionMemory;
use crate::policy::{Advice, Finding, Moment, Policy, Stage, Told};
use crate::report::Report;

/// What an SMTP session has stated, its stage, and what earlier stages have acted on.
#[derive(Debug)]
pub(crate) struct SessionFacts {
    pub(crate) dialogue: Dialogue,
    pub(crate) stage: Stage,
    pub(crate) act_from: Stage,
    told: Told,
    /// MAIL was given at least once.
    had_mail: bool,
}

impl SessionFacts {
    /// Facts that a dialogue has already are taken as they are.
    pub(crate) fn new<V: Copy + PartialEq>(dialogue: Dialogue, memory: &mut SessionMemory<V>, now: Instant) -> Self {
        let stage = match &dialogue {
            Dialogue { rcpt_to: Some(_), .. } => Stage::Rcpt,
            Dialogue { mail_from: Some(_), .. } => Stage::Mail,
            Dialogue { helo: Some(_), .. } => Stage::Helo,
            _ => Stage::Connect,
        };
        let had_mail = dialogue.mail_from.is_some();
        if had_mail {
            memory.begin_transaction(true, now);
        }
        Self { dialogue, stage, act_from: Stage::Rcpt, told: Told::default(), had_mail }
    }

    /// The client has another address: everything else is forgotten.
    pub(crate) fn client<V: Copy + PartialEq>(&mut self, address: IpAddr, memory: &mut SessionMemory<V>) {
        memory.clear();
        self.dialogue = Dialogue::from(address);
        self.stage = Stage::Connect;
        self.told = Told::default();
        self.had_mail = false;
    }

    /// HELO ends the mail transaction, if there is one (RFC 5321 §4.1.4).
    pub(crate) fn helo<V: Copy + PartialEq>(&mut self, argument: String, memory: &mut SessionMemory<V>) {
        self.reset(memory);
        self.dialogue.helo = Some(argument);
        self.stage = Stage::Helo;
        self.told.forget_from(Stage::Helo);
    }

    /// MAIL begins a mail transaction. `with_sender` adds the sender to the dialogue.
    pub(crate) fn mail<V: Copy + PartialEq>(
        &mut self,
        with_sender: impl FnOnce(Dialogue) -> Dialogue,
        memory: &mut SessionMemory<V>,
        now: Instant,
    ) {
        self.dialogue = with_sender(std::mem::take(&mut self.dialogue)).without_recipient();
        self.stage = Stage::Mail;
        self.told.forget_from(Stage::Mail);
        memory.begin_transaction(!self.had_mail, now);
        self.had_mail = true;
    }

    /// RCPT. `with_recipient` adds the recipient to the dialogue, in place of an earlier one.
    pub(crate) fn rcpt(&mut self, with_recipient: impl FnOnce(Dialogue) -> Dialogue) {
        self.dialogue = with_recipient(std::mem::take(&mut self.dialogue));
        self.stage = Stage::Rcpt;
        self.told.forget_from(Stage::Rcpt);
    }

    /// The sender and the recipients are forgotten.
    pub(crate) fn reset<V: Copy + PartialEq>(&mut self, memory: &mut SessionMemory<V>) {
        self.dialogue = std::mem::take(&mut self.dialogue).without_envelope();
        memory.end_transaction();
        self.stage = if self.dialogue.helo.is_some() { Stage::Helo } else { Stage::Connect };
        self.told.forget_from(Stage::Mail);
    }

    /// All but the client's address is forgotten, a log-in too (RFC 3207 §4.2).
    pub(crate) fn start_tls<V: Copy + PartialEq>(&mut self, memory: &mut SessionMemory<V>) {
        self.dialogue.helo = None;
        self.dialogue.trust = ClientTrust::Stranger;
        self.told.forget_from(Stage::Helo);
        self.reset(memory);
    }

    pub(crate) fn authenticated(&mut self) {
        self.dialogue.trust = ClientTrust::Authenticated;
    }

    /// What the advice of this stage waits for; `None` if this stage does not act yet.
    pub(crate) fn awaited(&self) -> Option<Awaited> {
        let (stage, act_from) = (self.stage, self.act_from);
        let is_listed_before = self.told.before(stage, Finding::Listed);
        (stage >= act_from).then_some(Awaited { stage, act_from, is_listed_before })
    }

    /// The advice of this stage on a report about the facts so far.
    pub(crate) fn judge(&mut self, policy: &Policy, report: &Report) -> Advice {
        let mut moment = Moment { stage: self.stage, act_from: self.act_from, told: &mut self.told };
        policy.judge_at(report, &mut moment)
    }
}
