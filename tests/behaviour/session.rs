//! A session at its stages: what is asked at each, how long each takes, and what each advises.

use std::collections::BTreeMap;
use std::time::Duration;

use rdnsbl::clock::Clock;
use rdnsbl::dnsxl::Part;
use rdnsbl::policy::{Advice, Stage};
use rdnsbl::{Action, Dialogue, Finding, ListSet, ListSpec, Policy, Session};

use crate::kit::world::{CLEAN, LISTED, SECOND, World, lists, poll_once, start, verdicts};

/// A client, its HELO name, a sender's domain, and two recipients' domains.
pub(crate) const WORLD: &str = "
    $SOA bl.test 300 60
    $SOA rhsbl.test 300 60
    $SOA test 300 60
    $SOA in-addr.arpa 3600 600
    7.77.66.45.in-addr.arpa PTR clean.client.test
    clean.client.test A 45.66.77.7
    14.77.66.45.in-addr.arpa PTR listed.client.test
    listed.client.test A 45.66.77.14
    14.77.66.45.bl.test A 127.0.0.2
    bad.test.rhsbl.test A 127.0.0.2
    sender.test MX 10 mx.sender.test
    bad.test MX 10 mx.sender.test
    mx.sender.test A 45.66.77.9
    one.test A 45.66.77.9
    two.test A 45.66.77.9
    1.0.0.127.bl.test NXDOMAIN
    * NXDOMAIN
";

/// The dialogue's questions of each stage, and how often each went out, over all stages of one transaction with two recipients.
fn stages(world: &World, session: &mut Session) -> (BTreeMap<String, usize>, Vec<Duration>) {
    let mut times = Vec::new();
    let mut stage = |session: &mut Session| {
        let begun = world.clock.now();
        world.clock.run(session.report());
        times.push(world.clock.now() - begun);
        world.clock.advance(SECOND * 2);
    };
    stage(session);
    stage(session.helo("clean.client.test"));
    stage(session.mail_from("<a@sender.test> SIZE=1000"));
    stage(session.rcpt_to("<b@one.test>"));
    stage(session.rcpt_to("<b@two.test> NOTIFY=NEVER"));
    let mut asked = BTreeMap::new();
    for question in world.asked() {
        *asked.entry(question).or_insert(0) += 1;
    }
    (asked, times)
}

#[test]
fn nothing_is_asked_twice_in_a_transaction_whatever_its_ttl() {
    let changes = [
        ("healthy", ""),
        ("no SOA", "7.77.66.45.bl.test NXDOMAIN-NOSOA\nclean.client.test AAAA-NODATA-NOSOA"),
        ("no name, no SOA", "7.77.66.45.in-addr.arpa NXDOMAIN-NOSOA"),
        ("TTL 0", "7.77.66.45.in-addr.arpa PTR clean.client.test ttl=0\nclean.client.test A 45.66.77.7 ttl=0"),
        ("SERVFAIL", "7.77.66.45.in-addr.arpa SERVFAIL"),
    ];
    for (name, change) in changes {
        let world = World::new(WORLD, lists(["bl.test"]));
        for line in change.lines().filter(|line| !line.contains("AAAA-")) {
            world.dns.set(line).unwrap();
        }
        let (asked, _) = stages(&world, &mut world.checker.session(CLEAN));
        let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{name}: {twice:?}");
        assert!(asked.contains_key("7.77.66.45.bl.test A") && asked.contains_key("two.test A"), "{name}: {asked:?}");
    }
}

#[test]
fn a_silent_list_is_waited_for_once() {
    let world = World::new(&format!("{WORLD}\n*.silent.test TIMEOUT"), lists(["bl.test", "silent.test"]));
    let mut session = world.checker.session(CLEAN).within(SECOND * 3 / 2);
    let (asked, times) = stages(&world, &mut session);
    assert_eq!(times, [SECOND * 3 / 2, Duration::ZERO, Duration::ZERO, Duration::ZERO, Duration::ZERO]);
    assert_eq!(asked["7.77.66.45.silent.test A"], 1);
    // A check of the same client asks again: a session's timeout concerns that session alone.
    let report = world.clock.run(world.checker.check(CLEAN).within(SECOND));
    assert_eq!((verdicts(&report), report.elapsed()), (vec!["not_listed", "unknown"], SECOND));
}

