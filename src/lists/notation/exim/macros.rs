//! Macros of Exim: `NAME = text` outside ACLs, and `NAME` where it is used.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::lists::notation::Word;

/// The macros that a text defines; of several definitions of one, the last.
#[derive(Debug, Default)]
pub(crate) struct Macros<'a> {
    values: BTreeMap<&'a str, Word<'a>>,
    /// Octets for which macros have stood.
    spent: Cell<usize>,
}

/// Octets for which the macros of a text may stand, all together: more are not meant.
const MAX_OCTETS: usize = 200_000;

impl<'a> Macros<'a> {
    /// The definitions among lines.
    pub(crate) fn new(lines: &[Word<'a>]) -> Self {
        let mut found = BTreeMap::new();
        for line in lines {
            let Some(equals) = line.text.find('=') else { continue };
            let (name, value) = line.split(equals);
            let name = name.trim();
            if is_macro(name.text) {
                // `NAME == text` gives it a new value.
                let value = match value.text.strip_prefix('=') {
                    Some(again) => Word::new(again, value.at + 1),
                    None => value,
                };
                found.insert(name.text, value);
            }
        }
        Self { values: found, spent: Cell::new(0) }
    }

    /// What a macro stands for.
    pub(crate) fn get(&self, name: &str) -> Option<Word<'a>> {
        self.values.get(name).copied()
    }

    /// May a macro stand for so many octets more?
    pub(crate) fn allow(&self, octets: usize) -> bool {
        self.spent.set(self.spent.get().saturating_add(octets + 1));
        self.spent.get() <= MAX_OCTETS
    }
}

/// Could this be the name of a macro? It starts with a capital letter, and no list domain is written so.
pub(crate) fn is_macro(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// The macro in a name of several labels: capitals with a `_`, as in `DQS_KEY.zen.dq.spamhaus.net`.
pub(crate) fn inside(zone: &str) -> Option<&str> {
    let capitals =
        |label: &&str| is_macro(label) && label.contains('_') && !label.contains(|c: char| c.is_ascii_lowercase());
    zone.split('.').find(capitals)
}
