//! The presets `postfix` and `sendmail` reply as the real servers did (`tests/data/replies.tsv`).

use rdnsbl::{Checker, ListSet, ManualClock, Policy, Scripted, SpecialPurpose};

use crate::replies::client as of_client;

/// The world in which real servers were asked.
const RECORDED: &str = "
    7.113.0.203.in-addr.arpa  PTR mail.good.test
    mail.good.test            A   203.0.113.7
    good.test                 MX  10 mail.good.test
    8.113.0.203.in-addr.arpa  PTR liar.good.test
    liar.good.test            A   203.0.113.200
    10.113.0.203.in-addr.arpa SERVFAIL
    11.113.0.203.in-addr.arpa PTR ghost.good.test
    12.113.0.203.in-addr.arpa PTR slow.broken.test
    *.broken.test             SERVFAIL
    14.113.0.203.in-addr.arpa PTR spam.good.test
    spam.good.test            A   203.0.113.14
    14.113.0.203.bl.test      A   127.0.0.2
    14.113.0.203.bl.test      TXT \"listed, see https://bl.test/?ip=203.0.113.14\"
    nullmx.test               MX  0 .
    dangling.test             MX  10 nowhere.test
    unsure.test               MX  10 mx.broken.test
    empty.test                TXT \"nothing\"
";

#[test]
fn replies_of_real_servers() {
    let clock = ManualClock::new();
    let dns = std::sync::Arc::new(Scripted::table(RECORDED, clock.clone()).unwrap());
    let mut rows = 0;
    for line in include_str!("../data/replies.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [who, client, fact, wanted] = cells.as_slice() else { panic!("{line}") };
        let mut dialogue = of_client(client.parse().unwrap());
        match fact.split_once(' ') {
            Some(("from", path)) => dialogue = dialogue.mail_from(path),
            Some(("rcpt", path)) => dialogue = dialogue.rcpt_to(path),
            Some(("helo", argument)) => dialogue = dialogue.helo(argument),
            _ => {}
        }
        let checker = Checker::builder_with(dns.clone(), clock.clone())
            .lists(ListSet::builder().deny("bl.test=127.0.0.2").build().unwrap())
            .policy(Policy::named(who).unwrap())
            .special_purpose(SpecialPurpose::Ask)
            .build()
            .unwrap();
        let report = clock.run(checker.check(&dialogue).into_future());
        let said = report.advice().reply().map_or_else(|| "-".to_owned(), ToString::to_string);
        assert_eq!(said, *wanted, "{line}");
        rows += 1;
    }
    assert!(rows > 30, "{rows}");
}
