//! Who is not judged, whatever the checks say.

use std::net::IpAddr;

use ipnet::IpNet;
use rdnsbl::{Iprev, Name};
use serde::Deserialize;
use toml::Spanned;

use crate::config::Reader;

/// `[exempt]` as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExemptSection {
    networks: Vec<Spanned<String>>,
    names: Vec<Spanned<String>>,
    senders: Vec<Spanned<String>>,
    recipients: Vec<Spanned<String>>,
}

impl Default for ExemptSection {
    fn default() -> Self {
        let everywhere = |local: &str| Spanned::new(0..0, format!("{local}@"));
        Self {
            networks: Vec::new(),
            names: Vec::new(),
            senders: Vec::new(),
            // RFC 5321 §4.5.1: who is refused by mistake must be able to say so.
            recipients: vec![everywhere("postmaster"), everywhere("abuse")],
        }
    }
}

/// Who is not judged.
#[derive(Debug, Default)]
pub(crate) struct Exempt {
    networks: Vec<IpNet>,
    names: Vec<Domain>,
    senders: Vec<Mailbox>,
    recipients: Vec<Mailbox>,
}

impl Exempt {
    pub(super) fn read(section: &ExemptSection, reader: &mut Reader<'_>) -> Self {
        let networks = reader.parse_all(
            &section.networks,
            "exempt.networks: expected an address or a network, as 192.0.2.0/24",
            network,
        );
        let mut names = Vec::new();
        for text in &section.names {
            match Domain::parse(text.get_ref()) {
                Some(name) => names.push(name),
                None => reader.mistake(text, "exempt.names: expected a name, or .name for all names below it"),
            }
        }
        let mut mailboxes = |texts: &[Spanned<String>], key: &str| {
            let mut boxes = Vec::new();
            for text in texts {
                match Mailbox::parse(text.get_ref()) {
                    Some(mailbox) => boxes.push(mailbox),
                    None => reader.mistake(
                        text,
                        format!(
                            "exempt.{key}: expected user@domain, user@, @domain or @.domain (all domains below it)"
                        ),
                    ),
                }
            }
            boxes
        };
        let senders = mailboxes(&section.senders, "senders");
        Self { networks, names, senders, recipients: mailboxes(&section.recipients, "recipients") }
    }

    pub(crate) fn network(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.networks.iter().any(|network| network.contains(&client))
    }

    /// Only names that lead back to the client: anyone can publish any other.
    pub(crate) fn name(&self, iprev: &Iprev) -> bool {
        let mut confirmed = iprev.names().into_iter().flat_map(|names| names.confirmed());
        !self.names.is_empty() && confirmed.any(|name| self.names.iter().any(|exempt| exempt.holds(name.name())))
    }

    pub(crate) fn sender(&self, address: &str) -> bool {
        self.senders.iter().any(|exempt| exempt.holds(address))
    }

    pub(crate) fn recipient(&self, address: &str) -> bool {
        self.recipients.iter().any(|exempt| exempt.holds(address))
    }
}

/// A network; an address is a network of one.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    Some(network.trunc())
}

/// A name, or all names below one.
#[derive(Debug)]
struct Domain {
    name: Name,
    below: bool,
}

impl Domain {
    fn parse(text: &str) -> Option<Self> {
        let below = text.starts_with('.');
        let name = Name::parse(text.strip_prefix('.').unwrap_or(text)).ok()?;
        Some(Self { name, below })
    }

    fn holds(&self, name: &Name) -> bool {
        if self.below { *name != self.name && name.is_within(&self.name) } else { *name == self.name }
    }
}

/// Addresses of mail: one, a local part at any domain, or a domain.
#[derive(Debug)]
struct Mailbox {
    local: Option<String>,
    domain: Option<Domain>,
}

impl Mailbox {
    fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let domain = if domain.is_empty() { None } else { Some(Domain::parse(domain)?) };
        let local = (!local.is_empty()).then(|| local.to_owned());
        (local.is_some() || domain.is_some()).then_some(Self { local, domain })
    }

    fn holds(&self, address: &str) -> bool {
        // `postmaster` has no domain in RCPT TO (RFC 5321 §4.1.1.3).
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let local_fits = self.local.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(local));
        let domain_fits = || match &self.domain {
            None => true,
            Some(wanted) => Name::parse(domain).is_ok_and(|domain| wanted.holds(&domain)),
        };
        local_fits && domain_fits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        for (exempt, address, holds) in [
            ("a@example.org", "A@Example.ORG", true),
            ("a@example.org", "b@example.org", false),
            ("@example.org", "any body@example.org", true),
            ("@example.org", "a@sub.example.org", false),
            ("@.example.org", "a@sub.example.org", true),
            ("@.example.org", "a@example.org", false),
            ("postmaster@", "Postmaster@any.example", true),
            ("postmaster@", "postmaster", true),
            ("postmaster@", "", false),
            ("@example.org", "", false),
            ("@example.org", "a@b@example.org", true),
        ] {
            assert_eq!(Mailbox::parse(exempt).unwrap().holds(address), holds, "{exempt} {address}");
        }
        for wrong in ["", "@", "example.org", "a@b..c"] {
            assert!(Mailbox::parse(wrong).is_none(), "{wrong}");
        }
    }
}
