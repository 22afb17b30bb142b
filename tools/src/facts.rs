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

    /// For a log that is to name nobody: only the domains of addresses, and no login.
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
