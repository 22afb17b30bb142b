//! The data stream of one TCP connection, and the questions that wait on it.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use tokio::net::{TcpSocket, TcpStream};

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::time::Time;
use crate::resolve::failure_rank::io_failure;
use crate::resolve::wire::codec::{self, HEADER, Match};

/// Octets read at a time.
const PIECE: usize = 4_096;

/// The outcome of a question.
#[derive(Debug)]
pub(crate) enum TcpReply {
    /// The response: same id, same question.
    Response(Vec<u8>),
    /// A failure that another connection would not change.
    Failed(Failure),
    /// The connection closed before the response.
    Lost(CloseCause),
}

/// Why the connection of a question may have closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseCause {
    /// The server had given as many answers as it gives on one connection.
    Enough,
    /// Because of this question or another one.
    Any,
    /// Because of this question: it was the only one.
    This,
    /// The runtime that read it has shut down.
    Stopped,
}

/// How a connection ended.
#[derive(Clone, Copy)]
enum Ending {
    /// It was open; the server closed it, or we did.
    Closed,
    /// It could not be opened.
    Failed(Failure),
    /// The runtime that read it has shut down.
    Stopped,
}

/// The part that the reader and the waiting questions share.
pub(crate) struct Stream {
    pub(crate) state: Mutex<StreamState>,
    /// Notified when there may be room, here or on another connection.
    pub(crate) room: Arc<RoomWaiters>,
}

/// The tasks that wait for room on any connection to a server.
#[derive(Default)]
pub(crate) struct RoomWaiters(Mutex<Vec<Waker>>);

/// The questions on a connection, and its condition.
#[derive(Default)]
pub(crate) struct StreamState {
    pub(crate) queries: Vec<OpenQuery>,
    /// What is still to be written.
    pub(crate) outgoing: Vec<u8>,
    /// All questions so far.
    pub(crate) asked: usize,
    /// All responses so far.
    pub(crate) answered: usize,
    pub(crate) last_answer: Option<Time>,
    pub(crate) end: End,
    /// The server closed it, after it had been open.
    pub(crate) hung_up: bool,
    /// When a question was last given up after long silence.
    pub(crate) silent: Option<Time>,
}

/// The life cycle of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// In use.
    #[default]
    Open,
    /// Takes no more questions.
    Retired,
    /// The reader has to close it.
    Closing,
    /// Is closed.
    Closed,
}

pub(crate) struct OpenQuery {
    pub(crate) id: u16,
    pub(crate) question: Vec<u8>,
    pub(crate) sent: Time,
    /// Nobody waits any more, but the response may still come.
    pub(crate) left: bool,
    pub(crate) reply: Option<TcpReply>,
    pub(crate) waker: Option<Waker>,
}

impl StreamState {
    pub(crate) fn unanswered(&self) -> usize {
        self.queries.iter().filter(|query| query.reply.is_none()).count()
    }

    /// Finds a question that is waited for.
    pub(crate) fn find(&mut self, id: u16) -> Option<(usize, &mut OpenQuery)> {
        self.queries.iter_mut().enumerate().find(|(_, query)| query.id == id && !query.left)
    }
}

impl Stream {
    /// Connects, writes and reads until the connection has to be closed.
    pub(crate) async fn serve(self: Arc<Self>, socket: TcpSocket, server: SocketAddr) {
        let mut connecting = pin!(socket.connect(server));
        let connected = poll_fn(|cx| match lock(&self.state).end {
            End::Closing => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            _ => connecting.as_mut().poll(cx),
        });
        let ending = match connected.await {
            Ok(stream) => {
                // Send each question at once, and not together with the next one.
                let _ = stream.set_nodelay(true);
                let mut incoming = Vec::new();
                poll_fn(|cx| self.turn(&stream, &mut incoming, cx)).await
            }
            // No error of the system is of this kind: tokio says that its runtime shuts down.
            Err(error) if error.kind() == io::ErrorKind::Other => Ending::Stopped,
            Err(error) => Ending::Failed(io_failure(&error)),
        };
        self.close(ending);
    }

