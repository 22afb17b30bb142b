//! Runs the checks of an inquiry: gives them their answers, and records the questions that they need.

use crate::base::client_number;
use crate::check::Slot;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{ListCheck, Purpose};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::lists::run;
use crate::inquiry::questions::CheckId;
use crate::inquiry::running::RunningCheck;
use crate::inquiry::{Inquiry, QuestionId};
use crate::report::{Exchange, Source};

impl Inquiry {
    /// The check with this id.
    fn unit(&mut self, id: CheckId) -> Option<&mut dyn RunningCheck> {
        Some(match id {
            CheckId::Iprev => self.iprev.as_mut()?,
            CheckId::Helo => self.helo.as_mut()?,
            CheckId::Sender => self.sender.as_mut()?,
            CheckId::Recipient => self.recipient.as_mut()?,
            CheckId::Trial => self.trial.as_mut()?,
            CheckId::List(number) => &mut run::of_row_mut(&mut self.lists, number)?.run,
            CheckId::Probe(index) => self.probes.get_mut(index)?,
        })
    }

    /// Gives the answer to a question to a check that wants it.
    pub(super) fn deliver(&mut self, id: CheckId, slot: Slot, ticket: QuestionId) {
        let Some(Exchange { answer, source, .. }) = self.questions.exchange(ticket) else { return };
        if let CheckId::List(number) = id {
            let Some(list) = run::of_row_mut(&mut self.lists, number) else { return };
            if *source == Source::Memory {
                list.run.unit.mark_remembered(slot);
            }
            list.run.unit.supply_ref(slot, answer);
            return;
        }
        let answer = answer.clone();
        if let Some(unit) = self.unit(id) {
            unit.supply(slot, answer);
        }
    }

    /// Runs one check until it waits or is done, and records the questions it waits for.
    pub(super) fn advance(&mut self, id: CheckId) {
        loop {
            let Some(unit) = self.unit(id) else { return };
            let needed = unit.advance();
            let mut answered = false;
            for slot in needed {
                let Some(unit) = self.unit(id) else { return };
                let Some(question) = unit.question(slot) else {
                    // A slot without a question would never be answered: it fails at once.
                    unit.supply(slot, Answer::failed(Failure::Shed));
                    answered = true;
                    continue;
                };
                let purpose = purpose(id, slot);
                let question = by_whom(question, purpose, &self.dialogue);
                if let Some(known) = self.questions.want(question, purpose, id, slot) {
                    self.deliver(id, slot, known);
                    answered = true;
                }
            }
            if !answered {
                if id == CheckId::Iprev {
                    self.ask_about_names();
                }
                return;
            }
        }
    }
}

/// The purpose of a check's question.
fn purpose(id: CheckId, slot: Slot) -> Purpose {
    match id {
        CheckId::List(_) | CheckId::Probe(_) => ListCheck::purpose(slot),
        CheckId::Trial => Purpose::Resolver,
        CheckId::Iprev | CheckId::Helo | CheckId::Sender | CheckId::Recipient => Purpose::Dialogue,
    }
}

/// Marks the question with the client that chose its name, so that one client cannot use up the limits of all. Questions to
/// lists are not marked: each list has its own limit.
fn by_whom(question: Question, purpose: Purpose, dialogue: &Dialogue) -> Question {
    if purpose != Purpose::Dialogue {
        return question;
    }
    let client = match dialogue.client {
        Some(address) => client_number::of_address(address),
        // Without an address, the name itself tells clients apart.
        None => client_number::of_name(&question.name),
    };
    question.chosen_by(client)
}
