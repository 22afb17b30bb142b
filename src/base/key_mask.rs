//! Masks keys of commercial lists in texts that people wrote. Keys are found by their form and by their position.

use std::ops::Range;

/// From this length on, a run of letters and digits may be a key.
const LONG: usize = 16;
/// Shorter labels in front of a zone are not keys: they are octets of an address and similar labels.
pub(crate) const SHORTEST: usize = 4;
/// From this length on, a label is a key even where a list's own label should stand: no list has one so long.
pub(crate) const SHORTEST_MISPLACED: usize = 12;
/// Public names that have the form of a key.
const PUBLIC: [&str; 2] = ["barracudacentral", "spameatingmonkey"];
/// Zones in front of which the list's own label stands between the key and the zone.
const BEFORE_LABEL: [&str; 2] = ["dq.spamhaus", "mail.abusix"];
/// From this length on, letters and digits in a label of a list's zone are a key: no list has such a label.
const LONG_IN_ZONE: usize = 20;
/// Labels of operators who sell access by a label: in front of them, a label of `LONG` octets is already a key.
const OPERATORS: [&str; 5] = ["spamhaus", "abusix", "httpbl", "spamrats", "mail-abuse"];
/// Zones where the key can stand anywhere in front of the zone.
const BEFORE_ZONE: [&str; 3] = ["dnsbl.httpbl", "spamrats.", "r.mail-abuse"];

/// Replaces what may be a key by stars, one star for each character, so that error markers below the text stay in
/// place.
///
/// Two kinds of text are masked: runs of 16 or more letters and digits, whatever stands around them; and labels of
/// any length in front of the zones of operators who sell access by a label. Use it to show text that somebody wrote
/// incorrectly; a [`Name`](crate::base::name::Name) masks its key itself.
///
/// ```
/// use rdnsbl::remote_text::hide_keys;
///
/// assert_eq!(hide_keys("abcdefghijkl.dnsbl.httpbl.org=x"), "************.dnsbl.httpbl.org=x");
/// assert_eq!(hide_keys("bl.example=127.0.0"), "bl.example=127.0.0");
/// ```
#[must_use]
pub fn hide_keys(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(&hide_in_word(word));
        let next = after.chars().next();
        shown.extend(next);
        rest = after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    shown
}

/// Can this character stand in a domain name?
fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

/// The words between blanks, brackets and similar characters.
fn hide_in_word(word: &str) -> String {
    let keyed = end_of_keys(&word.to_ascii_lowercase());
    let mut shown = String::with_capacity(word.len());
    let mut start = 0;
    for run in word.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let letters = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_key = letters.len() >= LONG && !PUBLIC.contains(&letters.to_ascii_lowercase().as_str());
        if is_key || (start < keyed && letters.len() >= SHORTEST) {
            shown.push_str(&"*".repeat(letters.len()));
        } else {
            shown.push_str(letters);
        }
        shown.push_str(run.get(letters.len()..).unwrap_or_default());
        start += run.len();
    }
    shown
}

/// The end of the part of a word, in lower case, in which every label may be a key because of the zone that follows.
fn end_of_keys(folded: &str) -> usize {
    let starts = |at: usize, zone: &str| folded.get(at..).is_some_and(|rest| rest.starts_with(zone));
    let find = |zones: &[&str]| {
        let mut labels = folded.rmatch_indices('.').map(|(dot, _)| dot + 1);
        labels.find(|at| zones.iter().any(|zone| starts(*at, zone)))
    };
    match (find(&BEFORE_LABEL), find(&BEFORE_ZONE)) {
        (Some(zone), _) => {
            let front = folded.get(..zone - 1).unwrap_or_default();
            let label = front.rfind('.').map_or(0, |dot| dot + 1);
            if front.len() - label >= SHORTEST_MISPLACED { zone } else { label }
        }
        // For spamrats.com, the list's own label is part of the zone.
        (None, Some(zone)) if folded.get(zone..).is_some_and(|found| found.starts_with("spamrats")) => {
            folded.get(..zone - 1).and_then(|front| front.rfind('.')).unwrap_or(0)
        }
        (None, Some(zone)) => zone,
        (None, None) => 0,
    }
}

/// The position of a key in the zone of a list that is not marked as keyed; `zone` is in lower case. A key is a label
/// with the form of a key, or a label in front of an operator's zone, even if that zone is misspelled. Several labels
/// are returned as one range.
pub(crate) fn in_zone(zone: &str) -> Option<Range<usize>> {
    let labels = || {
        zone.split('.').scan(0, |next, label| {
            let start = *next;
            *next += label.len() + 1;
            Some((start..start + label.len(), label))
        })
    };
    let operator = labels().filter(|(_, label)| OPERATORS.contains(label)).last().map_or(0, |(range, _)| range.start);
    let is_key = |range: &Range<usize>, label| looks_like_key(label) || (range.start < operator && label.len() >= LONG);
    let mut by_looks = labels().filter(|(range, label)| is_key(range, label)).map(|(range, _)| range);
    if let Some(first) = by_looks.next() {
        return Some(first.start..by_looks.last().map_or(first.end, |last| last.end));
    }
    let keyed = end_of_keys(zone);
    labels().filter(|(range, _)| range.start < keyed && range.len() >= SHORTEST).last().map(|(range, _)| range)
}

