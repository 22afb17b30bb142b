//! A responder in a process and on a core of its own, so that its work is not measured.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::serve;

pub(crate) const ARGUMENT: &str = "responder";

/// How answers come. As words: `delay=20` (milliseconds), `lost=1` and `slow=1` (percent), `silent`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Behaviour {
    /// The delay of every answer.
    pub(crate) delay: Duration,
    /// How many of 100 questions are lost, whatever they ask.
    pub(crate) lost: u64,
    /// How many of 100 questions are answered after [`SLOW`].
    pub(crate) slow: u64,
    /// One list never answers.
    pub(crate) silent: bool,
}

pub(crate) const SLOW: Duration = Duration::from_millis(500);

impl Behaviour {
    pub(crate) const AT_ONCE: Self = Self { delay: Duration::ZERO, lost: 0, slow: 0, silent: false };
    /// A resolver nearby that has to ask.
    pub(crate) const DELAYED: Self = Self { delay: Duration::from_millis(20), ..Self::AT_ONCE };

    fn words(self) -> [String; 4] {
        [
            format!("delay={}", self.delay.as_millis()),
            format!("lost={}", self.lost),
            format!("slow={}", self.slow),
            if self.silent { "silent" } else { "" }.to_owned(),
        ]
    }

    fn read(words: &[String]) -> Self {
        let number = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.parse().ok()).unwrap_or(0);
        Self {
            delay: Duration::from_millis(number("delay=")),
            lost: number("lost="),
            slow: number("slow="),
            silent: words.iter().any(|word| word == "silent"),
        }
    }
}

/// A running responder; it ends with this value.
pub(crate) struct Responder {
    pub(crate) address: SocketAddr,
    asking: UdpSocket,
    child: Child,
}

impl Responder {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.arg(ARGUMENT).args(behaviour.words()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = super::meter::elsewhere(|| command.spawn()).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap();
        let asking = UdpSocket::bind("127.0.0.1:0").unwrap();
        asking.connect(address).unwrap();
        asking.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        Self { address, asking, child }
    }

    /// How many questions have come so far.
    pub(crate) fn seen(&self) -> u64 {
        let mut count = [0; 8];
        for _ in 0..10 {
            self.asking.send(&serve::COUNT).unwrap();
            if self.asking.recv(&mut count).is_ok() {
                return u64::from_be_bytes(count);
            }
        }
        panic!("the responder does not answer")
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process itself: `responder [ADDRESS:PORT] [WORD ...]`. It ends with the process that started it, or when killed.
pub(crate) fn run(words: &[String]) {
    super::meter::pin(true);
    let address = words.iter().find_map(|word| word.parse().ok()).unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
    serve::run(address, Behaviour::read(words));
}
