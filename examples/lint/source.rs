//! One or several files that are read as one text, such as main.cf and master.cf: so a variable of one is known in the other.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::files::File;
use crate::finding::{self, Finding};
use crate::kind::Kind;

/// The text, and where its files and lines begin.
pub(crate) struct Source {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The name of each file, and where its text begins.
    files: Vec<(String, usize)>,
    lines: Vec<usize>,
    /// Rules that a comment ignores in a line or in a file, by number.
    ignored: BTreeSet<(Scope, String)>,
    /// Ignore comments that name no rule.
    pub(crate) odd: Vec<usize>,
    /// Includes that were not followed, each with its reason.
    pub(crate) unresolved: Vec<(usize, &'static str)>,
    /// Does it differ from its files, since octets were replaced?
    pub(crate) altered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Line(usize),
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
        let (mut starts, mut unresolved, mut altered) = (Vec::new(), Vec::new(), false);
        for file in files {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            let start = text.len();
            starts.push((file.name, start));
            unresolved.extend(file.unresolved.into_iter().map(|(at, why)| (start + at, why)));
            altered |= file.altered;
            if text.is_empty() {
                text = file.text;
            } else {
                text.push_str(&file.text);
            }
        }
        let ends = text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n').map(|(at, _)| at + 1);
        let lines: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let mut source =
            Self { kind, text, files: starts, lines, ignored: BTreeSet::new(), odd: Vec::new(), unresolved, altered };
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

    /// The text of a range, empty if there is none.
    pub(crate) fn get(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    fn file_at(&self, at: usize) -> usize {
        self.files.partition_point(|(_, start)| *start <= at).saturating_sub(1)
    }

    fn line_at(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The range of the line that holds this octet, without its end.
    pub(crate) fn line_range(&self, at: usize) -> Range<usize> {
        let line = self.line_at(at);
        let start = self.lines.get(line).copied().unwrap_or_default();
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        start..end
    }

    pub(crate) fn place(&self, at: usize) -> Place {
        let (file, line) = (self.file_at(at), self.line_at(at));
        let (name, start) = self.files.get(file).cloned().unwrap_or_default();
        let line_start = self.lines.get(line).copied().unwrap_or_default();
        let column = self.get(line_start..at).chars().count() + 1;
        Place { file: name, line: line - self.line_at(start) + 1, column }
    }

    /// Does a comment ignore this finding?
    pub(crate) fn ignores(&self, finding: &Finding) -> bool {
        let scopes = [Scope::Line(self.line_at(finding.at)), Scope::File(self.file_at(finding.at))];
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
                    let line = self.line_at(at) + 1;
                    let next = last.filter(|next| *next >= line).unwrap_or_else(|| self.next_with_content(line));
                    last = Some(next);
                    Scope::Line(next)
                }
                Some("ignore") if trailing => Scope::Line(self.line_at(at)),
                Some("ignore-file") if own_line || trailing => Scope::File(self.file_at(at)),
                _ => continue,
            };
            let rules: Vec<String> = words.take_while(|word| *word != "--").map(str::to_owned).collect();
            if rules.is_empty() || !rules.iter().all(|rule| finding::is_rule(rule)) {
                self.odd.push(at);
            }
            self.ignored.extend(rules.into_iter().map(|rule| (scope, rule)));
        }
    }

    /// The next line from this one on that is neither blank nor a comment.
    fn next_with_content(&self, from: usize) -> usize {
        let has_content = |line: &usize| {
            let start = self.lines.get(*line).copied().unwrap_or_default();
            let text = self.get(self.line_range(start)).trim();
            !text.is_empty() && !text.starts_with(['#', ';']) && !text.starts_with("dnl")
        };
        (from..self.lines.len()).find(has_content).unwrap_or(self.lines.len())
    }
}

/// The start of a comment that ignores findings.
const MARK: &str = "lint: ";
/// Further ones have no effect.
const MAX_COMMENTS: usize = 1_000;
