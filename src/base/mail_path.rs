//! The argument of `MAIL FROM:` and `RCPT TO:`, parsed only as far as its domain (RFC 5321 §4.1.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::name::Name;

/// What a path contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// `<>`, the null reverse-path (RFC 5321 §4.5.5).
    Null,
    /// A mailbox at a domain.
    Domain(Name),
    /// A mailbox at an address literal.
    Literal(IpAddr),
    /// `postmaster` without a domain: legal in `RCPT TO:` (RFC 5321 §4.1.1.3).
    Postmaster,
    /// Anything else.
    Malformed,
}

/// The path in an argument of MAIL or RCPT, without the parameters after it: `<a@example.org>` for `<a@example.org>
/// SIZE=1000` (RFC 5321 §4.1.1.2). A text that does not have this form is returned unchanged.
pub(crate) fn without_parameters(text: &str) -> &str {
    // Some clients put a blank behind the colon, and servers accept it.
    let text = text.strip_prefix(' ').map(str::trim_start).filter(|path| path.starts_with('<')).unwrap_or(text);
    let (mut quoted, mut escaped) = (false, false);
    let end = text.char_indices().find_map(|(at, character)| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at + 1),
            _ => {}
        }
        None
    });
    let Some((path, rest)) = end.filter(|_| text.starts_with('<')).and_then(|end| text.split_at_checked(end)) else {
        return text;
    };
    let is_keyword = |keyword: &str| {
        keyword.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            && keyword.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    let is_parameter = |word: &str| match word.split_once('=') {
        Some((keyword, value)) => is_keyword(keyword) && !value.is_empty() && !value.contains(['=', '\0', '\r', '\n']),
        None => is_keyword(word),
    };
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    if rest.starts_with(' ') && words.all(is_parameter) { path } else { text }
}

/// The path of an address that a mail server has parsed: the last `@` divides it, and a local part that is not made of atoms
/// is quoted. The empty address is the null reverse-path.
pub(crate) fn of_address(address: &str) -> String {
    let inner = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(address);
    let Some((local, domain)) = inner.rsplit_once('@') else { return format!("<{inner}>") };
    if is_atoms(local) || is_quoted(local) {
        return format!("<{local}@{domain}>");
    }
    let mut quoted = String::with_capacity(inner.len() + 4);
    for character in local.chars() {
        match character {
            // A control character cannot be sent in a path; what it was does not matter, only the domain is looked at.
            _ if character.is_control() => quoted.push('?'),
            '"' | '\\' => quoted.extend(['\\', character]),
            _ => quoted.push(character),
        }
    }
    format!("<\"{quoted}\"@{domain}>")
}

/// A local part as atoms. Dots in wrong places are accepted, because real mailboxes have them and only the domain is needed.
fn is_atoms(local: &str) -> bool {
    let is_special =
        |character: char| character.is_control() || character.is_whitespace() || "<>()[]\\,;:\"@".contains(character);
    !local.is_empty() && !local.chars().any(is_special)
}

/// A local part as one quoted string, as [`after_local_part`] reads it.
fn is_quoted(local: &str) -> bool {
    after_local_part(&format!("{local}@")).is_some_and(|rest| local.starts_with('"') && rest.is_empty())
}

/// Parses a path. Angle brackets are optional; a source route is ignored (RFC 5321 Appendix C), and so are the
/// parameters of MAIL and RCPT after the path.
pub(crate) fn read(text: &str) -> Path {
    let text = without_parameters(text);
    let inner = match (text.strip_prefix('<'), text.ends_with('>')) {
        (Some("" | ">"), _) => return if text == "<>" { Path::Null } else { Path::Malformed },
        (Some(rest), true) => rest.get(..rest.len() - 1).unwrap_or_default(),
        (None, false) => text,
        _ => return Path::Malformed,
    };
    let mailbox = match inner.strip_prefix('@') {
        Some(route) => match route.split_once(':') {
            Some((hosts, mailbox)) if hosts.split(",@").all(|host| host_name(host).is_some()) => mailbox,
            _ => return Path::Malformed,
        },
        None => inner,
    };
    let Some(domain) = after_local_part(mailbox) else {
        return if mailbox.eq_ignore_ascii_case("postmaster") { Path::Postmaster } else { Path::Malformed };
    };
    if domain.starts_with('[') {
        return address_literal(domain).map_or(Path::Malformed, Path::Literal);
    }
    host_name(domain).map_or(Path::Malformed, Path::Domain)
}

/// A domain as in RFC 5321 §2.3.5, and as lenient as mail servers are: underscores and a trailing dot are accepted.
pub(crate) fn host_name(text: &str) -> Option<Name> {
    Name::parse(text).ok().filter(Name::is_host)
}

