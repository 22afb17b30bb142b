//! One TCP connection and the questions in flight on it (RFC 7766): many at a time, answered in any order, matched by id.
//!
//! As with sockets, there is no task: a [`Watch`] connects, writes and reads, and wakes who asked.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use super::super::fault::io_failure;
use super::alarm::Alarm;
use super::message::{self, HEADER, Match};
use super::watch::Watch;
use crate::dns::Failure;
use crate::lock::lock;

/// How long a connection stays open after the last question (RFC 7766 §6.2.3: seconds).
const IDLE: Duration = Duration::from_secs(3);
/// A connection that was silent for so long while somebody waited in vain gets no more questions: it may be dead.
const SUSPICIOUS: Duration = Duration::from_millis(500);
/// Octets read at a time.
const PIECE: usize = 4_096;

/// What became of a question.
#[derive(Debug)]
pub(super) enum Reply {
    /// The response: same id, same question.
    Response(Vec<u8>),
    /// Something that is no answer; another connection would not change that.
    Failed(Failure),
    /// The connection ended before.
    Lost(Cause),
}

/// Why a question may have been lost with its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server had answered as much as it wanted to on one connection.
    Enough,
    /// Another question, or this one.
    Any,
    /// It was the only one.
    This,
}

/// A connection. Dropping it closes it.
pub(super) struct Connection {
    line: Arc<Line>,
    watch: Arc<Watch>,
    alarm: Alarm,
}

/// What the watch and the askers share.
struct Line {
    state: Mutex<State>,
    /// Told when there may be room, here or on another connection.
    room: Arc<Room>,
}

/// Those who wait for room on any connection to a server.
#[derive(Default)]
pub(super) struct Room(Mutex<Vec<Waker>>);

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    /// What is still to be written.
    outgoing: Vec<u8>,
    /// Questions entered, and answered.
    asked: usize,
    answered: usize,
    heard: Option<Instant>,
    end: End,
}

/// How far a connection is on its way to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// In use.
    #[default]
    Open,
    /// Takes no more questions.
    Retired,
    /// Is to be closed, by the watch.
    Closing,
    /// Is closed.
    Closed,
}

struct Slot {
    id: u16,
    question: Vec<u8>,
    sent: Instant,
    /// Nobody waits any more; the response is still to be expected.
    left: bool,
    reply: Option<Reply>,
    waker: Option<Waker>,
}

/// What there is to choose by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Questions without response, and questions ever put.
    pub(super) open: usize,
    pub(super) asked: usize,
    pub(super) takes_more: bool,
    pub(super) closed: bool,
}

impl Connection {
    /// Begins to connect.
    pub(super) fn open(server: SocketAddr, room: &Arc<Room>) -> io::Result<Self> {
        let socket = match server {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        let line = Arc::new(Line { state: Mutex::default(), room: Arc::clone(room) });
        let watch = Watch::new(Box::pin(Arc::clone(&line).serve(socket, server)));
        let ringing = Ringing { line: Arc::downgrade(&line), watch: Arc::downgrade(&watch) };
        Ok(Self { line, watch, alarm: Alarm::new(Waker::from(Arc::new(ringing))) })
    }

    pub(super) fn load(&self) -> Load {
        let state = lock(&self.line.state);
        Load {
            open: state.unanswered(),
            asked: state.asked,
            takes_more: state.end == End::Open,
            closed: state.end == End::Closed,
        }
    }

    /// How many questions it answered, at least one, if it ended with others unanswered.
    pub(super) fn answered_of_more(&self) -> Option<usize> {
        let state = lock(&self.line.state);
        let cut = state.end == End::Closed && state.answered < state.asked && state.asked > 1;
        cut.then(|| state.answered.max(1))
    }

    /// Enters a question, with room for an id in its first two octets; `None` when the id is taken or the connection is not
    /// open any more.
    pub(super) fn enter(self: &Arc<Self>, id: u16, mut question: Vec<u8>) -> Option<Ticket> {
        if let Some(place) = question.first_chunk_mut() {
            *place = id.to_be_bytes();
        }
        {
            let mut state = lock(&self.line.state);
            if state.end != End::Open || state.slots.iter().any(|slot| slot.id == id) {
                return None;
            }
            // RFC 7766 §8: length and message in one piece.
            let length = u16::try_from(question.len()).unwrap_or_default();
            state.outgoing.extend_from_slice(&length.to_be_bytes());
            state.outgoing.extend_from_slice(&question);
            state.slots.push(Slot { id, question, sent: Instant::now(), left: false, reply: None, waker: None });
            state.asked += 1;
        }
        self.watch.poll();
        Some(Ticket { connection: Arc::clone(self), id, left: false })
    }
}

impl State {
    fn unanswered(&self) -> usize {
        self.slots.iter().filter(|slot| slot.reply.is_none()).count()
    }

