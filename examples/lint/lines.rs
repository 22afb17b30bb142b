//! Where the lines of a text begin, in little memory: a text may be one line of many megabytes, or millions of empty ones.

use std::cell::Cell;
use std::ops::Range;

/// Two marks are at most this many lines apart,
const LINES: usize = 32;
/// or this many octets, rounded up to the end of the line.
const OCTETS: usize = 1_024;

/// The beginnings of some lines.
pub(crate) struct Lines {
    marks: Vec<Mark>,
    length: usize,
    /// The last column that was counted: most positions are asked for in order.
    column: Cell<Column>,
}

/// The beginning of a line.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    line: usize,
}

#[derive(Clone, Copy, Default)]
struct Column {
    line_start: usize,
    at: usize,
    characters: usize,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let first = Mark { at: 0, line: 0 };
        let mut marks = vec![first];
        let (mut last, mut line) = (first, 0);
        for (end, _) in text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n') {
            line += 1;
            if line - last.line >= LINES || end + 1 - last.at >= OCTETS {
                last = Mark { at: end + 1, line };
                marks.push(last);
            }
        }
        Self { marks, length: text.len(), column: Cell::default() }
    }

    /// The number of the line that holds this octet, from 0, and its range with its end.
    pub(crate) fn line(&self, text: &str, at: usize) -> (usize, Range<usize>) {
        let after = self.marks.partition_point(|mark| mark.at <= at);
        let next = self.marks.get(after).map_or(self.length, |mark| mark.at);
        let Mark { at: mut start, mut line } =
            after.checked_sub(1).and_then(|before| self.marks.get(before).copied()).unwrap_or(Mark { at: 0, line: 0 });
        // Behind these octets, the next line has a mark.
        let octets = text.as_bytes().get(start..next.min(start + OCTETS)).unwrap_or_default();
        let mut end = next;
        let from = start;
        for (offset, _) in octets.iter().enumerate().filter(|(_, octet)| **octet == b'\n') {
            if from + offset >= at {
                end = from + offset + 1;
                break;
            }
            start = from + offset + 1;
            line += 1;
        }
        (line, start..end)
    }

    /// The number of characters from the beginning of its line to this octet.
    pub(crate) fn column(&self, text: &str, line_start: usize, at: usize) -> usize {
        let last = self.column.get();
        let known = if last.line_start == line_start && last.at <= at {
            last
        } else {
            Column { line_start, at: line_start, characters: 0 }
        };
        let characters = known.characters + text.get(known.at..at).unwrap_or_default().chars().count();
        self.column.set(Column { line_start, at, characters });
        characters
    }
}
