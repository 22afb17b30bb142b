//! Errors in the text of a table: the line, and what is expected there.

use crate::base::name::NameErrorKind;

/// Why a text is not a table. It never repeats the text, which may contain a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct TableError {
    line: usize,
    kind: TableErrorKind,
}

impl TableError {
    pub(super) fn new(line: usize, kind: TableErrorKind) -> Self {
        Self { line, kind }
    }

    /// The number of the line; the first is 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> &TableErrorKind {
        &self.kind
    }
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// The line does not start with a name.
    #[error("expected a domain name: {0}")]
    Name(NameErrorKind),
    /// A name with nothing after it.
    #[error("expected a type after the name, such as A, TXT or SERVFAIL")]
    NoType,
    /// A type or behaviour that tables do not have.
    #[error(
        "expected one of A AAAA PTR MX TXT NS SOA CNAME SERVFAIL REFUSED RCODE TIMEOUT NXDOMAIN NXDOMAIN-NOSOA NODATA \
         NODATA-NOSOA TRUNCATED TC REFERRAL MALFORMED"
    )]
    Type,
    /// The word after the slash of a behaviour is not a type.
    #[error("expected one of A AAAA PTR MX TXT NS SOA after the slash")]
    Suffix,
    /// Not an IPv4 address.
    #[error("expected an IPv4 address")]
    Ipv4,
    /// Not an IPv6 address.
    #[error("expected an IPv6 address")]
    Ipv6,
    /// The data is not a name.
    #[error("expected the name this record points to")]
    Target,
    /// Not a number, or a number that is too large.
    #[error("expected {0}, a number")]
    Number(&'static str),
    /// The text is missing or not in quotes.
    #[error("expected text in double quotes")]
    Text,
    /// A character string of more than 255 octets.
    #[error("expected strings of at most 255 octets: write several")]
    LongString,
    /// A quote that is not closed on its line.
    #[error("expected a closing quote")]
    OpenQuote,
    /// A backslash without a character or a decimal octet.
    #[error("expected a character or three digits up to 255 after the backslash")]
    Escape,
    /// `after=` without a time.
    #[error("expected a time of at most a week, such as 250ms, 30s, 5m or 2h")]
    Time,
    /// `ttl=` on a line without records.
    #[error("expected no ttl=: only records have one")]
    NoTtlHere,
    /// More words than the line can have.
    #[error("expected nothing more but ttl= and after=")]
    Surplus,
    /// An unknown line with a dollar sign.
    #[error("expected $TTL, $SOA, $DEFAULT or $SITUATION")]
    Directive,
    /// `$DEFAULT` with a behaviour that it cannot have.
    #[error("expected NXDOMAIN, NXDOMAIN-NOSOA, SERVFAIL, REFUSED or TIMEOUT")]
    Default,
    /// Two [`Situation`](crate::testing::Situation)s of one zone in one text.
    #[error("expected one situation of a zone in a text: change it with `set` or `situation`")]
    SecondSituation,
    /// Two CNAMEs, or a CNAME and records of the same name.
    #[error("expected no other record beside a CNAME (RFC 1034 section 3.6.2)")]
    BesideCname,
}
