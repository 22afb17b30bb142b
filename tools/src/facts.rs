//! What a mail server tells about one SMTP transaction.

use std::net::IpAddr;

use rdnsbl::{Dialogue, Session};

/// How far the transaction has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    #[default]
    Connect,
    Helo,
    Mail,
    Rcpt,
    Data,
    EndOfMessage,
}

impl Stage {
    /// A stage at which a refusal may begin.
    pub(crate) fn acting(word: &str) -> Option<Self> {
        [Self::Connect, Self::Helo, Self::Mail, Self::Rcpt].into_iter().find(|stage| stage.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Helo => "helo",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::EndOfMessage => "end_of_message",
        }
    }
}

/// A client's address as mail servers write it: with sendmail's `IPv6:`, or with the zone of a link-local address. Anything else,
/// such as `unknown`, is none.
pub(crate) fn client_address(text: &str) -> Option<IpAddr> {
    let untagged = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).and_then(|_| text.get(5..));
    let text = untagged.unwrap_or(text);
    let address = text.parse();
    address.ok().or_else(|| text.split_once('%')?.0.parse().ok().filter(IpAddr::is_ipv6))
}

/// What is known. Addresses of mail are as the server has parsed them: without brackets and quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) stage: Stage,
    pub(crate) client: Option<IpAddr>,
    pub(crate) helo: Option<String>,
    /// Empty from MAIL on is the null reverse-path; before MAIL it is not known.
    pub(crate) sender: Option<String>,
    pub(crate) recipient: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) instance: String,
    pub(crate) queue_id: String,
    /// Postfix's `policy_context`.
    pub(crate) context: String,
}

impl Facts {
    pub(crate) fn has_null_sender(&self) -> bool {
        self.sender.as_deref() == Some("")
    }

    /// For a log without personal data: only the domains of addresses, and no login.
    pub(crate) fn without_local_parts(&self) -> Self {
        let masked = |address: &Option<String>| {
            address.as_ref().map(|address| match address.rsplit_once('@') {
                Some((_, domain)) => format!("*@{domain}"),
                None if address.is_empty() => String::new(),
                None => "*".to_owned(),
            })
        };
        Self {
            sender: masked(&self.sender),
            recipient: masked(&self.recipient),
            login: self.login.as_ref().map(|_| "*".to_owned()),
            ..self.clone()
        }
    }

    /// Tells a session what is new.
    pub(crate) fn tell(&self, session: &mut Session, recipient_checks: bool) {
        if let Some(helo) = &self.helo
            && session.dialogue().helo.as_ref() != Some(helo)
        {
            session.helo(&**helo);
        }
        if let Some(sender) = &self.sender
            && session.dialogue().mail_from != Dialogue::new().mail_from_address(sender).mail_from
        {
            session.mail_from_address(sender);
        }
        if let Some(recipient) = self.recipient.as_ref().filter(|_| recipient_checks) {
            session.rcpt_to_address(recipient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_addresses() {
        for (text, address) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("IPv6:2001:db8::7", Some("2001:db8::7")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("IPv6:fe80::1%2", Some("fe80::1")),
            ("::ffff:203.0.113.7", Some("::ffff:203.0.113.7")),
            ("203.0.113.7%eth0", None),
            ("%eth0", None),
            ("unknown", None),
            ("203.0.113.07", None),
            ("203.0.113.7\0", None),
            ("IPv6:", None),
            ("", None),
        ] {
            assert_eq!(client_address(text), address.map(|address| address.parse().unwrap()), "{text:?}");
        }
    }
}