#[test]
fn what_a_prefetch_learns_is_there_and_dropping_it_cancels_nothing() {
    let world = World::new(&World::slowly(WORLD), lists(["bl.test"]));
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
    let mut prefetch = start(session.prefetch());
    poll_once(&mut prefetch);
    let asked = world.asked().len();
    assert!(asked > 0);
    let mut waiting = start(async { session.advice().await });
    poll_once(&mut waiting);
    drop(prefetch);
    assert_eq!(world.asked().len(), asked, "both wait for the same questions");
    world.clock.run(waiting.as_mut());
    assert_eq!(waiting.as_mut().take_output().unwrap().action(), Action::Reject);

    let mut session = world.checker.session(CLEAN);
    world.clock.run(session.prefetch());
    let asked = world.asked().len();
    world.clock.run(session.report());
    assert_eq!(world.asked().len(), asked);
}

fn found(advice: &Advice) -> Vec<(Finding, Stage)> {
    advice.because().iter().map(|cause| (cause.finding(), cause.stage())).collect()
}

fn sender_lists() -> ListSet {
    let rhsbl = ListSpec::deny("rhsbl.test").unwrap().with_parts([Part::Sender]);
    ListSet::builder().deny("bl.test").list(rhsbl).build().unwrap()
}

#[test]
fn by_default_nothing_is_refused_before_rcpt_and_everything_at_each_recipient() {
    let world = World::new(WORLD, sender_lists());
    let mut session = world.checker.session(LISTED);
    let advice = |session: &mut Session| world.clock.run(session.advice());
    assert_eq!(advice(&mut session).action(), Action::Pass);
    assert_eq!(advice(session.helo("listed.client.test")).action(), Action::Pass);
    assert_eq!(advice(session.mail_from("<a@sender.test>")).action(), Action::Pass);
    assert_eq!(world.asked().len(), 0, "stages that cannot act ask nothing");
    for recipient in ["<b@one.test>", "<b@two.test>"] {
        let advice = advice(session.rcpt_to(recipient));
        assert_eq!((advice.action(), found(&advice)), (Action::Reject, vec![(Finding::Listed, Stage::Connect)]));
    }
    // The client logs in: it is not judged from now on.
    assert_eq!(advice(session.authenticated()).action(), Action::Pass);
}

#[test]
fn a_list_for_the_null_sender_is_asked_at_mail() {
    let lists = || ListSet::builder().list(ListSpec::deny("bl.test").unwrap().with_only_null_sender()).build().unwrap();
    let world = World::new(WORLD, lists());
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
    let advice = |session: &mut Session| world.clock.run(session.advice()).action();
    assert_eq!(advice(&mut session), Action::Pass);
    assert_eq!(advice(session.mail_from("<a@sender.test>")), Action::Pass);
    assert!(!world.asked().iter().any(|question| question.contains("bl.test")), "{:?}", world.asked());
    assert_eq!(advice(session.reset().mail_from("<>")), Action::Reject);
    let report = world.check(Dialogue::from(LISTED).mail_from("<a@sender.test>"));
    assert_eq!((verdicts(&report), report.advice().action()), (vec!["skipped"], Action::Pass));
    assert_eq!(world.checker.remembered(&LISTED.into()), None);
}

#[test]
fn each_stage_advises_on_what_is_new() {
    let world = World::with(WORLD, |builder| builder.lists(sender_lists()).policy(Policy::rfc().strict()));
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
    let advice = |session: &mut Session| world.clock.run(session.advice());
    assert_eq!(found(&advice(&mut session)), [(Finding::Listed, Stage::Connect)]);
    assert_eq!(found(&advice(session.helo("listed.client.test"))), []);
    assert_eq!(found(&advice(session.mail_from("<a@sender.test>"))), []);
    assert_eq!(found(&advice(session.rcpt_to("<b@one.test>"))), []);
    // Another message, whose sender is listed too.
    let second = advice(session.reset().mail_from("<a@bad.test>"));
    assert_eq!(found(&second), [(Finding::Listed, Stage::Mail)]);
    assert!(second.reply().unwrap().text().contains("rhsbl.test"), "{:?}", second.reply());
    assert_eq!(found(&advice(session.rcpt_to("<b@nowhere.test>"))), [(Finding::RecipientNoSuchDomain, Stage::Rcpt)]);
    assert_eq!(found(&advice(session.rcpt_to("<b@nowhere.test>"))), [(Finding::RecipientNoSuchDomain, Stage::Rcpt)]);
}

