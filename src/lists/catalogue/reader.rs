//! Reads the text of a catalogue, line by line.

use crate::base::name::Name;
use crate::lists::catalogue::error::{CatalogueError, CatalogueErrorKind};
use crate::lists::catalogue::finding::{CatalogueFinding, MAX_FINDINGS};
use crate::lists::catalogue::stanza::{Head, Stanza, is_keyword};
use crate::lists::catalogue::values::{needed, word_and_rest, zone_name};
use crate::lists::catalogue::{Catalogue, MAX_ENTRIES, NamePlace};

/// The format that this version reads. Later versions may add keywords to it, but never words to existing lines.
const FORMAT: &str = "1";

impl Catalogue {
    /// Parses a catalogue.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue};
    ///
    /// let text = "as_of 2026-08-21
    ///
    ///             zone bl.corp.example
    ///             kinds ipv4
    ///             status active
    ///             code 127.0.0.2 deny seen by our own traps
    ///             source the colleagues next door";
    /// let catalogue = Catalogue::parse(text)?;
    /// assert!(catalogue.get(&Name::parse("bl.corp.example")?).is_some());
    ///
    /// let error = Catalogue::parse("as_of 2026-08-21\nzone bl.corp.example\nstatus alive").unwrap_err();
    /// assert_eq!(error.line(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CatalogueError`] reports what is wrong and in which line.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let mut reader = Reader::default();
        for (line, text) in text.lines().enumerate().map(|(index, text)| (index + 1, text.trim())) {
            if !text.is_empty() && !text.starts_with('#') {
                reader.line(line, text)?;
            }
        }
        reader.finish()
    }

    /// Adds the entries of a stanza.
    fn add(&mut self, stanza: &Stanza, head: &Head) -> Result<(), CatalogueError> {
        for (index, entry) in stanza.entries(head)?.into_iter().enumerate() {
            let line = stanza.line_of(index);
            if self.entries.len() >= MAX_ENTRIES {
                return Err(CatalogueError::new(line, CatalogueErrorKind::TooMany));
            }
            let place = NamePlace { entry: self.entries.len(), access: entry.access };
            self.claim(line, entry.zone.clone(), place)?;
            if index == 0 {
                for (line, alias, access) in &stanza.aliases {
                    self.claim(*line, alias.clone(), NamePlace { access: *access, ..place })?;
                }
                for (line, domain) in &stanza.covers {
                    if self.covers.insert(domain.clone(), place.entry).is_some() {
                        return Err(CatalogueError::new(*line, CatalogueErrorKind::Duplicate));
                    }
                }
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    fn claim(&mut self, line: usize, name: Name, place: NamePlace) -> Result<(), CatalogueError> {
        match self.names.insert(name, place) {
            None => Ok(()),
            Some(_) => Err(CatalogueError::new(line, CatalogueErrorKind::Duplicate)),
        }
    }
}

/// A catalogue during parsing, line by line.
#[derive(Default)]
struct Reader {
    /// Has the format line been read?
    format: bool,
    /// Set when the `as_of` line has been read.
    catalogue: Option<Catalogue>,
    /// The lines for all lists of the current operator.
    head: Option<Head>,
    stanza: Stanza,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), CatalogueError> {
        let wrong = |kind| CatalogueError::new(line, kind);
        if !text.bytes().all(|octet| matches!(octet, 0x20..=0x7e)) {
            return Err(wrong(CatalogueErrorKind::NotPrintable));
        }
        let (keyword, value) = word_and_rest(text);
        if keyword.starts_with("x-") {
            return Ok(());
        }
        let needed = || needed(value).map_err(wrong);
        if keyword == "format" {
            let is_first = !std::mem::replace(&mut self.format, true) && self.catalogue.is_none();
            return if is_first && needed()? == FORMAT { Ok(()) } else { Err(wrong(CatalogueErrorKind::Format)) };
        }
        let Some(catalogue) = &mut self.catalogue else {
            let date = needed().and_then(|value| match keyword {
                "as_of" => value.parse().map_err(|error| wrong(CatalogueErrorKind::Date(error))),
                _ => Err(wrong(CatalogueErrorKind::AsOf)),
            })?;
            self.catalogue = Some(Catalogue::empty(date));
            return Ok(());
        };
        match keyword {
            "as_of" => Err(wrong(CatalogueErrorKind::AsOf)),
            "domain" => {
                zone_name(needed()?).map_err(wrong)?;
                self.end_of_list()?;
                self.head = Some(Head::default());
                Ok(())
            }
            "zone" => {
                let value = needed()?;
                if !self.stanza.takes_zones() {
                    self.end_of_list()?;
                }
                self.stanza.zone(line, value).map_err(wrong)
            }
            _ if !is_keyword(keyword) => {
                if catalogue.findings.len() < MAX_FINDINGS {
                    catalogue.findings.push(CatalogueFinding::new(line, self.stanza.first().cloned(), keyword));
                }
                match &mut self.head {
                    _ if !self.stanza.is_empty() => self.stanza.unknown_line(),
                    Some(head) => head.partly_read = true,
                    None => {}
                }
                Ok(())
            }
            _ if self.stanza.is_empty() => {
                let head = self.head.as_mut().ok_or_else(|| wrong(CatalogueErrorKind::OutsideStanza))?;
                head.line(keyword, needed()?).map_err(wrong)
            }
            _ => {
                let above = |zone: &Name| catalogue.entry_named(zone);
                self.stanza.line(line, keyword, needed()?, above).map_err(wrong)
            }
        }
    }

    /// Called after the last line of a list, or of several lists that share their lines.
    fn end_of_list(&mut self) -> Result<(), CatalogueError> {
        let stanza = std::mem::take(&mut self.stanza);
        match &mut self.catalogue {
            Some(catalogue) if !stanza.is_empty() => {
                catalogue.add(&stanza, self.head.as_ref().unwrap_or(&Head::default()))
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Catalogue, CatalogueError> {
        self.end_of_list()?;
        self.catalogue.ok_or(CatalogueError::new(1, CatalogueErrorKind::AsOf))
    }
}
