//! Findings: what an administrator should know about a set of lists, according to the catalogue.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::{CodePattern, ListId, ListKind, ListSpec, Part};
use crate::lists::catalogue::{Date, Shutdown};
use crate::lists::notation::Notation;

/// One thing an administrator should know about one list of a set. `Display` is one printable line without a key.
///
/// ```
/// use rdnsbl::ListSet;
///
/// let lists = ListSet::builder().deny("zen.spamhaus.org").deny("brazil.blackholes.us").build()?;
/// let lines: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
/// assert_eq!(lines.len(), 1);
/// assert!(lines[0].starts_with("brazil.blackholes.us: closed 2007; stopped answering"));
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFinding {
    pub(super) index: usize,
    pub(super) list: ListId,
    pub(super) zone: Name,
    pub(super) kind: ZoneFindingKind,
    /// A closed list that stands earlier in the set, too: every place has to be removed, so each has its finding.
    pub(super) again: bool,
}

impl ZoneFinding {
    /// The position of the list in its set, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The name of the list in reports.
    #[must_use]
    pub fn list(&self) -> &ListId {
        &self.list
    }

    /// Its zone, without a key.
    #[must_use]
    pub fn zone(&self) -> &Name {
        &self.zone
    }

    /// What was found.
    #[must_use]
    pub fn kind(&self) -> &ZoneFindingKind {
        &self.kind
    }
}

impl fmt::Display for ZoneFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.to_string();
        // Zones that differ only in their keys are distinguished by their numbers.
        let is_numbered = self.list.as_str().strip_prefix(&*zone).is_some_and(|rest| rest.starts_with('#'));
        let again = if self.again { "named again; " } else { "" };
        write!(f, "{}: {again}{}", if is_numbered { self.list.as_str() } else { &zone }, self.kind)
    }
}

/// The kinds of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZoneFindingKind {
    /// The list has closed down. It is not asked, except with [`Retired::Ask`](crate::lists::Retired::Ask).
    Retired(Shutdown),
    /// A list of this name never existed. It is not asked, as with a closed list.
    NeverAList {
        /// The list that was probably meant.
        meant: Option<Name>,
    },
    /// The list is not in the catalogue, and its name is nearly that of a list in the catalogue.
    Misspelled {
        /// The list in the catalogue.
        meant: Name,
    },
    /// The zone answers only with a key in front, and no key is given.
    NeedsKey,
    /// A key stands in front of a zone that accepts none, and another zone of the operator accepts one.
    TakesNoKey {
        /// The zone that accepts a key.
        meant: Name,
    },
    /// The list has a new name.
    Renamed {
        /// The new name.
        successor: Option<Name>,
    },
    /// The data of the list are now part of another list.
    Merged {
        /// The other list.
        successor: Option<Name>,
    },
    /// The list answers only subscribers or registered clients.
    Restricted {
        /// The start of the restriction, if known.
        since: Option<Date>,
        /// The zone that subscribers should ask.
        successor: Option<Name>,
    },
    /// There is a reason to distrust the list.
    Suspect {
        /// The reason, or the source of it.
        why: String,
    },
    /// No source was found that says whether the list still works.
    Unverified,
    /// The list contains only entries that this crate does not ask about, such as hashes.
    NothingToAsk,
    /// An allow list that is used to deny, or a deny list that is used to allow.
    WrongSide {
        /// The kind it is used as.
        used: ListKind,
    },
    /// The catalogue contains a line about the list that this version does not know; the meanings of its codes are
    /// not used.
    PartlyRead,
    /// A note in the catalogue for users of the list, for example: registration is required, for scoring only,
    /// contains whole networks.
    Note(Arc<str>),
    /// The codes in the filter can never be a listing: the list never counts.
    CodesNeverMatch,
    /// The list is known to return none of the codes in the filter, except when it refuses to answer: it never counts.
    CodesNotReturned {
        /// The codes of its listings, if one pattern can express them.
        known: Option<CodePattern>,
    },
    /// A deny list with weight 0: a listing is reported, but adds nothing to the score.
    NoWeight,
    /// The list contains addresses and is asked about names, or the reverse: it never counts.
    WrongSubject {
        /// The subject that it is asked about.
        part: Part,
    },
    /// The list is known to return a code when it refuses to answer, and the software for which the configuration
    /// line was written treats that code as a listing. This crate never does.
    NoCodeFilter {
        /// The code, or one of them.
        code: Ipv4Addr,
        /// The software.
        software: Notation,
        /// The codes that should count.
        instead: Option<CodePattern>,
    },
    /// The same for an allow list: when it refuses to answer, that software allows every client.
    AllowsWhenRefused {
        /// The code, or one of them.
        code: Ipv4Addr,
        /// The software.
        software: Notation,
        /// The codes that should count, or those that the catalogue recommends.
        instead: Option<CodePattern>,
    },
    /// The same list with the same codes occurs earlier in the set: a listing counts twice.
    NamedTwice,
    /// Another list of the set contains all data of this one, and the codes of both count: a listing counts twice.
    CountedTwice {
        /// The other list.
        whole: Name,
    },
    /// Another list contains this one and others of the set, and its codes distinguish them: one query is enough. See
    /// [`Merge`](crate::lists::Merge).
    OneQuestion {
        /// What to write instead of this list.
        instead: Box<ListSpec>,
    },
}

