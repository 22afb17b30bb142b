//! Labels that nobody can guess: no zone has them, unless it has every name.

use std::fmt;

/// A label that nobody can guess. It has letters and digits only, so that every server accepts it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Label([u8; Self::LENGTH]);

impl Label {
    const LENGTH: usize = 20;

    /// From random octets; equal octets give equal labels. About 83 bits of the 16 octets are used.
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        let mut rest = u128::from_le_bytes(random);
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
