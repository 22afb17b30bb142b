//! Reading a response: a quick first look under the socket's lock, and the full parse.

use hickory_proto::op::Message;

use crate::dns::{Answer, Failure, Question};
use crate::resolve::direct::{fast_parse, query_codec};
use crate::resolve::wire::{self, Chain, Classified, classify};

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
    if query_codec::is_truncated(response) {
        return FirstLook::Truncated;
    }
    match fast_parse::read(response, question).filter(|_| fresh) {
        Some(answer) => FirstLook::Usual(answer),
        None => FirstLook::Octets(response.to_vec()),
    }
}

/// Parses any response.
pub(super) fn read(response: &[u8], question: &Question, chain: Option<&Chain>) -> Classified {
    let chain = chain.cloned().or_else(|| Chain::new(question));
    match (Message::from_vec(response), chain) {
        (Ok(message), Some(chain)) => classify(&message, question, chain),
        _ => Classified::Answer(Answer::failed(Failure::Malformed)),
    }
}

/// Does the response say that the server does not know OPT records?
pub(super) fn refuses_opt(response: &[u8]) -> bool {
    matches!(response.get(3), Some(flags) if matches!(flags & 0x0f, 1 | 4))
        && Message::from_vec(response).is_ok_and(|message| wire::refuses_opt(&message))
}

/// The answer by the full parse.
#[cfg(test)]
pub(super) fn thorough(response: &[u8], question: &Question) -> Option<Answer> {
    match read(response, question, None) {
        Classified::Answer(answer) => Some(answer),
        Classified::Chase(_) => None,
    }
}
