//! The lines of an operator about its lists, before they become entries.

use std::net::IpAddr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::{CodeTest, DomainForm, ListSpec, Profile, SubjectKind, TestEntry, TestPoints};
use crate::lists::catalogue::date::Date;
use crate::lists::catalogue::entry::{Access, Entry, Recommendation, Speaks, Status};
use crate::lists::catalogue::error::{CatalogueError, CatalogueErrorKind as Wrong};
use crate::lists::catalogue::shutdown::{Shutdown, ShutdownSign};
use crate::lists::catalogue::values::{
    StatusWord, needed, read_bit, read_codes, read_disposition, read_form, read_kind, read_part_of, read_recommended,
    read_source, read_speaks, read_status, word_and_rest, zone_and_access, zone_name,
};

/// The keywords that a line below a zone may begin with.
const KEYWORDS: [&str; 21] = [
    "alias",
    "covers",
    "operator",
    "group",
    "kinds",
    "speaks",
    "names",
    "status",
    "successor",
    "part_of",
    "like",
    "code",
    "bit",
    "unknown",
    "complete",
    "present",
    "absent",
    "source",
    "note",
    "recommended",
    "reason",
];

/// Does this version know this keyword?
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// The lines of a stanza before its first zone; they apply to all its lists.
#[derive(Debug, Default)]
pub(crate) struct Head {
    operator: Option<Arc<str>>,
    group: Option<Arc<str>>,
    /// It contains a keyword that this version does not know.
    pub(crate) partly_read: bool,
}

impl Head {
    pub(crate) fn line(&mut self, keyword: &str, value: &str) -> Result<(), Wrong> {
        match keyword {
            "operator" => once(&mut self.operator, value.into()),
            "group" => once(&mut self.group, value.into()),
            _ => Err(Wrong::OutsideStanza),
        }
    }
}

/// The lines read so far about one list, or about several lists that share them.
#[derive(Debug, Default)]
pub(crate) struct Stanza {
    /// The zones with their line numbers.
    zones: Vec<(usize, Name, Access)>,
    /// Has a line other than `zone` been read?
    described: bool,
    /// The mirrors with their line numbers.
    pub(crate) aliases: Vec<(usize, Name, Access)>,
    /// Domains for which all names below belong to this entry.
    pub(crate) covers: Vec<(usize, Name)>,
    operator: Option<Arc<str>>,
    group: Option<Arc<str>>,
    kinds: Option<Vec<SubjectKind>>,
    hashes: bool,
    speaks: Option<Speaks>,
    domain_form: Option<DomainForm>,
    status: Option<(StatusWord, Option<Date>, Vec<ShutdownSign>)>,
    successor: Option<Name>,
    part_of: Option<(Name, Option<CodeTest>)>,
    profile: Profile,
    /// Do the lines name every code of the list?
    knows_all_codes: Option<()>,
    points: Vec<(SubjectKind, TestPoints)>,
    sources: Vec<(Option<Date>, Arc<str>)>,
    note: Option<Arc<str>>,
    recommended: Option<(Date, ListSpec)>,
    reason: Option<Arc<str>>,
    /// It contains a keyword that this version does not know.
    pub(crate) partly_read: bool,
}

impl Stanza {
    /// Adds another `zone` line if it directly follows the first.
    pub(crate) fn takes_zones(&self) -> bool {
        !self.described
    }

    /// Has no line been read?
    pub(crate) fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// The first zone.
    pub(crate) fn first(&self) -> Option<&Name> {
        self.zones.first().map(|(_, zone, _)| zone)
    }

    pub(crate) fn zone(&mut self, line: usize, value: &str) -> Result<(), Wrong> {
        let (name, access) = zone_and_access(value)?;
        self.zones.push((line, name, access));
        Ok(())
    }

