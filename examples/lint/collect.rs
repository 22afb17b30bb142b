//! What one text holds: lists with their positions, and parts that are no lists.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use rdnsbl::ListSpec;
use rdnsbl::dnsxl::{SpecError, SpecErrorKind};
use rdnsbl::lists::notation::{self, Amount, Thresholds};

use crate::finding::{self, Finding};
use crate::kind::Kind;
use crate::parts;
use crate::source::Source;

/// Lists beyond these are counted only.
pub(crate) const MAX_LISTS: usize = 10_000;
/// Parts that are no lists, beyond these, are counted only.
const MAX_OTHERS: usize = 100_000;
/// Findings about one text beyond these are counted only.
pub(crate) const MAX_FINDINGS: usize = 10_000;

/// A list where it stands.
pub(crate) struct Found {
    pub(crate) spec: ListSpec,
    /// The position of the zone; of the part that asks it, if a variable names the zone.
    pub(crate) at: usize,
    /// The zone as written, with a key in front.
    pub(crate) zone: Option<Range<usize>>,
    /// The whole part: the restriction, the rule, the statement.
    pub(crate) item: Range<usize>,
    pub(crate) context: Option<Arc<str>>,
}

/// Everything that a text holds.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) lists: Vec<Found>,
    pub(crate) findings: Vec<Finding>,
    /// The thresholds of each context.
    pub(crate) thresholds: Vec<(Option<Arc<str>>, Thresholds)>,
    /// Parts that ask no list, and parts that cannot be judged here.
    pub(crate) left_out: Vec<(Range<usize>, SpecErrorKind)>,
    /// Rules that are switched off, in order: what they name is not asked.
    pub(crate) switched_off: Vec<Range<usize>>,
    /// Lists beyond the limit.
    pub(crate) too_many: usize,
    /// Other parts beyond the limit.
    pub(crate) more_left_out: usize,
}

/// Reads a text.
pub(crate) fn collect(source: &Source) -> Collected {
    let mut collected = Collected::default();
    let Some(notation) = source.kind.notation() else {
        let what = match source.kind {
            Kind::Other("unknown" | "other") => "this is no configuration that is read here".to_owned(),
            kind => format!("{} {} file is not read", article(kind.name()), kind.name()),
        };
        let message = format!("{what}; known lists in it are looked up");
        collected.findings.push(Finding::new(finding::NOT_READ, 0, message));
        return collected;
    };
    // Exim's reader takes a text without the condition for the value of one; of rspamd, only rules are read.
    let word = match source.kind {
        Kind::Exim => "dnslists",
        Kind::Rspamd => "rbl",
        _ => "",
    };
    if !source.text.contains(word) {
        return collected;
    }
    let text = without_trailing_comments(source);
    let (contexts, beyond) =
        notation::contexts_within(notation, &text, Amount { lists: MAX_LISTS, others: MAX_OTHERS });
    collected.too_many = beyond.lists;
    collected.more_left_out = beyond.others;
    for context in contexts {
        collected.thresholds.push((context.name.clone(), context.thresholds));
        for (item, list) in context.items {
            match list {
                Ok(spec) => {
                    let zone = locate(source, &item, &spec);
                    let at = zone.as_ref().map_or(item.start, |zone| zone.start);
                    collected.lists.push(Found { spec, at, zone, item, context: context.name.clone() });
                }
                Err(error) => collected.part(source, item, &error),
            }
        }
    }
    collected
}

impl Collected {
    /// A part that is no list.
    fn part(&mut self, source: &Source, item: Range<usize>, error: &SpecError) {
        if parts::is_switched_off(error.kind()) {
            self.switched_off.push(item.clone());
        }
        let has_room = self.findings.len() < MAX_FINDINGS;
        match parts::explain(source, &item, error).filter(|_| has_room) {
            Some(finding) => self.findings.push(finding),
            None => self.left_out.push((item, error.kind())),
        }
    }
}

/// `a Haraka file`, `an amavis file`.
fn article(name: &str) -> &'static str {
    let is_vowel = name.starts_with(['a', 'A', 'E', 'I', 'O', 'U']) || name == "HTML";
    if is_vowel { "an" } else { "a" }
}

/// Where the zone of a list stands in its part, with a key in front.
fn locate(source: &Source, item: &Range<usize>, spec: &ListSpec) -> Option<Range<usize>> {
    let zone = spec.zone().without_key().to_string();
    let text = source.get(item.clone()).to_ascii_lowercase();
    let is_part = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let octets = text.as_bytes();
    let (start, _) = text.match_indices(&zone).find(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| octets.get(before));
        let after = octets.get(at + zone.len()..).unwrap_or_default();
        let ends = match after {
            [b'.', next, ..] => !is_part(next),
            [next, ..] => !is_part(next),
            [] => true,
        };
        ends && !before.is_some_and(is_part)
    })?;
    let key = octets.get(..start).unwrap_or_default().iter().rev().take_while(|o| is_part(o) || **o == b'.').count();
    Some(item.start + start - key..item.start + start + zone.len())
}

/// A plain list with blanks in place of comments behind zones; any other text as it is.
fn without_trailing_comments(source: &Source) -> Cow<'_, str> {
    if source.kind != Kind::Plain {
        return Cow::Borrowed(&source.text);
    }
    let mut is_comment = false;
    let blanked = source.text.bytes().map(|octet| {
        is_comment = octet != b'\n' && (is_comment || octet == b'#');
        if is_comment { b' ' } else { octet }
    });
    // Whole characters are replaced, so it stays text.
    String::from_utf8(blanked.collect()).map_or(Cow::Borrowed(source.text.as_str()), Cow::Owned)
}