    /// Finds the slot of one who waits.
    fn find(&mut self, id: u16) -> Option<(usize, &mut Slot)> {
        self.slots.iter_mut().enumerate().find(|(_, slot)| slot.id == id && !slot.left)
    }
}

impl Line {
    /// Connects, writes and reads, until the connection is of no more use.
    async fn serve(self: Arc<Self>, socket: TcpSocket, server: SocketAddr) {
        let mut connecting = pin!(socket.connect(server));
        let connected = poll_fn(|cx| match lock(&self.state).end {
            End::Closing => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            _ => connecting.as_mut().poll(cx),
        });
        match connected.await {
            Ok(stream) => {
                // Questions are not to wait for each other.
                let _ = stream.set_nodelay(true);
                let mut incoming = Vec::new();
                poll_fn(|cx| self.turn(&stream, &mut incoming, cx)).await;
                self.close(None);
            }
            Err(error) => self.close(Some(io_failure(&error))),
        }
    }

    /// Writes and reads what can be; ready when the connection is of no more use.
    fn turn(&self, stream: &TcpStream, incoming: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut state = lock(&self.state);
            if state.end == End::Closing {
                return Poll::Ready(());
            }
            if state.outgoing.is_empty() {
                break;
            }
            match stream.try_write(&state.outgoing) {
                Ok(written) => {
                    let length = state.outgoing.len();
                    state.outgoing.drain(..written.min(length));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match stream.poll_write_ready(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => break,
                },
                // What has come before the end still counts.
                Err(_) => break,
            }
        }
        let mut piece = [0; PIECE];
        loop {
            if ready!(stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(());
            }
            match stream.try_read(&mut piece) {
                Ok(0) => return Poll::Ready(()),
                Ok(length) => {
                    incoming.extend_from_slice(piece.get(..length).unwrap_or_default());
                    if !self.take_all(incoming) {
                        return Poll::Ready(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(()),
            }
        }
    }

    /// Takes all whole messages; `false` when they are not what we asked for.
    fn take_all(&self, incoming: &mut Vec<u8>) -> bool {
        let mut taken = 0;
        let good = loop {
            let Some((length, rest)) = incoming.get(taken..).and_then(|all| all.split_first_chunk::<2>()) else {
                break true;
            };
            let length = usize::from(u16::from_be_bytes(*length));
            if length < HEADER {
                break false;
            }
            let Some(response) = rest.get(..length) else { break true };
            if !self.take(response) {
                break false;
            }
            taken += 2 + length;
        };
        incoming.drain(..taken.min(incoming.len()));
        good
    }

    /// Hands a message to who asked; `false` when nobody did: such a stream is not to be trusted.
    fn take(&self, response: &[u8]) -> bool {
        let id = response.first_chunk().copied().map(u16::from_be_bytes);
        let waker = {
            let mut state = lock(&self.state);
            let found = state.slots.iter().position(|slot| Some(slot.id) == id && slot.reply.is_none());
            let Some(at) = found else { return false };
            state.answered += 1;
            state.heard = Some(Instant::now());
            match state.slots.get_mut(at) {
                Some(slot) if !slot.left => {
                    slot.reply = Some(match message::compare(response, &slot.question) {
                        Match::Ours | Match::OtherCase => Reply::Response(response.to_vec()),
                        Match::Failed(failure) => Reply::Failed(failure),
                        Match::Foreign => Reply::Failed(Failure::Unrelated),
                    });
                    slot.waker.take()
                }
                _ => {
                    state.slots.swap_remove(at);
                    None
                }
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        self.room.is_there();
        true
    }

    /// Nothing more comes. Who waits is told so.
    fn close(&self, failure: Option<Failure>) {
        let wakers: Vec<Waker> = {
            let mut state = lock(&self.state);
            state.end = End::Closed;
            let cause = match (state.answered, state.asked) {
                (1.., _) => Cause::Enough,
                (0, 2..) => Cause::Any,
                (0, _) => Cause::This,
            };
            let open = state.slots.iter_mut().filter(|slot| slot.reply.is_none());
            open.filter_map(|slot| {
                slot.reply = Some(failure.map_or(Reply::Lost(cause), Reply::Failed));
                slot.waker.take()
            })
            .collect()
        };
        wakers.into_iter().for_each(Waker::wake);
        self.room.is_there();
    }

    /// Time for the connection to end, unless somebody waits; then those are woken and set the alarm again.
    fn ring(&self) -> Vec<Waker> {
        let mut state = lock(&self.state);
        let waiting: Vec<Waker> = state.slots.iter_mut().filter_map(|slot| slot.waker.take()).collect();
        if waiting.is_empty() && state.end != End::Closed {
            state.end = End::Closing;
        }
        waiting
    }
}

/// The waker of a connection's alarm. It does not keep the connection open.
struct Ringing {
    line: Weak<Line>,
    watch: Weak<Watch>,
}

impl Wake for Ringing {
    fn wake(self: Arc<Self>) {
        let Some(line) = self.line.upgrade() else { return };
        line.ring().into_iter().for_each(Waker::wake);
        if let Some(watch) = self.watch.upgrade() {
            watch.poll();
        }
    }
}

impl Room {
    /// Tells all who wait: who was told may have left.
    pub(super) fn is_there(&self) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(super) fn wait(&self, waker: &Waker) {
        let mut waiting = lock(&self.0);
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }
}

/// A place for one question on a connection. Dropping it leaves the place.
pub(super) struct Ticket {
    connection: Arc<Connection>,
    id: u16,
    left: bool,
}

impl Ticket {
    /// What became of the question. Once that is known, this is not to be called again.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        let mut state = lock(&self.connection.line.state);
        let closed = state.end == End::Closed;
        let Some((at, slot)) = state.find(self.id) else { return Poll::Ready(Reply::Lost(Cause::Any)) };
        if let Some(reply) = slot.reply.take() {
            self.left = true;
            drop(state.slots.swap_remove(at));
            return Poll::Ready(reply);
        }
        if closed {
            return Poll::Ready(Reply::Lost(Cause::Any));
        }
        let is_set = slot.waker.is_some();
        slot.waker = Some(cx.waker().clone());
        drop(state);
        // New here, or woken by the alarm.
        if !is_set {
            self.connection.alarm.set(|| Some(Instant::now() + IDLE));
        }
        Poll::Pending
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let line = &self.connection.line;
        let mut state = lock(&line.state);
        let heard = state.heard;
        let Some((at, slot)) = state.find(self.id) else { return };
        let sent = slot.sent;
        if slot.reply.is_some() {
            state.slots.swap_remove(at);
            return;
        }
        // The response may still come, and is not to be taken for anybody else's: the id stays in use.
        (slot.left, slot.waker) = (true, None);
        slot.question = Vec::new();
        if sent.elapsed() >= SUSPICIOUS && heard.is_none_or(|heard| heard < sent) && state.end == End::Open {
            state.end = End::Retired;
        }
        // Nobody waits for it any more, and it has something to say: what for?
        let abandoned = state.end != End::Closed && state.slots.iter().all(|slot| slot.left);
        if abandoned {
            state.end = End::Closing;
        }
        drop(state);
        if abandoned {
            self.connection.watch.poll();
        }
        line.room.is_there();
    }
}
