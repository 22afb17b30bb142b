//! Failures: whether to ask another server, which of several failures to return, and the [`Failure`] for a system error.

use crate::dns::{Answer, Failure};

/// Could another server have an answer? Not for a CNAME loop: it is in the data, and all servers see it.
pub(super) fn another_server_may_know(failure: Failure) -> bool {
    failure != Failure::CnameLoop
}

/// How much a failure says: an error response most, then a broken response, then a local or network error; a timeout nothing.
pub(super) fn rank(answer: &Answer) -> u8 {
    match answer.failure() {
        Some(Failure::ServFail) => 9,
        Some(Failure::Refused) => 8,
        Some(Failure::Rcode(_)) => 7,
        Some(Failure::Contradiction) => 6,
        Some(Failure::Unrelated) => 5,
        Some(Failure::Truncated) => 4,
        Some(Failure::Malformed) => 3,
        Some(Failure::Overload) => 2,
        Some(Failure::Network) => 1,
        _ => 0,
    }
}

/// ENOMEM, ENFILE, EMFILE, ENOBUFS (Linux; BSD) mean that this host has run out of a resource. All others are network errors.
pub(super) fn io_failure(error: &std::io::Error) -> Failure {
    match error.raw_os_error() {
        Some(12 | 23 | 24 | 105 | 55) => Failure::Overload,
        _ => Failure::Network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system() {
        let os = |code| io_failure(&std::io::Error::from_raw_os_error(code));
        for ours in [12, 23, 24, 105] {
            assert_eq!(os(ours), Failure::Overload);
        }
        assert_eq!(os(101), Failure::Network);
    }
}
