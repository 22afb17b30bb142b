//! Resolvers that invent answers, take listings away, or are not there.

use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::report::ResolverFault;
use rdnsbl::{Action, Checker, Dialogue, ListSet, ListSpec, SpecialPurpose};

use crate::servers::{ClosedPort, Rbldnsd, Unbound, stub};
use crate::world::{CLEAN, LISTED, World, deny, ip, lists, only, said};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_invents_answers() {
    let invents = "  local-zone: \".\" redirect\n  local-data: \". 60 IN A 203.0.113.200\"\n";
    let lists = Rbldnsd::start(lists()).await;
    let resolver = Unbound::start(invents, "", &lists).await;
    let checker = Checker::builder(stub(resolver.address())).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example", "tset.example"])).build().unwrap();
    let report = checker.check(Dialogue::from(ip(CLEAN)).mail_from("<a@nothing.example>")).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::RewritesNxdomain));
    assert_eq!(report.counts().listed, 0);
    assert_eq!(report.sender().unwrap().verdict().word(), "unknown");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_takes_listings_away() {
    let world = World::start_with("  private-address: 127.0.0.0/8\n").await;
    let documented = |zone: &str| {
        let points = TestPoints::documented(TestEntry::Address(ip("127.0.0.2")));
        ListSpec::deny(zone).unwrap().with_profile(Profile::new().test_points(SubjectKind::Ipv4, points))
    };
    let lists = ListSet::builder().list(documented("bl.example")).deny("tset.example").build().unwrap();
    let checker = world.builder().lists(lists).build().unwrap();
    for client in [CLEAN, LISTED] {
        let report = checker.check(ip(client)).await;
        assert_eq!(report.resolver_fault(), Some(ResolverFault::Strips127), "{client}");
        assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown resolver"; 2], "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_takes_listings_away_shows_at_the_first_hit() {
    let world = World::start_with("  private-address: 127.0.0.0/8\n").await;
    let checker = world.checker(&["bl.example", "tset.example"]); // nothing is known about them
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Strips127));
    assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown resolver"; 2]);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn no_resolver_at_all() {
    let nobody = ClosedPort::new();
    let checker = Checker::builder(stub(nobody.address)).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example"])).build().unwrap();
    let report = checker.check(Dialogue::from(ip(LISTED)).mail_from("<a@good.example>")).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Unreachable));
    assert_eq!(said(only(&report)), "unknown network");
    assert_eq!(report.iprev().unwrap().rfc8601(), "temperror");
    assert_eq!(report.advice().action(), Action::Defer);
}
