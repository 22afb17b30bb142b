//! How to judge: everything a host decides once, apart from resolver and memory.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::address::is_special_purpose;
use crate::base::name::Name;
use crate::check::helo::Ourselves;
use crate::dnsxl::Skipped;
use crate::inquiry::dialogue::Trust;
use crate::lists::ListSet;
use crate::policy::Policy;

/// What to ask and how to judge it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The lists.
    pub lists: ListSet,
    /// What follows from the facts.
    pub policy: Policy,
    /// Who we are, for HELO arguments that claim to be us.
    pub ourselves: Ourselves,
    /// Domains that are ours, with everything below them: senders and recipients there are skipped.
    pub local_domains: Vec<Name>,
    /// Networks whose clients no list is asked about and no policy judges: relays, customers, monitoring. What reverse DNS and
    /// the rest say of them is still found out.
    pub exempt: Vec<IpNet>,
    /// What to do about private and special-purpose addresses.
    pub special_purpose: SpecialPurpose,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lists: ListSet::none(),
            policy: Policy::rfc(),
            ourselves: Ourselves::default(),
            local_domains: Vec::new(),
            exempt: Vec::new(),
            special_purpose: SpecialPurpose::Skip,
        }
    }
}

/// Are lists asked about private and special-purpose addresses (RFC 6890)?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "asked or not")]
pub enum SpecialPurpose {
    /// No public list knows anything about them, and asking tells it about our network.
    #[default]
    Skip,
    /// For lists of one's own.
    Ask,
}

impl Settings {
    /// Is no list asked about this client, and why?
    pub(crate) fn skips(&self, client: IpAddr, trust: Trust) -> Option<Skipped> {
        let client = client.to_canonical();
        if trust == Trust::Authenticated || self.exempts(client) {
            return Some(Skipped::Exempt);
        }
        (self.special_purpose == SpecialPurpose::Skip && is_special_purpose(client)).then_some(Skipped::Special)
    }

    /// Is the client in one of the networks that are exempt?
    pub(crate) fn exempts(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.exempt.iter().any(|network| network.contains(&client))
    }

    /// Is this domain one of ours?
    pub(crate) fn is_local(&self, domain: &Name) -> bool {
        self.local_domains.iter().any(|local| domain.is_within(local))
    }
}