/// The rest after the local part and its `@`. The local part is a quoted string or atoms.
fn after_local_part(mailbox: &str) -> Option<&str> {
    let mut characters = mailbox.char_indices();
    if mailbox.starts_with('"') {
        characters.next();
        let mut escaped = false;
        for (at, character) in characters {
            match character {
                _ if character.is_control() => return None,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return mailbox.get(at + 1..)?.strip_prefix('@'),
                _ => {}
            }
        }
        return None;
    }
    let (at, _) = characters.find(|(_, character)| *character == '@')?;
    if is_atoms(mailbox.get(..at)?) { mailbox.get(at + 1..) } else { None }
}

/// An address literal as in RFC 5321 §4.1.3: `[192.0.2.1]` or `[IPv6:2001:db8::1]`; the case of the tag does not
/// matter.
pub(crate) fn address_literal(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => inner.get(5..)?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => dotted_quad(inner).map(IpAddr::V4),
    }
}

/// Four `Snum`s of one to three digits, at most 255 (RFC 5321 §4.1.3), leading zeros allowed.
fn dotted_quad(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part =
            parts.next().filter(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Path {
        Path::Domain(Name::parse(text).unwrap())
    }

    /// Most clients add parameters: the size of the message, its encoding, when to send notifications.
    #[test]
    fn parameters_are_no_part_of_a_path() {
        for (text, path) in [
            ("<a@example.org> SIZE=1000", at("example.org")),
            ("<a@example.org> BODY=8BITMIME SMTPUTF8 RET=HDRS", at("example.org")),
            ("<>  SIZE=1000 ", Path::Null),
            ("<a@example.org> ", at("example.org")),
            ("<\"a> b\"@example.org> SIZE=1", at("example.org")),
            ("<postmaster> NOTIFY=NEVER", Path::Postmaster),
            ("<a@[192.0.2.1]> ORCPT=rfc822;a@example.org", Path::Literal([192, 0, 2, 1].into())),
            // These are not parameters, so the whole text is not a path.
            ("<a@example.org>SIZE=1000", Path::Malformed),
            ("<a@example.org> SIZE=1=2", Path::Malformed),
            ("<a@example.org> =1", Path::Malformed),
            ("<a@example.org> <b@example.org>", Path::Malformed),
            ("a@example.org SIZE=1000", Path::Malformed),
        ] {
            assert_eq!(read(text), path, "{text}");
        }
    }

    #[test]
    fn paths() {
        assert_eq!(read("<>"), Path::Null);
        assert_eq!(read("a@example.org"), at("example.org"));
        assert_eq!(read("<a@Example.ORG>"), at("example.org"));
        assert_eq!(read("<@x.example,@y.example:a@example.org>"), at("example.org"));
        assert_eq!(read("\"a@b c\"@example.org"), at("example.org"));
        assert_eq!(read("\"a\\\"@b\"@example.org"), at("example.org"));
        assert_eq!(read("a..b.@example.org"), at("example.org"));
        assert_eq!(read("a@my_host.example"), at("my_host.example"));
        assert_eq!(read("a@ai"), at("ai"));
        assert_eq!(read("a@[192.0.2.1]"), Path::Literal("192.0.2.1".parse().unwrap()));
        assert_eq!(read("a@[ipv6:2001:db8::1]"), Path::Literal("2001:db8::1".parse().unwrap()));
        assert_eq!(read("Postmaster"), Path::Postmaster);
    }

    #[test]
    fn malformed() {
        let long = format!("a@{}", "x".repeat(10_240));
        for text in [
            "",
            "a",
            "@",
            "@example.org",
            "a@",
            "a@b@c",
            "a b@example.org",
            "a@exa mple.org",
            "a@.example",
            "a@example..org",
            "a@[256.1.1.1]",
            "a@[2001:db8::1]",
            "a@[]",
            "a@[1.2.3.4",
            "a@#123",
            "a@1.2.3.4",
            "<a@example.org",
            "a@example.org>",
            "a\0@example.org",
            "a@exa\0mple.org",
            "\"a@example.org",
            "<",
            ">",
            "<<>>",
            "a@-x.example",
            "\"a\"b@example.org",
            &long,
            "a@b\r\nRCPT TO:<c@d>",
            "<@:a@example.org>",
        ] {
            assert_eq!(read(text), Path::Malformed, "{text:?}");
        }
    }

    #[test]
    fn literals() {
        for (text, address) in [("[123.255.37.2]", "123.255.37.2"), ("[IPV6:::1]", "::1"), ("[010.0.0.1]", "10.0.0.1")]
        {
            assert_eq!(address_literal(text), Some(address.parse().unwrap()), "{text}");
        }
        for text in [
            "192.0.2.1",
            "[192.0.2]",
            "[192.0.2.1.1]",
            "[0192.0.2.1]",
            "[IPv6:1::2::3]",
            "[IPv6:]",
            "[1.2.3.+4]",
            "[ 1.2.3.4]",
        ] {
            assert_eq!(address_literal(text), None, "{text}");
        }
    }
}
