//! Splits one line of a table into words and quoted strings.

use crate::testing::data::unescape;
use crate::testing::error::TableErrorKind;

/// A piece of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// As written, with escapes.
    Word(String),
    /// The octets between quotes, with escapes resolved.
    Quoted(Vec<u8>),
}

/// Splits a line and drops its comment: from a `;` outside quotes, or from a `#` that starts a word.
pub(super) fn cut(line: &str) -> Result<Vec<Token>, TableErrorKind> {
    let mut tokens = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with([';', '#']) {
            return Ok(tokens);
        }
        let (token, after) = match rest.strip_prefix('"') {
            Some(inside) => quoted(inside)?,
            None => word(rest),
        };
        tokens.push(token);
        rest = after;
    }
}

/// Up to a space, a quote or a `;` that is not escaped.
fn word(text: &str) -> (Token, &str) {
    let mut escaped = false;
    let end = text.find(|character: char| {
        let ends = !escaped && (character.is_whitespace() || matches!(character, ';' | '"'));
        escaped = !escaped && character == '\\';
        ends
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (Token::Word(word.into()), rest)
}

/// Up to the closing quote.
fn quoted(text: &str) -> Result<(Token, &str), TableErrorKind> {
    let mut octets = text.bytes().enumerate();
    let mut string = Vec::new();
    while let Some((at, octet)) = octets.next() {
        match octet {
            // A quote is one octet, so the next one starts a character.
            b'"' => return Ok((Token::Quoted(string), text.get(at + 1..).unwrap_or_default())),
            b'\\' => string.push(unescape(&mut octets.by_ref().map(|(_, octet)| octet)).ok_or(TableErrorKind::Escape)?),
            _ => string.push(octet),
        }
    }
    Err(TableErrorKind::OpenQuote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Token {
        Token::Word(text.into())
    }

    #[test]
    fn words_strings_and_comments() {
        let quoted = |octets: &[u8]| Token::Quoted(octets.to_vec());
        assert_eq!(cut("  a.example\tA 1.2.3.4;x").unwrap(), [word("a.example"), word("A"), word("1.2.3.4")]);
        assert_eq!(cut("a#b # c").unwrap(), [word("a#b")]);
        assert_eq!(cut(r"a\;b\ c d").unwrap(), [word(r"a\;b\ c"), word("d")]);
        assert_eq!(
            cut(r#"T "a # ; \"\\\000\255" "é""b" # "c"#).unwrap(),
            [word("T"), quoted(b"a # ; \"\\\x00\xff"), quoted("é".as_bytes()), quoted(b"b")]
        );
        assert_eq!(cut("# only").unwrap(), []);
        assert_eq!(cut("\"a"), Err(TableErrorKind::OpenQuote));
        assert_eq!(cut("\"a\\"), Err(TableErrorKind::Escape));
        assert_eq!(cut("\"\\256\""), Err(TableErrorKind::Escape));
    }
}
