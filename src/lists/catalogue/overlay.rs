//! Catalogues of the host: read from a file and combined with another catalogue.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::lists::catalogue::{Catalogue, CatalogueError, NamePlace};

/// The maximum size of a file in octets; the built-in catalogue has about a hundred thousand.
const MAX_FILE: u64 = 8 * 1024 * 1024;

impl Catalogue {
    /// Reads a catalogue from a file.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use std::sync::Arc;
    /// use rdnsbl::{ListSet, lists::catalogue::Catalogue, lists::Knowledge};
    ///
    /// let ours = Catalogue::load(Path::new("/etc/mail/lists.txt"))?;
    /// let knowledge = Knowledge::Given(Arc::new(Catalogue::builtin().overlaid_by(&ours)));
    /// let lists = ListSet::builder().knowledge(knowledge).deny("bl.corp.example").build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CatalogueFileError`]: the file cannot be read, is larger than 8 MiB, or is not a valid catalogue.
    pub fn load(path: &Path) -> Result<Self, CatalogueFileError> {
        let mut text = String::new();
        let octets = File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
        if u64::try_from(octets).is_ok_and(|octets| octets > MAX_FILE) {
            return Err(CatalogueFileError::TooLarge);
        }
        Ok(Self::parse(&text)?)
    }

    /// Combines both catalogues; `host` has priority. Its lists are added; for lists that are in both, only the
    /// host's entry is used, with its aliases and covers. So an administrator can correct one list in five lines and
    /// keep the rest.
    ///
    /// The result is [as old as](Self::as_of) this catalogue: a few new lines do not make the rest newer.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::{Catalogue, Status}};
    ///
    /// let ours = "as_of 2026-11-28
    ///             zone bl.spamcop.net
    ///                 kinds ipv4
    ///                 status retired 2026-11-28 emptied
    ///                 source our own log";
    /// let catalogue = Catalogue::builtin().overlaid_by(&Catalogue::parse(ours)?);
    /// let status = |zone: &str| catalogue.get(&Name::parse(zone).ok()?).map(|entry| entry.status().word());
    /// assert_eq!(status("bl.spamcop.net"), Some("retired"));
    /// assert_eq!(status("zen.spamhaus.org"), Some("active"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn overlaid_by(&self, host: &Self) -> Self {
        let mut both = host.clone();
        both.as_of = self.as_of;
        // The new position of each list of this catalogue.
        let mut moved = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            if host.names.contains_key(&entry.zone) {
                moved.push(None);
                continue;
            }
            let mut entry = entry.clone();
            entry.aliases.retain(|alias| !host.names.contains_key(alias));
            let index = both.entries.len();
            for name in entry.aliases.iter().chain([&entry.zone]) {
                if let Some(place) = self.names.get(name) {
                    both.names.insert(name.clone(), NamePlace { entry: index, ..*place });
                }
            }
            moved.push(Some(index));
            both.entries.push(entry);
        }
        for (domain, entry) in &self.covers {
            if let Some(Some(index)) = moved.get(*entry) {
                both.covers.entry(domain.clone()).or_insert(*index);
            }
        }
        both.findings.extend(self.findings.iter().cloned());
        both
    }
}

/// Why a file is not a valid catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueFileError {
    /// It cannot be read, or is not UTF-8.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than the limit.
    #[error("larger than 8 MiB")]
    TooLarge,
    /// It can be read, but is not a valid catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}
