//! Words that were probably meant.

#[cfg(feature = "serde")]
use crate::base::key_mask::hide_keys;

/// What is wrong with a key of a configuration that is none of `known`: the one that was meant, or else all that are expected. By
/// mistake it may be a zone with the key of a list, which is not shown.
#[cfg(feature = "serde")]
pub(crate) fn unknown_key(what: &str, key: &str, known: &[&str], expected: &str) -> String {
    let shown = hide_keys(key);
    match nearest(key, known.iter().copied()) {
        Some(meant) => format!("unknown {what} {shown:?}; did you mean {meant}?"),
        None => format!("unknown {what} {shown:?}; {expected} {}", known.join(", ")),
    }
}

/// The word that differs in at most two letters; the first of equals.
pub(crate) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer texts are no slips of the pen, and would take long to compare.
    const LONGEST: usize = 64;
    let slips = |word: &&str| edits(text.as_bytes(), word.as_bytes());
    words.filter(|word| text.len() <= LONGEST && slips(word) <= 2).min_by_key(slips)
}

/// Letters omitted, inserted, replaced, or swapped with their neighbour (optimal string alignment).
pub(crate) fn edits(from: &[u8], to: &[u8]) -> usize {
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous_from = None;
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut previous_to = None;
        for (column, other) in to.iter().enumerate() {
            let replaced = at(&last, column) + usize::from(letter != other);
            let mut best = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            if column > 0 && previous_from == Some(other) && previous_to == Some(letter) {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
            previous_to = Some(other);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_from = Some(letter);
    }
    at(&last, to.len())
}