/// The parts to remove from texts that may quote a secret: the whole secret and, if it contains several keys, each of
/// them.
pub(crate) fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let labels = secret.split('.').filter(move |label| label.len() >= SHORTEST && label.len() < secret.len());
    let runs = secret.split(|c: char| !c.is_ascii_alphanumeric()).filter(move |run| run.len() < secret.len());
    std::iter::once(secret).chain(labels).chain(runs.filter(|run| looks_like_key(run)))
}

/// Does a label of a zone have a run of this many letters and digits, with digits among them? A-labels (RFC 5891) do.
fn looks_like_key(label: &str) -> bool {
    let runs = || label.split(|c: char| !c.is_ascii_alphanumeric());
    !label.starts_with("xn--")
        && runs().any(|run| run.len() >= LONG_IN_ZONE && run.bytes().any(|octet| octet.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::catalogue::Catalogue;

    #[test]
    fn keys_are_hidden_where_they_stand() {
        for (text, shown) in [
            ("key1.zen.dq.spamhaus.net=", "****.zen.dq.spamhaus.net="),
            ("reject_rbl_client Key12.Zen.DQ.Spamhaus.ne x", "reject_rbl_client *****.Zen.DQ.Spamhaus.ne x"),
            ("zen.dq.spamhaus.net=127", "zen.dq.spamhaus.net=127"),
            ("abcdefghijkl.dq.spamhaus.net", "************.dq.spamhaus.net"),
            ("zen.abcdefghijkl.dq.spamhaus.net", "zen.************.dq.spamhaus.net"),
            ("(key1.combined.mail.abusix.zone)", "(****.combined.mail.abusix.zone)"),
            ("combined.mail.abusix.zone*x", "combined.mail.abusix.zone*x"),
            ("abcd.2.0.0.127.dnsbl.httpbl.org/", "****.2.0.0.127.dnsbl.httpbl.org/"),
            ("abcd.spam.spamrats.com,spam.spamrats.com", "****.spam.spamrats.com,spam.spamrats.com"),
            ("abcd.r.mail-abuse.com?", "****.r.mail-abuse.com?"),
            ("x-0123456789abcdef_y:é", "x-****************_y:é"),
            ("b.barracudacentral.org=127", "b.barracudacentral.org=127"),
            ("notdq.spamhaus.net dnsbl.httpbl.org", "notdq.spamhaus.net dnsbl.httpbl.org"),
            ("...", "..."),
            ("", ""),
        ] {
            assert_eq!(hide_keys(text), shown, "{text}");
        }
    }

    #[test]
    fn keys_in_zones() {
        for (zone, key) in [
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.org", "aq2aaaaaaaaaaaaaaaaaaaaaai"),
            ("0123456789abcdef0123.zen.spamhaus.org", "0123456789abcdef0123"),
            ("bl.x-0123456789abcdef0123.example", "x-0123456789abcdef0123"),
            ("0123456789abcdef0123.x.0123456789abcdef4567.example", "0123456789abcdef0123.x.0123456789abcdef4567"),
            // Short keys, recognized by the zone that follows.
            ("abcd.zen.dq.spamhaus.org", "abcd"),
            ("abcdefghijkl.dq.spamhaus.ent", "abcdefghijkl"),
            ("abcd.combined.mail.abusix.com", "abcd"),
            ("abcd.dnsbl.httpbl.com", "abcd"),
            ("keykeykeykeykeykey.zen.spamhaus.org", "keykeykeykeykeykey"),
            ("keykeykeykeykeykey.combined.abusix.com", "keykeykeykeykeykey"),
            ("internalblocklist.example", ""),
            ("allourinternalblocklists.example", ""),
            ("our-internal-blocklist-number-2.example", ""),
            ("0123456789abcdef012.example", ""),
            ("xn--0123456789abcdef0123.example", ""),
            ("zen.dq.spamhaus.org", ""),
            ("", ""),
        ] {
            let found = in_zone(zone).map(|range| &zone[range]);
            assert_eq!(found.unwrap_or_default(), key, "{zone}");
        }
    }

    #[test]
    fn zones_that_everybody_knows_are_not_hidden() {
        for entry in Catalogue::builtin().iter() {
            let zone = entry.zone().to_string();
            assert_eq!(hide_keys(&zone), zone);
            assert_eq!(in_zone(&zone), None, "{zone}");
        }
    }
}
