//! The questions of a session without I/O that the host has, or is about to get.

use std::time::{Duration, Instant};

use crate::base::name::Name;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{Purpose, SubjectKind};
use crate::inquiry::session_memory::{MAX_ANSWERS, SessionMemory, is_given_up};
use crate::inquiry::{Ask, AskedList, Asker, Inquiry, QuestionId};
use crate::report::Source;
use crate::report::learned::{QueuedAnswer, queued_answer};
use crate::state::{SharedState, ZoneValidity};

/// A list, as the shared state knows it.
type ListKey = (Name, SubjectKind);

/// Questions without an answer. They outlive the stage that asked them: a later stage waits for the same answer.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    questions: Vec<UnderWayQuestion>,
    /// The number of the next question.
    next: usize,
    /// Answers to our own questions that the shared state has not seen.
    pub(super) own_answers: Vec<QueuedAnswer>,
}

#[derive(Debug)]
struct UnderWayQuestion {
    id: QuestionId,
    question: Question,
    purpose: Purpose,
    list: Option<ListKey>,
    /// When the session first asked it.
    asked_at: Instant,
    is_handed_out: bool,
    /// The question in the inquiry of this stage, if that waits for it.
    wanted: Option<(QuestionId, Source)>,
}

/// Does another stage take the place of the one that ends?
#[derive(Clone, Copy)]
pub(super) struct IsReplaced(pub(super) bool);

impl UnderWay {
    /// The next question that the inquiry still wants; each is handed out once.
    pub(super) fn hand_out(
        &mut self,
        inquiry: &mut Inquiry,
        memory: &mut SessionMemory<ZoneValidity>,
    ) -> Option<(QuestionId, Question)> {
        loop {
            let at = self.questions.iter().position(|question| !question.is_handed_out)?;
            let next = self.questions.get_mut(at)?;
            match next.wanted {
                Some((ticket, _)) if inquiry.is_wanted(ticket) => {
                    next.is_handed_out = true;
                    inquiry.sent(ticket);
                    return Some((next.id, next.question.clone()));
                }
                wanted => {
                    if let Some((ticket, _)) = wanted {
                        inquiry.cancel(ticket);
                    }
                    let withdrawn = self.questions.remove(at);
                    withdrawn.forget(memory);
                }
            }
        }
    }

    /// Takes an answer, and passes it to the inquiry if that waits for it.
    pub(super) fn answered(
        &mut self,
        id: QuestionId,
        answer: Answer,
        inquiry: Option<&mut Inquiry>,
        memory: &mut SessionMemory<ZoneValidity>,
        now: Instant,
    ) {
        let Some(at) = self.questions.iter().position(|question| question.id == id && question.is_handed_out) else {
            return;
        };
        let asked = self.questions.remove(at);
        if asked.purpose.is_own() {
            let list = asked.list.clone();
            let own = queued_answer(list, asked.purpose, asked.question.clone(), answer.clone(), asked.asked_at);
            self.own_answers.push(own);
        } else {
            let question = memory.hash(&asked.question);
            memory.learn(question, &answer, now);
            memory.release(&[question]);
        }
        if let (Some(inquiry), Some((ticket, source))) = (inquiry, asked.wanted) {
            inquiry.supply_from(ticket, answer, source, now.saturating_duration_since(asked.asked_at), Some(now));
        }
    }

    /// The stage is over: its inquiry waits for nothing any more. Questions that were not handed out are withdrawn. If another
    /// stage waits for the others, this inquiry did not wait for them in vain.
    pub(super) fn detach(
        &mut self,
        inquiry: &mut Inquiry,
        is_replaced: IsReplaced,
        memory: &mut SessionMemory<ZoneValidity>,
    ) {
        for asked in &mut self.questions {
            if let Some((ticket, _)) = asked.wanted.take().filter(|_| is_replaced.0 || !asked.is_handed_out) {
                inquiry.cancel(ticket);
            }
        }
        self.questions.retain(|asked| {
            if !asked.is_handed_out {
                asked.forget(memory);
            }
            asked.is_handed_out
        });
    }

