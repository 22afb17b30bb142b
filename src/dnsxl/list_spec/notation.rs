//! The notations for lists in the configuration of other software.

use crate::base::words::words;

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

words!("notation", Notation: Display {
    Postfix = "postfix",
    Postscreen = "postscreen",
    Exim = "exim",
    Sendmail = "sendmail",
    SpamAssassin = "spamassassin",
    Rspamd = "rspamd",
});
