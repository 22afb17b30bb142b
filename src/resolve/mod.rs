//! The resolver seam: who answers questions.
//!
//! [`Resolve`] is the whole of it: one method, own types in and out, object-safe. `Stub` (feature `hickory`) and `Direct`
//! (feature `direct`) ask recursive servers; `Scripted` (feature `test-util`) answers from a table; anything else is a few lines of yours.

#[cfg(feature = "direct")]
mod direct;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod failure_rank;
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

pub use crate::base::clock::BoxFuture;
use crate::dns::{Answer, Question};

#[cfg(feature = "direct")]
pub use crate::resolve::direct::{Case, Direct, DirectStats, Pacing};
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use crate::resolve::servers::{Origin, ResolverError};
#[cfg(feature = "hickory")]
pub use crate::resolve::stub::Stub;
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use crate::resolve::timeouts::Timeouts;

/// Answers questions.
///
/// The name to ask for is [`question.name.expose()`](crate::Name::expose): absolute, in lower case, with the key of a commercial
/// list where there is one. `Display` is for people: it hides the key, and what it shows of such a name holds an empty label, so that
/// parsers of names refuse it and a list that is paid for is never asked in vain.
///
/// ```
/// use rdnsbl::resolve::{BoxFuture, Resolve};
/// use rdnsbl::{Answer, Question, dns::Failure};
///
/// struct Mine;
///
/// impl Resolve for Mine {
///     fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
///         Box::pin(async move {
///             let name = question.name.expose(); // "14.113.0.203.abcdefgh.bl.example.", and not question.name.to_string()
///             match ask(name, &question.kind.to_string()).await {
///                 Some(answer) => answer,
///                 None => Answer::failed(Failure::Timeout),
///             }
///         })
///     }
/// }
/// # async fn ask(_name: &str, _kind: &str) -> Option<Answer> { None }
/// # let keyed = rdnsbl::ListSpec::deny("bl.example")?.key(&rdnsbl::name::Key::new("abcdefgh")?)?;
/// # assert_eq!(keyed.zone().expose(), "abcdefgh.bl.example.");
/// # assert_eq!(keyed.zone().to_string(), "(key)..bl.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The rules for who implements it:
/// * Ask for the name as it is: absolute, without search list, hosts file or special names.
/// * Only NXDOMAIN and NODATA are a no. Everything else that is not records is [`Answer::failed`].
/// * Records count only when their owner is the name asked, or is reached from it by CNAMEs in the answer.
/// * A question may say which client chose its name ([`Question::chooser`]). Where places are few, such questions are to leave some to
///   others. The answer is the same.
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
