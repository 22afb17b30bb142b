//! Clients, senders and recipients that are exempt from all rules.

use std::net::IpAddr;
use std::path::PathBuf;

use rdnsbl::{Iprev, Name};

use crate::config::networks::{self, Networks};
use crate::config::section::Section;

/// Who is exempt.
#[derive(Debug, Default)]
pub(crate) struct Exempt {
    networks: Networks,
    names: Vec<Domain>,
    senders: Vec<Mailbox>,
    recipients: Vec<Mailbox>,
}

impl Exempt {
    /// Reads `[exempt]`, and the files that it names.
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let mut all = section.list("networks", networks::EXPECTED, networks::parse);
        let path = |text: &str| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
        for file in section.parsed_list("files", "paths of files, such as \"/etc/rdnsbl/exempt\"", path) {
            match networks::read(file.get_ref()) {
                Ok(networks) => all.extend(networks),
                Err(error) => section.mistake("files", &file, error),
            }
        }
        let names = section.list("names", "a name, or .name for all names below it", Domain::parse);
        let senders = section.list("senders", MAILBOX, Mailbox::parse);
        let recipients = match section.has("recipients") {
            // RFC 5321 §4.5.1: a sender who is rejected by mistake must be able to complain.
            false => ["postmaster@", "abuse@"].into_iter().filter_map(Mailbox::parse).collect(),
            true => Vec::new(),
        };
        let recipients = [recipients, section.list("recipients", MAILBOX, Mailbox::parse)].concat();
        section.end();
        Self { networks: Networks::new(&all), names, senders, recipients }
    }

    pub(crate) fn network(&self, client: IpAddr) -> bool {
        self.networks.contains(client)
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

/// What a mailbox looks like.
const MAILBOX: &str = "user@domain, user@, @domain or @.domain (all domains below it)";

/// A name, or all names below one.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
