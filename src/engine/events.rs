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

/// A stream of the events after its creation. It ends when the checker is [shut down](crate::Checker::shut_down), or when its
/// last clone is dropped; a watch that is spawned holds a clone.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::Event;
///
/// let mut events = checker.events();
/// # clock.run(checker.probe());
/// while let Some(event) = events.try_next() {
///     println!("{}: {event}", event.word());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
    missed: Arc<AtomicU64>,
}

impl Events {
    /// Waits for the next event; `None` at the end.
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

/// The listeners; `None` after the end.
#[derive(Debug)]
pub(crate) struct Listeners {
    open: Mutex<Option<Vec<Listener>>>,
    /// Events that some listener missed.
    missed: AtomicU64,
}

impl Default for Listeners {
    fn default() -> Self {
        Self { open: Mutex::new(Some(Vec::new())), missed: AtomicU64::new(0) }
    }
}

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
        let mut listeners = lock(&self.open);
        // After the end the sender is dropped here, and the stream ends at once.
        let Some(listeners) = listeners.as_mut() else { return Events { receiver, missed } };
        // Remove the streams that were dropped since the last event: a host may open and drop many before the next one.
        listeners.retain(|listener| !listener.sender.is_closed());
        listeners.push(listener);
        Events { receiver, missed }
    }

    /// Ends every stream, also those that are opened later.
    pub(crate) fn close(&self) {
        *lock(&self.open) = None;
    }

    /// How many events listeners missed, all together.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Sends the events to every listener and to the host's log.
    pub(crate) fn tell(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut listeners = lock(&self.open);
        let mut nobody = Vec::new();
        let listeners = listeners.as_mut().unwrap_or(&mut nobody);
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
                    self.missed.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(_) => false,
            });
        }
    }
}
