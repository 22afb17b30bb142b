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
pub(crate) struct ZoneNumber {
    value: u16,
    /// Numbers are given out again when they are used up; what was said under them before is forgotten then.
    generation: u16,
}

impl ZoneNumber {
    /// No zone: what we found out ourselves.
    pub(crate) const OWN_VERDICT: Self = Self { value: 0, generation: 0 };

    pub(crate) fn value(self) -> u16 {
        self.value
    }

    #[cfg(test)]
    pub(crate) fn test(value: u16) -> Self {
        Self { value, generation: 0 }
    }
}

/// Which zone has which number.
#[derive(Debug)]
pub(crate) struct ZoneNumbers {
    numbers: Table<Name, ZoneNumber>,
    /// Which numbers hold, by value.
    live: Vec<bool>,
    generation: u16,
}

impl Default for ZoneNumbers {
    fn default() -> Self {
        Self { numbers: Table::default(), live: vec![true], generation: 0 }
    }
}

impl ZoneNumbers {
    /// The number of a zone; a new one if it has none.
    pub(crate) fn number(&mut self, zone: &Name) -> Option<ZoneNumber> {
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
    pub(crate) fn is_valid(&self, number: ZoneNumber) -> bool {
        number.generation == self.generation && self.live.get(usize::from(number.value)).is_some_and(|live| *live)
    }

    /// What this zone said is void. Says whether all records have to go, since their numbers are given out again.
    #[must_use]
    pub(crate) fn invalidate(&mut self, zone: &Name) -> bool {
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
                self.restart();
                true
            }
        }
    }

    /// What all zones said is void, and all records go.
    pub(crate) fn restart(&mut self) {
        *self = Self { generation: self.generation.wrapping_add(1), ..Self::default() };
    }

    fn next(&mut self) -> Option<ZoneNumber> {
        let value = u16::try_from(self.live.len()).ok().filter(|value| *value < NUMBERS)?;
        self.live.push(true);
        Some(ZoneNumber { value, generation: self.generation })
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
        let mut zones = ZoneNumbers::default();
        for number in 0..MAX_ZONES {
            assert!(zones.number(&name(number)).is_some());
        }
        assert_eq!(zones.number(&name(MAX_ZONES)), None);
        let first = zones.number(&name(0)).unwrap();
        assert!(zones.is_valid(first));
        let mut voided = 0;
        while !zones.invalidate(&name(0)) {
            voided += 1;
            assert!(!zones.is_valid(first));
        }
        assert_eq!(voided, usize::from(NUMBERS) - MAX_ZONES - 1);
        let again = zones.number(&name(0)).unwrap();
        assert_eq!(again.value(), first.value());
        assert!(zones.is_valid(again) && !zones.is_valid(first), "the same number of another generation");
    }
}
