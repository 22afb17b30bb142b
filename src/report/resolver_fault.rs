//! The faults that a resolver may have.

use std::fmt;

use crate::base::words::words;

/// A fault of the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResolverFault {
    /// It returns addresses for names that do not exist.
    RewritesNxdomain,
    /// It does not answer at all.
    Unreachable,
    /// It refuses every question.
    Refused,
    /// It removes answers in 127.0.0.0/8, and with them every listing. Protection against DNS rebinding does that.
    Strips127,
}

words!("fault of a resolver", ResolverFault {
    RewritesNxdomain = "rewrites_nxdomain",
    Unreachable = "unreachable",
    Refused = "refused",
    Strips127 = "strips_127",
});

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
