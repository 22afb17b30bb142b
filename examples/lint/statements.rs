//! Where the parameters of Postfix stand in a text.

use std::collections::HashSet;

/// The parameters of main.cf, and the services of master.cf.
pub(crate) struct Statements {
    /// Where each begins: in a line that continues no other.
    starts: Vec<u32>,
    /// The restriction classes, which other restrictions select.
    classes: HashSet<String>,
}

/// A parameter where it is defined: main.cf and services of master.cf may define the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a str,
    /// Where its statement begins.
    start: usize,
}

/// Restriction classes beyond these are not known.
const MAX_CLASSES: usize = 10_000;
/// An option of a service is not longer, in octets.
const MAX_OPTION: usize = 16 << 10;

impl Statements {
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = Vec::new();
        let mut classes = HashSet::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if !line.starts_with([' ', '\t', '#', '\n', '\r']) {
                starts.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
            if let Some((_, value)) =
                line.split_once('=').filter(|(name, _)| name.trim_end() == "smtpd_restriction_classes")
            {
                let names = value.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty());
                classes.extend(names.take(MAX_CLASSES.saturating_sub(classes.len())).map(str::to_owned));
            }
            at += line.len();
        }
        Self { starts, classes }
    }

    /// Is this parameter a restriction class?
    pub(crate) fn is_class(&self, name: &str) -> bool {
        self.classes.contains(name)
    }

    /// The parameter whose value holds this octet.
    pub(crate) fn parameter_at<'a>(&self, text: &'a str, at: usize) -> Option<Parameter<'a>> {
        let start = self.start_before(at);
        let before = text.get(start..at)?;
        // The options of a service in master.cf.
        let near = before.get(floor(before, before.len().saturating_sub(MAX_OPTION))..)?;
        let option = near.rfind("-o ").and_then(|option| near.get(option + 3..));
        let (name, _) = option.unwrap_or(before).split_once('=')?;
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '{');
        let is_name = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'/'));
        is_name.then_some(Parameter { name, start })
    }

    /// Where the statement begins that holds this octet.
    fn start_before(&self, at: usize) -> usize {
        let after = self.starts.partition_point(|start| *start as usize <= at);
        after.checked_sub(1).and_then(|index| self.starts.get(index)).map_or(0, |start| *start as usize)
    }
}

/// The last position up to this one at which a character begins.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
