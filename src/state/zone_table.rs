//! The zones that are known, found by name, or faster by a hint.

use crate::base::hash_map::FastMap;
use crate::base::name::Name;
use crate::dnsxl::SubjectKind;
use crate::report::learned::ZoneHint;
use crate::state::zone::Zone;

/// The maximum number of zones. Beyond it the least recently used zone is evicted, and needs new proof when it is asked
/// again.
pub(super) const MAX_ZONES: usize = 4_096;

type Key = (Name, SubjectKind);

/// The zones that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct ZoneTable {
    zones: Vec<(Key, Zone)>,
    places: FastMap<Key, usize>,
}

impl ZoneTable {
    pub(super) fn get(&self, name: &Name, kind: SubjectKind) -> Option<&Zone> {
        let place = self.places.get(&(name.clone(), kind))?;
        self.zones.get(*place).map(|(_, zone)| zone)
    }

    pub(super) fn get_mut(&mut self, name: &Name, kind: SubjectKind) -> Option<&mut Zone> {
        let place = self.places.get(&(name.clone(), kind))?;
        self.zones.get_mut(*place).map(|(_, zone)| zone)
    }

    /// The zone of this name, if the hint is right.
    pub(super) fn find(&mut self, hint: ZoneHint, name: &Name, kind: SubjectKind) -> Option<&mut Zone> {
        if !self.is_at(hint, name, kind) {
            return None;
        }
        self.zones.get_mut(hint.0).map(|(_, zone)| zone)
    }

    fn is_at(&self, hint: ZoneHint, name: &Name, kind: SubjectKind) -> bool {
        self.zones.get(hint.0).is_some_and(|(key, _)| key.1 == kind && key.0 == *name)
    }

    /// The zone of this name, which is added if it is not there; and whether another zone was evicted for it. A right
    /// `hint` saves the look-up; afterwards it is right.
    pub(super) fn find_or_add(
        &mut self,
        hint: &mut ZoneHint,
        name: &Name,
        kind: SubjectKind,
        new: impl FnOnce() -> Zone,
    ) -> (&mut Zone, bool) {
        let mut has_evicted = false;
        if !self.is_at(*hint, name, kind) {
            let key = (name.clone(), kind);
            hint.0 = self.places.get(&key).copied().unwrap_or_else(|| {
                has_evicted = self.zones.len() >= MAX_ZONES;
                if has_evicted {
                    self.evict();
                }
                self.places.insert(key.clone(), self.zones.len());
                self.zones.push((key, new()));
                self.zones.len() - 1
            });
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the hint is right: the place was just found, or is that of the zone just added"
        )]
        (&mut self.zones[hint.0].1, has_evicted)
    }

    /// Removes the least recently used zone.
    fn evict(&mut self) {
        let oldest = self.zones.iter().enumerate().min_by_key(|(_, (_, zone))| zone.used);
        let Some((place, _)) = oldest else { return };
        let (key, _) = self.zones.swap_remove(place);
        self.places.remove(&key);
        if let Some(moved) = self.zones.get(place).and_then(|(key, _)| self.places.get_mut(key)) {
            *moved = place;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.zones.iter().map(|(_, zone)| zone)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn name(number: usize) -> Name {
        Name::parse(&format!("bl{number}.example")).unwrap()
    }

    #[test]
    fn a_place_is_of_one_zone_only() {
        let (mut table, start, kind) = (ZoneTable::default(), Instant::now(), SubjectKind::Ipv4);
        let used = |number: usize| start + Duration::from_secs(number as u64);
        let mut places = Vec::new();
        for number in 0..MAX_ZONES {
            let mut place = ZoneHint::default();
            assert!(!table.find_or_add(&mut place, &name(number), kind, || Zone::new(used(number), 0)).1);
            places.push(place);
        }
        let (mut first, mut last) = (places[0], places[MAX_ZONES - 1]);
        assert!(table.find_or_add(&mut first, &name(MAX_ZONES), kind, || Zone::new(used(MAX_ZONES), 0)).1);
        assert!(table.get(&name(0), kind).is_none());
        let new = || Zone::new(start, 0);
        let (moved, has_evicted) = table.find_or_add(&mut last, &name(MAX_ZONES - 1), kind, new);
        assert_eq!((moved.used, has_evicted), (used(MAX_ZONES - 1), false));
        assert_eq!((last.0, first.0), (0, MAX_ZONES - 1), "the last zone has moved to the free place");
        for (number, place) in places.iter_mut().enumerate().skip(1) {
            assert_eq!(table.find_or_add(place, &name(number), kind, new).0.used, used(number));
        }
        assert_eq!(table.iter().count(), MAX_ZONES);
    }
}
