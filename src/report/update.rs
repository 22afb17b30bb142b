//! Verdicts as they come.

use crate::check::helo::HeloReport;
use crate::check::iprev::Iprev;
use crate::check::mail_domain::MailDomainReport;
use crate::report::{ListReport, Report};

/// A verdict of a check that is still running, or its report at the end.
///
/// A verdict may differ from that of the report in one case: a fault of the resolver, which is known only at the end, can make
/// it "could not tell".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// The client's reverse DNS.
    Iprev(Iprev),
    /// The argument of HELO, not yet compared with the client's names.
    Helo(Box<HeloReport>),
    /// The sender's domain.
    Sender(Box<MailDomainReport>),
    /// The recipient's domain.
    Recipient(Box<MailDomainReport>),
    /// One list about one subject.
    List(Box<ListReport>),
    /// The report, always last.
    Report(Box<Report>),
}
