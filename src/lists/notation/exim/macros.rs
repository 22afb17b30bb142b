//! Macros of Exim: `NAME = text` outside ACLs, and `NAME` where it is used.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::lists::notation::context::MAX_NAMES;
use crate::lists::notation::word::Word;

/// The macros that a text defines; if a macro is defined twice, the last definition.
#[derive(Debug, Default)]
pub(crate) struct Macros<'a> {
    values: BTreeMap<&'a str, Word<'a>>,
    /// The first macro that is not remembered, since there are too many.
    forgotten: Option<Word<'a>>,
    /// Octets of macro values so far.
    spent: Cell<usize>,
}

/// The maximum octets for the values of all macros of a text together, against texts that expand without end.
const MAX_OCTETS: usize = 200_000;

impl<'a> Macros<'a> {
    /// Collects the definitions from lines.
    pub(crate) fn new(lines: impl Iterator<Item = Word<'a>>) -> Self {
        let mut found = Self::default();
        for line in lines {
            let Some(equals) = line.text.find('=') else { continue };
            let (name, value) = line.split(equals);
            let name = name.trim();
            if is_macro(name.text) {
                // `NAME == text` redefines the macro.
                let value = match value.text.strip_prefix('=') {
                    Some(again) => Word::new(again, value.at + 1),
                    None => value,
                };
                if found.values.len() < MAX_NAMES || found.values.contains_key(name.text) {
                    found.values.insert(name.text, value);
                } else {
                    found.forgotten.get_or_insert(name);
                }
            }
        }
        found
    }

    /// Where more macros begin than are remembered: these have no value.
    pub(crate) fn forgotten(&self) -> Option<Word<'a>> {
        self.forgotten
    }

    /// The value of a macro.
    pub(crate) fn get(&self, name: &str) -> Option<Word<'a>> {
        self.values.get(name).copied()
    }

    /// May macros add this many octets more?
    pub(crate) fn allow(&self, octets: usize) -> bool {
        self.spent.set(self.spent.get().saturating_add(octets + 1));
        self.spent.get() <= MAX_OCTETS
    }
}

/// Can this be the name of a macro? It starts with a capital letter; list domains are not written in that way.
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
