//! Text received from the network, made safe to show.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use crate::base::key_mask::hide_keys;

/// The maximum length of a text in octets; a longer text is cut and ends in `...`.
pub const MAX_TEXT: usize = 500;
const CUT: &str = "...";
/// The minimum number of octets at the start of a secret that reveal a part of it.
const LEAST_PART: usize = 4;

/// Remote text, made safe to show: printable ASCII, one line, at most 500 octets.
///
/// A TXT or PTR record may contain CR, LF, NUL and escape sequences. Without cleaning, it could end an SMTP reply,
/// forge lines in a log, or control a terminal. Line breaks and tabs become a space; every other octet outside
/// 0x20-0x7e becomes `?`.
///
/// ```
/// use rdnsbl::remote_text::RemoteText;
///
/// assert_eq!(RemoteText::clean(b"listed\r\n250 OK\x1b[2J").as_str(), "listed  250 OK?[2J");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteText(Arc<str>, Altered);

impl AsRef<str> for RemoteText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl RemoteText {
    /// Cleans the text and cuts it to the maximum length. Cleaning it again changes nothing.
    #[must_use]
    pub fn clean(raw: &[u8]) -> Self {
        Self::clean_to(raw, MAX_TEXT)
    }

    /// Cleans the text and cuts it to a smaller length.
    pub(crate) fn clip_to(text: &str, limit: usize) -> Self {
        Self::clean_to(text.as_bytes(), limit.clamp(CUT.len(), MAX_TEXT))
    }

    fn clean_to(raw: &[u8], limit: usize) -> Self {
        let (length, end) = if raw.len() > limit { (limit - CUT.len(), CUT) } else { (raw.len(), "") };
        let mut altered = !end.is_empty();
        // Written on the stack first, so that a text needs only one allocation.
        let mut text = [0; MAX_TEXT];
        for (place, octet) in text.iter_mut().zip(raw.iter().take(length)) {
            *place = match octet {
                b'\r' | b'\n' | b'\t' => b' ',
                0x20..=0x7e => *octet,
                _ => b'?',
            };
            altered |= *place != *octet;
        }
        text.iter_mut().skip(length).zip(end.bytes()).for_each(|(place, octet)| *place = octet);
        let text = text.get(..length + end.len()).and_then(|text| std::str::from_utf8(text).ok());
        Self(text.unwrap_or_default().into(), Altered(altered))
    }

    /// Several texts as one, separated by `"; "`.
    pub(crate) fn join<'a>(texts: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let texts: Vec<&Self> = texts.take(MAX_TEXT).collect();
        let altered = texts.iter().any(|text| text.was_altered());
        let joined = texts.into_iter().map(Self::as_str).collect::<Vec<_>>().join("; ");
        if joined.is_empty() { None } else { Some(Self::clean(joined.as_bytes()).altered_if(altered)) }
    }

    /// The text without a secret that it may quote; upper and lower case are equal.
    pub(crate) fn without(&self, secret: &str) -> Self {
        crate::base::key_mask::parts(secret).fold(self.clone(), |text, part| text.without_part(part))
    }

    fn without_part(&self, secret: &str) -> Self {
        if secret.is_empty() {
            return self.clone();
        }
        let folded = self.0.to_ascii_lowercase();
        let mut kept = String::with_capacity(self.0.len());
        let mut from = 0;
        for (at, _) in folded.match_indices(secret) {
            kept.push_str(self.0.get(from..at).unwrap_or_default());
            kept.push_str("***");
            from = at + secret.len();
        }
        kept.push_str(self.0.get(from..).unwrap_or_default());
        // If the text was cut, the start of a secret may stand just before the cut.
        for length in (LEAST_PART..secret.len()).rev() {
            let Some(part) = secret.get(..length) else { continue };
            let cut = format!("{part}{CUT}");
            while let Some(at) = kept.to_ascii_lowercase().find(&cut) {
                kept.replace_range(at..at + length, "***");
            }
        }
        Self::clean(kept.as_bytes()).altered_if(self.was_altered() || kept != *self.0)
    }

    fn altered_if(mut self, altered: bool) -> Self {
        self.1.0 |= altered;
        self
    }

    /// Was the text changed: cleaned, cut, or a secret removed?
    #[must_use]
    pub fn was_altered(&self) -> bool {
        self.1.0
    }

    /// Does the text look like the notice of a list that has closed? A hint for people only: ordinary advice about
    /// removal uses some of these words too, so no decision depends on it.
    #[must_use]
    pub fn is_closing_notice(&self) -> bool {
        const LAST_WORDS: [&str; 14] = [
            "depricated",
            "deprecated",
            "shut down",
            "shutdown",
            "decommissioned",
            "discontinued",
            "no longer",
            "is closed",
            "defunct",
            "is gone",
            "delete it",
            "remove it from",
            "please remove from",
            "stop using",
        ];
        let folded = self.0.to_ascii_lowercase();
        LAST_WORDS.iter().any(|words| folded.contains(words))
    }

    /// The safe text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the text differs from the text received. It is ignored in comparisons: two texts with the same characters
