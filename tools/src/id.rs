//! The id of a decision: in the log line, and in the reply if the configuration says so. With the id of a bounce the line can
//! be found. It says nothing about the mail, the time, or how much mail there is.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Symbols that cannot be confused in any font, or when read aloud.
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 40 bits: among the decisions of one day two rarely have the same.
const LENGTH: u32 = 8;

/// One id: eight letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..LENGTH).try_for_each(|at| {
            let symbol = SYMBOLS.get((self.0 >> (5 * at) & 31) as usize).copied().unwrap_or(b'0');
            fmt::Write::write_char(f, char::from(symbol))
        })
    }
}

/// Makes ids: a counter, hashed with a key that each start of the program chooses at random.
#[derive(Default)]
pub(crate) struct Ids {
    key: RandomState,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn next(&self) -> Id {
        Id(self.key.hash_one(self.next.fetch_add(1, Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_short_and_differ() {
        let ids = Ids::default();
        let all: Vec<String> = (0..10_000).map(|_| ids.next().to_string()).collect();
        assert!(all.iter().all(|id| id.len() == 8 && id.bytes().all(|symbol| SYMBOLS.contains(&symbol))));
        // Ten thousand of 2^40: a pair is rare, two pairs are not seen.
        assert!(all.iter().collect::<HashSet<_>>().len() >= all.len() - 1);
        // An id shows neither the earlier ones nor their number.
        assert_ne!(Ids::default().next().to_string(), all[0]);
    }
}
