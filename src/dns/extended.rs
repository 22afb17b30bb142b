//! Extended DNS errors: the reason that a resolver adds to a response code (RFC 8914).

use std::fmt;

/// The reason that a resolver gives for a failure: an info code of RFC 8914 §4. `Display` shows its meaning. The text that a resolver
/// may add is not kept, since it contains names.
///
/// ```
/// use rdnsbl::dns::ExtendedError;
///
/// assert_eq!(ExtendedError::new(6).to_string(), "DNSSEC bogus");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtendedError(u16);

impl ExtendedError {
    /// The error with this info code.
    #[must_use]
    pub fn new(code: u16) -> Self {
        Self(code)
    }

    /// The info code.
    #[must_use]
    pub fn code(self) -> u16 {
        self.0
    }

    /// The meaning of the code, if RFC 8914 §4 defines it.
    fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "DNSSEC: unsupported DNSKEY algorithm",
            2 => "DNSSEC: unsupported DS digest type",
            3 => "stale answer",
            4 => "forged answer",
            5 => "DNSSEC indeterminate",
            6 => "DNSSEC bogus",
            7 => "DNSSEC: signature expired",
            8 => "DNSSEC: signature not yet valid",
            9 => "DNSSEC: DNSKEY missing",
            10 => "DNSSEC: RRSIGs missing",
            11 => "DNSSEC: no zone key bit set",
            12 => "DNSSEC: NSEC missing",
            13 => "cached error",
            14 => "resolver not ready",
            15 => "blocked by the resolver's operator",
            16 => "censored by an order from outside",
            17 => "filtered as its client wants it",
            18 => "this client may not ask",
            19 => "stale NXDOMAIN answer",
            20 => "not authoritative",
            21 => "not supported",
            22 => "no reachable authority",
            23 => "network error",
            24 => "invalid data",
            _ => return None,
        })
    }
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => f.pad(meaning),
            None => write!(f, "extended error {}", self.0),
        }
    }
}
