//! Finds the list that was probably meant by a misspelled name. Careful: a list that is not in the catalogue is more
//! likely than a misspelling, so a list is suggested only if its name is nearly the same and no other list is as
//! near.

use crate::base::name::Name;
use crate::base::similar::edits;
use crate::lists::catalogue::entry::{Entry, Status};

/// Top-level domains that people confuse.
const MIXED_UP: [&str; 3] = ["com", "net", "org"];
/// A shorter name is near too many others.
const SHORTEST: usize = 8;
/// From this length on, two errors are accepted.
const LONG: usize = 16;
/// A shorter first label may belong to another list of the same operator: one different letter proves nothing.
const FIRST_LABEL: usize = 6;

/// The one list of `entries` that `name` most probably means. Closed lists are compared too, because a misspelling in
/// an old configuration may mean a closed list; but they are never suggested.
pub(crate) fn suggest<'a>(name: &Name, entries: &'a [Entry]) -> Option<&'a Entry> {
    nearest(name, entries).filter(|entry| !entry.status().is_gone())
}

fn nearest<'a>(name: &Name, entries: &'a [Entry]) -> Option<&'a Entry> {
    let entries = entries.iter().filter(|entry| *entry.status() != Status::NeverAList);
    let written = name.without_key().to_string();
    // `spamcop.net` for `bl.spamcop.net`: the operator's domain, if exactly one working list is below it.
    let below = entries
        .clone()
        .filter(|entry| *entry.status() == Status::Active && entry.zone().is_within(name) && name.label_count() >= 2);
    if let Some(entry) = only(below) {
        return Some(entry);
    }
    only_nearest(entries, |entry| distance(&written, plain(entry.zone())))
}

/// The one of these zones, all with keys, that the name with a key in front most probably means: nearly the same
/// name, another top-level domain, or one label missing, such as the `dq` of Spamhaus.
pub(crate) fn keyed<'a>(name: &Name, zones: impl Iterator<Item = &'a Name>) -> Option<&'a Name> {
    let written = name.without_key().to_string();
    only_nearest(zones, |zone| {
        let zone = plain(zone);
        distance(&written, zone).or_else(|| is_with_label_left_out(&written, zone).then_some(2))
    })
}

/// A zone of the catalogue, which holds no key, as people write it.
fn plain(zone: &Name) -> &str {
    zone.expose().trim_end_matches('.')
}

/// The item at the smallest distance, if there is exactly one.
fn only_nearest<'a, T>(items: impl Iterator<Item = &'a T>, distance: impl Fn(&T) -> Option<usize>) -> Option<&'a T> {
    let mut best: Option<(usize, Option<&T>)> = None;
    for item in items {
        let Some(distance) = distance(item) else { continue };
        best = match best {
            Some((least, _)) if distance > least => continue,
            Some((least, _)) if distance == least => Some((least, None)),
            _ => Some((distance, Some(item))),
        };
    }
    best?.1
}

/// Is it the zone without one of its labels, with any top-level domain?
fn is_with_label_left_out(written: &str, zone: &str) -> bool {
    let (Some((written, _)), Some((zone, _))) = (written.rsplit_once('.'), zone.rsplit_once('.')) else { return false };
    let (written, zone): (Vec<&str>, Vec<&str>) = (written.split('.').collect(), zone.split('.').collect());
    let without =
        |left_out| zone.iter().enumerate().filter(move |(place, _)| *place != left_out).map(|(_, label)| label);
    written == zone || (0..zone.len()).any(|place| written.iter().eq(without(place)))
}

/// The item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    if items.next().is_some() { None } else { Some(first) }
}

/// The number of errors between the name and a zone; `None` if there are too many.
fn distance(written: &str, zone: &str) -> Option<usize> {
    if written == zone || written.len() < SHORTEST || written.len().abs_diff(zone.len()) > 2 {
        return None;
    }
    // zen.spamhaus.net for zen.spamhaus.org.
    if let (Some((front, end)), Some((zone_front, zone_end))) = (written.rsplit_once('.'), zone.rsplit_once('.'))
        && front == zone_front
        && MIXED_UP.contains(&end)
        && MIXED_UP.contains(&zone_end)
    {
        return Some(1);
    }
    // One error changes at most two letters of the set. This rules out nearly all, and is quick.
    if (letters(written) ^ letters(zone)).count_ones() > 4 {
        return None;
    }
    let slips = edits(written.as_bytes(), zone.as_bytes());
    let allowed = if written.len() >= LONG { 2 } else { 1 };
    let believed = slips <= allowed && !may_be_sibling(written, zone) && !differs_in_digits(written, zone);
    believed.then_some(slips)
}