    /// The time is up: the session does not wait again for questions that had most of it.
    pub(super) fn give_up(&mut self, budget: Duration, memory: &mut SessionMemory<ZoneValidity>, now: Instant) {
        self.questions.retain(|asked| {
            let is_over = asked.is_handed_out && !asked.purpose.is_own() && is_given_up(asked.asked_at, budget, now);
            if is_over {
                let question = memory.hash(&asked.question);
                memory.learn(question, &Answer::failed(Failure::Deadline), now);
                memory.release(&[question]);
            }
            !is_over
        });
    }

    /// When the session first asked the newest of the questions that the stage waits for; `None` if it waits for none.
    pub(super) fn newest(&self) -> Option<Instant> {
        self.questions.iter().filter(|asked| asked.wanted.is_some()).map(|asked| asked.asked_at).max()
    }

    /// Is a question of the resolver's trial without an answer?
    pub(super) fn tries_the_resolver(&self) -> bool {
        self.questions.iter().any(|asked| asked.purpose == Purpose::Resolver)
    }
}

impl UnderWayQuestion {
    /// It is not asked after all.
    fn forget(&self, memory: &mut SessionMemory<ZoneValidity>) {
        if !self.purpose.is_own() {
            let question = memory.hash(&self.question);
            memory.release(&[question]);
        }
    }
}

/// Takes the questions of one stage.
pub(super) struct StageAsker<'a> {
    pub(super) memory: &'a mut SessionMemory<ZoneValidity>,
    pub(super) under_way: &'a mut UnderWay,
    pub(super) shared: &'a mut SharedState,
    /// May it ask at all? If not, what is not known is unknown.
    pub(super) asks: bool,
}

impl Asker for StageAsker<'_> {
    type List = ListKey;

    fn list(&self, list: &AskedList) -> ListKey {
        (list.spec.zone().clone(), list.kind)
    }

    fn supply_known(&mut self, inquiry: &mut Inquiry, ask: &Ask, list: Option<&ListKey>, now: Instant) -> bool {
        let known = if ask.purpose.is_own() {
            None
        } else {
            self.memory.get(self.memory.hash(&ask.question), self.shared.validity(list), now)
        };
        let answer = match known {
            Some(answer) => answer,
            None if !self.asks => Answer::failed(Failure::Deadline),
            None => return false,
        };
        inquiry.supply_from(ask.ticket, answer, Source::Memory, Duration::ZERO, Some(now));
        true
    }

    /// A question counts as sent once it was handed out, and the inquiry was told then.
    fn note_sent(&self, _: &mut Inquiry) {}

    fn send(&mut self, inquiry: &mut Inquiry, ask: Ask, list: Option<ListKey>, now: Instant) {
        if ask.concerns_state() && !inquiry.may_ask(&ask, self.shared, now) {
            return;
        }
        let Ask { ticket, question, purpose, .. } = ask;
        let is_same =
            |asked: &&mut UnderWayQuestion| asked.question == question && asked.purpose.is_own() == purpose.is_own();
        if let Some(asked) = self.under_way.questions.iter_mut().find(is_same) {
            asked.wanted = Some((ticket, Source::Shared));
            // It was handed out: a stage that ends withdraws the others.
            inquiry.sent(ticket);
            return;
        }
        if self.under_way.questions.len() >= MAX_ANSWERS {
            inquiry.supply_from(ticket, Answer::failed(Failure::Shed), Source::Memory, Duration::ZERO, Some(now));
            return;
        }
        let mut asked_at = now;
        if !purpose.is_own() {
            let validity = self.shared.validity(list.as_ref());
            asked_at = self.memory.begin(self.memory.hash(&question), validity, now);
        }
        let id = QuestionId(self.under_way.next);
        self.under_way.next += 1;
        let wanted = Some((ticket, Source::Network));
        let asked = UnderWayQuestion { id, question, purpose, list, asked_at, is_handed_out: false, wanted };
        self.under_way.questions.push(asked);
    }
}
