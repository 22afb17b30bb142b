//! What the catalogue says about one list.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::name::Name;
use crate::dnsxl::{CodeTest, DomainForm, Kind, ListSpec, Profile, SubjectKind};
use crate::lists::catalogue::date::Date;
use crate::lists::catalogue::tombstone::{Death, Tombstone};

/// One list. All text in it is printable ASCII, one line.
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
    pub(crate) how: Vec<Death>,
    pub(crate) successor: Option<Name>,
    pub(crate) part_of: Option<Name>,
    pub(crate) told_by: Option<CodeTest>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) sources: Vec<(Option<Date>, Arc<str>)>,
    pub(crate) note: Option<Arc<str>>,
    pub(crate) recommendation: Option<Recommendation>,
    /// Something is said about it in a word that this version does not know.
    pub(crate) partly_read: bool,
}

/// What the catalogue does not know to be otherwise.
static UNVERIFIED: Status = Status::Unverified;
/// How old the newest source of a list that works may be.
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

    /// Does the zone want a secret label in front?
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Who runs it, where that is known.
    #[must_use]
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    /// Lists of one group are one voice: their hits do not confirm each other. The zone itself where there is no group.
    #[must_use]
    pub fn group(&self) -> String {
        self.group.as_deref().map_or_else(|| self.zone.to_string(), str::to_owned)
    }

    /// Does it share its group with other lists?
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.group.is_some()
    }

    /// What the list holds.
    #[must_use]
    pub fn kinds(&self) -> &[SubjectKind] {
        &self.kinds
    }

    /// Does it hold hashes, of mail addresses or domains? Nothing here asks for those.
    #[must_use]
    pub fn holds_hashes(&self) -> bool {
        self.hashes
    }

    /// For or against those it lists?
    #[must_use]
    pub fn speaks(&self) -> Speaks {
        self.speaks
    }

    /// Which form of a domain a domain list wants, where its operator says so.
    #[must_use]
    pub fn domain_form(&self) -> Option<DomainForm> {
        self.domain_form
    }

    /// Does it work?
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Does it work, as far as the catalogue may be believed on that day? "It works" is a statement about a day: without a
    /// source of the two years before, nobody knows any more. What is dead stays dead.
    ///
    /// It only informs; lists are asked by their [`status`](Self::status), however old it is.
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

    /// Since when the status holds; the day of the report where the event itself has no date.
    #[must_use]
    pub fn since(&self) -> Option<Date> {
        self.since
    }

    /// What askers saw go wrong, in the order in which it came.
    #[must_use]
    pub fn how(&self) -> &[Death] {
        &self.how
    }

    /// What took its place, or what people mean who write the name of something that never was a list.
    #[must_use]
    pub fn successor(&self) -> Option<&Name> {
        self.successor.as_ref()
    }

    /// The list that holds all of this one's data.
    #[must_use]
    pub fn part_of(&self) -> Option<&Name> {
        self.part_of.as_ref()
    }

    /// The codes by which that list tells this one's entries from the others it holds; a bit, where its codes are sums. `None`
    /// where nobody says that they do.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let pbl = Catalogue::builtin().get(&Name::parse("pbl.spamhaus.org")?);
    /// assert_eq!(pbl.and_then(|pbl| pbl.part_of()), Some(&Name::parse("zen.spamhaus.org")?));
    /// assert_eq!(pbl.and_then(|pbl| pbl.told_by()).map(ToString::to_string).as_deref(), Some("127.0.0.[10..11]"));
    /// # Ok::<(), rdnsbl::name::NameError>(())
    /// ```
    #[must_use]
    pub fn told_by(&self) -> Option<&CodeTest> {
        self.told_by.as_ref()
    }

    /// Its codes and test entries.
    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Who says all this. At least one.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.dated_sources().map(|(_, source)| source)
    }

    /// The same with the day on which it was said, or was last read there; `None` where that is not known.
    pub fn dated_sources(&self) -> impl Iterator<Item = (Option<Date>, &str)> {
        self.sources.iter().map(|(date, source)| (*date, &**source))
    }

    /// When somebody last said something about the list.
    #[must_use]
    pub fn newest_source(&self) -> Option<Date> {
        self.sources.iter().filter_map(|(date, _)| *date).max_by_key(|date| date.start())
    }

    /// Is something said about the list in a word that this version does not know? Then only its refusals are kept: a code
    /// explained without that word might be explained wrongly.
    #[must_use]
    pub fn is_partly_read(&self) -> bool {
        self.partly_read
    }

    /// What those should know who use the list: that it wants registration, is for scoring only, holds whole networks.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Why and how the list is recommended, if it is.
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
            Status::Retired(tombstone) => write!(f, ": {tombstone}"),
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

/// Does a zone want a secret label in front?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It is asked as it is.
    Open,
    /// A label from the operator may stand in front.
    KeyAccepted,
    /// Without a label from the operator it does not answer.
    KeyNeeded,
}

/// For or against those it lists?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Speaks {
    /// A listing is a reason to turn mail away.
    Against,
    /// A listing is a reason to let it in.
    For,
    /// Some codes are for, some against.
    Both,
}

impl Speaks {
    /// Does it make sense to use the list as one of this kind?
    #[must_use]
    pub fn fits(self, kind: Kind) -> bool {
        matches!((self, kind), (Self::Both, _) | (Self::Against, Kind::Deny) | (Self::For, Kind::Allow))
    }
}

/// Does a list work?
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// A source says that it does.
    Active,
    /// For subscribers or registered askers only.
    Restricted,
    /// Nobody was found who says whether it does.
    Unverified,
    /// It answers, and there is reason to distrust it.
    Suspect,
    /// It has another name now.
    Renamed,
    /// Its data are part of another list now.
    Merged,
    /// It has closed down.
    Retired(Tombstone),
    /// There never was such a list: a misspelling, or a name that people made up.
    NeverAList,
}

impl Status {
    /// One or a few lower-case words.
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

    /// Is there nothing left, or never was anything, to ask?
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

    /// When it was last looked at.
    #[must_use]
    pub fn since(&self) -> Date {
        self.since
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
