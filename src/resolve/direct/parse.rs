//! What a response says: at first sight, while its socket waits, and thoroughly.

use hickory_proto::op::Message;

use crate::dns::{Answer, Failure, Question};
use crate::resolve::direct::{fast_parse, query_codec};
use crate::resolve::wire::{self, Chain, Heard, classify};

/// What a response is at first sight.
pub(super) enum FirstLook {
    /// One of the usual answers.
    Usual(Answer),
    /// It is fetched over TCP; nothing else in it counts.
    Truncated,
    /// To be read thoroughly.
    Octets(Vec<u8>),
}

/// Looks at a response while its socket waits. `fresh`: it is the question itself that was asked, not the end of a chain.
pub(super) fn first_look(response: &[u8], question: &Question, fresh: bool) -> FirstLook {
    if query_codec::is_truncated(response) {
        return FirstLook::Truncated;
    }
    match fast_parse::read(response, question).filter(|_| fresh) {
        Some(answer) => FirstLook::Usual(answer),
        None => FirstLook::Octets(response.to_vec()),
    }
}

/// What any response says.
pub(super) fn read(response: &[u8], question: &Question, chain: Option<&Chain>) -> Heard {
    let chain = chain.cloned().or_else(|| Chain::new(question));
    match (Message::from_vec(response), chain) {
        (Ok(message), Some(chain)) => classify(&message, question, chain),
        _ => Heard::Answer(Answer::failed(Failure::Malformed)),
    }
}

/// Does it say that the server does not know of OPT records?
pub(super) fn refuses_opt(response: &[u8]) -> bool {
    matches!(response.get(3), Some(flags) if matches!(flags & 0x0f, 1 | 4))
        && Message::from_vec(response).is_ok_and(|message| wire::refuses_opt(&message))
}

/// The whole answer, read the thorough way.
#[cfg(test)]
pub(super) fn thorough(response: &[u8], question: &Question) -> Option<Answer> {
    match read(response, question, None) {
        Heard::Answer(answer) => Some(answer),
        Heard::Chase(_) => None,
    }
}
