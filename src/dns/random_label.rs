//! Random octets, and labels made from them that nobody can guess: no zone has them, unless it has every name.

use std::fmt;

/// Octets that nobody can guess, for the labels of control questions. An operator who could guess them could make a list that
/// lists everyone look sound.
///
/// ```
/// use rdnsbl::{Randomness, dns::Label};
///
/// let label = || Label::from_random(Randomness::new());
/// assert_ne!(label(), label());
/// ```
#[derive(Clone, Copy)]
pub struct Randomness([u8; 16]);

impl Randomness {
    /// New octets from the system's random source. If it fails, the hasher's random keys are used: a label made from them is
    /// only hard to guess, but the control question with a fixed name is asked too.
    #[must_use]
    pub fn new() -> Self {
        let mut octets = [0; 16];
        if getrandom::fill(&mut octets).is_err() {
            use std::hash::{BuildHasher, RandomState};
            let mut halves = octets.chunks_exact_mut(8);
            for (number, half) in (0_u64..).zip(&mut halves) {
                half.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
            }
        }
        Self(octets)
    }

    /// These octets, for a test that wants the same questions each time. In a server they would be guessed.
    #[must_use]
    pub fn for_tests(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    pub(crate) fn octets(self) -> [u8; 16] {
        self.0
    }
}

/// [`Randomness::new`].
impl Default for Randomness {
    fn default() -> Self {
        Self::new()
    }
}

/// Without the octets.
impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Randomness").finish_non_exhaustive()
    }
}

/// A label that nobody can guess. It has letters and digits only, so that every server accepts it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Label([u8; Self::LENGTH]);

impl Label {
    const LENGTH: usize = 20;

    /// Equal octets give equal labels. 99 bits of the 16 octets are used.
    #[must_use]
    pub fn from_random(random: Randomness) -> Self {
        let mut rest = u128::from_le_bytes(random.0);
        Self(std::array::from_fn(|position| {
            // A letter first: a label of digits only would look like an address to some servers.
            let (alphabet, bits): (&[u8], u32) =
                if position == 0 { (b"ghijklmnopqrstuv", 4) } else { (b"abcdefghijklmnopqrstuvwxyz234567", 5) };
            let picked = usize::try_from(rest & ((1 << bits) - 1)).unwrap_or_default();
            rest >>= bits;
            alphabet.get(picked).copied().unwrap_or(b'x')
        }))
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("x")
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_may_choose_the_octets_and_nobody_else_sees_them() {
        let label = || Label::from_random(Randomness::for_tests([7; 16]));
        assert_eq!(label(), label());
        assert_ne!(Randomness::new().octets(), Randomness::default().octets());
        assert_eq!(format!("{:?}", Randomness::for_tests([7; 16])), "Randomness { .. }");
    }
}
