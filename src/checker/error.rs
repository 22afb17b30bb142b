//! Errors in a configuration. DNS failures are never errors here: they are verdicts.

use crate::base::name::NameError;
use crate::dnsxl::SpecError;
use crate::lists::ListSetError;

/// Any error while a checker is set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list specification is not valid.
    #[error("list: {0}")]
    Spec(#[from] SpecError),
    /// A set of lists is not valid.
    #[error(transparent)]
    Lists(#[from] ListSetError),
    /// A name in `own_names` or `local_domains` is not valid.
    #[error("{setting} {}: {error}", index + 1)]
    Name {
        /// The setting: `own_names` or `local_domains`.
        setting: &'static str,
        /// The position in it, from 0.
        index: usize,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A policy rule or a template is not valid.
    #[error("rule: {0}")]
    Rule(#[from] crate::base::template::TemplateError),
    /// A limit is zero.
    #[error("limit {0} must not be zero")]
    Limit(&'static str),
    /// The resolver cannot be set up.
    #[cfg(any(feature = "hickory", feature = "direct"))]
    #[error(transparent)]
    Resolver(#[from] crate::resolve::ResolverError),
}