#[test]
fn a_late_answer_changes_a_later_stage() {
    // The client's list answers after the time of the first stage, but within that of the second.
    let world = World::new(&format!("{WORLD}\n14.77.66.45.bl.test after=2s"), lists(["bl.test"]));
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect).within(SECOND);
    assert_eq!(found(&world.clock.run(session.advice())), []);
    // Another session gets the answer meanwhile, and it is cached. In this session's transaction it stays unknown;
    // a later transaction takes it from the cache.
    world.check(LISTED);
    assert_eq!(found(&world.clock.run(session.helo("listed.client.test").advice())), []);
    world.clock.run(session.mail_from("<>").advice());
    world.clock.advance(SECOND * 61);
    assert_eq!(found(&world.clock.run(session.reset().mail_from("<>").advice())), [(Finding::Listed, Stage::Connect)]);
}

#[test]
fn advice_waits_for_nothing_that_cannot_change_it() {
    let slow = "\n7.77.66.45.in-addr.arpa TIMEOUT\n14.77.66.45.in-addr.arpa TIMEOUT\n*.silent.test TIMEOUT\nquiet.test TIMEOUT";
    let begun = |policy: Policy, client| {
        let world = World::with(&format!("{WORLD}{slow}"), |builder| {
            builder.lists(lists(["bl.test", "silent.test"])).policy(policy)
        });
        let mut session = world.checker.session(client).act_from(Stage::Connect);
        let begun = world.clock.now();
        let connect = world.clock.run(session.advice());
        let at_connect = world.clock.now() - begun;
        let mail = world.clock.run(session.mail_from("<a@quiet.test>").advice());
        ((connect.action(), at_connect), (mail.action(), world.clock.now() - begun - at_connect))
    };
    let zero = Duration::ZERO;
    // Listed: neither the silent list nor reverse DNS can change a 550. The sender is new at MAIL.
    assert_eq!(begun(Policy::rfc(), LISTED).0, (Action::Reject, zero));
    // Reverse DNS has no rule in `rfc`, but the silent list could still list the client.
    assert_eq!(begun(Policy::rfc(), CLEAN).0, (Action::Pass, SECOND * 4));
    assert_eq!(begun(Policy::rfc(), CLEAN).1, (Action::Defer, SECOND * 4));
    // Nothing has a rule.
    assert_eq!(begun(Policy::observe(), CLEAN), ((Action::Pass, zero), (Action::Pass, zero)));
}

#[test]
fn a_later_message_asks_again_what_has_expired() {
    let world = World::new(WORLD, lists(["bl.test"]));
    let mut session = world.checker.session(CLEAN);
    let asked = |session: &mut Session| {
        let before = world.asked().len();
        world.clock.run(session.report());
        world.asked().split_off(before)
    };
    assert!(!asked(session.mail_from("<a@sender.test>")).is_empty());
    assert!(asked(session.reset().mail_from("<a@sender.test>")).is_empty());
    world.clock.advance(SECOND * 61); // the list's negative TTL has ended, others have not
    assert_eq!(asked(session.reset().mail_from("<a@sender.test>")), ["7.77.66.45.bl.test A"]);
}

#[test]
fn a_list_that_breaks_during_a_session_is_not_believed_at_the_next_stage() {
    let world = World::new(WORLD, lists(["bl.test"]));
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
    assert_eq!(world.clock.run(session.advice()).action(), Action::Reject);
    world.dns.set("*.bl.test A 127.0.0.2").unwrap();
    world.dns.set("1.0.0.127.bl.test A 127.0.0.2").unwrap();
    world.clock.run(world.checker.probe());
    let report = world.clock.run(session.mail_from("<a@sender.test>").report());
    assert_eq!(verdicts(&report), ["problem"]);
    assert_eq!(report.advice().action(), Action::Pass);
}

