//! Mistakes in a configuration. Nothing else is an error here: what DNS does ends as a verdict.

use crate::base::name::NameError;
use crate::dnsxl::SpecError;
use crate::lists::ListSetError;

/// What `?` returns while a checker is being set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list cannot be read.
    #[error("list: {0}")]
    Spec(#[from] SpecError),
    /// A set of lists cannot be.
    #[error(transparent)]
    Lists(#[from] ListSetError),
    /// A name among our own or local ones cannot be read: which setting, which position from 0, and what is wrong.
    #[error("{setting} {}: {error}", index + 1)]
    Name {
        /// The setting: `own_names` or `local_domains`.
        setting: &'static str,
        /// The position in it, from 0.
        index: usize,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A rule of a policy, or a template, cannot be read.
    #[error("rule: {0}")]
    Rule(#[from] crate::base::template::TemplateError),
    /// A limit that leaves nothing to work with.
    #[error("limit {0} must not be zero")]
    Limit(&'static str),
    /// There is no resolver to ask.
    #[cfg(any(feature = "hickory", feature = "direct"))]
    #[error(transparent)]
    Resolver(#[from] crate::resolve::ResolverError),
}
