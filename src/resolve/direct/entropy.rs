//! Unpredictable octets (RFC 5452 §9.2), drawn from the system a few hundred at a time.

use std::io;

const STOCK: usize = 512;
/// The most random ids tried to find a free one.
pub(super) const ID_TRIES: usize = 16;

/// A stock of random octets, each handed out once.
pub(super) struct Entropy {
    stock: [u8; STOCK],
    used: usize,
}

impl Entropy {
    pub(super) fn new() -> Self {
        Self { stock: [0; STOCK], used: STOCK }
    }

    /// The next octets.
    pub(super) fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        loop {
            if let Some(octets) = self.stock.get(self.used..).and_then(<[u8]>::first_chunk::<N>) {
                self.used += N;
                return Ok(*octets);
            }
            getrandom::fill(&mut self.stock).map_err(io::Error::other)?;
            self.used = 0;
        }
    }

    /// A 16-bit number.
    pub(super) fn number(&mut self) -> io::Result<u16> {
        self.take().map(u16::from_be_bytes)
    }

    /// A number below `limit`, which must be far below 2^16. No value is more likely than another by more than limit/2^16.
    pub(super) fn below(&mut self, limit: usize) -> io::Result<usize> {
        Ok((usize::from(self.number()?) * limit) >> 16)
    }
}
