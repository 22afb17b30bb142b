//! Numbers that stand for zones in cache records. A zone that is invalidated gets a new number, so that the answers stored
//! under the old one are never found again.

use crate::base::hash_map::FastMap;
use crate::base::name::Name;

/// The most zones that get a number. The answers of further zones are not cached.
const MAX_ZONES: usize = 4_096;
/// How many numbers exist: a packed answer has 14 bits for them.
const NUMBERS: u16 = 1 << 14;

/// The number of a zone within one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ZoneNumber {
    value: u16,
    /// When all numbers are used up they start again at one, in the next generation, and all records are cleared.
    generation: u16,
}

impl ZoneNumber {
    /// Reserved for our own verdicts; no zone has it.
    pub(crate) const OWN_VERDICT: Self = Self { value: 0, generation: 0 };

    pub(crate) fn value(self) -> u16 {
        self.value
    }

    #[cfg(test)]
    pub(crate) fn test(value: u16) -> Self {
        Self { value, generation: 0 }
    }
}

/// The version of the numbers of some zones. The counter behind it rises with each edition, and each time a zone gets a new
/// number, so an edition from before the last new number is out of date. Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edition(pub(crate) u64);

/// The number of each zone.
#[derive(Debug)]
pub(crate) struct ZoneNumbers {
    numbers: FastMap<Name, ZoneNumber>,
    /// Which numbers are valid, by value.
    is_valid: Vec<bool>,
    generation: u16,
}

impl Default for ZoneNumbers {
    fn default() -> Self {
        Self { numbers: FastMap::default(), is_valid: vec![true], generation: 0 }
    }
}

impl ZoneNumbers {
    /// The number of a zone, which gets one if it has none.
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

    /// Is this still the number of its zone?
    pub(crate) fn is_valid(&self, number: ZoneNumber) -> bool {
        number.generation == self.generation && self.is_valid.get(usize::from(number.value)).is_some_and(|valid| *valid)
    }

    /// Gives the zone a new number. Returns true if the numbers were used up and started again: the caller must then clear all
    /// records.
    #[must_use]
    pub(crate) fn invalidate(&mut self, zone: &Name) -> bool {
        let Some(old) = self.numbers.get(zone).copied() else { return false };
        if let Some(valid) = self.is_valid.get_mut(usize::from(old.value)) {
            *valid = false;
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

    /// Starts the next generation: no number is valid any more. The caller must clear all records.
    pub(crate) fn restart(&mut self) {
        *self = Self { generation: self.generation.wrapping_add(1), ..Self::default() };
    }

    fn next(&mut self) -> Option<ZoneNumber> {
        let value = u16::try_from(self.is_valid.len()).ok().filter(|value| *value < NUMBERS)?;
        self.is_valid.push(true);
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
    fn numbers_are_bounded_and_start_again() {
        let mut zones = ZoneNumbers::default();
        for number in 0..MAX_ZONES {
            assert!(zones.number(&name(number)).is_some());
        }
        assert_eq!(zones.number(&name(MAX_ZONES)), None);
        let first = zones.number(&name(0)).unwrap();
        assert!(zones.is_valid(first));
        let mut renumbered = 0;
        while !zones.invalidate(&name(0)) {
            renumbered += 1;
            assert!(!zones.is_valid(first));
        }
        assert_eq!(renumbered, usize::from(NUMBERS) - MAX_ZONES - 1);
        let again = zones.number(&name(0)).unwrap();
        assert_eq!(again.value(), first.value());
        assert!(zones.is_valid(again) && !zones.is_valid(first), "the same number of another generation");
    }
}
