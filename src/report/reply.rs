//! One SMTP reply line.

use std::fmt;
use std::sync::Arc;

use crate::base::remote_text::RemoteText;
use crate::base::template::Expansion;
use crate::report::action::Action;

/// The most octets of text in a reply: with codes, blanks and CRLF the line stays below 512 (RFC 5321 §4.5.3.1.5).
const REPLY_TEXT: usize = 480;

/// A reply line: a code that defers or rejects, an enhanced status code (RFC 3463), and text that is safe in a reply.
///
/// ```
/// use rdnsbl::policy::Reply;
///
/// let reply = Reply::new(550, "5.7.25", "Reverse DNS validation failed").ok_or("no reply")?;
/// assert_eq!(reply.to_string(), "550 5.7.25 Reverse DNS validation failed");
/// assert_eq!(Reply::new(450, "5.7.1", "a rejecting 450"), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    code: u16,
    enhanced: Arc<str>,
    text: RemoteText,
}

impl Reply {
    /// A reply, if the code defers or rejects, the enhanced code agrees with it, and there is a text. The text is made
    /// printable and clipped.
    #[must_use]
    pub fn new(code: u16, enhanced: &str, text: &str) -> Option<Self> {
        let class = class_of(code)?;
        let agrees = read_enhanced(enhanced).is_some_and(|length| length == enhanced.len())
            && enhanced.starts_with(char::from(class));
        let text = RemoteText::clip_to(text.trim(), REPLY_TEXT);
        (agrees && !text.as_str().trim().is_empty()).then(|| Self { code, enhanced: enhanced.into(), text })
    }

    /// An expanded template as a reply; `None` if it is not a valid one. Codes count only in the template's own text: a list
    /// or a client must not be able to choose them.
    pub(crate) fn from_expansion(expansion: &Expansion) -> Option<Self> {
        let text = expansion.text.as_str();
        let own = text.get(..expansion.own)?;
        let code = read_code(own)?;
        let class = char::from(class_of(code)?);
        let after = own.get(4..)?;
        let stated =
            read_enhanced(after).filter(|length| after.get(*length..).is_some_and(|rest| rest.starts_with(' ')));
        let (detail, rest) = match stated {
            Some(length) => (after.get(1..length)?, text.get(4 + length + 1..)?),
            None => (".7.1", text.get(4..)?),
        };
        Self::new(code, &format!("{class}{detail}"), rest)
    }

    /// The reply in place of an invalid one: a faulty template must not reject mail.
    pub(crate) fn safe() -> Self {
        Self { code: 450, enhanced: "4.7.1".into(), text: RemoteText::clean(b"Service unavailable") }
    }

    /// The same reply with a secret masked: an administrator may have written it into a template.
    pub(crate) fn without(self, secret: &str) -> Self {
        Self { text: self.text.without(secret), ..self }
    }

    /// The same reply as a deferral or a rejection.
    pub(crate) fn as_action(&self, action: Action) -> Option<Self> {
        let (code, class) = match action {
            Action::Pass => return None,
            action if action == self.action() => return Some(self.clone()),
            Action::Defer => (450, '4'),
            Action::Reject => (550, '5'),
        };
        let detail = self.enhanced.get(1..).unwrap_or_default();
        Some(Self { code, enhanced: format!("{class}{detail}").into(), text: self.text.clone() })
    }

    /// The reply code, 4yz or 5yz.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code.
    #[must_use]
    pub fn enhanced(&self) -> &str {
        &self.enhanced
    }

    /// The text: printable ASCII, short enough that the whole line stays below 512 octets (RFC 5321 §4.5.3.1.5).
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The action that the code stands for.
    #[must_use]
    pub fn action(&self) -> Action {
        if self.code >= 500 { Action::Reject } else { Action::Defer }
    }
}

/// The line without CRLF.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

/// The first digit of a code that defers or rejects (RFC 5321 §4.2.1: the second is 0 to 5).
fn class_of(code: u16) -> Option<u8> {
    match (code / 100, code / 10 % 10) {
        (4, 0..=5) => Some(b'4'),
        (5, 0..=5) => Some(b'5'),
        _ => None,
    }
}

/// The code at the start of a line, if it defers or rejects and a blank follows.
pub(crate) fn read_code(line: &str) -> Option<u16> {
    let digits = line.get(..3).filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))?;
    let code = digits.parse().ok().filter(|code| class_of(*code).is_some())?;
    line.get(3..)?.starts_with(' ').then_some(code)
}

/// How long the enhanced status code at the start of a text is (RFC 3463 §2), if there is one.
pub(crate) fn read_enhanced(text: &str) -> Option<usize> {
    let code = text.split(' ').next()?;
    let mut parts = code.split('.');
    let number = |part: Option<&str>, most: usize| {
        part.is_some_and(|part| (1..=most).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit()))
    };
    let class = parts.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
    let whole = class && number(parts.next(), 3) && number(parts.next(), 3) && parts.next().is_none();
    whole.then_some(code.len())
}
