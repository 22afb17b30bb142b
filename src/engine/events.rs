//! What changed: lists that fall ill or recover, a resolver at fault. Each change is told once, with what shows it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::channel::mpsc;
use futures::stream::{Stream, StreamExt};

use crate::base::lock::lock;
use crate::dnsxl::{Evidence, Health, ListId, SubjectKind};
use crate::report::ResolverFault;

/// Events that wait for one listener; beyond that they are missed, and the listener is told how many.
const WAITING: usize = 256;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A list's health changed.
    HealthChanged {
        /// The list.
        list: ListId,
        /// For which kind of subject.
        kind: SubjectKind,
        /// What it was.
        from: Health,
        /// What it is.
        to: Health,
        /// What shows it.
        evidence: Vec<Evidence>,
        /// How long ago the list was last proven sane, if it ever was.
        last_good: Option<Duration>,
    },
    /// A deny list holds far more subjects that no other operator's list holds than it used to: a wildcard over a part of its
    /// zone, perhaps. Worth a look; never a verdict.
    StandsAlone {
        /// The list.
        list: ListId,
        /// So many subjects it held alone,
        alone: u32,
        /// of so many about which others were heard.
        heard: u32,
    },
    /// The resolver is at fault.
    ResolverFault(ResolverFault),
    /// The resolver works again.
    ResolverRecovered(ResolverFault),
    /// The listener was too slow.
    Missed {
        /// So many events were lost.
        events: u64,
    },
}

/// One printable line without keys.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HealthChanged { list, to, evidence, last_good, .. } => {
                write!(f, "{list}: {}", crate::dnsxl::advice::in_words(*to, evidence))?;
                for (index, evidence) in evidence.iter().take(2).enumerate() {
                    write!(f, "{}{evidence}", if index == 0 { " (" } else { "; " })?;
                }
                if !evidence.is_empty() {
                    f.write_str(")")?;
                }
                match last_good {
                    Some(age) if to.takes_hits_away() => write!(f, ", last proven sane {} s ago", age.as_secs()),
                    _ => Ok(()),
                }
            }
            Self::StandsAlone { list, alone, heard } => {
                write!(
                    f,
                    "{list}: holds {alone} of {heard} subjects that no other operator's list holds, far more than before"
                )
            }
            Self::ResolverFault(fault) => write!(f, "resolver at fault: {fault}"),
            Self::ResolverRecovered(fault) => write!(f, "resolver works again; it was: {fault}"),
            Self::Missed { events } => write!(f, "{events} events missed"),
        }
    }
}

/// A stream of events, from the moment it was asked for. It ends when the last checker is gone.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
    missed: Arc<AtomicU64>,
}

impl Events {
    /// The next event; `None` when no checker is left.
    pub async fn next(&mut self) -> Option<Event> {
        StreamExt::next(self).await
    }

    /// An event that is there already.
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

/// Who listens.
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
        // Streams that were dropped since the last event go now: a host may ask for one after the other.
        listeners.retain(|listener| !listener.sender.is_closed());
        listeners.push(listener);
        Events { receiver, missed }
    }

    /// Tells everyone, and the host's log.
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
