//! Compares what the lists of different operators answered about the same subjects.

use crate::dnsxl::ListKind;
use crate::report::ListReport;

/// What the deny lists of each operator answered about each subject of a check. The tables are used again by later checks.
#[derive(Debug, Default)]
pub(crate) struct OperatorAnswers {
    /// The number of operators in the set of lists.
    operators: usize,
    /// Most checks are about a few subjects, so they are searched one by one.
    subjects: Vec<OfSubject>,
    /// For each subject, one for each operator.
    answers: Vec<OfOperator>,
}

/// A subject, and how many operators answered about it and list it.
#[derive(Debug)]
struct OfSubject {
    /// The number of the first row about it.
    row: usize,
    answered: usize,
    listing: usize,
}

/// What the lists of one operator answered about a subject.
#[derive(Clone, Copy, Debug, Default)]
struct OfOperator {
    answered: bool,
    lists: bool,
}

impl OperatorAnswers {
    /// Collects what these rows say, instead of what was collected before. `operators` is the number of operators in the set.
    pub(crate) fn collect(&mut self, rows: &[ListReport], operators: usize) {
        self.clear();
        self.operators = operators;
        // A comparison needs at least three operators.
        if operators < 3 {
            return;
        }
        for (number, row) in rows.iter().enumerate() {
            let Some(lists) = answer(row) else { continue };
            let place = self.place(rows, row).unwrap_or_else(|| {
                self.subjects.push(OfSubject { row: number, answered: 0, listing: 0 });
                self.answers.resize(self.subjects.len() * operators, OfOperator::default());
                self.subjects.len() - 1
            });
            let of_operator = self.answers.get_mut(place * operators + row.operator);
            if let (Some(of_subject), Some(of_operator)) = (self.subjects.get_mut(place), of_operator) {
                of_subject.answered += usize::from(!of_operator.answered);
                of_subject.listing += usize::from(lists && !of_operator.lists);
                of_operator.answered = true;
                of_operator.lists |= lists;
            }
        }
    }

    /// Is this row's deny list the only one that holds its subject? `None` unless lists of at least two other operators answered.
    pub(crate) fn is_alone(&self, rows: &[ListReport], row: &ListReport) -> Option<bool> {
        let own = answer(row).filter(|_| row.spec.kind() == ListKind::Deny)?;
        let place = self.place(rows, row)?;
        let of_subject = self.subjects.get(place)?;
        let mine = self.answers.get(place * self.operators + row.operator)?.lists;
        (of_subject.answered > 2).then_some(own && of_subject.listing == usize::from(mine))
    }

    /// Empties the tables. Returns the larger capacity.
    pub(crate) fn clear(&mut self) -> usize {
        self.subjects.clear();
        self.answers.clear();
        self.subjects.capacity().max(self.answers.capacity())
    }

    fn place(&self, rows: &[ListReport], row: &ListReport) -> Option<usize> {
        let is_same =
            |of_subject: &OfSubject| rows.get(of_subject.row).is_some_and(|first| first.subject == row.subject);
        self.subjects.iter().position(is_same)
    }
}

/// Does the list hold the row's subject? `None` if it does not say.
fn answer(row: &ListReport) -> Option<bool> {
    row.verdict.speaks_of_listing(ListKind::Deny).filter(|_| row.subject.is_some())
}
