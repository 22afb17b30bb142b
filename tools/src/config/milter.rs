//! `[milter]`: what the milter alone has.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use crate::config::{Reader, exempt};

/// `[milter]` as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MilterSection {
    authserv_id: Option<Spanned<String>>,
    strip: bool,
    trusted_relays: Vec<Spanned<String>>,
    exempt_daemons: Vec<String>,
}

impl Default for MilterSection {
    fn default() -> Self {
        Self { authserv_id: None, strip: true, trusted_relays: Vec::new(), exempt_daemons: Vec::new() }
    }
}

/// What is done to the headers, and which of the server's ports are exempt.
#[derive(Debug, Default)]
pub(crate) struct Milter {
    /// Our name in Authentication-Results; without it none is written.
    pub(crate) authserv_id: Option<String>,
    strip: bool,
    trusted_relays: Vec<IpNet>,
    exempt_daemons: Vec<String>,
}

impl Milter {
    pub(super) fn read(section: &MilterSection, reader: &mut Reader<'_>) -> Self {
        let authserv_id = section.authserv_id.as_ref().and_then(|text| {
            reader.parse(text, "milter.authserv_id: expected a host name", |text| {
                rdnsbl::Name::parse(text).ok().filter(rdnsbl::Name::is_host).map(|_| text.to_owned())
            })
        });
        Self {
            authserv_id,
            strip: section.strip,
            trusted_relays: reader.parse_all(
                &section.trusted_relays,
                "milter.trusted_relays: expected an address or a network, as 192.0.2.0/24",
                exempt::network,
            ),
            exempt_daemons: section.exempt_daemons.clone(),
        }
    }

    /// Whose fields are removed; `None` where none are.
    pub(crate) fn strip_id(&self) -> Option<&str> {
        self.authserv_id.as_deref().filter(|_| self.strip)
    }

    /// Is the client a relay of ours, whose fields are to stay?
    pub(crate) fn trusts(&self, client: IpAddr) -> bool {
        self.trusted_relays.iter().any(|network| network.contains(&client.to_canonical()))
    }

    /// Is this port of the server (`{daemon_name}`) for clients who log in?
    pub(crate) fn exempts_daemon(&self, name: &str) -> bool {
        self.exempt_daemons.iter().any(|exempt| exempt == name)
    }
}
