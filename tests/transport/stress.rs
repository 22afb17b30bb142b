//! `Direct` shared by several runtimes, some of them short-lived, with questions given up at any point: those
//! that remain are answered at once.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rdnsbl::dns::{Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};
use rdnsbl::testing::{LoopbackServer, Table};

/// Longer than any answer takes here, and shorter than a datagram is waited for.
const TOO_LATE: Duration = Duration::from_secs(20);

struct Dice(u64);

impl Dice {
    fn new() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn table() -> Table {
    let lines = (0..200).map(|number| match number % 4 {
        0 => format!("{number}.bl.test A 127.0.0.{number}\n{number}.bl.test TC"),
        1 => format!("{number}.bl.test A 127.0.0.{number} after={}ms", number % 7),
        _ => format!("{number}.bl.test A 127.0.0.{number}"),
    });
    let text: Vec<String> = lines.collect();
    Table::parse(&text.join("\n")).unwrap()
}

fn question(number: u64) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

/// Asks once, and gives up at some point or not.
async fn once(direct: &Direct, dice: &mut Dice, served: &AtomicU64) {
    let question = question(dice.below(200));
    match dice.below(4) {
        0 => {
            let mut left = dice.below(4);
            let mut asking: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(direct.resolve(question.clone()));
            std::future::poll_fn(|cx| {
                if asking.as_mut().poll(cx).is_ready() || left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                Poll::Pending
            })
            .await;
        }
        1 => {
            let _ =
                tokio::time::timeout(Duration::from_micros(dice.below(1_500)), direct.resolve(question.clone())).await;
        }
        _ => {
            let begin = Instant::now();
            let answer = direct.resolve(question.clone()).await;
            assert!(matches!(answer.kind(), rdnsbl::dns::AnswerKind::Records(_)), "{question}: {answer}");
            assert!(begin.elapsed() < TOO_LATE, "{question} took {:?}", begin.elapsed());
            served.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn in_a_runtime(direct: &Direct, until: Instant, tasks: usize, served: &Arc<AtomicU64>, threads: usize) {
    let runtime = if threads > 1 {
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
    } else {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    };
    runtime.block_on(async {
        let all: Vec<_> = (0..tasks)
            .map(|_| {
                let (direct, served) = (direct.clone(), Arc::clone(served));
                tokio::spawn(async move {
                    let mut dice = Dice::new();
                    while Instant::now() < until {
                        once(&direct, &mut dice, &served).await;
                    }
                })
            })
            .collect();
        for task in all {
            task.await.unwrap();
        }
    });
}

#[test]
fn dropped_questions_anywhere_do_not_stop_the_others() {
    let (tell, told) = std::sync::mpsc::channel::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let server = LoopbackServer::start(table()).await.unwrap();
            tell.send(server.address()).unwrap();
            let _ = stopped.await;
        });
    });
    let timeouts = Timeouts::default().with_resend(Duration::from_secs(8)).with_total(Duration::from_secs(20));
    let direct = Direct::servers([told.recv().unwrap()]).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts);
    let direct = direct.with_socket_life(200, Duration::from_secs(60)).with_sockets(4).with_in_flight(48);
    let served = Arc::new(AtomicU64::new(0));
    let seconds = std::env::var("STRESS_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
    let until = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        scope.spawn(|| in_a_runtime(&direct, until, 12, &served, 2));
        scope.spawn(|| in_a_runtime(&direct, until, 6, &served, 1));
        scope.spawn(|| {
            // Runtimes that end with questions in flight.
            while Instant::now() < until {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let direct = direct.clone();
                let mut dice = Dice::new();
                runtime.block_on(async {
                    for _ in 0..3 {
                        let (direct, number) = (direct.clone(), dice.below(200));
                        tokio::spawn(async move { direct.resolve(question(number)).await });
                    }
                    tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
                });
            }
        });
    });
    assert!(served.load(Ordering::Relaxed) > 100);
    drop(stop);
    serving.join().unwrap();
}
