//! The resolver interface: what answers DNS questions.
//!
//! [`Resolve`] is a trait with one method. It is object-safe and uses only types of this crate. `Stub` (feature `hickory`) and
//! `Direct` (feature `direct`) ask recursive servers; `Scripted` (feature `test-util`) answers from a table. For a resolver over
//! sockets of your own, the module `wire` (feature `wire`) writes the questions and reads the responses.

#[cfg(any(feature = "hickory", feature = "direct"))]
mod attempts;
#[cfg(feature = "direct")]
mod direct;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod failure_rank;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod servers;
#[cfg(feature = "hickory")]
mod stub;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod timeouts;
#[cfg(feature = "wire")]
pub mod wire;

use std::sync::Arc;

pub use crate::base::clock::BoxFuture;
use crate::dns::{Answer, Question};

#[cfg(feature = "direct")]
pub use crate::resolve::direct::{Direct, DirectStats, Pacing, QueryCase};
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use crate::resolve::servers::{ResolverError, ServersOrigin};
#[cfg(feature = "hickory")]
pub use crate::resolve::stub::Stub;
#[cfg(any(feature = "hickory", feature = "direct"))]
pub use crate::resolve::timeouts::Timeouts;

/// Answers DNS questions.
///
/// Ask for [`question.name.expose()`](crate::Name::expose): the absolute name in lower case, including the key of a commercial
/// list. Do not ask for what `Display` shows. It hides the key and shows an empty label in its place, so that a name parser
/// rejects the text and no query goes out without the key.
///
/// ```
/// use rdnsbl::resolve::{BoxFuture, Resolve};
/// use rdnsbl::{Answer, Question, dns::Failure};
///
/// struct Mine;
///
/// impl Resolve for Mine {
///     fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
///         Box::pin(async move {
///             let name = question.name.expose(); // "14.113.0.203.abcdefgh.bl.example.", and not question.name.to_string()
///             match ask(name, &question.record_type.to_string()).await {
///                 Some(answer) => answer,
///                 None => Answer::failed(Failure::Timeout),
///             }
///         })
///     }
/// }
/// # async fn ask(_name: &str, _kind: &str) -> Option<Answer> { None }
/// # let keyed = rdnsbl::ListSpec::deny("bl.example")?.with_key(&rdnsbl::name::Key::new("abcdefgh")?)?;
/// # assert_eq!(keyed.zone().expose(), "abcdefgh.bl.example.");
/// # assert_eq!(keyed.zone().to_string(), "(key)..bl.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Rules for an implementation:
/// * Ask for the name as it is: absolute, without a search list, a hosts file or special handling of any name.
/// * Only NXDOMAIN and NODATA mean that there are no records. Every other response without records is [`Answer::failed`].
/// * Return only records whose owner is the name asked, or a name that CNAME records in the answer lead to.
/// * A question may name the client that chose its name ([`Question::chooser`]). If you limit concurrent questions, keep some
///   capacity for questions without one. The answer does not depend on it.
/// * Do not cache. The checker caches by TTL, and asks again on purpose when it needs a fresh answer.
/// * Dropping the future cancels the question.
///
/// An adapter over `hickory_resolver::Resolver` cannot follow all of these rules. That resolver reports a CNAME loop, and an answer to
/// another question, in the same way as "no records", and it answers `localhost` itself without asking a server. Use `Stub`,
/// `Direct` or your own sockets with the module `wire` where you can. If you need the adapter, this mapping is the safest:
///
/// | hickory | here |
/// |---|---|
/// | "no records", with an SOA record | [`Answer::nx_domain`] or [`Answer::no_data`] |
/// | "no records", without an SOA record | `Answer::failed(Failure::Unrelated)`, so that it never counts as "not listed" |
/// | records, with a response code other than NOERROR | `Answer::failed(Failure::Contradiction)` |
/// | a name in a record | [`Target::from_labels`](crate::dns::Target::from_labels) |
///
/// `testing::check_resolver` (feature `test-util`) tests an implementation against 31 shapes of responses.
pub trait Resolve: Send + Sync {
    /// Asks one question. The future borrows nothing: it holds its own reference to what it needs, such as an [`Arc`] of the
    /// resolver's sockets.
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer>;
}

impl<T: Resolve + ?Sized> Resolve for Arc<T> {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        (**self).resolve(question)
    }
}

impl<T: Resolve + ?Sized> Resolve for Box<T> {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        (**self).resolve(question)
    }
}
