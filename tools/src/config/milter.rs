//! `[milter]`: what the milter alone has.

use crate::config::networks::{self, Networks};
use crate::config::section::Section;

/// What is done to the headers, and which of the server's ports are exempt.
#[derive(Debug, Default)]
pub(crate) struct Milter {
    /// Our name in Authentication-Results; without it none is written.
    pub(crate) authserv_id: Option<String>,
    strip: bool,
    /// Relays of ours, whose fields are to stay.
    pub(crate) trusted_relays: Networks,
    exempt_daemons: Vec<String>,
}

impl Milter {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let host = |text: &str| rdnsbl::Name::parse(text).ok().filter(rdnsbl::Name::is_host).map(|_| text.to_owned());
        let authserv_id = section.parsed("authserv_id", "a host name", host).map(toml::Spanned::into_inner);
        let strip = section.flag("strip", true);
        let relays = section.list("trusted_relays", networks::EXPECTED, networks::parse);
        let exempt_daemons =
            section.list("exempt_daemons", "a name of DAEMON_OPTIONS in quotes", |text| Some(text.to_owned()));
        section.end();
        Self { authserv_id, strip, trusted_relays: Networks::new(&relays), exempt_daemons }
    }

    /// Whose fields are removed; `None` where none are.
    pub(crate) fn strip_id(&self) -> Option<&str> {
        self.authserv_id.as_deref().filter(|_| self.strip)
    }

    /// Is this port of the server (`{daemon_name}`) for clients who log in?
    pub(crate) fn exempts_daemon(&self, name: &str) -> bool {
        self.exempt_daemons.iter().any(|exempt| exempt == name)
    }
}
