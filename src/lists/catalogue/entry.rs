//! The catalogue's data about one list.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::name::Name;
use crate::dnsxl::{CodeTest, DomainForm, ListKind, ListSpec, Profile, SubjectKind};
use crate::lists::catalogue::date::Date;
use crate::lists::catalogue::shutdown::{Shutdown, ShutdownSign};

/// One list. All its text is printable ASCII without line breaks.
///
/// ```
/// use rdnsbl::{Name, lists::catalogue::Catalogue};
///
/// let entry = Catalogue::builtin().get(&Name::parse("zen.spamhaus.org")?).ok_or("not in the catalogue")?;
/// assert_eq!(entry.status().word(), "active");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(crate) zone: Name,
    pub(crate) aliases: Vec<Name>,
    pub(crate) access: Access,
    pub(crate) operator: Option<Arc<str>>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) kinds: Vec<SubjectKind>,
    pub(crate) hashes: bool,
    pub(crate) speaks: Speaks,
    pub(crate) domain_form: Option<DomainForm>,
    pub(crate) status: Status,
    pub(crate) since: Option<Date>,
    pub(crate) how: Vec<ShutdownSign>,
    pub(crate) successor: Option<Name>,
    pub(crate) part_of: Option<Name>,
    pub(crate) part_codes: Option<CodeTest>,
    pub(crate) profile: Arc<Profile>,
    /// Does the profile name every code of the list?
    pub(crate) knows_all_codes: bool,
    pub(crate) sources: Vec<(Option<Date>, Arc<str>)>,
    pub(crate) note: Option<Arc<str>>,
    pub(crate) recommendation: Option<Recommendation>,
    /// The catalogue contains a keyword about this list that this version does not know.
    pub(crate) partly_read: bool,
}

/// The values used if the catalogue gives none.
static UNVERIFIED: Status = Status::Unverified;
/// The maximum age of the newest source for a list that works.
const TWO_YEARS: Duration = Duration::from_secs(2 * 365 * 24 * 60 * 60 + 12 * 60 * 60);

impl Entry {
    /// The zone, without a key.
    #[must_use]
    pub fn zone(&self) -> &Name {
        &self.zone
    }

    /// Other zones with the same data: mirrors, and the zones of paid access.
    #[must_use]
    pub fn aliases(&self) -> &[Name] {
        &self.aliases
    }

    /// Whether the zone needs a secret label in front.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Who operates it, if known.
    #[must_use]
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    /// The group of the list. Lists of one group count once: a listing on one does not confirm a listing on another.
    /// The zone itself if there is no group.
    #[must_use]
    pub fn group(&self) -> String {
        self.group.as_deref().map_or_else(|| self.zone.to_string(), str::to_owned)
    }

    /// Whether it is in a group with other lists.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.group.is_some()
    }

    /// The kinds of subjects that the list contains.
    #[must_use]
    pub fn kinds(&self) -> &[SubjectKind] {
        &self.kinds
    }

    /// Whether it contains hashes of mail addresses or domains. This crate does not ask for hashes.
    #[must_use]
    pub fn holds_hashes(&self) -> bool {
        self.hashes
    }

    /// Whether a listing counts in favour of the client or against it.
    #[must_use]
    pub fn speaks(&self) -> Speaks {
        self.speaks
    }

    /// The form of a domain that a domain list expects, if its operator documents it.
    #[must_use]
    pub fn domain_form(&self) -> Option<DomainForm> {
        self.domain_form
    }

    /// The status of the list: does it work?
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// The status on a given day. "It works" is a statement about a day: without a source from the two years before
    /// `date`, the status is unverified. A list that has closed stays closed.
    ///
    /// For information only; whether a list is asked depends on its [`status`](Self::status), however old that is.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::{Catalogue, Status}};
    ///
    /// let zen = Catalogue::builtin().get(&Name::parse("zen.spamhaus.org")?);
    /// let status_at = |date: &str| Some(zen?.status_at(date.parse().ok()?));
    /// assert_eq!(status_at("2026-11-28"), Some(&Status::Active));
    /// assert_eq!(status_at("2036-11-28"), Some(&Status::Unverified));
    /// # Ok::<(), rdnsbl::name::NameError>(())
    /// ```
    #[must_use]
    pub fn status_at(&self, date: Date) -> &Status {
        let is_recent = |source: Date| source.start().checked_add(TWO_YEARS).is_none_or(|end| end >= date.start());
        match &self.status {
            Status::Active if !self.newest_source().is_some_and(is_recent) => &UNVERIFIED,
            status => status,
        }
    }

    /// The date from which the status holds; the day of the report if the event itself has no date.
    #[must_use]
    pub fn since(&self) -> Option<Date> {
        self.since
    }

    /// The failures that clients of the list saw, in order of time.
    #[must_use]
    pub fn how(&self) -> &[ShutdownSign] {
        &self.how
    }

    /// The list that replaced it, or the list that is probably meant by a name that never was a list.
    #[must_use]
    pub fn successor(&self) -> Option<&Name> {
        self.successor.as_ref()
    }

    /// The list that contains all data of this one.
    #[must_use]
    pub fn part_of(&self) -> Option<&Name> {
        self.part_of.as_ref()
    }

    /// The codes by which that list distinguishes the entries of this one; a bit, if its codes are sums of bits.
    /// `None` if no source documents such codes.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let pbl = Catalogue::builtin().get(&Name::parse("pbl.spamhaus.org")?);
    /// assert_eq!(pbl.and_then(|pbl| pbl.part_of()), Some(&Name::parse("zen.spamhaus.org")?));
    /// assert_eq!(pbl.and_then(|pbl| pbl.part_codes()).map(ToString::to_string).as_deref(), Some("127.0.0.[10..11]"));
    /// # Ok::<(), rdnsbl::name::NameError>(())
    /// ```
    #[must_use]
    pub fn part_codes(&self) -> Option<&CodeTest> {
        self.part_codes.as_ref()
    }

    /// Its codes and test entries.
    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Whether a source names every code that the list returns. Then a filter that selects none of the codes in the
    /// [profile](Self::profile) never matches.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let knows_all = |zone: &str| Some(Catalogue::builtin().get(&Name::parse(zone).ok()?)?.knows_all_codes());
    /// assert_eq!(knows_all("xbl.spamhaus.org"), Some(true));
    /// assert_eq!(knows_all("iadb.isipp.com"), Some(false)); // only some of its codes
    /// ```
    #[must_use]
    pub fn knows_all_codes(&self) -> bool {
        self.knows_all_codes
    }

    /// The sources for these data. At least one.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.dated_sources().map(|(_, source)| source)
    }

    /// The sources, each with the day of the statement or of the last check; `None` if not known.
    pub fn dated_sources(&self) -> impl Iterator<Item = (Option<Date>, &str)> {
        self.sources.iter().map(|(date, source)| (*date, &**source))
    }

    /// The date of the newest source.
    #[must_use]
    pub fn newest_source(&self) -> Option<Date> {
        self.sources.iter().filter_map(|(date, _)| *date).max_by_key(|date| date.start())
    }

    /// Whether the catalogue contains a keyword about the list that this version does not know. Then only its refusals
    /// are kept, because the unknown keyword may change what other codes mean.
    #[must_use]
    pub fn is_partly_read(&self) -> bool {
        self.partly_read
    }

    /// A note for users of the list, for example: registration is required, for scoring only, contains whole
    /// networks.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Why the list is recommended and how to use it, if it is recommended.
    #[must_use]
    pub fn recommendation(&self) -> Option<&Recommendation> {
        self.recommendation.as_ref()
    }
}

