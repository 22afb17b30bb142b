//! What may be wrong with the resolver.

use std::fmt;

/// What is wrong with the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResolverFault {
    /// It answers for names that do not exist.
    RewritesNxdomain,
    /// Nothing answers.
    Unreachable,
    /// It refuses every question.
    Refused,
    /// It takes answers in 127.0.0.0/8 away, and with them every listing: protection against DNS rebinding.
    Strips127,
}

impl ResolverFault {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RewritesNxdomain => "rewrites_nxdomain",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Strips127 => "strips_127",
        }
    }
}

impl fmt::Display for ResolverFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RewritesNxdomain => "the resolver invents addresses for names that do not exist",
            Self::Unreachable => "no answer at all from the resolver",
            Self::Refused => "every question is refused: this resolver may not ask",
            Self::Strips127 => "the resolver removes answers in 127.0.0.0/8, so no list can say \"listed\"",
        })
    }
}
