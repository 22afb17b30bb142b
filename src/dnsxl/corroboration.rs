//! Detects a list that suddenly lists subjects no other list has. A partial wildcard (`*.3.list`) lists a part of the
//! Internet and passes every control. It shows only in that no other list agrees.
//!
//! Of the subjects about which lists of at least two other operators were heard, the share is kept of those that only this
//! list held: over the last hundred, and over its own past. The list is suspected when the recent share is both a fifth of all
//! and five times the past one. A spam wave does not look so: then others list the same clients. A suspicion is an event
//! and never a verdict.

/// Subjects that make the recent share.
const RECENT: u32 = 100;
/// Of so many subjects at least, only this list must have held.
const LEAST: u32 = 20;
/// The recent share must be so many times the past one.
const JUMP: f64 = 5.0;
/// What a list's past is taken to be at least: nobody lists only what others list.
const FLOOR: f64 = 0.01;
/// Weight of a hundred new subjects in the past: about two thousand make it.
const MEMORY: f64 = 0.05;

/// How a list has agreed with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Corroboration {
    heard: u32,
    alone: u32,
    past: Option<f64>,
    suspected: bool,
}

/// A list that stands alone more than it used to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) alone: u32,
    pub(crate) heard: u32,
}

impl Corroboration {
    /// One more subject about which others were heard. `alone`: only this list held it. Says so when the list becomes
    /// suspect; once, until it has behaved for a hundred subjects.
    pub(crate) fn hear(&mut self, alone: bool) -> Option<Suspicion> {
        self.heard += 1;
        self.alone += u32::from(alone);
        // A jump is told as soon as it can be one, and not only when the hundred are full.
        let recent = f64::from(self.alone) / f64::from(RECENT);
        let past = self.past.map(|past| past.max(FLOOR));
        let jumps = self.alone >= LEAST && past.is_some_and(|past| recent >= JUMP * past);
        let told = (jumps && !self.suspected).then_some(Suspicion { alone: self.alone, heard: self.heard });
        self.suspected |= jumps;
        if self.heard >= RECENT {
            let share = f64::from(self.alone) / f64::from(self.heard);
            if self.suspected && !jumps {
                self.suspected = false;
            }
            // What is suspect does not become the norm.
            if !jumps {
                self.past = Some(self.past.map_or(share, |past| past + MEMORY * (share - past)));
            }
            (self.heard, self.alone) = (0, 0);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears so many subjects, every nth of them held by this list alone.
    fn hear(list: &mut Corroboration, subjects: u32, every: u32) -> usize {
        (0..subjects).filter(|number| list.hear(every > 0 && number % every == 0).is_some()).count()
    }

    #[test]
    fn a_partial_wildcard_is_suspected_once() {
        let mut list = Corroboration::default();
        assert_eq!(hear(&mut list, 2_000, 50), 0, "two in a hundred: its ordinary share");
        assert_eq!(hear(&mut list, 300, 4), 1, "a quarter of everything");
        assert_eq!(hear(&mut list, 1_000, 50), 0);
        assert_eq!(hear(&mut list, 300, 4), 1, "again, after it had recovered");
    }

    #[test]
    fn a_list_that_always_stands_alone_is_as_it_is() {
        let mut list = Corroboration::default();
        assert_eq!(hear(&mut list, 5_000, 3), 0);
    }

    #[test]
    fn a_spam_wave_that_others_see_too_is_no_jump() {
        let mut list = Corroboration::default();
        hear(&mut list, 2_000, 50);
        // Nine of ten listings are confirmed: the wave doubles the hits, not those that stand alone.
        assert_eq!(hear(&mut list, 1_000, 10), 0);
    }

    #[test]
    fn without_a_past_there_is_no_jump() {
        let mut list = Corroboration::default();
        assert_eq!(hear(&mut list, 99, 1), 0);
    }
}
