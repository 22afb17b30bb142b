//! One TCP connection and the questions in flight on it (RFC 7766): many at a time, answered in any order, matched by id.
//!
//! As for UDP sockets, there is no task: a [`SelfPolled`] connects, writes and reads, and wakes the tasks that wait.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::runtime::Id;

use crate::base::lock::lock;
use crate::resolve::direct::self_polled::SelfPolled;
use crate::resolve::direct::shared_timer::SharedTimer;
use crate::resolve::direct::tcp::stream::{CloseCause, End, OpenQuery, RoomWaiters, Stream, TcpReply};
use crate::resolve::direct::time::Time;

/// How long a connection stays open after the last question (RFC 7766 §6.2.3: seconds).
const IDLE: Duration = Duration::from_secs(3);
/// A connection that has not answered a question for this long gets no more questions: it may be dead.
const SUSPICIOUS: Duration = Duration::from_millis(500);

/// A connection. Dropping it closes it.
pub(crate) struct Connection {
    stream: Arc<Stream>,
    reader: Arc<SelfPolled>,
    timer: SharedTimer,
}

/// How a connection is used, for the choice among them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Questions without a response.
    pub(crate) open: usize,
    /// All questions so far.
    pub(crate) asked: usize,
    pub(crate) takes_more: bool,
    pub(crate) closed: bool,
}

impl Connection {
    /// Starts to connect in `runtime`, which polls.
    pub(crate) fn open(server: SocketAddr, room: &Arc<RoomWaiters>, runtime: Id) -> io::Result<Self> {
        let socket = match server {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        let stream = Arc::new(Stream { state: Mutex::default(), room: Arc::clone(room) });
        let reader = SelfPolled::new(Box::pin(Arc::clone(&stream).serve(socket, server)));
        let on_timer = OnTimer { stream: Arc::downgrade(&stream), reader: Arc::downgrade(&reader) };
        Ok(Self { stream, reader, timer: SharedTimer::new(runtime, Waker::from(Arc::new(on_timer))) })
    }

    pub(crate) fn load(&self) -> Load {
        let state = lock(&self.stream.state);
        Load {
            open: state.unanswered(),
            asked: state.asked,
            takes_more: state.end == End::Open,
            closed: state.end == End::Closed,
        }
    }

    /// The number of answers, but at least 1, if the server closed the connection with other questions unanswered.
    pub(crate) fn answered_of_more(&self) -> Option<usize> {
        let state = lock(&self.stream.state);
        let cut = state.hung_up && state.answered < state.asked && state.asked > 1;
        cut.then(|| state.answered.max(1))
    }

    /// When the last question was given up, if the connection is closed and the server was silent on it from the beginning.
    pub(crate) fn closed_silent(&self) -> Option<Time> {
        let state = lock(&self.stream.state);
        state.silent.filter(|_| state.end == End::Closed && state.answered == 0)
    }

    /// Puts a question on the connection and writes `id` into its first two octets. `None` when the id is in use or the connection
    /// takes no more questions.
    pub(crate) fn enter(self: &Arc<Self>, id: u16, mut question: Vec<u8>) -> Option<TcpQuery> {
        if let Some(place) = question.first_chunk_mut() {
            *place = id.to_be_bytes();
        }
        {
            let mut state = lock(&self.stream.state);
            if state.end != End::Open || state.queries.iter().any(|query| query.id == id) {
                return None;
            }
            // RFC 7766 §8: send the length and the message together.
            let length = u16::try_from(question.len()).unwrap_or_default();
            state.outgoing.extend_from_slice(&length.to_be_bytes());
            state.outgoing.extend_from_slice(&question);
            state.queries.push(OpenQuery { id, question, sent: Time::now(), left: false, reply: None, waker: None });
            state.asked += 1;
        }
        self.reader.poll();
        Some(TcpQuery { connection: Arc::clone(self), id, left: false })
    }
}

/// The waker of a connection's timer. It holds weak references, so it does not keep the connection open.
struct OnTimer {
    stream: Weak<Stream>,
    reader: Weak<SelfPolled>,
}

impl Wake for OnTimer {
    fn wake(self: Arc<Self>) {
        let Some(stream) = self.stream.upgrade() else { return };
        stream.on_timer().into_iter().for_each(Waker::wake);
        if let Some(reader) = self.reader.upgrade() {
            reader.poll();
        }
    }
}

/// One question on a connection. Dropping it gives the question up.
pub(crate) struct TcpQuery {
    connection: Arc<Connection>,
    id: u16,
    left: bool,
}

impl TcpQuery {
    /// Is its connection one of the runtime that polls now?
    pub(crate) fn is_here(&self) -> bool {
        self.connection.timer.is_here()
    }

    /// The outcome of the question. Must not be called again once it is ready.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TcpReply> {
        let mut state = lock(&self.connection.stream.state);
        let closed = state.end == End::Closed;
        let Some((at, query)) = state.find(self.id) else { return Poll::Ready(TcpReply::Lost(CloseCause::Any)) };
        if let Some(reply) = query.reply.take() {
            self.left = true;
            drop(state.queries.swap_remove(at));
            return Poll::Ready(reply);
        }
        if closed {
            return Poll::Ready(TcpReply::Lost(CloseCause::Any));
        }
        let is_set = query.waker.is_some();
        query.waker = Some(cx.waker().clone());
        drop(state);
        // Polled for the first time, or woken by the timer. Only the runtime of the connection sets it.
        if !is_set {
            self.connection.timer.set(|| Some(Time::now() + IDLE));
        }
        Poll::Pending
    }
}

impl Drop for TcpQuery {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let stream = &self.connection.stream;
        let mut state = lock(&stream.state);
        let last_answer = state.last_answer;
        let Some((at, query)) = state.find(self.id) else { return };
        let sent = query.sent;
        if query.reply.is_some() {
            state.queries.swap_remove(at);
            return;
        }
        // The response may still come and must not be taken for that of another question, so the id stays in use.
        (query.left, query.waker) = (true, None);
        query.question = Vec::new();
        let now = Time::now();
        if now.since(sent) >= SUSPICIOUS && last_answer.is_none_or(|at| at < sent) {
            state.silent = Some(now);
            if state.end == End::Open {
                state.end = End::Retired;
            }
        }
        // Nobody waits for the responses that are still open, so the connection is closed.
        let abandoned = state.end != End::Closed && state.queries.iter().all(|query| query.left);
        if abandoned {
            state.end = End::Closing;
        }
        drop(state);
        if abandoned {
            self.connection.reader.poll();
        }
        stream.room.wake_all();
    }
}
