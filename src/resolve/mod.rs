//! The resolver seam: who answers questions.
//!
//! [`Resolve`] is the whole of it: one method, own types in and out, object-safe. `Stub` (feature `hickory`) and `Direct`
//! (feature `direct`) ask recursive servers; `Scripted` (feature `test-util`) answers from a table; anything else is a few lines of yours.

#[cfg(feature = "hickory")]
mod datagram;
#[cfg(feature = "direct")]
mod direct;
#[cfg(feature = "hickory")]
mod exchange;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod fault;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod rdata;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod servers;
#[cfg(feature = "hickory")]
mod stub;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod timeouts;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod wire;

use std::sync::Arc;

pub use crate::clock::BoxFuture;
use crate::dns::{Answer, Question};

#[cfg(feature = "direct")]
pub use direct::{Case, Direct, DirectStats, Pacing};
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use servers::{Origin, ResolverError};
#[cfg(feature = "hickory")]
pub use stub::Stub;
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use timeouts::Timeouts;

/// Answers questions.
///
/// The rules for who implements it:
/// * Ask for the name as it is: absolute, without search list, hosts file or special names.
/// * Only NXDOMAIN and NODATA are a no. Everything else that is not records is [`Answer::failed`].
/// * Records count only when their owner is the name asked, or is reached from it by CNAMEs in the answer.
/// * Do not cache. The checker does, by TTL, and re-asks on purpose when it needs fresh proof.
/// * Dropping the future cancels the question.
pub trait Resolve: Send + Sync {
    /// Asks one question.
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer>;
}

impl<T: Resolve + ?Sized> Resolve for Arc<T> {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        (**self).resolve(question)
    }
}

impl<T: Resolve + ?Sized> Resolve for Box<T> {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        (**self).resolve(question)
    }
}
