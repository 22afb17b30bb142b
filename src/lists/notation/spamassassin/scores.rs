//! The weights of SpamAssassin's rules: `score NAME numbers`, `tflags NAME nice`, and which of several rules of one
//! name counts.

use std::collections::BTreeMap;

use crate::dnsxl::{ListSpec, NotCounted, SpecError};
use crate::lists::notation::context::MAX_NAMES;
use crate::lists::notation::word::Word;

/// The data about rules from other lines.
#[derive(Debug, Default)]
pub(crate) struct Scores<'a> {
    rules: BTreeMap<&'a str, ScoredRule<'a>>,
    /// Does a line disable all questions to lists?
    is_off: bool,
    /// The first rule that is not remembered, since there are too many.
    forgotten: Option<Word<'a>>,
}

#[derive(Debug, Default)]
struct ScoredRule<'a> {
    /// Where the last line begins that defines the rule.
    line: usize,
    /// The numbers of the last `score` line.
    score: Option<Word<'a>>,
    nice: bool,
}

/// The weight of a rule in this crate.
enum RuleWeight {
    /// The rule is not run.
    Off,
    /// The rule speaks for the client, with this weight.
    For(i32),
    /// The rule speaks against the client.
    Against,
    /// No whole number can express the score.
    NotWhole,
}

/// A rule has one score or four.
const MAX_SCORES: usize = 4;

impl<'a> Scores<'a> {
    pub(crate) fn new(lines: impl Iterator<Item = Word<'a>>) -> Self {
        let mut all = Self::default();
        for line in lines {
            let (directive, rest) = first_word(line);
            let (name, rest) = first_word(rest);
            if directive.text == "skip_rbl_checks" {
                all.is_off = name.text == "1";
            }
            if !["score", "tflags", "header"].contains(&directive.text) {
                continue;
            }
            if all.rules.len() >= MAX_NAMES && !all.rules.contains_key(name.text) {
                all.forgotten.get_or_insert(name);
                continue;
            }
            let rule = all.rules.entry(name.text).or_default();
            match directive.text {
                "score" => rule.score = Some(without_comment(rest)),
                "tflags" => rule.nice |= without_comment(rest).text.split_ascii_whitespace().any(|flag| flag == "nice"),
                _ => rule.line = line.at,
            }
        }
        all
    }

    /// Where more rules begin than are remembered: their scores are not known.
    pub(crate) fn forgotten(&self) -> Option<Word<'a>> {
        self.forgotten
    }

    /// The list of a rule with the weight from its score, or the reason why it does not count.
    pub(crate) fn weighed(&self, list: ListSpec, name: Word<'_>, line: usize) -> Result<ListSpec, SpecError> {
        // Such a rule has no score; it names a set for `check_rbl_sub` and `meta`.
        if name.text.starts_with("__") {
            return Err(name.left_out("a rule that scores nothing by itself, since its name starts with __"));
        }
        if self.is_off {
            return Err(name.left_out("a rule that is not run, since skip_rbl_checks is 1"));
        }
        let Some(rule) = self.rules.get(name.text) else { return Ok(list) };
        if rule.line != line {
            return Err(name.not_counted(NotCounted::RuleGivenAgain));
        }
        match (rule.weight(), rule.score) {
            (RuleWeight::Off, _) => Err(name.not_counted(NotCounted::SwitchedOff)),
            (RuleWeight::For(weight), _) => Ok(list.with_weight(weight)),
            (RuleWeight::Against, _) => Ok(list),
            (RuleWeight::NotWhole, score) => {
                Err(score.unwrap_or(name).unsupported("score not representable; weights are whole numbers"))
            }
        }
    }

    /// Does this score line make its rule speak against the client? `line` is the text after the directive.
    pub(crate) fn is_against(&self, line: Word<'_>) -> bool {
        let (name, _) = first_word(line);
        self.rules.get(name.text).is_some_and(|rule| matches!(rule.weight(), RuleWeight::Against))
    }
}

impl ScoredRule<'_> {
    fn weight(&self) -> RuleWeight {
        let Some(score) = self.score else {
            // Mail::SpamAssassin::Conf: the default score of a rule is 1, or -1 for a `nice` rule.
            return if self.nice { RuleWeight::For(-1) } else { RuleWeight::Against };
        };
        let numbers: Option<Vec<f64>> = score
            .text
            .split_ascii_whitespace()
            .take(MAX_SCORES + 1)
            .map(|number| number.parse().ok().filter(|n: &f64| n.is_finite()))
            .collect();
        // Of four scores, the second and the fourth apply when lists are asked.
        let numbers = match numbers.as_deref() {
            Some([one]) => [*one, *one],
            Some([_, plain, _, bayes]) => [*plain, *bayes],
            // `(1)` changes a score that is set in another place.
            _ => return if self.nice { RuleWeight::NotWhole } else { RuleWeight::Against },
        };
        let [plain, bayes] = numbers;
        if plain == 0.0 && bayes == 0.0 {
            return RuleWeight::Off;
        }
        if plain >= 0.0 && bayes >= 0.0 {
            return RuleWeight::Against;
        }
        let whole = plain.fract() == 0.0 && plain == bayes && plain >= f64::from(i32::MIN);
        // A whole number that fits in 32 bits.
        #[expect(clippy::cast_possible_truncation, reason = "whole, and checked against the least number of 32 bits")]
        let weight = plain as i32;
        if whole { RuleWeight::For(weight) } else { RuleWeight::NotWhole }
    }
}

fn without_comment(word: Word<'_>) -> Word<'_> {
    let end = word.text.find('#').unwrap_or(word.text.len());
    Word::new(word.text.get(..end).unwrap_or_default(), word.at).trim()
}

/// The first word of a line, and the text after it.
pub(super) fn first_word(line: Word<'_>) -> (Word<'_>, Word<'_>) {
    let end = line.text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(line.text.len());
    let rest = Word::new(line.text.get(end..).unwrap_or_default(), line.at + end).trim();
    (Word::new(line.text.get(..end).unwrap_or_default(), line.at), rest)
}

/// The name in `header NAME eval:...`.
pub(super) fn rule_name(line: Word<'_>) -> Option<Word<'_>> {
    let (directive, rest) = first_word(line);
    (directive.text == "header").then(|| first_word(rest).0)
}
