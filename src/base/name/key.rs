//! The secret labels of commercial lists: given by the host, or recognised in a name.

use std::fmt;
use std::sync::Arc;

use crate::base::key_mask::{SHORTEST, SHORTEST_MISPLACED};
use crate::base::name::error::{NameError, NameErrorKind};
use crate::base::name::label::{MAX_LABEL_LENGTH, is_host_label};

/// The secret label of a commercial list: one label of letters, digits, hyphens and underscores. It has no `Display`.
///
/// ```compile_fail
/// let key = rdnsbl::name::Key::new("abcdefgh")?;
/// println!("{key}");
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub(super) Arc<str>);

impl Key {
    /// Accepts the label as the operator of the list supplied it.
    ///
    /// # Errors
    /// [`NameError`] when it is not one label of letters, digits, hyphens and underscores.
    pub fn new(label: impl Into<String>) -> Result<Self, NameError> {
        let label = label.into().to_ascii_lowercase();
        if label.is_empty() {
            return Err(NameError::new(NameErrorKind::Empty, 0..0));
        }
        if label.len() > MAX_LABEL_LENGTH {
            return Err(NameError::new(NameErrorKind::LabelTooLong, 0..label.len()));
        }
        if !is_host_label(&label) {
            return Err(NameError::new(NameErrorKind::BadCharacter, 0..label.len()));
        }
        Ok(Self(label.into()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Zones where the key stands directly in front of the zone.
const KEY_BEFORE_ZONE: [&str; 6] = [
    ".r.mail-abuse.com.",
    ".all.spamrats.com.",
    ".auth.spamrats.com.",
    ".dyna.spamrats.com.",
    ".noptr.spamrats.com.",
    ".spam.spamrats.com.",
];

/// Finds the key in names of lists whose operators sell access by a secret label.
pub(super) fn known_secret(absolute: &str) -> Option<(u8, u8)> {
    // KEY.<list>.dq.spamhaus.net, KEY.<list>.mail.abusix.zone: the key stands before the list's own label.
    for suffix in [".dq.spamhaus.net.", ".mail.abusix.zone."] {
        if let Some(front) = absolute.strip_suffix(suffix) {
            let last = front.rfind('.').map_or(0, |dot| dot + 1);
            // The list's own label was left out, or it stands before the key.
            if front.len() - last >= SHORTEST_MISPLACED {
                return key_span(last, front.len());
            }
            let key_and_before = &front.get(..front.rfind('.')?)?;
            let start = key_and_before.rfind('.').map_or(0, |dot| dot + 1);
            return key_span(start, key_and_before.len());
        }
    }
    // KEY.r.mail-abuse.com, KEY.spam.spamrats.com: the key stands before the zone.
    for suffix in KEY_BEFORE_ZONE {
        if let Some(front) = absolute.strip_suffix(suffix) {
            return key_span(front.rfind('.').map_or(0, |dot| dot + 1), front.len());
        }
    }
    // KEY.<reversed address>.dnsbl.httpbl.org: the key comes first.
    let front = absolute.strip_suffix(".dnsbl.httpbl.org.")?;
    key_span(0, front.find('.').unwrap_or(front.len()))
}

/// The range of a key; `None` if it is too short. Short labels belong to the subject (octets, nibbles, most top-level
/// domains).
pub(super) fn key_span(from: usize, to: usize) -> Option<(u8, u8)> {
    if to.checked_sub(from)? < SHORTEST {
        return None;
    }
    Some((u8::try_from(from).ok()?, u8::try_from(to).ok()?))
}
