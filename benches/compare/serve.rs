//! The responder's loop: many datagrams per system call, and delays that are kept to some ten microseconds.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut, Read};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::prctl::set_timerslack;
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, SndBuf};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg, setsockopt};
use nix::sys::time::TimeSpec;

use super::responder::{Behaviour, SLOW};
use super::world::{self, Said};

/// Datagrams per system call.
const BATCH: usize = 64;
const BUFFER: usize = 4 << 20;
/// No question: how many have come?
pub(crate) const COUNT: [u8; 1] = [b'?'];

/// An answer, and to whom.
type Outgoing = (Vec<u8>, Option<SockaddrStorage>);

pub(crate) fn run(address: SocketAddr, behaviour: Behaviour) {
    let socket = UdpSocket::bind(address).unwrap();
    // As much as the system lets us have.
    let _ = setsockopt(&socket, RcvBuf, &BUFFER);
    let _ = setsockopt(&socket, SndBuf, &BUFFER);
    let _ = setsockopt(&socket, RcvBufForce, &BUFFER);
    let _ = set_timerslack(1);
    println!("{}", socket.local_addr().unwrap());
    // The process that started this one holds the other end; this process ends with it.
    std::thread::spawn(|| {
        let mut nothing = [0; 16];
        while std::io::stdin().read(&mut nothing).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
    Serving { socket, behaviour, count: 0, usual: Queue::new(behaviour.delay), slow: Queue::new(SLOW), spare: vec![] }
        .run();
}

struct Serving {
    socket: UdpSocket,
    behaviour: Behaviour,
    count: u64,
    usual: Queue,
    slow: Queue,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

/// Answers that wait for their time: all wait equally long, so that the first to come is the first to go.
struct Queue {
    delay: Duration,
    waiting: VecDeque<(Instant, Outgoing)>,
}

impl Queue {
    fn new(delay: Duration) -> Self {
        Self { delay, waiting: VecDeque::new() }
    }

    fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: Instant, due: &mut Vec<Outgoing>) {
        while self.next().is_some_and(|at| at <= now) {
            due.extend(self.waiting.pop_front().map(|(_, outgoing)| outgoing));
        }
    }
}

impl Serving {
    fn run(mut self) {
        let descriptor = self.socket.as_raw_fd();
        let mut buffers = vec![[0_u8; 1232]; BATCH];
        let mut headers: MultiHeaders<SockaddrStorage> = MultiHeaders::preallocate(BATCH, None);
        let mut sending: MultiHeaders<SockaddrStorage> = MultiHeaders::preallocate(BATCH, None);
        let mut due = Vec::new();
        loop {
            let next = self.usual.next().into_iter().chain(self.slow.next()).min();
            let mut flags = MsgFlags::MSG_WAITFORONE;
            if let Some(next) = next {
                flags = MsgFlags::MSG_DONTWAIT;
                let wait = TimeSpec::from_duration(next.saturating_duration_since(Instant::now()));
                let _ = ppoll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], Some(wait), None);
            }
            let mut slices: Vec<[IoSliceMut<'_>; 1]> =
                buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
            let received: Vec<(usize, Option<SockaddrStorage>)> =
                match recvmmsg(descriptor, &mut headers, slices.iter_mut(), flags, None) {
                    Ok(messages) => messages.map(|message| (message.bytes, message.address)).collect(),
                    Err(_) => Vec::new(),
                };
            let now = Instant::now();
            for ((length, from), buffer) in received.into_iter().zip(&buffers) {
                self.take(&buffer[..length], from, now, &mut due);
            }
            self.usual.take_due(now, &mut due);
            self.slow.take_due(now, &mut due);
            send(descriptor, &mut sending, &due);
            self.spare.extend(due.drain(..).map(|(buffer, _)| buffer));
        }
    }

    /// One datagram.
    fn take(&mut self, message: &[u8], from: Option<SockaddrStorage>, now: Instant, due: &mut Vec<Outgoing>) {
        let mut answer = self.spare.pop().unwrap_or_default();
        if message == COUNT {
            answer.clear();
            answer.extend_from_slice(&self.count.to_be_bytes());
            due.push((answer, from));
            return;
        }
        let said = world::answer(message, &mut answer);
        self.count += 1;
        // By the number of the datagram, not by its name: a re-send has the same chance again.
        let luck = world::mixed(self.count) % 100;
        let Behaviour { delay, lost, slow, silent } = self.behaviour;
        if luck < lost || matches!(said, Said::Nothing) || silent && matches!(said, Said::OfSilent) {
            self.spare.push(answer);
        } else if luck >= 100 - slow {
            self.slow.waiting.push_back((now + self.slow.delay, (answer, from)));
        } else if delay.is_zero() {
            due.push((answer, from));
        } else {
            self.usual.waiting.push_back((now + delay, (answer, from)));
        }
    }
}

fn send(descriptor: RawFd, headers: &mut MultiHeaders<SockaddrStorage>, mut due: &[Outgoing]) {
    while !due.is_empty() {
        let batch = &due[..due.len().min(BATCH)];
        let slices: Vec<[IoSlice<'_>; 1]> = batch.iter().map(|(answer, _)| [IoSlice::new(answer)]).collect();
        let to: Vec<Option<SockaddrStorage>> = batch.iter().map(|(_, to)| *to).collect();
        let sent = sendmmsg(descriptor, headers, &slices, &to, [], MsgFlags::empty()).map_or(1, Iterator::count);
        due = &due[sent.max(1)..];
    }
}
