//! The payload of a packed answer that has no code.

use crate::dns::Failure;

pub(super) const NX_DOMAIN: u16 = 0;
pub(super) const NO_DATA: u16 = 1;
/// Failures follow `NO_DATA`; those with a response code start here.
const RCODE: u16 = 0x1000;

/// Failures that may be cached: those of names and servers, not our own deadlines and limits.
pub(super) const FAILURES: [Failure; 8] = [
    Failure::Timeout,
    Failure::ServFail,
    Failure::Refused,
    Failure::Truncated,
    Failure::Malformed,
    Failure::CnameLoop,
    Failure::Contradiction,
    Failure::Unrelated,
];

/// `None` if the failure must not be cached.
pub(super) fn payload_of(failure: Failure) -> Option<u16> {
    if let Failure::Rcode(code) = failure {
        return RCODE.checked_add(code);
    }
    let index = FAILURES.iter().position(|known| *known == failure)?;
    Some(NO_DATA + 1 + u16::try_from(index).ok()?)
}

pub(super) fn failure(payload: u16) -> Option<Failure> {
    match payload.checked_sub(RCODE) {
        Some(code) => Some(Failure::Rcode(code)),
        None => FAILURES.get(usize::from(payload.checked_sub(NO_DATA + 1)?)).copied(),
    }
}
