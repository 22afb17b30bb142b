//! What a check is about: the parts of an SMTP dialogue that are known.

#[cfg(feature = "serde")]
pub(crate) mod serde;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::base::mail_path;
use crate::base::name::Name;
use crate::base::words::words;
use crate::check::mail_domain::PathRole;

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    /// The host has parsed the sender: without an `@` it is a user name.
    pub(crate) sender_is_parsed: bool,
    /// The same for the recipient.
    pub(crate) recipient_is_parsed: bool,
}

/// How far the host trusts the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientTrust {
    /// Any client.
    #[default]
    Stranger,
    /// A client that has logged in (RFC 4954). No list is asked about its address, since many lists hold home networks on
    /// purpose, and no policy judges it. The rest of the dialogue is checked and reported.
    Authenticated,
}

words!("trust", ClientTrust: Display {
    Stranger = "stranger",
    Authenticated = "authenticated",
});

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

    /// With this argument of MAIL: what stands behind `MAIL FROM:`, as the client sent it.
    #[must_use]
    pub fn mail_from(mut self, path: impl Into<String>) -> Self {
        self.mail_from = Some(path.into());
        self.sender_is_parsed = false;
        self
    }

    /// With this sender, which the host has parsed already: an address, with or without angle brackets, without quoting rules,
    /// empty for the null reverse-path. The last `@` divides it. Without an `@` it is [unqualified](crate::MailDomain::Unqualified).
    ///
    /// ```
    /// # use rdnsbl::Dialogue;
    /// assert_eq!(Dialogue::new().mail_from_address("").mail_from.as_deref(), Some("<>"));
    /// let odd = Dialogue::new().mail_from_address("a b@example.org");
    /// assert_eq!(odd.mail_from.as_deref(), Some(r#"<"a b"@example.org>"#));
    /// ```
    #[must_use]
    pub fn mail_from_address(mut self, address: &str) -> Self {
        self.sender_is_parsed = true;
        self.mail_from = Some(mail_path::of_address(address));
        self
    }

    /// Without sender and recipient.
    pub(crate) fn without_envelope(mut self) -> Self {
        (self.mail_from, self.sender_is_parsed) = (None, false);
        self.without_recipient()
    }

    /// Without recipient.
    pub(crate) fn without_recipient(mut self) -> Self {
        (self.rcpt_to, self.recipient_is_parsed) = (None, false);
        self
    }

    /// Is this path a user name without a domain, as the host has parsed it? The flag is of no use for a path that was set
    /// after it.
    pub(crate) fn is_unqualified(&self, role: PathRole) -> bool {
        let (path, flag) = match role {
            PathRole::Sender => (&self.mail_from, self.sender_is_parsed),
            PathRole::Recipient => (&self.rcpt_to, self.recipient_is_parsed),
        };
        flag && path.as_deref().is_some_and(|path| !path.is_empty() && path != "<>" && !path.contains('@'))
    }

    /// The client has logged in.
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.trust = ClientTrust::Authenticated;
        self
    }

    /// With this argument of RCPT: what stands behind `RCPT TO:`, as the client sent it.
    #[must_use]
    pub fn rcpt_to(mut self, path: impl Into<String>) -> Self {
        self.rcpt_to = Some(path.into());
        self.recipient_is_parsed = false;
        self
    }

    /// With this recipient, which the host has parsed already: see [`mail_from_address`](Self::mail_from_address).
    #[must_use]
    pub fn rcpt_to_address(mut self, address: &str) -> Self {
        self.recipient_is_parsed = true;
        self.rcpt_to = Some(mail_path::of_address(address));
        self
    }
}

impl From<IpAddr> for Dialogue {
    fn from(client: IpAddr) -> Self {
        Self { client: Some(client), ..Self::default() }
    }
}

impl From<Ipv4Addr> for Dialogue {
    fn from(client: Ipv4Addr) -> Self {
        Self::from(IpAddr::V4(client))
    }
}

impl From<Ipv6Addr> for Dialogue {
    fn from(client: Ipv6Addr) -> Self {
        Self::from(IpAddr::V6(client))
    }
}

/// The address of a connected socket; the port is ignored.
impl From<SocketAddr> for Dialogue {
    fn from(client: SocketAddr) -> Self {
        Self::from(client.ip())
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
