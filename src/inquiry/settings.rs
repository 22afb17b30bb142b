//! What to ask and how to judge: everything a host configures once, except the resolver and the cache.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::address::is_special_purpose;
use crate::base::name::Name;
use crate::check::helo::OwnIdentity;
use crate::dnsxl::Skipped;
use crate::inquiry::dialogue::{ClientTrust, Dialogue};
use crate::lists::ListSet;
use crate::policy::Policy;

/// What to ask and how to judge it.
///
/// With the feature `serde` it can be read from a configuration; `docs/settings.toml` shows every key.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use rdnsbl::Settings;
///
/// let settings: Settings = serde_json::from_str(r#"{"lists": ["bl.example*2"], "threshold": 2, "policy": "postfix"}"#)?;
/// assert_eq!(settings.lists.iter().count(), 1);
/// let error = serde_json::from_str::<Settings>(r#"{"treshold": 2}"#).unwrap_err().to_string();
/// assert!(error.starts_with("unknown setting \"treshold\"; did you mean threshold?"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The lists.
    pub lists: ListSet,
    /// Which reply each finding gets.
    pub policy: Policy,
    /// The host's own names and addresses, for HELO arguments that claim to be the host.
    pub ourselves: OwnIdentity,
    /// The host's own domains, with everything below them: senders and recipients there are skipped.
    pub local_domains: Vec<Name>,
    /// Networks whose clients no list is asked about and no policy judges: relays, customers, monitoring. Reverse DNS and the
    /// other checks are still made and reported.
    pub exempt: Vec<IpNet>,
    /// What to do about private and special-purpose addresses.
    pub special_purpose: SpecialPurpose,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lists: ListSet::none(),
            policy: Policy::rfc(),
            ourselves: OwnIdentity::default(),
            local_domains: Vec::new(),
            exempt: Vec::new(),
            special_purpose: SpecialPurpose::Skip,
        }
    }
}

/// Are lists asked about private and special-purpose addresses (RFC 6890)?
///
/// ```
/// use rdnsbl::{Settings, SpecialPurpose};
///
/// let settings = Settings::default().with_special_purpose(SpecialPurpose::Ask); // for lists of your own
/// assert_eq!(settings.special_purpose, SpecialPurpose::Ask);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "asked or not")]
pub enum SpecialPurpose {
    /// No public list knows anything about them, and asking would disclose the host's network.
    #[default]
    Skip,
    /// For lists that you run yourself.
    Ask,
}

impl Settings {
    /// With these lists.
    #[must_use]
    pub fn with_lists(mut self, lists: ListSet) -> Self {
        self.lists = lists;
        self
    }

    /// With this policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With this answer to the question whether lists are asked about special-purpose addresses.
    #[must_use]
    pub fn with_special_purpose(mut self, special_purpose: SpecialPurpose) -> Self {
        self.special_purpose = special_purpose;
        self
    }

    /// Why no list is asked about this client; `None` where lists are asked.
    pub(crate) fn skips(&self, client: IpAddr, trust: ClientTrust) -> Option<Skipped> {
        if trust == ClientTrust::Authenticated || self.exempts(client) {
            return Some(Skipped::Exempt);
        }
        (self.special_purpose == SpecialPurpose::Skip && is_special_purpose(client)).then_some(Skipped::Special)
    }

    /// Is the client of this dialogue not judged? It has logged in, or is in an exempt network.
    pub(crate) fn is_exempt(&self, dialogue: &Dialogue) -> bool {
        dialogue.trust == ClientTrust::Authenticated || dialogue.client.is_some_and(|client| self.exempts(client))
    }

    /// Is the client in an exempt network?
    pub(crate) fn exempts(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.exempt.iter().any(|network| network.contains(&client))
    }

    /// Is this domain one of the host's own?
    pub(crate) fn is_local(&self, domain: &Name) -> bool {
        self.local_domains.iter().any(|local| domain.is_within(local))
    }
}