#[test]
fn commands_drop_what_smtp_says_they_drop() {
    let world = World::new(WORLD, lists([]));
    let mut session = world.checker.session(CLEAN);
    session.helo("a.test").mail_from("<a@sender.test>").rcpt_to("<b@one.test>");
    assert_eq!(session.stage(), Stage::Rcpt);
    session.reset();
    assert_eq!((session.stage(), session.dialogue()), (Stage::Helo, &Dialogue::from(CLEAN).helo("a.test")));
    session.mail_from("<a@sender.test>").helo("b.test");
    assert_eq!((session.stage(), session.dialogue()), (Stage::Helo, &Dialogue::from(CLEAN).helo("b.test")));
    session.mail_from("<>").start_tls();
    assert_eq!((session.stage(), session.dialogue()), (Stage::Connect, &Dialogue::from(CLEAN)));
    session.helo("a.test").client(LISTED);
    assert_eq!((session.stage(), session.dialogue()), (Stage::Connect, &Dialogue::from(LISTED)));
    // Facts may come in any order.
    session.rcpt_to("<b@one.test>");
    assert_eq!(session.stage(), Stage::Rcpt);
    world.clock.run(session.report());
}

#[test]
fn addresses_that_the_host_has_parsed() {
    let world = World::new(WORLD, lists([]));
    let sender = |address: &str| {
        let mut session = world.checker.session(CLEAN);
        let report = world.clock.run(session.mail_from_address(address).report());
        let domain = report.sender().unwrap().domain().map(ToString::to_string);
        (report.sender().unwrap().verdict().word(), domain)
    };
    let domain = |name: &str| Some(name.to_owned());
    assert_eq!(sender(""), ("null_sender", None));
    assert_eq!(sender("a@sender.test"), ("ok", domain("sender.test")));
    assert_eq!(sender("a b@sender.test"), ("ok", domain("sender.test")));
    assert_eq!(sender("\"a@b\"@sender.test"), ("ok", domain("sender.test")));
    assert_eq!(sender("a\\\"> SIZE=1@sender.test"), ("ok", domain("sender.test")));
    assert_eq!(sender("root"), ("unqualified", None));
    let blank = world.check(Dialogue::from(CLEAN).mail_from(" <a@sender.test> SIZE=5"));
    assert_eq!(blank.sender().unwrap().verdict().word(), "ok");
    assert_eq!(sender("ä@sender.test"), ("ok", domain("sender.test")));
}

#[test]
fn a_proof_is_about_what_it_was_made_for() {
    let lists = || {
        let spec = ListSpec::deny("rhsbl.test").unwrap().with_parts([Part::Recipient]);
        ListSet::builder().list(spec).build().unwrap()
    };
    let world = World::new(WORLD, lists());
    let mut session = world.checker.session(CLEAN);
    let first = world.clock.run(session.mail_from("<>").rcpt_to("<a@bad.test>").advice());
    assert_eq!(first.action(), Action::Reject);
    // The list becomes a wildcard. Another recipient of the same transaction needs a proof of its own.
    world.dns.set("*.rhsbl.test A 127.0.0.2").unwrap();
    world.dns.set("1.0.0.127.rhsbl.test A 127.0.0.2").unwrap();
    world.dns.set("invalid.rhsbl.test A 127.0.0.2").unwrap();
    world.clock.advance(SECOND * 120);
    assert_eq!(world.clock.run(session.rcpt_to("<a@one.test>").advice()).action(), Action::Pass);
    // A listing from before the first MAIL, an hour ago, is proved anew.
    let world = World::new(WORLD, self::lists(["bl.test"]));
    let mut session = world.checker.session(LISTED);
    world.clock.run(session.prefetch());
    world.dns.set("*.bl.test A 127.0.0.2").unwrap();
    world.dns.set("1.0.0.127.bl.test A 127.0.0.2").unwrap();
    world.clock.advance(SECOND * 3_600);
    let late = world.clock.run(session.mail_from("<>").rcpt_to("<a@one.test>").advice());
    assert_eq!(late.action(), Action::Pass);
}

