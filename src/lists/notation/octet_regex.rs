//! Regular expressions over return codes, if they describe each octet separately: `^127\.0\.0\.(?:[2-9]|1[01])$`.

use crate::dnsxl::{CodePattern, SpecError};
use crate::lists::notation::word::Word;

/// The maximum number of nodes in an expression.
const MAX_NODES: usize = 200;

/// One element, and how often it may repeat.
struct RegexNode {
    atom: Atom,
    least: usize,
    most: usize,
}

enum Atom {
    /// One of these characters.
    OneOf(Vec<u8>),
    /// One of these sequences.
    Group(Vec<Vec<RegexNode>>),
}

/// The pattern that matches the same codes.
pub(crate) fn pattern(word: Word<'_>) -> Result<CodePattern, SpecError> {
    let body = word.text.strip_prefix('^').unwrap_or(word.text);
    let anchored_start = body.len() != word.text.len();
    let at = word.at + usize::from(anchored_start);
    let (body, anchored_end) = match body.strip_suffix('$') {
        Some(body) if !body.ends_with('\\') => (body, true),
        _ => (body, false),
    };
    let components = split(Word::new(body, at))?;
    if components.len() > 4 || (components.len() < 4 && (anchored_end || !anchored_start)) {
        return Err(word.unsupported("a regular expression that is not about four octets"));
    }
    let last = components.len() - 1;
    let mut sets: [Vec<u8>; 4] = std::array::from_fn(|_| (0..=u8::MAX).collect());
    for (index, (component, set)) in components.iter().zip(&mut sets).enumerate() {
        if anchored_start
            && anchored_end
            && let Some(numbers) = numbers(component.text)
        {
            *set = numbers;
            continue;
        }
        let nodes = RegexParser { word: *component, at: 0, nodes: 0 }.alternatives(false)?;
        let open_start = index == 0 && !anchored_start;
        let open_end = index == last && !anchored_end;
        set.retain(|value| fits(&nodes, &value.to_string(), open_start, open_end));
        if set.is_empty() {
            return Err(component.expected("a value or a set of values of an octet"));
        }
    }
    Ok(CodePattern::of_sets(sets))
}

/// `(?:2|4|11)`, the form that this crate prints: a fast path without matching.
fn numbers(component: &str) -> Option<Vec<u8>> {
    let inner = component.strip_prefix("(?:")?.strip_suffix(')')?;
    let number = |text: &str| -> Option<u8> {
        let is_plain = text.bytes().all(|octet| octet.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_plain)
    };
    inner.split('|').map(number).collect()
}

