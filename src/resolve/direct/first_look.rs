//! A quick first look at a response, under the lock of its socket.

use crate::dns::{Answer, Question};
use crate::resolve::direct::fast_parse;
use crate::resolve::wire::codec;

/// The result of the first look at a response.
pub(super) enum FirstLook {
    /// A complete answer of a usual kind.
    Usual(Answer),
    /// It is truncated, so the answer is fetched over TCP and nothing else in it counts.
    Truncated,
    /// Needs the full parse.
    Octets(Vec<u8>),
}

/// Takes a first look at a response, while its socket is locked. `fresh`: the name of the question was asked, not the end of a
/// CNAME chain.
pub(super) fn first_look(response: &[u8], question: &Question, fresh: bool) -> FirstLook {
    if codec::is_truncated(response) {
        return FirstLook::Truncated;
    }
    match fast_parse::read(response, question).filter(|_| fresh) {
        Some(answer) => FirstLook::Usual(answer),
        None => FirstLook::Octets(response.to_vec()),
    }
}
