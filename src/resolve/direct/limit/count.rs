//! A number of questions, and how many of them are about names that clients chose.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) all: usize,
    pub(super) chosen: usize,
}

impl Count {
    /// One more. `chosen`: a client chose its name.
    pub(super) fn add(&mut self, chosen: bool) {
        self.all += 1;
        self.chosen += usize::from(chosen);
    }

    /// One less.
    pub(super) fn remove(&mut self, chosen: bool) {
        self.subtract(Self { all: 1, chosen: usize::from(chosen) });
    }

    pub(super) fn add_all(&mut self, others: Self) {
        self.all += others.all;
        self.chosen += others.chosen;
    }

    pub(super) fn subtract(&mut self, others: Self) {
        self.all = self.all.saturating_sub(others.all);
        self.chosen = self.chosen.saturating_sub(others.chosen);
    }
}
