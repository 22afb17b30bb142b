use super::*;
use crate::report::learned::ResolverSigns;
use crate::state::zone_table::MAX_ZONES;

/// An evicted zone is asked for its entry again, so summaries that used what was known about it are invalid.
#[test]
fn an_evicted_zone_is_a_change() {
    let (mut shared, now, label) =
        (SharedState::default(), Instant::now(), Label::from_random(Randomness::for_tests([7; 16])));
    let mut changes = |zones: std::ops::Range<usize>| {
        for zone in zones {
            let spec = Arc::new(ListSpec::deny(&format!("l{zone}.example")).unwrap());
            shared.plan(&spec, zone, SubjectKind::Ipv4, now, label);
        }
        shared.apply(&[], &[], ResolverSigns::default(), Vec::new(), now).1.summaries
    };
    assert!(!changes(0..MAX_ZONES));
    assert!(changes(MAX_ZONES..MAX_ZONES + 1));
    assert!(!changes(MAX_ZONES..MAX_ZONES + 1));
}
