//! Lists that decide in several contexts: each by its own threshold, and the outcome is that of the worst.

use std::future::IntoFuture;
use std::net::IpAddr;

use rdnsbl::lists::{ListSetBuilder, Mistakes};
use rdnsbl::{Action, Checker, Dialogue, ListSet, ManualClock, Outcome, Report, Scripted, SpecialPurpose};

/// `hit` and `wl` hold the client.
const WORLD: &str = "
    14.113.0.203.hit.example    A    127.0.0.2
    2.0.0.127.hit.example       A    127.0.0.2
    14.113.0.203.wl.example     A    127.0.0.2
    2.0.0.127.wl.example        A    127.0.0.2
    2.0.0.127.clean.example     A    127.0.0.2
    *.silent.example            TIMEOUT
";

fn checker(lists: ListSetBuilder) -> (Checker, ManualClock, Scripted) {
    let clock = ManualClock::new();
    let dns = Scripted::table(WORLD, clock.clone()).unwrap();
    let checker = Checker::builder_with(dns.clone(), clock.clone())
        .lists(lists.build().unwrap())
        .special_purpose(SpecialPurpose::Ask)
        .build()
        .unwrap();
    (checker, clock, dns)
}

fn check(lists: ListSetBuilder) -> Report {
    let (checker, clock, _) = checker(lists);
    clock.run(checker.check("203.0.113.14".parse::<IpAddr>().unwrap()).into_future())
}

fn outcomes(report: &Report) -> Vec<(String, Outcome)> {
    report.contexts().iter().map(|context| (context.name.to_string(), context.score.outcome())).collect()
}

fn two(postscreen: &str, smtpd: &str) -> ListSetBuilder {
    ListSet::builder().context(Some("postscreen")).deny(postscreen).threshold(3).context(Some("smtpd")).deny(smtpd)
}

#[test]
fn the_worst_outcome_is_that_of_all() {
    use Outcome::{Allowed, Listed, NotListed, Undecided};
    for (lists, wanted, worst) in [
        (two("hit.example*2", "clean.example"), [NotListed, NotListed], NotListed),
        (two("hit.example*2", "hit.example"), [NotListed, Listed], Listed),
        (two("hit.example*3", "clean.example"), [Listed, NotListed], Listed),
        (two("hit.example*3", "clean.example").allow("wl.example"), [Listed, Allowed], Listed),
        (two("clean.example*3", "hit.example").allow("wl.example"), [NotListed, Allowed], NotListed),
        (two("silent.example*3", "clean.example"), [Undecided, NotListed], Undecided),
        (two("silent.example*3", "hit.example"), [Undecided, Listed], Listed),
        (two("hit.example*-2", "wl.example*-2"), [Allowed, Allowed], Allowed),
    ] {
        let report = check(lists.clone());
        let names = ["postscreen", "smtpd"].map(str::to_owned);
        assert_eq!(outcomes(&report), names.into_iter().zip(wanted).collect::<Vec<_>>(), "{lists:?}");
        assert_eq!(report.score().outcome(), worst, "{lists:?}");
        let action = if worst == Listed { Action::Reject } else { Action::Pass };
        assert_eq!(report.advice().action(), action, "{lists:?}");
        let decided: Vec<&str> = report.decided_by().filter_map(|row| row.context()).collect();
        let wanted = match (worst, wanted) {
            (Listed, [Listed, _]) | (Allowed, _) => vec!["postscreen"],
            (Listed, _) => vec!["smtpd"],
            _ => Vec::new(),
        };
        assert_eq!(decided, wanted, "{lists:?}");
    }
}

#[test]
fn one_context_has_no_name() {
    let report = check(ListSet::builder().deny("hit.example").context(Some("smtpd")).allow("wl.example"));
    assert!(report.contexts().is_empty() && report.lists().iter().all(|row| row.context().is_none()));
    assert_eq!(report.score().outcome(), Outcome::Allowed);
    // Beside several contexts, lists without one form a context of their own.
    let report = check(two("clean.example", "clean.example").context(None).deny("hit.example"));
    let wanted = [("lists", Outcome::Listed), ("postscreen", Outcome::NotListed), ("smtpd", Outcome::NotListed)];
    assert_eq!(outcomes(&report), wanted.map(|(name, outcome)| (name.to_owned(), outcome)));
}

#[test]
fn thresholds_are_those_of_their_context() {
    let text = "postscreen_dnsbl_sites = hit.example*2\npostscreen_dnsbl_threshold = 3\n\
        smtpd_client_restrictions = reject_rbl_client hit.example, reject_rbl_client bad..example";
    let report = check(ListSet::builder().read(text).mistakes(Mistakes::LeaveOut));
    let wanted = [("postscreen", Outcome::NotListed), ("smtpd", Outcome::Listed)];
    assert_eq!(outcomes(&report), wanted.map(|(name, outcome)| (name.to_owned(), outcome)));
    // A set that cannot be read is an error that says why.
    let lists = ListSet::builder().read(text).mistakes(Mistakes::LeaveOut).build().unwrap();
    assert_eq!((lists.iter().count(), lists.mistakes().len()), (2, 1));
    assert_eq!(ListSet::builder().read(text).build().unwrap_err().iter().count(), 1);
    // A name that looks like a key is not accepted.
    let lists = ListSet::builder().context(Some("a")).deny("a.example").context(Some("b\u{1b}")).deny("b.example");
    assert!(lists.build().unwrap().contexts().all(|name| !name.contains('\u{1b}')));
}

#[test]
fn a_list_in_two_contexts_counts_once_in_each() {
    let lists = two("hit.example", "hit.example").build().unwrap();
    assert!(lists.findings().is_empty(), "{:?}", lists.findings());
    let lists = ListSet::builder().deny("hit.example").deny("hit.example").build().unwrap();
    assert_eq!(lists.findings().len(), 1);
}

#[test]
fn what_is_decided_early_is_decided_in_each_context() {
    // The allow list of smtpd ends smtpd's questions, and no others.
    let lists = two("silent.example*3", "silent.example").allow("wl.example");
    let (checker, clock, _) = checker(lists);
    let dialogue = "203.0.113.14".parse::<IpAddr>().unwrap();
    let report = clock.run(checker.check(dialogue).stop_when_settled().into_future());
    let wanted = [("postscreen", Outcome::Undecided), ("smtpd", Outcome::Allowed)];
    assert_eq!(outcomes(&report), wanted.map(|(name, outcome)| (name.to_owned(), outcome)));
}

#[test]
fn what_is_remembered_says_the_same() {
    let (checker, clock, dns) = checker(two("clean.example", "other.example").deny("third.example"));
    let dialogue = Dialogue::from("203.0.113.15".parse::<IpAddr>().unwrap());
    let report = clock.run(checker.check(dialogue.clone()).into_future());
    let asked = dns.asked().len();
    let remembered = checker.remembered(&dialogue);
    assert_eq!(dns.asked().len(), asked);
    assert_eq!(remembered, Some(report.summary()));
    let again = clock.run(checker.check(dialogue).into_future());
    assert_eq!(again.summary().score(), report.summary().score());
}
