//! Channels that deliver events to listeners. Each change is reported once, with its evidence.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::channel::mpsc;
use futures::stream::{Stream, StreamExt};

use crate::base::lock::lock;
use crate::state::event::Event;

/// Events that are queued for one listener. Further ones are dropped, and the listener gets their number.
const WAITING: usize = 256;

/// A stream of the events after its creation. It ends when the last clone of the checker is dropped.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
    missed: Arc<AtomicU64>,
}

impl Events {
    /// Waits for the next event; `None` when the last clone of the checker is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        StreamExt::next(self).await
    }

    /// The next event if one is queued. Does not wait.
    pub fn try_next(&mut self) -> Option<Event> {
        self.take_missed().or_else(|| self.receiver.try_recv().ok())
    }

    fn take_missed(&self) -> Option<Event> {
        match self.missed.swap(0, Ordering::Relaxed) {
            0 => None,
            events => Some(Event::Missed { events }),
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(missed) = self.take_missed() {
            return Poll::Ready(Some(missed));
        }
        self.receiver.poll_next_unpin(context)
    }
}

/// The listeners.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<Vec<Listener>>);

#[derive(Debug)]
struct Listener {
    sender: mpsc::Sender<Event>,
    missed: Arc<AtomicU64>,
}

impl Listeners {
    pub(crate) fn listen(&self) -> Events {
        let (sender, receiver) = mpsc::channel(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let listener = Listener { sender, missed: Arc::clone(&missed) };
        let mut listeners = lock(&self.0);
        // Remove the streams that were dropped since the last event: a host may open and drop many before the next one.
        listeners.retain(|listener| !listener.sender.is_closed());
        listeners.push(listener);
        Events { receiver, missed }
    }

    /// Sends the events to every listener and to the host's log.
    pub(crate) fn tell(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut listeners = lock(&self.0);
        for event in events {
            match &event {
                Event::HealthChanged { to, .. } if to.advice().is_empty() => {
                    tracing::info!(target: "rdnsbl", "{event}");
                }
                _ => tracing::warn!(target: "rdnsbl", "{event}"),
            }
            listeners.retain_mut(|listener| match listener.sender.try_send(event.clone()) {
                Ok(()) => true,
                Err(error) if error.is_full() => {
                    listener.missed.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(_) => false,
            });
        }
    }
}
