//! What a check is about: the parts of an SMTP dialogue that are known.

#[cfg(feature = "serde")]
pub(crate) mod serde;

use std::net::IpAddr;

use crate::base::name::Name;

/// The parts of one SMTP dialogue that are known so far. Texts may be anything a client sends: "malformed" is a verdict.
///
/// ```
/// use rdnsbl::Dialogue;
///
/// let client: std::net::IpAddr = "203.0.113.14".parse()?;
/// let dialogue = Dialogue::from(client).helo("mail.example.org").mail_from("<>");
/// assert_eq!(dialogue.client, Some(client));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialogue {
    /// The client's address; `None` on a Unix socket, and then lists about addresses are skipped.
    pub client: Option<IpAddr>,
    /// The argument of HELO or EHLO.
    pub helo: Option<String>,
    /// The path of MAIL FROM, with or without angle brackets; `<>` is the null reverse-path.
    pub mail_from: Option<String>,
    /// The path of the current RCPT TO.
    pub rcpt_to: Option<String>,
    /// A domain to check where there is no client: domain lists are asked about it, and it is checked as a sender's domain.
    pub domain: Option<Name>,
    /// Has the client logged in?
    pub trust: ClientTrust,
}

/// How far the host trusts the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientTrust {
    /// Any client.
    #[default]
    Stranger,
    /// A client who has logged in (RFC 4954). No list is asked about their address, since many lists hold home networks on
    /// purpose, and no policy judges them. The rest of the dialogue is checked and reported.
    Authenticated,
}

impl ClientTrust {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Authenticated => "authenticated",
        }
    }
}

impl Dialogue {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this argument of HELO or EHLO.
    #[must_use]
    pub fn helo(mut self, argument: impl Into<String>) -> Self {
        self.helo = Some(argument.into());
        self
    }

    /// With this path of MAIL FROM.
    #[must_use]
    pub fn mail_from(mut self, path: impl Into<String>) -> Self {
        self.mail_from = Some(path.into());
        self
    }

    /// Of a client who has logged in.
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.trust = ClientTrust::Authenticated;
        self
    }

    /// With this path of RCPT TO.
    #[must_use]
    pub fn rcpt_to(mut self, path: impl Into<String>) -> Self {
        self.rcpt_to = Some(path.into());
        self
    }
}

impl From<IpAddr> for Dialogue {
    fn from(client: IpAddr) -> Self {
        Self { client: Some(client), ..Self::default() }
    }
}

impl From<Name> for Dialogue {
    fn from(domain: Name) -> Self {
        Self { domain: Some(domain), ..Self::default() }
    }
}

impl From<&Self> for Dialogue {
    fn from(dialogue: &Self) -> Self {
        dialogue.clone()
    }
}