/// are equal.
#[derive(Clone, Copy, Debug)]
struct Altered(bool);

impl PartialEq for Altered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Altered {}

impl PartialOrd for Altered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Altered {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Altered {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Display for RemoteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_octets_become_harmless() {
        let all: Vec<u8> = (0..=255).collect();
        let text = RemoteText::clean(&all);
        assert!(text.as_str().bytes().all(|octet| (0x20..=0x7e).contains(&octet)));
        assert_eq!(RemoteText::clean(text.as_str().as_bytes()), text);
    }

    #[test]
    fn altered_text_is_marked() {
        assert!(!RemoteText::clean(b"see https://x.example/?d=1").was_altered());
        for raw in [&b"a\nb"[..], b"caf\xe9", &[b'x'; 501]] {
            let text = RemoteText::clean(raw);
            assert!(text.was_altered());
            assert_eq!(RemoteText::clean(text.as_str().as_bytes()), text);
        }
        assert!(RemoteText::clean(b"the key abckey").without("abckey").was_altered());
    }

    #[test]
    fn clipped_and_says_so() {
        let long = RemoteText::clean(&[b'x'; 65_535]);
        assert_eq!(long.as_str().len(), MAX_TEXT);
        assert!(long.as_str().ends_with(CUT));
        assert_eq!(RemoteText::clean(long.as_str().as_bytes()), long);
        assert_eq!(RemoteText::clean(&[b'x'; MAX_TEXT]).as_str().len(), MAX_TEXT);
    }

    #[test]
    fn last_words() {
        for dying in [
            "THIS RBL HAS LONG BEEN DEPRICATED---DELETE IT FROM YOUR CONFIG",
            "ordb.org was shut down on December 18, 2006. Please remove from your mailserver.",
            "This zone has been deprecated for about two years. Maybe if it starts blocking your mail you'll notice",
            "DSBL is GONE and highly unlikely to return. Please remove it from your mail server configuration.",
        ] {
            assert!(RemoteText::clean(dying.as_bytes()).is_closing_notice(), "{dying}");
        }
        for alive in
            ["Blocked - see https://www.spamcop.net/bl.shtml?127.0.0.2", "Listed. To be removed see https://x.example"]
        {
            assert!(!RemoteText::clean(alive.as_bytes()).is_closing_notice(), "{alive}");
        }
    }

    #[test]
    fn secrets_are_cut_out() {
        let text = RemoteText::clean(b"see http://x/?q=1.2.3.4.ABCkey.zen and abckey");
        assert_eq!(text.without("abckey").as_str(), "see http://x/?q=1.2.3.4.***.zen and ***");
        let cut = RemoteText::clean(&[&[b'x'; 493][..], b"ABCkey and more"].concat());
        assert!(cut.as_str().ends_with("xABCk..."), "{cut}");
        assert!(cut.without("abckey").as_str().ends_with("x***..."), "{}", cut.without("abckey"));
    }
}
