//! The resolver of a random world, and what it answers about strangers.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::clock::Clock;
use rdnsbl::dns::{AnswerKind, Target};
use rdnsbl::resolve::BoxFuture;
use rdnsbl::{Answer, Failure, ManualClock, Question, Record, RecordType, Resolve};

use super::chance::Chance;
use super::lists::Does;
use super::{CLIENT, FAILURES, LISTED, Mood, ODD, REFUSAL, RandomWorld, soa};

/// How long a resolver waits for a silent server.
const SILENCE: Duration = Duration::from_secs(4);

/// A question of our own.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    /// To which list; `None` where it tries the resolver.
    pub(crate) list: Option<usize>,
    /// It shows whether the list answers: an entry that must not exist, or any question to a list that works.
    pub(crate) shows: bool,
}

/// The resolver of a world.
#[derive(Clone)]
pub(crate) struct Strange {
    world: RandomWorld,
    clock: ManualClock,
    state: Arc<Mutex<State>>,
}

struct State {
    chance: Chance,
    asked: Vec<Asked>,
    silent: bool,
}

impl Strange {
    pub(crate) fn new(world: RandomWorld, clock: ManualClock) -> Self {
        let state = State { chance: Chance::new(!world.seed), asked: Vec::new(), silent: false };
        Self { world, clock, state: Arc::new(Mutex::new(state)) }
    }

    /// The questions of our own since the last time.
    pub(crate) fn controls(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().asked.clear();
    }

    /// From now on no name of a stranger is answered.
    pub(crate) fn silence_strangers(&self) {
        self.state.lock().unwrap().silent = true;
    }

    fn answer(&self, question: &Question) -> Answer {
        let mut state = self.state.lock().unwrap();
        if let Some(list) = self.world.control(question) {
            let shows = self.world.shows(question);
            state.asked.push(Asked { at: self.clock.now(), list, shows });
        }
        let name = question.name.expose().trim_end_matches('.');
        match self.world.is_strange(name) {
            true if state.silent => Answer::failed(Failure::Timeout),
            true if self.world.tame => self.world.fixed(question),
            true => self.world.strange(question, &mut state.chance),
            false => self.world.fixed(question),
        }
    }
}

impl Resolve for Strange {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let (answer, clock) = (self.answer(&question), self.clock.clone());
        Box::pin(async move {
            if matches!(answer.kind(), AnswerKind::Failed(Failure::Timeout)) {
                clock.sleep_until(clock.now() + SILENCE).await;
            }
            answer
        })
    }
}

impl RandomWorld {
    /// What a stranger's name answers this time.
    fn strange(&self, question: &Question, chance: &mut Chance) -> Answer {
        let name = question.name.expose().trim_end_matches('.');
        let ttl = Duration::from_secs(chance.pick(&[0, 30, 3_600]));
        if let Some((index, _)) = self.in_list(name) {
            // Only a resolver that works lets an answer in 127.0.0.0/8 through, so that it clears the resolver.
            let honest = self.mood == Mood::Honest && self.lists.iter().all(|list| list.does != Does::Nothing);
            let list = &self.lists[index];
            // Any answer of a list ends "does not answer": one that is out of order answers nobody.
            if matches!(list.does, Does::Fails(_)) {
                return self.fixed(question);
            }
            return match (chance.below(10), question.record_type) {
                (0..3, _) => Answer::failed(chance.pick(&FAILURES)),
                (3, _) => Answer::nx_domain(chance.pick(&[None, Some(soa(list.zone, ttl)), Some(soa("example", ttl))])),
                (4, _) => Answer::no_data(chance.pick(&[None, Some(soa(list.zone, ttl))])),
                (5..7, RecordType::A) => {
                    let code = chance.pick(&ODD);
                    let code = if code.is_loopback() && !honest { ODD[0] } else { code };
                    Answer::records([Record::A(code)], ttl)
                }
                (7, RecordType::A) if honest => {
                    Answer::records([Record::A(chance.pick(&[LISTED, REFUSAL, Ipv4Addr::LOCALHOST]))], ttl)
                }
                _ => self.fixed(question),
            };
        }
        let host = || Target::from_text(&format!("h{}.strange.example", ttl.as_secs()));
        match (chance.below(8), question.record_type) {
            (0..4, _) => Answer::failed(chance.pick(&FAILURES)),
            (4, _) => Answer::nx_domain(chance.pick(&[None, Some(soa("strange.example", ttl))])),
            (5, _) => Answer::no_data(chance.pick(&[None, Some(soa("strange.example", ttl))])),
            (_, RecordType::A) => Answer::records([Record::A(chance.pick(&[CLIENT, ODD[0], ODD[2], LISTED]))], ttl),
            (_, RecordType::Ptr) => Answer::records([Record::Ptr(host())], ttl),
            (_, RecordType::Mx) => Answer::records(
                [Record::Mx {
                    preference: 5,
                    exchange: chance.pick(&[host(), Target::Root, Target::from_text("1.2.3.4")]),
                }],
                ttl,
            ),
            _ => Answer::failed(Failure::ServFail),
        }
    }
}
