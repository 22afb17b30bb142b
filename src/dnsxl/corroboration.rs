//! Detects a list that suddenly lists subjects no other list has. A partial wildcard (`*.3.list`) lists a part of the
//! Internet and passes every control. It shows only in that no other list agrees.
//!
//! Counts the subjects about which this list gave a new answer and lists of at least two other operators answered, and the
//! share of them that only this list contains: over the last hundred subjects, and over its past. The list is suspected if the
//! recent share is at least a fifth and at least five times the past share. A wave of spam has no such effect, because other
//! lists then list the same clients. A suspicion is an event and never changes a verdict.

/// The number of subjects in the recent share.
const RECENT: u32 = 100;
/// The minimum number of recent subjects that only this list contains.
const LEAST: u32 = 20;
/// The minimum ratio of the recent share to the past share.
const JUMP: f64 = 5.0;
/// The minimum value for the past share: every list contains some subjects that no other list has.
const FLOOR: f64 = 0.01;
/// The weight of the newest hundred subjects in the past share, which thus covers about two thousand.
const MEMORY: f64 = 0.05;

/// How often a list agreed with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Corroboration {
    compared: u32,
    alone: u32,
    past: Option<f64>,
    suspected: bool,
}

/// The numbers of a list that is alone more often than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) alone: u32,
    pub(crate) compared: u32,
}

impl Corroboration {
    /// Records one more subject about which others answered. `alone`: only this list contains it. Returns a suspicion when
    /// one begins; the next one can begin after a hundred subjects without a jump.
    pub(crate) fn record(&mut self, alone: bool) -> Option<Suspicion> {
        self.compared += 1;
        self.alone += u32::from(alone);
        // A jump is reported at once, not only after a hundred subjects.
        let recent = f64::from(self.alone) / f64::from(RECENT);
        let past = self.past.map(|past| past.max(FLOOR));
        let jumps = self.alone >= LEAST && past.is_some_and(|past| recent >= JUMP * past);
        let suspicion = (jumps && !self.suspected).then_some(Suspicion { alone: self.alone, compared: self.compared });
        self.suspected |= jumps;
        if self.compared >= RECENT {
            let share = f64::from(self.alone) / f64::from(self.compared);
            if self.suspected && !jumps {
                self.suspected = false;
            }
            // A suspected share does not count as the past.
            if !jumps {
                self.past = Some(self.past.map_or(share, |past| past + MEMORY * (share - past)));
            }
            (self.compared, self.alone) = (0, 0);
        }
        suspicion
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records this many subjects, every nth of them in this list alone; returns the number of suspicions.
    fn record(list: &mut Corroboration, subjects: u32, every: u32) -> usize {
        (0..subjects).filter(|number| list.record(every > 0 && number % every == 0).is_some()).count()
    }

    #[test]
    fn a_partial_wildcard_is_suspected_once() {
        let mut list = Corroboration::default();
        assert_eq!(record(&mut list, 2_000, 50), 0, "two in a hundred: its ordinary share");
        assert_eq!(record(&mut list, 300, 4), 1, "a quarter of everything");
        assert_eq!(record(&mut list, 1_000, 50), 0);
        assert_eq!(record(&mut list, 300, 4), 1, "again, after it had recovered");
    }

    #[test]
    fn a_list_that_always_stands_alone_is_as_it_is() {
        let mut list = Corroboration::default();
        assert_eq!(record(&mut list, 5_000, 3), 0);
    }

    #[test]
    fn a_spam_wave_that_others_see_too_is_no_jump() {
        let mut list = Corroboration::default();
        record(&mut list, 2_000, 50);
        // Nine of ten listings are confirmed: the wave doubles the hits, but not those of this list alone.
        assert_eq!(record(&mut list, 1_000, 10), 0);
    }

    #[test]
    fn without_a_past_there_is_no_jump() {
        let mut list = Corroboration::default();
        assert_eq!(record(&mut list, 99, 1), 0);
    }
}
