//! Faults of the resolver that show in a single check. Many lists failing alike is one resolver failing.

use std::fmt;

use super::{Exchange, Findings, ListRow, Source};
use crate::dns::Failure;
use crate::dnsxl::{Loopback, ProblemKind, Verdict};
use crate::trial::Honesty;
use crate::why::Why;

/// What is wrong with the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResolverFault {
    /// It answers for names that do not exist.
    RewritesNxdomain,
    /// Nothing answers.
    Unreachable,
    /// It refuses every question, or every list refuses to be asked through it.
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

    /// What a check's answers say about the resolver. Inventing comes first, since nothing else can be judged while it lasts.
    pub(super) fn find(findings: &Findings) -> Option<Self> {
        let convicted = matches!(findings.honesty, Some(Honesty::Rewrites(_)));
        let acquitted = matches!(findings.honesty, Some(Honesty::Honest));
        if convicted || (findings.rewrites && !acquitted) {
            return Some(Self::RewritesNxdomain);
        }
        // One answer in 127/8 that came through clears the resolver, whatever single lists lack.
        let seen =
            findings.loopback == Loopback::Seen || findings.rows.iter().any(|row| row.loopback == Loopback::Seen);
        if !seen && (findings.loopback == Loopback::Stripped || Self::strips(&findings.rows)) {
            return Some(Self::Strips127);
        }
        Self::unreachable_or_refused(&findings.exchanges).or_else(|| Self::refused_by_lists(&findings.rows))
    }

    /// Does an entry that must exist come back empty, and no answer in 127/8 at all?
    pub(super) fn strips(rows: &[ListRow]) -> bool {
        let has = |word| rows.iter().any(|row| row.loopback == word);
        has(Loopback::Stripped) && !has(Loopback::Seen)
    }

    /// Nothing came back at all, or nothing but REFUSED. What was remembered says nothing about now.
    fn unreachable_or_refused(exchanges: &[Exchange]) -> Option<Self> {
        let exchanges = || exchanges.iter().filter(|exchange| exchange.source != Source::Memory);
        exchanges().next()?;
        let all = |wanted: fn(Failure) -> bool| {
            exchanges().map(|exchange| &exchange.answer).all(|answer| answer.failure().is_some_and(wanted))
        };
        if all(Failure::is_silence) {
            // Nothing but deadlines may be a caller in a hurry.
            let gave_up = |exchange: &Exchange| exchange.answer.failure() != Some(Failure::Deadline);
            return exchanges().any(gave_up).then_some(Self::Unreachable);
        }
        all(|failure| failure == Failure::Refused).then_some(Self::Refused)
    }

    /// Every list refuses, and they belong to several operators: they refuse the resolver.
    fn refused_by_lists(rows: &[ListRow]) -> Option<Self> {
        let mut operators: Vec<&str> = Vec::new();
        for row in rows {
            let refused = match &row.verdict {
                Verdict::Skipped(_) => continue,
                Verdict::Problem(problem) => problem.kind() == ProblemKind::Refused,
                Verdict::Unknown(unknown) => *unknown.why() == Why::Failed(Failure::Refused),
                Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_) => false,
            };
            if !refused {
                return None;
            }
            let operator = row.spec.operator();
            if !operators.contains(&operator) {
                operators.push(operator);
            }
        }
        (operators.len() > 1).then_some(Self::Refused)
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