    /// Writes and reads as much as possible now; ready when the connection has to be closed.
    fn turn(&self, stream: &TcpStream, incoming: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            let mut state = lock(&self.state);
            if state.end == End::Closing {
                return Poll::Ready(Ending::Closed);
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
                    Poll::Ready(Err(_)) => return Poll::Ready(Ending::Stopped),
                    Poll::Pending => break,
                },
                // Responses that have arrived before the error still count.
                Err(_) => break,
            }
        }
        let mut piece = [0; PIECE];
        loop {
            if ready!(stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(Ending::Stopped);
            }
            match stream.try_read(&mut piece) {
                Ok(0) => return Poll::Ready(Ending::Closed),
                Ok(length) => {
                    incoming.extend_from_slice(piece.get(..length).unwrap_or_default());
                    if !self.take_all(incoming) {
                        return Poll::Ready(Ending::Closed);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(Ending::Closed),
            }
        }
    }

    /// Takes all complete messages; `false` when one of them answers no question of ours.
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

    /// Gives a message to its question; `false` when there is none: such a stream cannot be trusted.
    fn take(&self, response: &[u8]) -> bool {
        let id = response.first_chunk().copied().map(u16::from_be_bytes);
        let waker = {
            let mut state = lock(&self.state);
            let found = state.queries.iter().position(|query| Some(query.id) == id && query.reply.is_none());
            let Some(at) = found else { return false };
            state.answered += 1;
            state.last_answer = Some(Time::now());
            match state.queries.get_mut(at) {
                Some(query) if !query.left => {
                    query.reply = Some(match codec::compare(response, &query.question) {
                        Match::Ours | Match::OtherCase => TcpReply::Response(response.to_vec()),
                        Match::Failed(failure) => TcpReply::Failed(failure),
                        Match::Foreign => TcpReply::Failed(Failure::Unrelated),
                    });
                    query.waker.take()
                }
                _ => {
                    state.queries.swap_remove(at);
                    None
                }
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        self.room.wake_all();
        true
    }

    /// The connection is closed: ends all open questions.
    fn close(&self, ending: Ending) {
        let wakers: Vec<Waker> = {
            let mut state = lock(&self.state);
            state.hung_up = state.end != End::Closing && matches!(ending, Ending::Closed);
            state.end = End::Closed;
            let cause = match (state.answered, state.asked) {
                (1.., _) => CloseCause::Enough,
                (0, 2..) => CloseCause::Any,
                (0, _) => CloseCause::This,
            };
            let open = state.queries.iter_mut().filter(|query| query.reply.is_none());
            open.filter_map(|query| {
                query.reply = Some(match ending {
                    Ending::Closed => TcpReply::Lost(cause),
                    Ending::Failed(failure) => TcpReply::Failed(failure),
                    Ending::Stopped => TcpReply::Lost(CloseCause::Stopped),
                });
                query.waker.take()
            })
            .collect()
        };
        wakers.into_iter().for_each(Waker::wake);
        self.room.wake_all();
    }

    /// The timer has fired: closes an idle connection. Otherwise returns the wakers of the waiting questions, which set the timer
    /// again.
    pub(crate) fn on_timer(&self) -> Vec<Waker> {
        let mut state = lock(&self.state);
        let waiting: Vec<Waker> = state.queries.iter_mut().filter_map(|query| query.waker.take()).collect();
        if waiting.is_empty() && state.end != End::Closed {
            state.end = End::Closing;
        }
        waiting
    }
}

impl RoomWaiters {
    /// Wakes all that wait. One would not be enough: its question may have been given up.
    pub(crate) fn wake_all(&self) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wait(&self, waker: &Waker) {
        let mut waiting = lock(&self.0);
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }
}
