//! Data about public lists: which work, which have closed and how, what their codes mean, and which test entries they
//! contain.
//!
//! The data are a text that people edit and review, `src/lists/catalogue/builtin.txt`; [`Catalogue::builtin`] is that
//! text, compiled in. [`Catalogue::parse`] reads a newer text at run time, and
//! [`ListSetBuilder::knowledge`](crate::lists::ListSetBuilder::knowledge) applies it to a set of lists.
//!
//! ```
//! use rdnsbl::{Name, lists::catalogue::{Catalogue, Status}};
//!
//! let catalogue = Catalogue::builtin();
//! let zen = catalogue.get(&Name::parse("zen.spamhaus.org")?);
//! assert_eq!(zen.map(|entry| entry.status()), Some(&Status::Active));
//! // A keyed zone is the same list; the key plays no part.
//! assert!(catalogue.get(&Name::parse("abcdefghijklmnop.zen.dq.spamhaus.net")?).is_some());
//! // All of blackholes.us is dead, whatever the country.
//! let dead = catalogue.get(&Name::parse("argentina.blackholes.us")?);
//! assert!(dead.is_some_and(|entry| entry.status().is_gone()));
//! # Ok::<(), rdnsbl::name::NameError>(())
//! ```
//!
//! # How old it may be
//!
//! Lists close rarely and almost never reopen, so an old catalogue is still right about closed lists. It does not
//! know the lists that closed since its date; the test queries that confirm each listing detect those. Codes change
//! every few years. Check the catalogue once a year, and warn users if it is older: [`Catalogue::age`]. No decision
//! depends on the age, so an old text never stops a server.
//!
//! # Files of the host
//!
//! [`Catalogue::load`] reads a file, [`Catalogue::overlaid_by`] combines it with the built-in catalogue: its lists
//! are added, or replace the lists of the same zone.
//!
//! # How to edit it
//!
//! Each line is one keyword and its value. `#` starts a comment line; indentation and blank lines have no meaning.
//! `format` and `as_of` come first. A `domain` line starts the stanza of an operator, a `zone` line starts a list in
//! it; several consecutive `zone` lines share all lines after them. A list needs no stanza: a file of the host may
//! begin with a `zone` line.
//!
//! | line | says |
//! |---|---|
//! | `format 1` | how to read the text; may be left out |
//! | `as_of DATE` | the date of the data |
//! | `domain NAME` | the lines up to the next `domain` line are about the lists of one operator; `operator` and `group` before the first `zone` apply to all lists without their own |
//! | `zone NAME [key\|key-accepted]` | the zone, and whether a secret label must or may stand in front |
//! | `alias NAME [key\|key-accepted]` | another zone with the same data |
//! | `covers DOMAIN` | all other names below this domain closed together with the list |
//! | `operator TEXT`, `group WORD` | who operates it; lists of one group count once |
//! | `kinds ipv4 ipv6 domain hash` | the kinds of subjects it contains |
//! | `speaks against\|for\|both` | the effect of a listing on the client; `against` by default |
//! | `names full\|registrable` | the form of the domains it contains (`registrable` needs the feature `psl`) |
//! | `status WORD [DATE] [DEATH...]` | active, restricted, unverified, suspect, renamed, merged, retired, never ([`Status`], [`ShutdownSign`]) |
//! | `successor NAME` | what to use instead |
//! | `part_of NAME [CODES\|bit N]` | the list that contains all data of this one, and the codes by which it reports them |
//! | `like ZONE` | the codes are those of a list defined above |
//! | `code CODES DISPOSITION MEANING` | the meaning of codes; the first matching line applies, so a refusal must precede a range that contains it |
//! | `bit N DISPOSITION MEANING` | for lists whose last octet is a sum of bits |
//! | `unknown closed` | codes that are not defined are not listings |
//! | `complete codes` | the list returns no other codes than those of its `code` and `bit` lines, so a filter without any of them never matches |
//! | `present KIND ENTRY` | a test entry that is documented or was observed |
//! | `absent KIND ENTRY` | the test entry to use if the usual entry that must be absent is present |
//! | `source DATE\|undated TEXT` | the source, and the date of the statement or of the last check; at least one line; the first is shown. A source without either word has no date |
//! | `note TEXT` | a note for users of the list; it is reported ([`ZoneFindingKind::Note`](crate::lists::ZoneFindingKind::Note)) |
//! | `recommended DATE deny\|allow SPEC [PART...]`, `reason TEXT` | a list of [`ListSet::recommended`](crate::ListSet::recommended), and why |
//! | `x-WORD ...` | skipped: for the host's own programs |
//!
//! A `DATE` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. Stanzas are sorted by their domain; a stanza keeps its position
//! when its lists close.
//!
//! Every statement needs a source. What no source documents stays empty: a wrong code rejects mail, a missing code
//! only costs a word in a log.
//!
//! # Texts of other versions
//!
//! Later versions may add keywords to format 1, but no words to existing lines. A keyword that this version does not
//! know is a [finding](Catalogue::findings), and the list that it belongs to loses its recommendation and the
//! meanings of its codes, except refusals: without that line the meaning of a code is uncertain, and a refusal must
//! never count as a listing. In front of the first `zone` of a stanza, such a keyword applies to all lists of the
//! stanza. A text in another format is an error.

