//! The tables of inquiries, reused from one to the next: a server may make thousands of checks a second, and allocating
//! blocks of this size between small, longer-lived ones would fragment the heap.

use std::sync::Mutex;

use crate::base::lock::lock;
use crate::inquiry::ListRun;
use crate::inquiry::question_index::QuestionIndex;
use crate::inquiry::questions::AskedQuestion;
use crate::report::learned::ListSigns;

/// Workspaces kept for reuse: about as many checks as run at the same time.
const KEPT: usize = 256;
/// The largest capacity, in lists or questions, that is kept.
const ROOM: usize = 256;
/// About the octets of one list's name.
const NAME: usize = 64;

/// Empty tables with the capacity that earlier inquiries needed.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(super) lists: Vec<ListRun>,
    pub(super) asked: Vec<AskedQuestion>,
    pub(super) index: QuestionIndex,
    pub(crate) list_signs: Vec<ListSigns>,
    /// For the draft of the lists' names.
    pub(super) text: String,
}

/// Workspaces that are not in use.
#[derive(Debug, Default)]
pub(crate) struct Workspaces(Mutex<Vec<Workspace>>);

impl Workspaces {
    pub(crate) fn take(&self) -> Workspace {
        lock(&self.0).pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, mut workspace: Workspace) {
        workspace.lists.clear();
        workspace.asked.clear();
        workspace.index.clear();
        workspace.list_signs.clear();
        let Workspace { lists, asked, index, list_signs, text } = &workspace;
        let capacities =
            [lists.capacity(), asked.capacity(), index.capacity(), list_signs.capacity(), text.capacity() / NAME];
        let most = capacities.into_iter().max().unwrap_or_default();
        let mut kept = lock(&self.0);
        if kept.len() < KEPT && most <= ROOM {
            kept.push(workspace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_within_bounds() {
        let workspaces = Workspaces::default();
        let mut workspace = workspaces.take();
        workspace.asked.reserve(20);
        workspaces.give_back(workspace);
        let again = workspaces.take();
        assert!(again.asked.is_empty() && again.asked.capacity() >= 20);
        for _ in 0..2 * KEPT {
            workspaces.give_back(Workspace::default());
        }
        assert_eq!(lock(&workspaces.0).len(), KEPT);
        let mut large = workspaces.take();
        large.asked.reserve(10 * ROOM);
        workspaces.give_back(large);
        assert_eq!(lock(&workspaces.0).len(), KEPT - 1, "no room is kept for what is not usual");
    }
}
