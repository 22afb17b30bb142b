//! The notations for lists in the configuration of other software.

/// The software whose notation is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Notation {
    /// Restrictions of Postfix's smtpd.
    Postfix,
    /// `postscreen_dnsbl_sites`.
    Postscreen,
    /// The condition `dnslists` of Exim.
    Exim,
    /// `FEATURE` macros of sendmail.
    Sendmail,
    /// Functions of SpamAssassin's rules.
    SpamAssassin,
    /// Rules of rspamd's `rbl.conf`.
    Rspamd,
}

impl Notation {
    /// Every notation.
    pub const ALL: [Self; 6] =
        [Self::Postfix, Self::Postscreen, Self::Exim, Self::Sendmail, Self::SpamAssassin, Self::Rspamd];

    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Postfix => "postfix",
            Self::Postscreen => "postscreen",
            Self::Exim => "exim",
            Self::Sendmail => "sendmail",
            Self::SpamAssassin => "spamassassin",
            Self::Rspamd => "rspamd",
        }
    }
}
