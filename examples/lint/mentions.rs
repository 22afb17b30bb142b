//! Known lists that a text names anywhere: in files that are not read, and in parts that were not understood.

use std::collections::HashMap;
use std::ops::Range;

use rdnsbl::lists::catalogue::Catalogue;
use rdnsbl::{ListSpec, Name};

use crate::collect::{Collected, MAX_LISTS};
use crate::kind::Kind;
use crate::source::Source;

/// The known lists of a text.
#[derive(Default)]
pub(crate) struct Mentions {
    /// Each with the position of its name.
    pub(crate) found: Vec<(usize, ListSpec)>,
    /// How many stand in comments.
    pub(crate) commented_out: usize,
    /// In a file that is not read: how many other names may be lists.
    pub(crate) others: usize,
}

/// Finds the names of known lists beside those that were read as lists. A list whose zone comes from a variable gets the
/// position of its name.
pub(crate) fn find(source: &Source, catalogue: &Catalogue, collected: &mut Collected) -> Mentions {
    let mut mentions = Mentions::default();
    let Collected { lists, switched_off, .. } = collected;
    let mut taken: Vec<usize> = lists.iter().map(|found| found.at).collect();
    taken.sort_unstable();
    let mut elsewhere: HashMap<Name, Vec<usize>> = HashMap::new();
    for (index, found) in lists.iter().enumerate().filter(|(_, found)| found.zone.is_none()) {
        elsewhere.entry(found.spec.zone().clone()).or_default().push(index);
    }
    let mut known: HashMap<&str, Option<ListSpec>> = HashMap::new();
    let mut end = 0;
    for line in source.text.split_inclusive('\n') {
        let at = end;
        end += line.len();
        if !line.contains('.') {
            continue;
        }
        let comment = match source.kind {
            Kind::SpamAssassin if !may_ask(line) => Some(0),
            _ => comment_start(line),
        };
        // Every line of a plain list was read.
        let from = if source.kind == Kind::Plain { comment.unwrap_or(line.len()) } else { 0 };
        for word in words(line, from) {
            let text = line.get(word.clone()).unwrap_or_default();
            let place = at + word.start;
            if taken.binary_search(&place).is_ok() || is_inside(switched_off, place) {
                continue;
            }
            // Words of a configuration recur.
            if known.len() > MAX_KNOWN {
                known.clear();
            }
            let zone = known.entry(text).or_insert_with(|| zone(text, catalogue));
            let is_comment = comment.is_some_and(|start| word.start >= start);
            let Some(spec) = zone else {
                let may_be_list = text.matches('.').count() > 1 && !is_comment;
                mentions.others += usize::from(may_be_list && matches!(source.kind, Kind::Other(_)));
                continue;
            };
            if is_comment {
                mentions.commented_out += 1;
            } else if let Some(used) = elsewhere.get(spec.zone()) {
                for index in used {
                    if let Some(found) = lists.get_mut(*index) {
                        found.at = place;
                    }
                }
            } else if mentions.found.len() < MAX_LISTS {
                mentions.found.push((place, spec.clone()));
            }
        }
    }
    mentions
}

/// Does the octet stand in one of these ranges, which are in order?
fn is_inside(ranges: &[Range<usize>], at: usize) -> bool {
    let after = ranges.partition_point(|range| range.start <= at);
    after.checked_sub(1).and_then(|before| ranges.get(before)).is_some_and(|range| range.contains(&at))
}

/// Is this a line of SpamAssassin that asks a list, or a comment?
pub(crate) fn may_ask(line: &str) -> bool {
    let word = line.split_ascii_whitespace().next().unwrap_or_default();
    ["header", "askdns", "body"].contains(&word) || (word.starts_with("uri") && word != "uridnsbl_skip_domain")
}

/// How many words are remembered.
const MAX_KNOWN: usize = 10_000;

/// The list, if the catalogue holds it.
fn zone(word: &str, catalogue: &Catalogue) -> Option<ListSpec> {
    catalogue.get(&Name::parse(word).ok()?)?;
    ListSpec::deny(word).ok()
}

/// Where the comment of a line begins.
fn comment_start(line: &str) -> Option<usize> {
    let start = line.trim_start();
    if start.starts_with(['#', ';']) || start.starts_with("dnl") || start.starts_with("//") {
        return Some(line.len() - start.len());
    }
    let is_comment = |at: &usize| {
        let (before, from) = line.split_at_checked(*at).unwrap_or_default();
        match from.strip_prefix("dnl") {
            Some(after) => before.ends_with(['\'', ')']) || (before.ends_with(' ') && after.starts_with(' ')),
            None => from.starts_with('#') && before.ends_with([' ', '\t']),
        }
    };
    let comment = line.match_indices(['#', 'd']).map(|(at, _)| at).find(is_comment)?;
    Some(comment - 1)
}

/// The words of a line, from an octet on, that may be names of several labels, without those in URLs and mail addresses.
fn words(line: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut at = from;
    std::iter::from_fn(move || {
        loop {
            let rest = line.get(at..)?;
            let start = at + rest.find(|c| is_part(c) && c != '.')?;
            let word = line.get(start..)?;
            let length = word.find(|c| !is_part(c)).unwrap_or(word.len());
            at = start + length;
            // `$sender_host_address.zone`: the name of a variable is no label.
            let skipped = match line.get(..start)?.ends_with('$') {
                true => word.find('.').map_or(length, |dot| dot + 1),
                false => 0,
            };
            let (start, length, word) = (start + skipped, length - skipped.min(length), word.get(skipped..)?);
            let before = line.get(..start)?.trim_end_matches('.').chars().next_back();
            let text = word.get(..length)?.trim_end_matches('.');
            let is_name = text.contains('.') && text.len() <= 253 && text.ends_with(|c: char| c.is_ascii_alphabetic());
            if is_name && !matches!(before, Some('/' | '@')) && !word.get(length..)?.starts_with('@') {
                return Some(start..start + text.len());
            }
        }
    })
}
