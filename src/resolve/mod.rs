//! The interface to resolvers, and the resolvers of this crate.
//!
//! [`Resolve`] has one method, takes and returns types of this crate, and is object-safe. `Stub` (feature `hickory`) and `Direct`
//! (feature `direct`) ask recursive servers; `Scripted` (feature `test-util`) answers from a table; for any other source
//! of answers, implement the trait.

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
/// list if it has one. `Display` is for people: it hides the key and leaves an empty label, so that parsers of names reject the text
/// and a commercial list is never asked without its key.
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
/// Rules for implementations:
/// * Ask for the name as it is: absolute, without search list, hosts file or special names.
/// * Only NXDOMAIN and NODATA mean "no". Everything else that is not records is [`Answer::failed`].
/// * Records count only when their owner is the name asked, or is reached from it by CNAMEs in the answer.
/// * A question may say which client chose its name ([`Question::chooser`]). If you limit concurrent questions, keep some of the
///   limit free for questions without a chooser. The answer is the same.
/// * Do not cache. The checker does, by TTL, and re-asks on purpose when it needs fresh proof.
/// * Dropping the future cancels the question.
///
/// **An adapter over `hickory_resolver::Resolver` cannot be right.** That resolver reports a CNAME loop and an answer to another
/// question as a bare "no records", which is also how it reports NODATA; and it never asks for `localhost`, but answers by itself.
/// The cause is lost before an adapter sees it, and a mail server would reject where it should defer. Use `Direct` or `Stub`. If
/// you must adapt it, the safest mapping is: a "no" with an SOA record is NXDOMAIN or NODATA, as its code says; a "no" without an
/// SOA record is [`Failure::Unrelated`](crate::dns::Failure::Unrelated); every other error is the [`Answer::failed`] nearest to
/// it. Some true NODATA answers without SOA are then reported as "could not tell", which is the safe side.
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
