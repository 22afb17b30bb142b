//! What was decided about the messages that are under way: one message may bring a thousand requests.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use rdnsbl::Dialogue;

use crate::daemon::Peer;
use crate::decision::Decision;

/// A message: Postfix's `instance`, which is unique for one server only.
pub(crate) type Key = (Peer, String);

/// A bounded table; the instance that was not asked about for longest goes first.
pub(crate) struct Instances(Mutex<LruCache<Key, Instance>>);

struct Instance {
    client: Option<IpAddr>,
    decided: Option<(Dialogue, Arc<Decision>)>,
    has_header: bool,
}

/// Longer names of instances are nobody's; Postfix's have about 20 octets.
const MAX_NAME: usize = 128;

impl Instances {
    pub(crate) fn new(most: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN))))
    }

    /// The key, if the request names an instance.
    pub(crate) fn key(peer: Peer, instance: &str) -> Option<Key> {
        (1..=MAX_NAME).contains(&instance.len()).then(|| (peer, instance.to_owned()))
    }

    /// What was decided about this dialogue in this message. Another client is another message.
    pub(crate) fn decided(&self, key: &Key, dialogue: &Dialogue) -> Option<Arc<Decision>> {
        let mut table = self.lock();
        let (of, decision) = table.get(key)?.decided.as_ref()?;
        (of == dialogue).then(|| Arc::clone(decision))
    }

    pub(crate) fn keep(&self, key: &Key, dialogue: Dialogue, decision: &Arc<Decision>) {
        let mut table = self.lock();
        let client = dialogue.client;
        let known = table.get(key).filter(|instance| instance.client == client);
        let has_header = known.is_some_and(|instance| instance.has_header);
        table.put(key.clone(), Instance { client, decided: Some((dialogue, Arc::clone(decision))), has_header });
    }

    /// True once for each message.
    pub(crate) fn wants_header(&self, key: &Key) -> bool {
        let mut table = self.lock();
        table.get_mut(key).is_some_and(|instance| !std::mem::replace(&mut instance.has_header, true))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Instance>> {
        // Nothing under the lock can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialogue(client: [u8; 4]) -> Dialogue {
        Dialogue::from(IpAddr::from(client))
    }

    #[test]
    fn one_message_one_decision_and_one_header() {
        let table = Instances::new(2);
        let key = |name: &str| Instances::key(None, name).unwrap();
        let decision = Arc::new(Decision::exempt("network"));
        assert!(table.decided(&key("a"), &dialogue([192, 0, 2, 1])).is_none());
        assert!(!table.wants_header(&key("a")));
        table.keep(&key("a"), dialogue([192, 0, 2, 1]), &decision);
        assert!(table.decided(&key("a"), &dialogue([192, 0, 2, 1])).is_some());
        assert!(table.decided(&key("a"), &dialogue([192, 0, 2, 2])).is_none());
        assert!(
            table
                .decided(&Instances::key(Some([127, 0, 0, 1].into()), "a").unwrap(), &dialogue([192, 0, 2, 1]))
                .is_none()
        );
        assert_eq!([table.wants_header(&key("a")), table.wants_header(&key("a"))], [true, false]);
        // A further sender of the same client is the same message; another client is not.
        table.keep(&key("a"), dialogue([192, 0, 2, 1]).mail_from("<>"), &decision);
        assert!(!table.wants_header(&key("a")));
        table.keep(&key("a"), dialogue([192, 0, 2, 2]), &decision);
        assert!(table.wants_header(&key("a")));
    }

    #[test]
    fn the_table_is_bounded() {
        let table = Instances::new(2);
        for number in 0..1_000 {
            let key = Instances::key(None, &number.to_string()).unwrap();
            table.keep(&key, dialogue([192, 0, 2, 1]), &Arc::new(Decision::exempt("network")));
        }
        assert_eq!(table.lock().len(), 2);
        assert_eq!(Instances::key(None, ""), None);
        assert_eq!(Instances::key(None, &"x".repeat(MAX_NAME + 1)), None);
    }
}