pub(crate) mod date;
pub(crate) mod entry;
pub(crate) mod error;
pub(crate) mod finding;
pub(crate) mod overlay;
mod reader;
pub(crate) mod shutdown;
pub(crate) mod stanza;
pub(crate) mod suggest;
mod values;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

pub use crate::dnsxl::DomainForm;
pub use crate::lists::catalogue::date::{Date, DateError};
pub use crate::lists::catalogue::entry::{Access, Entry, Recommendation, Speaks, Status};
pub use crate::lists::catalogue::error::{CatalogueError, CatalogueErrorKind};
pub use crate::lists::catalogue::finding::CatalogueFinding;
pub use crate::lists::catalogue::overlay::CatalogueFileError;
pub use crate::lists::catalogue::shutdown::{Shutdown, ShutdownSign};

use crate::base::name::Name;

/// The maximum number of lists in a catalogue; more are an error.
pub const MAX_ENTRIES: usize = 10_000;

const BUILTIN: &str = include_str!("builtin.txt");

/// Data about lists. Immutable; share it in an `Arc`.
///
/// ```
/// use rdnsbl::{Name, lists::catalogue::Catalogue};
///
/// let entry = Catalogue::builtin().get(&Name::parse("relays.ordb.org")?);
/// assert!(entry.is_some_and(|entry| entry.status().is_gone()));
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    as_of: Date,
    entries: Vec<Entry>,
    /// Zones and aliases.
    names: HashMap<Name, NamePlace>,
    /// Domains for which all names below belong to one entry.
    covers: HashMap<Name, usize>,
    findings: Vec<CatalogueFinding>,
}

/// The entry that a name belongs to, and whether this name needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NamePlace {
    entry: usize,
    access: Access,
}

/// The catalogue's data about a name in a configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatalogueMatch<'a> {
    pub(crate) entry: &'a Entry,
    /// Does this name need a key?
    pub(crate) access: Access,
    /// Is the first label of the name a key that is not marked as one?
    pub(crate) unmarked_key: bool,
}