/// The entry in one printable line, without a key.
///
/// ```
/// use rdnsbl::{Name, lists::catalogue::Catalogue};
///
/// let entry = Catalogue::builtin().get(&Name::parse("relays.ordb.org")?);
/// let line = entry.map(ToString::to_string).unwrap_or_default();
/// assert!(line.starts_with("relays.ordb.org (ORDB): closed 2006-12-18; stopped answering"));
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.zone)?;
        if let Some(operator) = &self.operator {
            write!(f, " ({operator})")?;
        }
        match &self.status {
            Status::Retired(shutdown) => write!(f, ": {shutdown}"),
            status => {
                write!(f, ": {}", status.word())?;
                if let Some(since) = self.since {
                    write!(f, " since {since}")?;
                }
                match &self.successor {
                    Some(successor) => write!(f, "; see {successor}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether a zone needs a secret label in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It is asked without a key.
    Open,
    /// A label issued by the operator may stand in front.
    KeyAccepted,
    /// Without a label issued by the operator it does not answer.
    KeyNeeded,
}

/// Whether a listing counts in favour of the client or against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Speaks {
    /// A listing is a reason to reject mail.
    Against,
    /// A listing is a reason to accept mail.
    For,
    /// Some codes count in favour of the client, some against it.
    Both,
}

impl Speaks {
    /// Whether it makes sense to use the list as one of this kind.
    #[must_use]
    pub fn fits(self, kind: ListKind) -> bool {
        matches!((self, kind), (Self::Both, _) | (Self::Against, ListKind::Deny) | (Self::For, ListKind::Allow))
    }
}

/// Whether a list works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// A source says that it does.
    Active,
    /// Only for subscribers or registered clients.
    Restricted,
    /// No source was found that says whether it works.
    Unverified,
    /// It answers, but there is a reason to distrust it.
    Suspect,
    /// It has a new name.
    Renamed,
    /// Its data are now part of another list.
    Merged,
    /// It has closed down.
    Retired(Shutdown),
    /// A list of this name never existed: a misspelling or an invented name.
    NeverAList,
}

impl Status {
    /// One or a few words in lower case, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Restricted => "restricted",
            Self::Unverified => "unverified",
            Self::Suspect => "suspect",
            Self::Renamed => "renamed",
            Self::Merged => "merged",
            Self::Retired(_) => "retired",
            Self::NeverAList => "never a list",
        }
    }

    /// Whether there is no such list to ask, because it has closed or never existed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Retired(_) | Self::NeverAList)
    }
}

/// Why a list is recommended, and how to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    pub(crate) spec: ListSpec,
    pub(crate) since: Date,
    pub(crate) reason: Arc<str>,
}

impl Recommendation {
    /// How to use it.
    #[must_use]
    pub fn spec(&self) -> &ListSpec {
        &self.spec
    }

    /// The date of the last check.
    #[must_use]
    pub fn since(&self) -> Date {
        self.since
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
