//! What is agreed with a mail server before the first client.

use crate::milter::packet::{BadPacket, Response};

/// The first version that has macros and all our commands.
const OLDEST: u32 = 2;
/// The latest; a server with a later version supports this one, too.
const LATEST: u32 = 6;

/// May add header fields, may change and remove them, may ask for macros.
const ADD_HEADERS: u32 = 0x1;
const CHANGE_HEADERS: u32 = 0x10;
const ASK_FOR_MACROS: u32 = 0x100;

/// What the server need not send.
const NO_BODY: u32 = 0x10;
const NO_HEADERS: u32 = 0x20;
const NO_END_OF_HEADERS: u32 = 0x40;
const NO_UNKNOWN: u32 = 0x100;
const NO_DATA: u32 = 0x200;

/// Macros of each stage: connect 0, MAIL 2. sendmail does not send `{client_resolve}` unless it is asked.
const MACROS: [(u32, &str); 2] =
    [(0, "j _ {daemon_name} {client_resolve}"), (2, "i {auth_type} {auth_authen} {mail_addr}")];

/// The result of the negotiation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) response: Response,
    pub(crate) may_add_headers: bool,
    pub(crate) may_remove_headers: bool,
    /// Macros come as the server's configuration has them.
    pub(crate) chooses_macros: bool,
}

/// Accepts only what is offered. Every command gets an answer: no "no reply" flag is requested.
pub(crate) fn agree(version: u32, actions: u32, protocol: u32, wants_headers: bool) -> Result<Agreed, BadPacket> {
    if version < OLDEST {
        return Err(BadPacket::Version(version));
    }
    let wanted = NO_BODY | NO_END_OF_HEADERS | NO_UNKNOWN | NO_DATA | if wants_headers { 0 } else { NO_HEADERS };
    let agreed = actions & (ADD_HEADERS | CHANGE_HEADERS | ASK_FOR_MACROS);
    let macros = if agreed & ASK_FOR_MACROS == 0 { Vec::new() } else { MACROS.to_vec() };
    Ok(Agreed {
        response: Response::Negotiate {
            version: version.min(LATEST),
            actions: agreed,
            protocol: protocol & wanted,
            macros,
        },
        may_add_headers: agreed & ADD_HEADERS != 0,
        may_remove_headers: agreed & CHANGE_HEADERS != 0,
        chooses_macros: agreed & ASK_FOR_MACROS == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_offered_is_taken() {
        let negotiated = |version, actions, protocol| agree(version, actions, protocol, false).unwrap();
        // sendmail 8.17 and Postfix 3.7.
        let new = negotiated(6, 0x1ff, 0x1f_ffff);
        let response = Response::Negotiate { version: 6, actions: 0x111, protocol: 0x370, macros: MACROS.to_vec() };
        assert_eq!(new, Agreed { response, may_add_headers: true, may_remove_headers: true, chooses_macros: false });
        // sendmail before 8.14.
        let old = negotiated(2, 0x3f, 0x7f);
        let response = Response::Negotiate { version: 2, actions: 0x11, protocol: 0x70, macros: Vec::new() };
        assert_eq!(old, Agreed { response, may_add_headers: true, may_remove_headers: true, chooses_macros: true });
        let little = negotiated(9, 0, 0);
        let response = Response::Negotiate { version: 6, actions: 0, protocol: 0, macros: Vec::new() };
        assert_eq!(
            little,
            Agreed { response, may_add_headers: false, may_remove_headers: false, chooses_macros: true }
        );
        assert!(matches!(agree(1, 0, 0, true), Err(BadPacket::Version(1))));
    }
}
