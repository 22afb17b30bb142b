//! What one text holds: lists with their positions, parts that ask none, and what the notations say about mistakes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use rdnsbl::ListSpec;
use rdnsbl::dnsxl::{NotCounted, SpecError, SpecErrorKind};
use rdnsbl::lists::notation::{self, Thresholds};
use rdnsbl::remote_text::{RemoteText, hide_keys};

use crate::finding::{self, Finding, Rule};
use crate::kind::Kind;
use crate::source::Source;

/// Lists beyond these are counted only.
pub(crate) const MAX_LISTS: usize = 10_000;
/// Findings about one text beyond these are counted only.
pub(crate) const MAX_FINDINGS: usize = 10_000;
/// Longer parts are cut when they are shown.
const MAX_SHOWN: usize = 60;

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
    /// Lists beyond the limit.
    pub(crate) too_many: usize,
}

/// Reads a text.
pub(crate) fn collect(source: &Source) -> Collected {
    let mut collected = Collected::default();
    let Some(notation) = source.kind.notation() else {
        let what = match source.kind {
            Kind::Other("unknown" | "other") => "this is no configuration that is read here".to_owned(),
            kind => format!("a {} file is not read", kind.name()),
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
    let mut start = 0;
    for piece in pieces(source) {
        if source.kind == Kind::Plain && collected.lists.len() >= MAX_LISTS {
            let is_list = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
            collected.too_many += piece.lines().filter(is_list).count();
            continue;
        }
        let plain = without_trailing_comments(source.kind, piece);
        for context in notation::contexts(notation, &plain) {
            collected.thresholds.push((context.name.clone(), context.thresholds));
            for (item, list) in context.items {
                let item = start + item.start..start + item.end;
                match list {
                    Ok(_) if collected.lists.len() >= MAX_LISTS => collected.too_many += 1,
                    Ok(spec) => {
                        let zone = locate(source, &item, &spec);
                        let at = zone.as_ref().map_or(item.start, |zone| zone.start);
                        collected.lists.push(Found { spec, at, zone, item, context: context.name.clone() });
                    }
                    Err(error) => collected.part(source, start + error.span().start, item, &error),
                }
            }
        }
        start += piece.len();
    }
    collected
}

impl Collected {
    /// A part that is no list.
    fn part(&mut self, source: &Source, at: usize, item: Range<usize>, error: &SpecError) {
        let shown = || shown(source, &item);
        let found = |rule: &'static Rule, message: String| Some(Finding::new(rule, item.start, message));
        let finding = match error.kind() {
            SpecErrorKind::NotCounted(NotCounted::NeverReached) => found(
                finding::MOOT,
                format!("\"{}\" is never reached: permit, reject or defer stands before it", shown()),
            )
            .map(|finding| finding.advice("move it up, or remove it")),
            SpecErrorKind::NotCounted(NotCounted::WarnIfReject | NotCounted::Warn) => {
                found(finding::ONLY_WARNS, format!("\"{}\" only warns: it refuses nothing", shown()))
            }
            SpecErrorKind::NotCounted(NotCounted::SwitchedOff) => {
                found(finding::SWITCHED_OFF, format!("\"{}\" is switched off by its score of 0", shown()))
            }
            SpecErrorKind::NotCounted(NotCounted::RuleGivenAgain) => {
                found(finding::GIVEN_AGAIN, format!("\"{}\" is defined again below; the last one counts", shown()))
            }
            SpecErrorKind::NotCounted(NotCounted::GivenAgain) => {
                let name = source.get(item.clone()).split('=').next().unwrap_or_default().trim();
                let holds_lists = ["_restrictions", "_sites", "maps_rbl_domains"].iter().any(|end| name.ends_with(end));
                let message = || format!("{} is defined again below; the last one counts", clean(name));
                if holds_lists { found(finding::GIVEN_AGAIN, message()) } else { None }
            }
            SpecErrorKind::NotContinued => {
                let message = format!("\"{}\" starts without a blank, so it does not continue the line above", shown());
                found(finding::NOT_CONTINUED, message).map(|finding| {
                    let start = source.line_range(item.start).start;
                    let edit = crate::finding::Edit { span: start..start, text: "    ".to_owned() };
                    finding.advice("put a blank in front; Postfix does not start with this line").edit(edit)
                })
            }
            SpecErrorKind::Undefined(_) => {
                let named = error.to_string();
                let named = named.rsplit_once(" at octet").map_or(named.as_str(), |(named, _)| named);
                Some(Finding::new(finding::UNRESOLVED, at, named.to_owned()))
            }
            SpecErrorKind::NotSupported(_) if !matches!(source.kind, Kind::Postfix | Kind::Plain) => None,
            kind if error.is_mistake() && may_be_about_lists(source.kind, source.get(item.clone())) => {
                Some(Finding::new(finding::UNREADABLE, at, format!("\"{}\" cannot be read: {kind}", shown())))
            }
            _ => None,
        };
        match finding.filter(|_| self.findings.len() < MAX_FINDINGS) {
            Some(finding) => self.findings.push(finding),
            None => self.left_out.push((item, error.kind())),
        }
    }
}

/// Files of software with a language of its own hold much that is not read here; what names no list is no mistake.
fn may_be_about_lists(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::SpamAssassin => text.contains("check_rbl"),
        Kind::Sendmail => text.contains("bl'") || text.contains("bl`") || text.contains("dnsbl"),
        _ => true,
    }
}

/// The start of a part, in one printable line without a key.
pub(crate) fn shown(source: &Source, item: &Range<usize>) -> String {
    clean(source.get(item.clone()))
}

fn clean(text: &str) -> String {
    let mut short: String = text.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    short = hide_keys(RemoteText::clean(short.as_bytes()).as_str());
    if short.chars().count() > MAX_SHOWN {
        short = short.chars().take(MAX_SHOWN).collect();
        short.push_str("...");
    }
    short
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

/// The text in pieces that are read one after the other. Lines of a plain list have nothing to do with each other; all
/// other texts are read as a whole.
fn pieces(source: &Source) -> impl Iterator<Item = &str> {
    let longest = if source.kind == Kind::Plain { MAX_PIECE } else { usize::MAX };
    let mut rest = source.text.as_str();
    std::iter::from_fn(move || {
        let cut = rest.as_bytes().get(longest..).and_then(|more| more.iter().position(|octet| *octet == b'\n'));
        let (piece, more) = rest.split_at_checked(cut.map_or(rest.len(), |cut| longest + cut + 1))?;
        rest = more;
        (!piece.is_empty()).then_some(piece)
    })
}

/// A plain list is read in pieces of about this many octets.
const MAX_PIECE: usize = 1 << 20;

/// A plain list with blanks in place of comments behind zones; any other text as it is.
fn without_trailing_comments(kind: Kind, text: &str) -> Cow<'_, str> {
    if kind != Kind::Plain {
        return Cow::Borrowed(text);
    }
    let blank = |line: &str| match line.find('#') {
        Some(at) => {
            let (zone, comment) = line.split_at(at);
            let blanks = comment.chars().map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) });
            format!("{zone}{}", blanks.collect::<String>())
        }
        None => line.to_owned(),
    };
    Cow::Owned(text.split_inclusive('\n').map(blank).collect())
}
