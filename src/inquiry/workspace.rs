//! The tables of inquiries, used again by later ones.

use crate::dns::Answer;
use crate::inquiry::ListRun;
use crate::inquiry::lists::operators::OperatorAnswers;
use crate::inquiry::question_index::QuestionIndex;
use crate::inquiry::questions::AskedQuestion;
use crate::report::learned::ListSigns;

/// About the octets of one list's name.
const NAME: usize = 64;

/// The tables of an inquiry, with the capacity that earlier inquiries needed.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(super) lists: Vec<ListRun>,
    pub(super) asked: Vec<AskedQuestion>,
    pub(super) index: QuestionIndex,
    /// Answers of lists that are known when the inquiry begins, with the numbers of their rows in the set.
    pub(super) known: Vec<(usize, Answer)>,
    pub(super) list_signs: Vec<ListSigns>,
    pub(super) operators: OperatorAnswers,
    /// For the draft of the lists' names. Empty at other times, since it may have contained keys.
    pub(super) text: String,
}

/// Without the contents.
impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}

impl Workspace {
    /// Empties the tables. Returns the largest capacity, in lists or questions.
    pub(crate) fn clear(&mut self) -> usize {
        let Self { lists, asked, index, known, list_signs, operators, text } = self;
        lists.clear();
        asked.clear();
        index.clear();
        known.clear();
        list_signs.clear();
        text.clear();
        let capacities = [
            lists.capacity(),
            asked.capacity(),
            index.capacity(),
            known.capacity(),
            list_signs.capacity(),
            operators.clear(),
            text.capacity() / NAME,
        ];
        capacities.into_iter().max().unwrap_or_default()
    }
}
