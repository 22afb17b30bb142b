//! A task in one runtime waits for the answer to a question that another runtime has asked over TCP, and which has stopped since:
//! it stands still, or it has shut down.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::FutureExt;
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{BoxFuture, Direct, Resolve, Timeouts};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::tcp::{Cutting, ms, next_question, patient, serve_all, truth};
use crate::two_runtimes::{PolledAtOnce, run_until, runtime, told};

fn question(number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

/// A server, in a runtime of its own, whose first so many connections are silent.
struct SilentAtFirst {
    server: Cutting,
    /// Questions that came on silent connections.
    unanswered: Arc<AtomicUsize>,
    _serving: Runtime,
}

impl SilentAtFirst {
    fn start(silent: usize) -> Self {
        let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let unanswered = Arc::new(AtomicUsize::new(0));
        let (connections, came) = (AtomicUsize::new(0), Arc::clone(&unanswered));
        let connections = Arc::new(connections);
        let server = serving.block_on(async {
            Cutting::start(move |mut stream: TcpStream| {
                let (is_silent, came) = (connections.fetch_add(1, Ordering::Relaxed) < silent, Arc::clone(&came));
                async move {
                    if !is_silent {
                        return serve_all(stream).await;
                    }
                    while next_question(&mut stream).await.is_some() {
                        came.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        Self { server, unanswered, _serving: serving }
    }

    /// A runtime in which these questions are asked, until they are on a silent connection.
    fn asked(&self, answers: &mut [BoxFuture<'static, Answer>]) -> Runtime {
        let asking = runtime();
        run_until(&asking, || {
            answers.iter_mut().for_each(|answer| assert_eq!(answer.now_or_never(), None));
            self.unanswered.load(Ordering::Relaxed) >= answers.len()
        });
        asking
    }

    /// The number of times that this resolver has opened a connection.
    fn opened(&self) -> usize {
        self.server.opened()
    }
}

fn impatient(server: &SilentAtFirst, total: u64) -> Direct {
    patient(server.server.address).with_timeouts(Timeouts::default().with_resend(ms(200)).with_total(ms(total)))
}

#[test]
fn questions_whose_connection_has_gone_are_asked_again() {
    for many in [1, 2] {
        let server = SilentAtFirst::start(1);
        let direct = patient(server.server.address);
        let mut answers: Vec<_> = (0..many).map(|number| direct.resolve(question(number))).collect();
        let asking = server.asked(&mut answers);
        let running = runtime();
        let waiting: Vec<_> = answers.into_iter().map(|answer| PolledAtOnce::start(answer, &running)).collect();
        drop(asking);
        for (number, waiting) in waiting.iter().enumerate() {
            assert_eq!(waiting.told(&running), truth(number), "{number} of {many}");
        }
        assert_eq!(server.opened(), 2);
    }
}

#[test]
fn a_question_whose_connection_stands_still_is_asked_on_another() {
    let server = SilentAtFirst::start(1);
    let direct = impatient(&server, 20_000);
    let mut answer = direct.resolve(question(1));
    let stalled = server.asked(std::slice::from_mut(&mut answer));
    assert_eq!(told(&runtime(), answer), truth(1));
    drop(stalled);
}

#[test]
fn a_question_that_nobody_answers_ends_at_its_deadline() {
    let server = SilentAtFirst::start(100);
    let direct = impatient(&server, 4_000);
    let mut answer = direct.resolve(question(1));
    let stalled = server.asked(std::slice::from_mut(&mut answer));
    assert_eq!(told(&runtime(), answer), Answer::failed(Failure::Truncated));
    drop(stalled);
}
