//! Which octets a label may contain.

/// The maximum octets of one label (RFC 1035 §2.3.4).
pub const MAX_LABEL_LENGTH: usize = 63;

/// The octets that a label may contain: visible ASCII that never needs escaping in text.
pub(super) fn is_label_octet(octet: u8) -> bool {
    octet.is_ascii_graphic()
        && !matches!(octet, b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b',' | b'<' | b'>' | b'[' | b']' | b':')
}

/// A label of a host name; underscores allowed, hyphens only inside.
pub(crate) fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}