#[test]
fn recipients_cost_no_question_that_cannot_matter() {
    let slow =
        "\n14.77.66.45.slow.test after=30ms\n14.77.66.45.in-addr.arpa after=500ms\n7.77.66.45.in-addr.arpa after=500ms";
    let limited = || {
        let slow = ListSpec::deny("slow.test").unwrap().with_daily_limit(5);
        ListSet::builder().deny("bl.test").list(slow).build().unwrap()
    };
    for (client, login) in [(LISTED, false), (CLEAN, false), (LISTED, true)] {
        let world = World::new(&format!("{WORLD}\n$SOA slow.test 300 60{slow}"), limited());
        let mut session = world.checker.session(client);
        if login {
            session.authenticated();
        }
        session.helo("clean.client.test").mail_from("<a@sender.test>");
        for number in 0..20 {
            world.clock.run(session.rcpt_to(format!("<b{number}@one.test>")).advice());
        }
        let mut asked = BTreeMap::new();
        for question in world.asked() {
            *asked.entry(question).or_insert(0) += 1;
        }
        let often: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(often.is_empty(), "{client} {login}: {often:?}");
        assert_eq!(asked.is_empty(), login, "{client} {login}: {asked:?}");
        // No rule of `rfc` is about reverse DNS.
        assert!(!asked.keys().any(|question| question.contains("PTR")), "{asked:?}");
        let other = world.check(CLEAN);
        assert!(!verdicts(&other).contains(&"unknown"), "the quota is left for others");
    }
}

#[test]
fn a_session_that_is_over_takes_no_trial_from_others() {
    let rewriting = format!("{WORLD}\n*.com A 198.51.100.7\n*.net A 198.51.100.7\n*.org A 198.51.100.7");
    let world = World::new(&rewriting, lists(["bl.test"]));
    let mut over = world.checker.session(CLEAN).until(world.clock.now());
    world.clock.run(over.report());
    assert_eq!(world.all_asked().len(), 0);
    world.check(CLEAN);
    assert!(world.check(CLEAN).resolver_fault().is_some());
}

#[test]
fn a_stage_waits_for_no_list_of_an_earlier_one() {
    let world = World::new(&format!("{WORLD}\n*.silent.test TIMEOUT"), lists(["bl.test", "silent.test"]));
    let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
    assert_eq!(world.clock.run(session.advice()).action(), Action::Reject);
    let begun = world.clock.now();
    world.clock.run(session.mail_from("<a@sender.test>").advice());
    assert_eq!(world.clock.now() - begun, Duration::ZERO);
}

#[test]
fn before_mail_answers_hold_as_long_as_dns_says_or_a_minute() {
    let world = World::new(WORLD, lists(["bl.test"]));
    let mut session = world.checker.session(LISTED).act_from(Stage::Helo);
    world.clock.run(session.prefetch());
    world.dns.set("14.77.66.45.bl.test NXDOMAIN").unwrap();
    world.clock.advance(SECOND * 100_000);
    assert_eq!(world.clock.run(session.helo("listed.client.test").advice()).action(), Action::Pass);
}

#[test]
fn a_session_takes_what_a_dialogue_knows_already() {
    let world = World::new(WORLD, lists(["bl.test"]));
    let mut session = world.checker.session(Dialogue::from(LISTED).mail_from("<>").rcpt_to("<b@one.test>"));
    assert_eq!(session.stage(), Stage::Rcpt);
    assert_eq!(world.clock.run(session.advice()).action(), Action::Reject);
    session.authenticated().start_tls();
    assert_eq!(session.dialogue(), &Dialogue::from(LISTED), "the log-in is forgotten too");
    assert_eq!(
        Dialogue::from(LISTED).mail_from_address("root").mail_from("<a@b.test>").mail_from.as_deref(),
        Some("<a@b.test>")
    );
}
