//! Zones by number. A zone whose answers are void gets a new number, and nothing that was said under the old one is found
//! again.

use crate::base::hash_map::Table;
use crate::base::name::Name;

/// Zones that get a number. Answers of zones beyond are not remembered.
const MAX_ZONES: usize = 4_096;
/// Numbers there are: a record has 14 bits for them.
const NUMBERS: u16 = 1 << 14;

/// A zone's number at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    value: u16,
    /// Numbers are given out again when they are used up; what was said under them before is forgotten then.
    round: u16,
}

impl Number {
    /// No zone: what we found out ourselves.
    pub(crate) const OURS: Self = Self { value: 0, round: 0 };

    pub(crate) fn value(self) -> u16 {
        self.value
    }

    #[cfg(test)]
    pub(crate) fn test(value: u16) -> Self {
        Self { value, round: 0 }
    }
}

/// Which zone has which number.
#[derive(Debug)]
pub(crate) struct Zones {
    numbers: Table<Name, Number>,
    /// Which numbers hold, by value.
    live: Vec<bool>,
    round: u16,
}

impl Default for Zones {
    fn default() -> Self {
        Self { numbers: Table::default(), live: vec![true], round: 0 }
    }
}

impl Zones {
    /// The number of a zone; a new one if it has none.
    pub(crate) fn number(&mut self, zone: &Name) -> Option<Number> {
        if let Some(known) = self.numbers.get(zone) {
            return Some(*known);
        }
        if self.numbers.len() >= MAX_ZONES {
            return None;
        }
        let number = self.next()?;
        self.numbers.insert(zone.clone(), number);
        Some(number)
    }

    /// Does what was asked under this number still count?
    pub(crate) fn is_live(&self, number: Number) -> bool {
        number.round == self.round && self.live.get(usize::from(number.value)).is_some_and(|live| *live)
    }

    /// What this zone said is void. Says whether all records have to go, since their numbers are given out again.
    #[must_use]
    pub(crate) fn void(&mut self, zone: &Name) -> bool {
        let Some(old) = self.numbers.get(zone).copied() else { return false };
        if let Some(live) = self.live.get_mut(usize::from(old.value)) {
            *live = false;
        }
        match self.next() {
            Some(new) => {
                self.numbers.insert(zone.clone(), new);
                false
            }
            None => {
                self.begin_again();
                true
            }
        }
    }

    /// What all zones said is void, and all records go.
    pub(crate) fn begin_again(&mut self) {
        *self = Self { round: self.round.wrapping_add(1), ..Self::default() };
    }

    fn next(&mut self) -> Option<Number> {
        let value = u16::try_from(self.live.len()).ok().filter(|value| *value < NUMBERS)?;
        self.live.push(true);
        Some(Number { value, round: self.round })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> Name {
        Name::parse(&format!("bl{number}.example")).unwrap()
    }

    #[test]
    fn numbers_are_bounded_and_begin_again() {
        let mut zones = Zones::default();
        for number in 0..MAX_ZONES {
            assert!(zones.number(&name(number)).is_some());
        }
        assert_eq!(zones.number(&name(MAX_ZONES)), None);
        let first = zones.number(&name(0)).unwrap();
        assert!(zones.is_live(first));
        let mut voided = 0;
        while !zones.void(&name(0)) {
            voided += 1;
            assert!(!zones.is_live(first));
        }
        assert_eq!(voided, usize::from(NUMBERS) - MAX_ZONES - 1);
        let again = zones.number(&name(0)).unwrap();
        assert_eq!(again.value(), first.value());
        assert!(zones.is_live(again) && !zones.is_live(first), "the same number of another round");
    }
}
