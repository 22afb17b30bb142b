//! Why a set of lists cannot be built.

use crate::dnsxl::SpecError;
use crate::lists::finding::ZoneFinding;

/// The maximum number of lists in a set; more are a configuration error.
pub const MAX_LISTS: usize = 1_000;

/// Why a set of lists cannot be built.
///
/// ```
/// use rdnsbl::{ListSet, ListSetError};
///
/// let error = ListSet::builder().deny("bad..example").build().unwrap_err();
/// assert!(matches!(error, ListSetError::Specs(specs) if specs.len() == 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListSetError {
    /// Some lists cannot be read: the position of each, from 0, and its error.
    #[error("{}", describe(.0))]
    Specs(Vec<(usize, SpecError)>),
    /// Some lists have closed down or never existed, and [`Retired::Refuse`](crate::lists::Retired::Refuse) was set.
    #[error("{}", describe_retired(.0))]
    Retired(Vec<ZoneFinding>),
    /// More than [`MAX_LISTS`] lists.
    #[error("more than {MAX_LISTS} lists")]
    TooMany,
    /// The allow threshold is not below the threshold, so one score would mean both.
    #[error("the allow threshold must be below the threshold")]
    Thresholds,
}

impl ListSetError {
    /// The lists that cannot be read, by position from 0.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &SpecError)> {
        let specs = match self {
            Self::Specs(specs) => specs.as_slice(),
            Self::Retired(_) | Self::TooMany | Self::Thresholds => &[],
        };
        specs.iter().map(|(index, error)| (*index, error))
    }
}

fn describe(specs: &[(usize, SpecError)]) -> String {
    specs.iter().map(|(index, error)| format!("list {}: {error}", index + 1)).collect::<Vec<_>>().join("; ")
}

fn describe_retired(findings: &[ZoneFinding]) -> String {
    findings.iter().map(|finding| format!("list {}: {finding}", finding.index + 1)).collect::<Vec<_>>().join("; ")
}