    /// Reads one line below the zones. `above` finds a list that was read already.
    pub(crate) fn line<'a>(
        &mut self,
        line: usize,
        keyword: &str,
        value: &str,
        above: impl Fn(&Name) -> Option<&'a Entry>,
    ) -> Result<(), Wrong> {
        self.described = true;
        match keyword {
            "alias" => {
                let (name, access) = zone_and_access(value)?;
                self.aliases.push((line, name, access));
                Ok(())
            }
            "covers" => {
                self.covers.push((line, zone_name(value)?));
                Ok(())
            }
            "operator" => once(&mut self.operator, value.into()),
            "group" => once(&mut self.group, value.into()),
            "kinds" => self.read_kinds(value),
            "speaks" => once(&mut self.speaks, read_speaks(value)?),
            "names" => once(&mut self.domain_form, read_form(value)?),
            "status" => once(&mut self.status, read_status(value)?),
            "successor" => once(&mut self.successor, zone_name(value)?),
            "part_of" => once(&mut self.part_of, read_part_of(value)?),
            "like" => {
                let original = above(&zone_name(value)?).ok_or(Wrong::UnknownZone)?;
                self.profile = original.profile.as_ref().clone();
                self.partly_read |= original.partly_read;
                Ok(())
            }
            "code" => self.read_code(value),
            "bit" => self.read_bit(value),
            "unknown" if value == "closed" => {
                self.profile = std::mem::take(&mut self.profile).closed();
                Ok(())
            }
            "unknown" => Err(Wrong::Word("closed")),
            "complete" if value == "codes" => once(&mut self.knows_all_codes, ()),
            "complete" => Err(Wrong::Word("codes")),
            "present" => self.read_point(value, TestPoints::with_documented),
            "absent" => self.read_point(value, TestPoints::absent),
            "source" => {
                self.sources.push(read_source(value)?);
                Ok(())
            }
            "note" => once(&mut self.note, value.into()),
            "recommended" => once(&mut self.recommended, read_recommended(value)?),
            "reason" => once(&mut self.reason, value.into()),
            _ => Ok(()),
        }
    }

    fn read_kinds(&mut self, value: &str) -> Result<(), Wrong> {
        let mut kinds = Vec::new();
        for word in value.split_whitespace() {
            match word {
                "hash" => self.hashes = true,
                word => kinds.push(read_kind(word)?),
            }
        }
        once(&mut self.kinds, kinds)
    }

    fn read_code(&mut self, value: &str) -> Result<(), Wrong> {
        let (codes, rest) = word_and_rest(value);
        let (disposition, meaning) = word_and_rest(rest);
        let codes = read_codes(codes)?;
        let disposition = read_disposition(disposition)?;
        self.profile = std::mem::take(&mut self.profile).code(codes, disposition, needed(meaning)?);
        Ok(())
    }

    fn read_bit(&mut self, value: &str) -> Result<(), Wrong> {
        let (bit, rest) = word_and_rest(value);
        let (disposition, meaning) = word_and_rest(rest);
        let bit = read_bit(bit)?;
        let disposition = read_disposition(disposition)?;
        self.profile = std::mem::take(&mut self.profile).bit(bit, disposition, needed(meaning)?);
        Ok(())
    }

    fn read_point(&mut self, value: &str, set: impl Fn(TestPoints, TestEntry) -> TestPoints) -> Result<(), Wrong> {
        let (kind, entry) = word_and_rest(value);
        let kind = read_kind(kind)?;
        let address = || entry.parse::<IpAddr>().map_err(|_| Wrong::TestEntry);
        let entry = match kind {
            SubjectKind::Ipv4 => TestEntry::Address(address()?),
            SubjectKind::Ipv6 => TestEntry::Address(address()?),
            SubjectKind::Domain => TestEntry::Domain(zone_name(entry)?),
        };
        let fits = match (&entry, kind) {
            (TestEntry::Address(address), kind) => address.is_ipv4() == (kind == SubjectKind::Ipv4),
            _ => true,
        };
        if !fits {
            return Err(Wrong::TestEntry);
        }
        let known = self.points.iter().position(|(of, _)| *of == kind);
        let points = known.map_or_else(TestPoints::default, |index| self.points.swap_remove(index).1);
        self.points.push((kind, set(points, entry)));
        Ok(())
    }

    /// A line with a keyword that this version does not know.
    pub(crate) fn unknown_line(&mut self) {
        self.described = true;
        self.partly_read = true;
    }

    /// The entries, after the last line has been read.
    pub(crate) fn entries(&self, head: &Head) -> Result<Vec<Entry>, CatalogueError> {
        let line = self.zones.first().map_or(0, |(line, ..)| *line);
        let wrong = |kind| CatalogueError::new(line, kind);
        let missing = |what| wrong(Wrong::Missing(what));
        let kinds = self.kinds.as_ref().ok_or_else(|| missing("kinds"))?;
        let (word, since, how) = self.status.as_ref().ok_or_else(|| missing("status"))?;
        let (_, source) = self.sources.first().ok_or_else(|| missing("source"))?;
        let partly_read = self.partly_read || head.partly_read;
        if matches!(word, StatusWord::Renamed | StatusWord::Merged) && self.successor.is_none() {
            return Err(missing("successor"));
        }
        if *word == StatusWord::Retired && since.is_none() && how.is_empty() && self.note.is_none() {
            return Err(missing("note"));
        }
        let status = match word {
            StatusWord::Active => Status::Active,
            StatusWord::Restricted => Status::Restricted,
            StatusWord::Unverified => Status::Unverified,
            StatusWord::Suspect => Status::Suspect,
            StatusWord::Renamed => Status::Renamed,
            StatusWord::Merged => Status::Merged,
            StatusWord::Never => Status::NeverAList,
            StatusWord::Retired => Status::Retired(Shutdown {
                since: *since,
                how: how.clone(),
                successor: self.successor.clone(),
                source: source.clone(),
            }),
        };
        let mut profile = self.profile.clone().lists(kinds.iter().copied());
        if partly_read {
            // The unknown keyword may change what codes mean. Refusals are kept, because treating a code as a refusal
            // is safe.
            profile = profile.only_refusals();
        }
        for (kind, points) in &self.points {
            profile = profile.test_points(*kind, points.clone());
        }
        if let Some(form) = self.domain_form {
            profile = profile.holds(form);
        }
        if let Some(note) = &self.note {
            profile = profile.with_note(note);
        }
        let profile = Arc::new(profile);
        let recommendation = match (&self.recommended, &self.reason) {
            (Some(_), Some(_)) if partly_read => None,
            (Some((since, spec)), Some(reason)) => {
                Some(Recommendation { spec: spec.clone(), since: *since, reason: reason.clone() })
            }
            (Some(_), None) => return Err(missing("reason")),
            (None, Some(_)) => return Err(missing("recommended")),
            (None, None) => None,
        };
        // Mirrors belong to the first zone.
        let aliases =
            |index| self.aliases.iter().filter(move |_| index == 0).map(|(_, name, _)| name.clone()).collect();
        let entry = |(index, (_, zone, access)): (usize, &(usize, Name, Access))| Entry {
            zone: zone.clone(),
            aliases: aliases(index),
            access: *access,
            operator: self.operator.clone().or_else(|| head.operator.clone()),
            group: self.group.clone().or_else(|| head.group.clone()),
            kinds: kinds.clone(),
            hashes: self.hashes,
            speaks: self.speaks.unwrap_or(Speaks::Against),
            domain_form: self.domain_form,
            status: status.clone(),
            since: *since,
            how: how.clone(),
            successor: self.successor.clone(),
            part_of: self.part_of.as_ref().map(|(whole, _)| whole.clone()),
            part_codes: self.part_of.as_ref().and_then(|(_, part_codes)| part_codes.clone()).filter(|_| !partly_read),
            profile: profile.clone(),
            knows_all_codes: self.knows_all_codes.is_some() && !partly_read,
            sources: self.sources.clone(),
            note: self.note.clone(),
            recommendation: recommendation.clone(),
            partly_read,
        };
        Ok(self.zones.iter().enumerate().map(entry).collect())
    }

    /// The line number of the zone at this position in the stanza.
    pub(crate) fn line_of(&self, index: usize) -> usize {
        self.zones.get(index).map_or(0, |(line, ..)| *line)
    }
}

fn once<T>(field: &mut Option<T>, value: T) -> Result<(), Wrong> {
    if field.is_some() {
        return Err(Wrong::Repeated);
    }
    *field = Some(value);
    Ok(())
}
