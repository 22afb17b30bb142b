//! The decisions about open messages: one message may cause a thousand requests.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use rdnsbl::{Dialogue, Session};

use crate::daemon::connection::Peer;
use crate::decision::Decision;

/// A message: Postfix's `instance`, which is unique for one server only, and the `policy_context` that it is asked about in.
pub(crate) type Key = (Peer, String, String);

/// A bounded table; the least recently used instance is removed first.
pub(crate) struct Instances(Mutex<LruCache<Key, Instance>>);

#[derive(Default)]
struct Instance {
    client: Option<IpAddr>,
    session: Option<Session>,
    decided: Option<(Dialogue, Arc<Decision>)>,
    has_header: bool,
}

/// Longer names of instances are ignored; those of Postfix have about 20 octets.
const MAX_NAME: usize = 128;

impl Instances {
    pub(crate) fn new(most: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN))))
    }

    /// The key, if the request names an instance.
    pub(crate) fn key(peer: Peer, context: &str, instance: &str) -> Option<Key> {
        let fits = (1..=MAX_NAME).contains(&instance.len()) && context.len() <= MAX_NAME;
        fits.then(|| (peer, context.to_owned(), instance.to_owned()))
    }

    /// The session of this message. Another client is another message. It is missing while a request is handled.
    pub(crate) fn session(&self, key: &Key, client: Option<IpAddr>) -> Option<Session> {
        self.lock().get_mut(key).filter(|instance| instance.client == client)?.session.take()
    }

    /// What was decided about this dialogue in this message.
    pub(crate) fn decided(&self, key: &Key, dialogue: &Dialogue) -> Option<Arc<Decision>> {
        let mut table = self.lock();
        let (of, decision) = table.get(key)?.decided.as_ref()?;
        (of == dialogue).then(|| Arc::clone(decision))
    }

    pub(crate) fn keep(&self, key: &Key, session: Session, decision: Option<&Arc<Decision>>) {
        let dialogue = session.dialogue().clone();
        let client = dialogue.client;
        let mut table = self.lock();
        let known = table.pop(key).filter(|instance| instance.client == client);
        let mut instance = known.unwrap_or(Instance { client, ..Instance::default() });
        instance.session = Some(session);
        if let Some(decision) = decision {
            instance.decided = Some((dialogue, Arc::clone(decision)));
        }
        table.put(key.clone(), instance);
    }

    /// True once for each message.
    pub(crate) fn wants_header(&self, key: &Key) -> bool {
        let mut table = self.lock();
        table.get_mut(key).is_some_and(|instance| !std::mem::replace(&mut instance.has_header, true))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Instance>> {
        // Nothing done under the lock can stop halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(client: [u8; 4]) -> Session {
        let clock = rdnsbl::ManualClock::new();
        let dns = rdnsbl::Scripted::table("", clock.clone()).unwrap();
        rdnsbl::Checker::builder_with(dns, clock).build().unwrap().session(IpAddr::from(client))
    }

    #[test]
    fn one_message_one_decision_and_one_header() {
        let table = Instances::new(2);
        let key = |name: &str| Instances::key(None, "", name).unwrap();
        let decision = Arc::new(Decision::exempt(crate::id::Ids::default().next(), "network"));
        let (one, other) = (session([192, 0, 2, 1]), session([192, 0, 2, 2]));
        let dialogue = one.dialogue().clone();
        assert!(table.decided(&key("a"), &dialogue).is_none() && !table.wants_header(&key("a")));
        table.keep(&key("a"), one, Some(&decision));
        assert!(table.decided(&key("a"), &dialogue).is_some());
        assert!(table.decided(&key("a"), other.dialogue()).is_none());
        assert!(table.decided(&Instances::key(Some([127, 0, 0, 1].into()), "", "a").unwrap(), &dialogue).is_none());
        assert_eq!([table.wants_header(&key("a")), table.wants_header(&key("a"))], [true, false]);
        // Another client under this name does not get the session, and has a message of its own.
        assert!(table.session(&key("a"), other.dialogue().client).is_none());
        // A further sender of the same client is the same message.
        let mut again = table.session(&key("a"), dialogue.client).unwrap();
        again.mail_from_address("");
        table.keep(&key("a"), again, Some(&decision));
        assert!(table.decided(&key("a"), &dialogue).is_none() && !table.wants_header(&key("a")));
        table.keep(&key("a"), other, None);
        assert!(table.wants_header(&key("a")));
    }

    #[test]
    fn the_table_is_bounded() {
        let table = Instances::new(2);
        for number in 0..100 {
            let key = Instances::key(None, "", &number.to_string()).unwrap();
            table.keep(&key, session([192, 0, 2, 1]), None);
        }
        assert_eq!(table.lock().len(), 2);
        assert_eq!(Instances::key(None, "", ""), None);
        assert_eq!(Instances::key(None, "", &"x".repeat(MAX_NAME + 1)), None);
    }
}
