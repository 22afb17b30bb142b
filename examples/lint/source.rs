//! One or several files that are read as one text, such as main.cf and master.cf: so a variable of one is known in the other.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use rdnsbl::remote_text::{RemoteText, hide_keys};

use crate::files::File;
use crate::finding::{self, Finding};
use crate::kind::Kind;
use crate::lines::Lines;
use crate::statements::{Parameter, Statements};

/// The text, and where its files and lines begin.
pub(crate) struct Source {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The name of each file, and where its text begins.
    files: Vec<(String, usize)>,
    /// Where files end whose last line has no end.
    unended: Vec<usize>,
    lines: Lines,
    statements: OnceCell<Statements>,
    /// Rules that a comment ignores in a line or in a file.
    ignored: BTreeSet<(Scope, String)>,
    /// Ignore comments that name no rule.
    odd: Vec<usize>,
    /// Includes that were not followed, each with its reason.
    unresolved: Vec<(usize, &'static str)>,
    /// Does it differ from its files, since octets were replaced?
    pub(crate) altered: bool,
}

/// Where an ignore comment has effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// In the line that begins here.
    Line(usize),
    /// In the file with this number.
    File(usize),
}

/// A position for people: from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Source {
    pub(crate) fn new(kind: Kind, files: Vec<File>) -> Self {
        let mut text = String::new();
        let (mut starts, mut unended) = (Vec::new(), Vec::new());
        let (mut unresolved, mut altered) = (Vec::new(), false);
        for file in files {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            let start = text.len();
            unended.extend((!file.text.ends_with('\n')).then_some(start + file.text.len()));
            starts.push((file.name, start));
            unresolved.extend(file.unresolved.into_iter().map(|(at, why)| (start + at, why)));
            altered |= file.altered;
            if text.is_empty() {
                text = file.text;
            } else {
                text.push_str(&file.text);
            }
        }
        let lines = Lines::new(&text);
        let mut source = Self {
            kind,
            text,
            files: starts,
            unended,
            lines,
            statements: OnceCell::new(),
            ignored: BTreeSet::new(),
            odd: Vec::new(),
            unresolved,
            altered,
        };
        source.read_ignore_comments();
        source
    }

    /// The names of its files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| name.as_str())
    }

    /// The files, and where each begins and ends.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let ends = self.files.iter().skip(1).map(|(_, start)| *start).chain([self.text.len()]);
        self.files.iter().zip(ends).map(|((name, start), end)| (name.as_str(), *start..end))
    }

    /// Does this line have no end in its file?
    pub(crate) fn is_unended(&self, line: &Range<usize>) -> bool {
        self.unended.iter().any(|end| line.start < *end && *end <= line.end)
    }

    /// The text of a range, empty if there is none.
    pub(crate) fn get(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// What is said about its includes and its comments.
    pub(crate) fn findings(&self) -> impl Iterator<Item = Finding> {
        let unresolved = self.unresolved.iter().map(|(at, why)| {
            let message = format!("\"{}\" is not followed: {why}", self.shown(&self.line_range(*at)));
            Finding::new(finding::UNRESOLVED, *at, message)
        });
        let odd = self.odd.iter().map(|at| {
            Finding::new(finding::ODD_IGNORE, *at, "this comment names no rule that is known (--rules lists them)")
        });
        unresolved.chain(odd)
    }

    /// The start of a part, in one printable line without a key.
    pub(crate) fn shown(&self, item: &Range<usize>) -> String {
        clean(self.get(item.clone()))
    }

    fn file_at(&self, at: usize) -> usize {
        self.files.partition_point(|(_, start)| *start <= at).saturating_sub(1)
    }

    /// The number of the line that holds this octet, in its file, from 1.
    pub(crate) fn line_number(&self, at: usize) -> usize {
        let start = self.files.get(self.file_at(at)).map_or(0, |(_, start)| *start);
        let number = |at| self.lines.line(&self.text, at).0;
        number(at) - number(start) + 1
    }

    /// The range of the line that holds this octet, with its end.
    pub(crate) fn line_range(&self, at: usize) -> Range<usize> {
        self.lines.line(&self.text, at).1
    }

    pub(crate) fn place(&self, at: usize) -> Place {
        let file = self.files.get(self.file_at(at)).map(|(name, _)| name.clone()).unwrap_or_default();
        let column = self.lines.column(&self.text, self.line_range(at).start, at) + 1;
        Place { file, line: self.line_number(at), column }
    }

    /// The parameter of Postfix whose value holds this octet.
    pub(crate) fn parameter_at(&self, at: usize) -> Option<Parameter<'_>> {
        self.statements().parameter_at(&self.text, at)
    }

    /// Does this octet stand in a restriction class?
    pub(crate) fn is_in_class(&self, at: usize) -> bool {
        self.parameter_at(at).is_some_and(|parameter| self.statements().is_class(parameter.name))
    }

    fn statements(&self) -> &Statements {
        self.statements.get_or_init(|| Statements::new(&self.text))
    }

    /// Does a comment ignore this finding?
    pub(crate) fn ignores(&self, finding: &Finding) -> bool {
        let scopes = [Scope::Line(self.line_range(finding.at).start), Scope::File(self.file_at(finding.at))];
        let rules = [finding.rule.id, finding::ALL];
        scopes.iter().any(|scope| rules.iter().any(|rule| self.ignored.contains(&(*scope, (*rule).to_owned()))))
    }

    /// `# lint: ignore RULE ...` is about its own line or, alone on a line, about the next line with content;
    /// `# lint: ignore-file RULE ...` is about the file.
    fn read_ignore_comments(&mut self) {
        // Comments stand in long rows, of which each is about the same line.
        let mut last = None;
        let marks: Vec<usize> = self.text.match_indices(MARK).map(|(at, _)| at).take(MAX_COMMENTS).collect();
        for at in marks {
            let range = self.line_range(at);
            let (before, after) = (self.get(range.start..at), self.get(at + MARK.len()..range.end));
            let own_line = ["#", ";", "dnl", "--", "//", "/*"].iter().any(|start| before.trim() == *start);
            let trailing = ["#", "dnl"].iter().any(|start| before.trim_end().ends_with(start));
            let mut words = after.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
            let scope = match words.next() {
                Some("ignore") if own_line => {
                    let next = last.filter(|next| *next >= range.end);
                    let next = next.unwrap_or_else(|| self.next_with_content(range.end));
                    last = Some(next);
                    Scope::Line(next)
                }
                Some("ignore") if trailing => Scope::Line(range.start),
                Some("ignore-file") if own_line || trailing => Scope::File(self.file_at(at)),
                _ => continue,
            };
            let rules: Vec<String> =
                words.take_while(|word| *word != "--").take(finding::RULES.len()).map(str::to_owned).collect();
            if rules.is_empty() || !rules.iter().all(|rule| finding::is_rule(rule)) {
                self.odd.push(at);
            }
            self.ignored.extend(rules.into_iter().map(|rule| (scope, rule)));
        }
    }

    /// Where the next line begins, from this one on, that is neither blank nor a comment.
    fn next_with_content(&self, mut at: usize) -> usize {
        for line in self.get(at..self.text.len()).split_inclusive('\n') {
            let text = line.trim();
            if !text.is_empty() && !text.starts_with(['#', ';']) && !text.starts_with("dnl") {
                break;
            }
            at += line.len();
        }
        at
    }
}

/// The start of a comment that ignores findings.
const MARK: &str = "lint: ";
/// Further ones have no effect.
const MAX_COMMENTS: usize = 1_000;
/// Longer parts are cut when they are shown.
const MAX_SHOWN: usize = 60;

/// The start of a text, in one printable line without a key.
pub(crate) fn clean(text: &str) -> String {
    let mut short: String = text.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    short = hide_keys(RemoteText::clean(short.as_bytes()).as_str());
    if short.chars().count() > MAX_SHOWN {
        short = short.chars().take(MAX_SHOWN).collect();
        short.push_str("...");
    }
    short
}