impl ZoneFindingKind {
    /// Whether there is no such list to ask, because it has closed or never existed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Retired(_) | Self::NeverAList { .. })
    }

    /// Does the list never count, whatever it answers?
    pub(super) fn never_counts(&self) -> bool {
        matches!(self, Self::CodesNeverMatch | Self::CodesNotReturned { .. } | Self::WrongSubject { .. })
    }

    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Retired(_) => "retired",
            Self::NeverAList { .. } => "never_a_list",
            Self::Misspelled { .. } => "misspelled",
            Self::NeedsKey => "needs_key",
            Self::TakesNoKey { .. } => "takes_no_key",
            Self::Renamed { .. } => "renamed",
            Self::Merged { .. } => "merged",
            Self::Restricted { .. } => "restricted",
            Self::Suspect { .. } => "suspect",
            Self::Unverified => "unverified",
            Self::NothingToAsk => "nothing_to_ask",
            Self::WrongSide { .. } => "wrong_side",
            Self::PartlyRead => "partly_read",
            Self::Note(_) => "note",
            Self::CodesNeverMatch | Self::CodesNotReturned { .. } => "codes_never_match",
            Self::NoWeight => "no_weight",
            Self::WrongSubject { .. } => "wrong_subject",
            Self::NoCodeFilter { .. } => "no_code_filter",
            Self::AllowsWhenRefused { .. } => "allows_when_refused",
            Self::NamedTwice => "named_twice",
            Self::CountedTwice { .. } => "counted_twice",
            Self::OneQuestion { .. } => "one_question",
        }
    }
}

impl fmt::Display for ZoneFindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut successor = None;
        match self {
            Self::Retired(shutdown) => write!(f, "{shutdown}")?,
            Self::NeverAList { meant } => {
                f.write_str("no list of this name ever existed")?;
                successor = meant.as_ref();
            }
            Self::Misspelled { meant } => write!(f, "not a known list; did you mean {meant}?")?,
            Self::NeedsKey => f.write_str("answers only with a key in front of the zone")?,
            Self::TakesNoKey { meant } => write!(f, "accepts no key in front of the zone; {meant} does")?,
            Self::Renamed { successor: now } => {
                f.write_str("has a new name")?;
                successor = now.as_ref();
            }
            Self::Merged { successor: now } => {
                f.write_str("is now part of another list")?;
                successor = now.as_ref();
            }
            Self::Restricted { since, successor: now } => {
                f.write_str("answers only subscribers or registered clients")?;
                if let Some(since) = since {
                    write!(f, ", since {since}")?;
                }
                successor = now.as_ref();
            }
            Self::Suspect { why } => write!(f, "there is a reason to distrust it: {why}")?,
            Self::Unverified => f.write_str("no source was found that says whether it still works")?,
            Self::NothingToAsk => f.write_str("contains nothing that this crate asks about")?,
            Self::WrongSide { used: ListKind::Deny } => f.write_str("an allow list that is used as a deny list")?,
            Self::WrongSide { used: ListKind::Allow } => f.write_str("a deny list that is used as an allow list")?,
            Self::PartlyRead => {
                f.write_str("the catalogue is newer than this program: the meanings of the list's codes are not used")?;
            }
            Self::Note(note) => f.write_str(note)?,
            Self::CodesNeverMatch => {
                f.write_str("never counts: its codes are outside 127.0.0.0/8 or in 127.255.255.0/24, and no listing has such codes")?;
            }
            Self::CodesNotReturned { known } => {
                f.write_str("never counts: the list returns none of these codes")?;
                if let Some(known) = known {
                    write!(f, "; its listings have {known}")?;
                }
            }
            Self::NoWeight => f.write_str(
                "has weight 0: a listing is reported, but never counts; give it another weight if it should count",
            )?,
            Self::WrongSubject { part: Part::Address } => {
                f.write_str("contains domains, but is asked about the client's address: it never counts")?;
            }
            Self::WrongSubject { part } => {
                let part = match part {
                    Part::Helo => "the name in HELO",
                    Part::Sender => "the sender's domain",
                    Part::Recipient => "the recipient's domain",
                    _ => "the client's name",
                };
                write!(f, "contains addresses, but is asked about {part}: it never counts")?;
            }
            Self::NoCodeFilter { code, software, instead } => {
                write!(
                    f,
                    "returns {code} when it refuses to answer, and {software} counts that as a listing: {}",
                    Codes(instead)
                )?;
            }
            Self::AllowsWhenRefused { code, software, instead } => {
                write!(
                    f,
                    "returns {code} when it refuses to answer, and {software} then allows every client: {}",
                    Codes(instead)
                )?;
            }
            Self::NamedTwice => f.write_str("occurs earlier with the same codes: a hit counts twice")?,
            Self::CountedTwice { whole } => {
                write!(f, "is part of {whole}, which is asked too: a listing counts twice")?;
            }
            Self::OneQuestion { instead } => {
                write!(f, "one query is enough for this list and others in the set: {instead}")?;
            }
        }
        match successor {
            Some(successor) => write!(f, "; see {successor}"),
            None => Ok(()),
        }
    }
}

/// The advice about codes that should not count.
struct Codes<'a>(&'a Option<CodePattern>);

impl fmt::Display for Codes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(codes) => write!(f, "count only {codes}"),
            None => f.write_str("count only codes with a known meaning"),
        }
    }
}