/// The parts between `\.` outside groups and classes.
fn split(word: Word<'_>) -> Result<Vec<Word<'_>>, SpecError> {
    let octets = word.text.as_bytes();
    let mut parts = Vec::new();
    let (mut from, mut at, mut depth, mut class) = (0, 0, 0_i32, false);
    while let Some(octet) = octets.get(at) {
        match octet {
            b'\\' => {
                if octets.get(at + 1) == Some(&b'.') && depth == 0 && !class {
                    parts.push(Word::new(word.text.get(from..at).unwrap_or_default(), word.at + from));
                    from = at + 2;
                }
                at += 1;
            }
            b'[' => class = true,
            b']' => class = false,
            b'(' if !class => depth += 1,
            b')' if !class => depth -= 1,
            b'|' if depth == 0 && !class => {
                let bar = Word::new(word.text.get(at..=at).unwrap_or_default(), word.at + at);
                return Err(bar.unsupported("alternatives outside parentheses"));
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(Word::new(word.text.get(from..).unwrap_or_default(), word.at + from));
    Ok(parts)
}

/// Does the expression match this number? `open_start`: the match may start anywhere in it; `open_end`: it may end
/// anywhere.
fn fits(nodes: &[Vec<RegexNode>], number: &str, open_start: bool, open_end: bool) -> bool {
    let number = number.as_bytes();
    let starts = if open_start { number.len() } else { 0 };
    (0..=starts).any(|start| ends(nodes, number, start).iter().any(|end| open_end || *end == number.len()))
}

/// The positions where a match of one of these sequences that starts at `start` can end.
fn ends(alternatives: &[Vec<RegexNode>], number: &[u8], start: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for sequence in alternatives {
        let mut places = vec![start];
        for node in sequence {
            let mut next = if node.least == 0 { places.clone() } else { Vec::new() };
            // A number has at most three digits, so more repetitions match nothing new.
            for times in 1..=node.most.min(4) {
                places = places.iter().flat_map(|at| once(&node.atom, number, *at)).collect();
                if times >= node.least {
                    next.extend_from_slice(&places);
                }
            }
            next.sort_unstable();
            next.dedup();
            places = next;
        }
        found.extend(places);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn once(atom: &Atom, number: &[u8], at: usize) -> Vec<usize> {
    match atom {
        Atom::OneOf(characters) => match number.get(at) {
            Some(digit) if characters.contains(digit) => vec![at + 1],
            _ => Vec::new(),
        },
        Atom::Group(alternatives) => ends(alternatives, number, at),
    }
}

/// Reads one component.
struct RegexParser<'a> {
    word: Word<'a>,
    at: usize,
    nodes: usize,
}

impl RegexParser<'_> {
    fn alternatives(&mut self, inside: bool) -> Result<Vec<Vec<RegexNode>>, SpecError> {
        let mut all = vec![Vec::new()];
        loop {
            match self.peek() {
                None if inside => return Err(self.here().expected("\")\"")),
                None => return Ok(all),
                Some(b')') if inside => {
                    self.at += 1;
                    return Ok(all);
                }
                Some(b'|') if inside => {
                    self.at += 1;
                    all.push(Vec::new());
                }
                Some(_) => {
                    let node = self.node()?;
                    if let Some(sequence) = all.last_mut() {
                        sequence.push(node);
                    }
                }
            }
        }
    }

    fn node(&mut self) -> Result<RegexNode, SpecError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.here().unsupported("a regular expression of this length"));
        }
        let atom = match (self.peek(), self.word.text.as_bytes().get(self.at + 1)) {
            (Some(digit @ b'0'..=b'9'), _) => {
                self.at += 1;
                Atom::OneOf(vec![digit])
            }
            (Some(b'\\'), Some(b'd')) => {
                self.at += 2;
                Atom::OneOf((b'0'..=b'9').collect())
            }
            (Some(b'['), _) => self.class()?,
            (Some(b'('), _) => {
                self.at += 1;
                let rest = self.word.text.get(self.at..).unwrap_or_default();
                if rest.starts_with("?:") {
                    self.at += 2;
                } else if rest.starts_with('?') {
                    return Err(self.here().unsupported("this kind of group"));
                }
                Atom::Group(self.alternatives(true)?)
            }
            _ => {
                return Err(self.here().unsupported("this in a regular expression; octets are digits, \\d, [] and ()"));
            }
        };
        let (least, most) = match self.peek() {
            Some(b'?') => (0, 1),
            Some(b'*') => (0, 4),
            Some(b'+') => (1, 4),
            Some(b'{') => return self.counted(atom),
            _ => return Ok(RegexNode { atom, least: 1, most: 1 }),
        };
        self.at += 1;
        if matches!(self.peek(), Some(b'?' | b'+' | b'*')) {
            return Err(self.here().unsupported("this in a regular expression; octets are digits, \\d, [] and ()"));
        }
        Ok(RegexNode { atom, least, most })
    }

    /// `{1,3}`, `{2}`, `{1,}`.
    fn counted(&mut self, atom: Atom) -> Result<RegexNode, SpecError> {
        let start = self.at + 1;
        let rest = self.word.text.get(start..).unwrap_or_default();
        let Some(length) = rest.find('}') else { return Err(self.here().expected("\"}\"")) };
        let inside = rest.get(..length).unwrap_or_default();
        let numbers = match inside.split_once(',') {
            Some((least, "")) => least.parse().ok().map(|least| (least, 4)),
            Some((least, most)) => least.parse().ok().zip(most.parse().ok()),
            None => inside.parse().ok().map(|count| (count, count)),
        };
        let (least, most): (usize, usize) = numbers
            .filter(|(least, most)| least <= most)
            .ok_or_else(|| Word::new(inside, self.word.at + start).expected("how often"))?;
        self.at = start + length + 1;
        Ok(RegexNode { atom, least, most })
    }

    /// `[2-9]`, `[^0]`.
    fn class(&mut self) -> Result<Atom, SpecError> {
        let start = self.at + 1;
        let rest = self.word.text.get(start..).unwrap_or_default();
        let Some(length) = rest.find(']') else { return Err(self.here().expected("\"]\"")) };
        let inside = rest.get(..length).unwrap_or_default();
        let (negated, members) = match inside.strip_prefix('^') {
            Some(members) => (true, members),
            None => (false, inside),
        };
        let mut digits = Vec::new();
        let mut octets = members.bytes();
        let bad = || Word::new(inside, self.word.at + start).expected("digits");
        while let Some(from) = octets.next() {
            if !from.is_ascii_digit() {
                return Err(bad());
            }
            if octets.clone().next() == Some(b'-') {
                octets.next();
                let to = octets.next().filter(|to| to.is_ascii_digit() && *to >= from).ok_or_else(bad)?;
                digits.extend(from..=to);
            } else {
                digits.push(from);
            }
        }
        self.at = start + length + 1;
        Ok(Atom::OneOf(if negated { (b'0'..=b'9').filter(|digit| !digits.contains(digit)).collect() } else { digits }))
    }

    fn peek(&self) -> Option<u8> {
        self.word.text.as_bytes().get(self.at).copied()
    }

    fn here(&self) -> Word<'_> {
        let rest = self.word.text.get(self.at..).unwrap_or_default();
        let length = rest.chars().next().map_or(0, char::len_utf8);
        Word::new(rest.get(..length).unwrap_or_default(), self.word.at + self.at)
    }
}

/// The regular expression for a pattern.
pub(crate) fn print(pattern: &CodePattern) -> String {
    let octets = pattern.sets().map(|set| match set.as_slice() {
        [one] => one.to_string(),
        all if all.len() == 256 => "\\d+".to_owned(),
        some => format!("(?:{})", some.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")),
    });
    format!("^{}$", octets.join("\\."))
}