impl Catalogue {
    /// The catalogue that comes with this version of the crate.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static PARSED: LazyLock<Catalogue> = LazyLock::new(|| {
            // A test reads the text. If reading still fails, an empty catalogue is safer than stopping a mail
            // server.
            Catalogue::parse(BUILTIN).unwrap_or_else(|_| Catalogue::empty(Date::EPOCH))
        });
        &PARSED
    }

    fn empty(as_of: Date) -> Self {
        Self { as_of, entries: Vec::new(), names: HashMap::new(), covers: HashMap::new(), findings: Vec::new() }
    }

    fn entry_named(&self, name: &Name) -> Option<&Entry> {
        self.entries.get(self.names.get(name)?.entry)
    }

    /// The date on which the whole catalogue was last checked.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The keywords that this version does not know. A text for a later version is still usable.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let text = "format 1
    ///             as_of 2028-01-01
    ///             zone bl.corp.example
    ///                 kinds ipv4
    ///                 status active
    ///                 code 127.0.0.2 deny listed
    ///                 code 127.0.0.9 refusal asked too often
    ///                 weather 127.0.0.2 only when it rains
    ///                 source the colleagues next door";
    /// let catalogue = Catalogue::parse(text)?;
    /// assert_eq!(catalogue.findings()[0].keyword(), "weather");
    /// let entry = catalogue.get(&Name::parse("bl.corp.example")?);
    /// let meanings = |code: [u8; 4]| entry.map(|entry| entry.profile().meanings(code.into()).count());
    /// assert_eq!((meanings([127, 0, 0, 2]), meanings([127, 0, 0, 9])), (Some(0), Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn findings(&self) -> &[CatalogueFinding] {
        &self.findings
    }

    /// The age of the data at `now`; zero if `now` is before their date.
    ///
    /// ```
    /// use rdnsbl::lists::catalogue::Catalogue;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let age = Catalogue::builtin().age(SystemTime::now());
    /// if age > Duration::from_secs(365 * 24 * 60 * 60) {
    ///     println!("what is known about lists is {} months old", age.as_secs() / (30 * 24 * 60 * 60));
    /// }
    /// ```
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.as_of.start()).unwrap_or_default()
    }

    /// The list of this name: its zone or a mirror, each with or without a key in front, or a name below a domain
    /// whose lists have all closed.
    #[must_use]
    pub fn get(&self, zone: &Name) -> Option<&Entry> {
        self.look_up(zone).map(|found| found.entry)
    }

    pub(crate) fn look_up(&self, zone: &Name) -> Option<CatalogueMatch<'_>> {
        let bare = zone.without_key();
        let found = |place: &NamePlace, unmarked_key| {
            Some(CatalogueMatch { entry: self.entries.get(place.entry)?, access: place.access, unmarked_key })
        };
        if let Some(place) = self.names.get(&bare) {
            return found(place, false);
        }
        // A key recognized by its position, because it is too short to be recognized by its form.
        let parent = bare.parent().filter(|_| zone.secret().is_none());
        if let Some(place) = parent.as_ref().and_then(|parent| self.names.get(parent))
            && place.access != Access::Open
        {
            return found(place, true);
        }
        let mut domain = Some(bare);
        while let Some(name) = domain {
            if let Some(entry) = self.covers.get(&name) {
                return found(&NamePlace { entry: *entry, access: Access::Open }, false);
            }
            domain = name.parent();
        }
        None
    }

    /// Every list, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The list that a name not in the catalogue most probably means: a misspelling, another top-level domain, or the
    /// operator's domain in place of the list below it; for a name with a key in front, a list that accepts a key.
    /// `None` if the list is known, if several lists are possible, and if the list has closed, because suggesting it
    /// helps nobody.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let meant = Catalogue::builtin().suggest(&Name::parse("zen.spamhous.org")?);
    /// assert_eq!(meant.map(|entry| entry.zone().to_string()).as_deref(), Some("zen.spamhaus.org"));
    /// # Ok::<(), rdnsbl::name::NameError>(())
    /// ```
    #[must_use]
    pub fn suggest(&self, name: &Name) -> Option<&Entry> {
        self.entry_named(self.meant(name)?)
    }

    /// The name most probably meant; if a key stands in front of a zone that accepts none, a zone that accepts one.
    pub(crate) fn meant(&self, name: &Name) -> Option<&Name> {
        let found = self.look_up(name);
        match found {
            // Frequent wrong names are entries in the catalogue itself.
            Some(CatalogueMatch { entry, .. }) if *entry.status() == Status::NeverAList => {
                let meant = self.entry_named(entry.successor()?).filter(|meant| !meant.status().is_gone());
                return meant.map(Entry::zone);
            }
            Some(CatalogueMatch { access, .. }) if access != Access::Open || name.secret().is_none() => return None,
            _ => {}
        }
        let is_meant = |place: &NamePlace| self.entries.get(place.entry).is_some_and(|entry| !entry.status().is_gone());
        let keyed = self.names.iter().filter(|(_, place)| place.access != Access::Open && is_meant(place));
        let keyed =
            name.secret().and_then(|_| crate::lists::catalogue::suggest::keyed(name, keyed.map(|(zone, _)| zone)));
        keyed.or_else(|| {
            found
                .is_none()
                .then(|| crate::lists::catalogue::suggest::suggest(name, &self.entries))
                .flatten()
                .map(Entry::zone)
        })
    }

    /// Does the catalogue contain exactly this name, whatever its form?
    pub(crate) fn holds_as_it_stands(&self, name: &Name) -> bool {
        self.names.contains_key(&name.as_it_stands())
    }
}
