//! The front for programs without async.

use std::net::IpAddr;

use rdnsbl::resolve::Direct;
use rdnsbl::testing::{LoopbackServer, Table};
use rdnsbl::{Checker, ListSet, PathRole, SpecialPurpose, blocking};

const ZONE: &str = "
    $SOA bl.test 300 60
    9.113.0.203.bl.test A 127.0.0.2
    9.113.0.203.in-addr.arpa PTR a.test
    a.test A 203.0.113.9
    a.test MX 10 a.test
    * NXDOMAIN
";

#[test]
fn threads_share_a_checker_without_async() {
    // The server has a runtime of its own, with a thread.
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = serving.block_on(LoopbackServer::start(Table::parse(ZONE).unwrap())).unwrap();
    let checker = Checker::builder(Direct::servers([server.address()]).unwrap())
        .lists(ListSet::builder().deny("bl.test").build().unwrap())
        .special_purpose(SpecialPurpose::Ask)
        .build()
        .unwrap();
    let checker = blocking::Checker::new(checker).unwrap();
    let client = IpAddr::from([203, 0, 113, 9]);
    std::thread::scope(|scope| {
        for last in 1..=8_u8 {
            let checker = &checker;
            scope.spawn(move || {
                let other = IpAddr::from([203, 0, 113, 100 + last]);
                assert_eq!(checker.check(client).lists()[0].verdict().word(), "listed");
                assert_eq!(checker.check(other).lists()[0].verdict().word(), "not_listed");
            });
        }
    });
    assert_eq!(checker.iprev(client).client_resolve(), "OK");
    assert_eq!(checker.helo("a.test", Some(client)).verdict().word(), "resolves_to_client");
    assert_eq!(checker.mail_domain(PathRole::Sender, "<x@a.test>").verdict().word(), "ok");
    assert_eq!(checker.probe().len(), 1);
    assert_eq!(checker.get().stats().checks, 16);
}
