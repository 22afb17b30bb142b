//! Authentication-Results (RFC 8601): which fields claim to be ours.

/// The name of the field.
pub(crate) const NAME: &str = "Authentication-Results";

/// Does the field's value start with this authserv-id (RFC 8601 §2.2)? Comments and folding may stand before it, it may be a
/// quoted string, and a version may follow. RFC 8601 §5: such fields from outside are removed.
pub(crate) fn is_of(value: &str, id: &str) -> bool {
    let rest = without_comments(value);
    let found = match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted),
        None => rest.chars().take_while(|letter| !letter.is_whitespace() && !matches!(letter, ';' | '(')).collect(),
    };
    // A dot at the end names the same host.
    found.trim_end_matches('.').eq_ignore_ascii_case(id.trim_end_matches('.'))
}

/// The text without white space and comments at its start (RFC 5322 §3.2.2).
fn without_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('(') {
        let (mut depth, mut escaped) = (0_usize, false);
        let end = rest.char_indices().find_map(|(at, letter)| {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at + 1)
        });
        rest = end.and_then(|end| rest.get(end..)).unwrap_or_default().trim_start();
    }
    rest
}

fn quoted_string(text: &str) -> String {
    let mut found = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => found.extend(letters.next()),
            _ => found.push(letter),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_and_others() {
        for value in [
            " mx.example.org; iprev=pass",
            "mx.example.org;iprev=pass",
            "MX.Example.ORG 1; spf=pass",
            "\r\n\tmx.example.org;\r\n\tdkim=pass",
            " (comment (nested) \\) x) mx.example.org (another); none",
            " \"mx.example.org\"; none",
            " \"mx.ex\\ample.org\"; none",
            "mx.example.org.; none",
            "mx.example.org(x); none",
            "mx.example.org",
        ] {
            assert!(is_of(value, "mx.example.org"), "{value:?}");
        }
        for value in [
            "",
            "mx.example.org.example; none",
            "mx2.example.org; x",
            "(mx.example.org) other; none",
            "(mx.example.org",
            ")",
        ] {
            assert!(!is_of(value, "mx.example.org"), "{value:?}");
        }
    }
}
