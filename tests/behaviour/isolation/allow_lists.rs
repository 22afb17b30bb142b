//! An allow list that did not answer.

use rdnsbl::Outcome;

use super::*;
use crate::kit::world::{World, entry, reply};

#[test]
fn a_silent_allow_list_leaves_a_listing_undecided() {
    for failure in ["SERVFAIL", "TIMEOUT", "REFUSED"] {
        let world = format!(
            "{BL}*.wl.example {failure}\n$SOA other.example 300 60\n{} A 127.0.0.2",
            entry(77, 10, "other.example")
        );
        let world = World::with_unlisted(&world, [deny("bl.example"), allow("wl.example"), allow("other.example")]);
        let report = world.check(client(77, 9));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Undecided, 450), "{failure}: {report}");
        assert_eq!(report.summary().score().outcome(), Outcome::Undecided);
        // Another one allows outright.
        let report = world.check(client(77, 10));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Allowed, 250), "{failure}: {report}");
        // There is no finding against this client, whether the list answers or not.
        let report = world.check(client(79, 9));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::NotListed, 250), "{failure}: {report}");
    }
    let world = World::with_unlisted(&format!("{BL}$SOA wl.example 300 60"), [deny("bl.example"), allow("wl.example")]);
    assert_eq!(world.check(client(77, 9)).score().outcome(), Outcome::Listed, "it was heard");
}