/// The set of octets in a text, as bits; some octets share one.
fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |set, octet| set | 1 << (octet % 64))
}

/// The same domain of an operator with another short first label: `ubl.example.org` beside `sbl.example.org`. There,
/// only swapped letters (`zne` for `zen`) count as an error.
fn may_be_sibling(written: &str, zone: &str) -> bool {
    let (Some((first, rest)), Some((zone_first, zone_rest))) = (written.split_once('.'), zone.split_once('.')) else {
        return false;
    };
    let sorted = |label: &str| {
        let mut letters = label.as_bytes().to_vec();
        letters.sort_unstable();
        letters
    };
    rest == zone_rest && first.len() < FIRST_LABEL && sorted(first) != sorted(zone_first)
}

/// Numbered lists of one operator: `dnsbl-4` beside `dnsbl-3`.
fn differs_in_digits(written: &str, zone: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    letters(written) == letters(zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::catalogue::Catalogue;

    #[test]
    fn slips_are_counted() {
        for (from, to, wanted) in [
            ("", "", 0),
            ("a", "", 1),
            ("zen", "zen", 0),
            ("zne", "zen", 1),
            ("spamhuas", "spamhaus", 1),
            ("spamhous", "spamhaus", 1),
            ("samphaus", "spamhaus", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(from.as_bytes(), to.as_bytes()), wanted, "{from} {to}");
        }
    }

    #[test]
    fn what_was_meant() {
        for (written, meant) in [
            ("zen.spamhous.org", Some("zen.spamhaus.org")),
            ("zne.spamhaus.org", Some("zen.spamhaus.org")),
            ("zen.spamhaus.net", Some("zen.spamhaus.org")),
            ("b.barracudacentral.com", Some("b.barracudacentral.org")),
            ("truncte.gbudb.net", Some("truncate.gbudb.net")),
            ("spamcop.net", Some("bl.spamcop.net")),
            ("hostkarma.junkmailfilter.com", Some("hostkarma.junkemailfilter.com")),
            // With a key in front, a zone that accepts one.
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.org", Some("zen.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.spamhaus.org", Some("zen.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.spamhaus.net", Some("zen.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.ent", Some("zen.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhuas.net", Some("zen.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.dbl.spamhaus.org", Some("dbl.dq.spamhaus.net")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.combined.abusix.zone", Some("combined.mail.abusix.zone")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.combined.abusix.com", Some("combined.mail.abusix.zone")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.combined.mail.abusix.com", Some("combined.mail.abusix.zone")),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.net", None),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.bl.spamcop.net", None),
            ("aq2aaaaaaaaaaaaaaaaaaaaaai.dq.spamhaus.net", None),
            // Near a closed list.
            ("dnsbl.njalb.org", None),
            ("relays.ordb.net", None),
            ("bl.spamcanibal.org", None),
            // Nearer to a closed list than to a working one.
            ("cbl.anti-spam.org.cm", None),
            // Another list of the operator, which is not in the catalogue, is not a misspelling.
            ("hbl.dq.spamhaus.net", None),
            ("abl.spamhaus.org", None),
            ("dnsbl-4.uceprotect.net", None),
            ("dnsbl-0.uceprotect.net", None),
            // A closed list is never suggested.
            ("dnsbl.njabl.com", None),
            ("combined.njabl.net", None),
            // Several lists are possible.
            ("spamhaus.org", None),
            ("org", None),
            // Not a typing error.
            ("bl.example", None),
            ("zen.example", None),
            ("z.example", None),
            ("good.example", None),
            ("list.demo", None),
            ("bl.test", None),
            ("dnsbl.mail.example.org", None),
        ] {
            let found = Catalogue::builtin().meant(&Name::parse(written).unwrap().with_keys_hidden());
            assert_eq!(found.map(ToString::to_string).as_deref(), meant, "{written}");
        }
    }
}
