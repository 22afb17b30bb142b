//! The test kit behaves as the DNS does, and takes no time.

use std::time::{Duration, Instant};

use rdnsbl::clock::Clock;
use rdnsbl::dns::{Answer, AnswerKind, Failure, Question, Record, RecordType, Soa, Target};
use rdnsbl::name::Name;
use rdnsbl::resolve::Resolve;
use rdnsbl::testing::{ReplyOutcome, ReplyTransport, SILENCE, Situation, Table, TableErrorKind};
use rdnsbl::{ManualClock, Scripted};

fn question(name: &str, kind: RecordType) -> Question {
    Question::new(Name::parse(name).unwrap(), kind)
}

/// A world, and what it says at once.
struct World {
    dns: Scripted,
    clock: ManualClock,
}

impl World {
    fn new(table: &str) -> Self {
        let clock = ManualClock::new();
        Self { dns: Scripted::table(table, clock.clone()).unwrap(), clock }
    }

    fn ask(&self, name: &str, kind: RecordType) -> Answer {
        self.clock.run(self.dns.resolve(question(name, kind)))
    }

    fn a(&self, name: &str) -> Answer {
        self.ask(name, RecordType::A)
    }
}

fn address(last: u8) -> Record {
    Record::A([127, 0, 0, last].into())
}

fn records(records: impl IntoIterator<Item = Record>, ttl: u64) -> Answer {
    Answer::records(records, Duration::from_secs(ttl))
}

fn soa(owner: &str, ttl: u64) -> Option<Soa> {
    Some(Soa::new(Name::parse(owner).unwrap(), Duration::from_secs(ttl)))
}

#[test]
fn records_and_their_ttl() {
    let world = World::new(
        "a.example. A 127.0.0.3 ttl=300 ; the second
         A.Example  A 127.0.0.2 ttl=60  # the first, of the same set
         $TTL 5
         b.example A 127.0.0.2
         c.example A 127.0.0.2 ttl=4294967295",
    );
    assert_eq!(world.a("a.example"), records([address(2), address(3)], 60));
    assert_eq!(world.a("b.example"), records([address(2)], 5));
    assert_eq!(world.a("c.example"), records([address(2)], 86_400)); // RFC 8767 §4
    assert_eq!(world.dns.asked().len(), 3);
    world.dns.forget_asked();
    assert_eq!(world.dns.asked(), []);
}

#[test]
fn no_such_name_and_no_such_type() {
    let world = World::new(
        "$SOA bl.example 300 60
         2.0.0.127.bl.example TXT \"test\"
         quiet.example NXDOMAIN-NOSOA
         empty.example NODATA-NOSOA
         half.example NXDOMAIN/AAAA
         half.example A 127.0.0.2",
    );
    assert_eq!(world.a("2.0.0.127.bl.example"), Answer::no_data(soa("bl.example", 60)));
    assert_eq!(world.a("127.bl.example"), Answer::no_data(soa("bl.example", 60))); // an empty non-terminal
    assert_eq!(world.a("1.0.0.127.bl.example"), Answer::nx_domain(soa("bl.example", 60)));
    assert_eq!(world.a("x.other.example"), Answer::nx_domain(soa("other.example", 60)));
    assert_eq!(world.a("quiet.example"), Answer::nx_domain(None));
    assert_eq!(world.a("empty.example"), Answer::no_data(None));
    assert_eq!(world.a("half.example"), records([address(2)], 3600));
    assert_eq!(world.ask("half.example", RecordType::Aaaa), Answer::nx_domain(soa("example", 60)));
    world.dns.set("$SOA bl.example 20 60\n$DEFAULT REFUSED").unwrap();
    assert_eq!(world.a("2.0.0.127.bl.example"), Answer::no_data(soa("bl.example", 20)));
    assert_eq!(world.a("1.0.0.127.bl.example"), Answer::failed(Failure::Refused));
}

#[test]
fn wildcards() {
    let world = World::new(
        "*.bl.example       A   127.0.0.2
         *.deep.bl.example  A   127.0.0.9
         1.0.0.127.bl.example TXT \"exists\"
         *.alias.example    CNAME target.example
         target.example     A   127.0.0.4
         *.dark.example     TIMEOUT",
    );
    assert_eq!(world.a("2.0.0.127.bl.example"), records([address(2)], 3600)); // past the empty 0.0.127
    assert_eq!(world.a("a.b.deep.bl.example"), records([address(9)], 3600)); // the closest
    assert!(matches!(world.a("1.0.0.127.bl.example").kind(), AnswerKind::NoData(_))); // exists itself
    assert!(matches!(world.a("0.0.127.bl.example").kind(), AnswerKind::NoData(_)));
    assert!(matches!(world.a("bl.example").kind(), AnswerKind::NoData(_))); // not below itself
    assert!(matches!(world.ask("x.bl.example", RecordType::Txt).kind(), AnswerKind::NoData(_)));
    assert_eq!(
        world.a("x.alias.example"),
        records([address(4)], 3600).with_owner(Name::parse("target.example").unwrap())
    );
    assert_eq!(world.a("x.dark.example"), Answer::failed(Failure::Timeout));
}

#[test]
fn aliases() {
    let world = World::new(
        "$SOA example 300 60
         a.example CNAME b.example ttl=30
         b.example CNAME c.example ttl=20
         c.example A 127.0.0.2
         out.example CNAME nowhere.example ttl=10
         self.example CNAME self.example
         ping.example CNAME pong.example
         pong.example CNAME ping.example
         broken.example CNAME servfail.example
         servfail.example SERVFAIL
         strange.example CNAME a\\013b.example",
    );
    assert_eq!(world.a("a.example"), records([address(2)], 20).with_owner(Name::parse("c.example").unwrap()));
    assert_eq!(world.ask("a.example", RecordType::Mx), Answer::no_data(soa("example", 20)));
    assert_eq!(world.a("out.example"), Answer::nx_domain(soa("example", 10)));
    assert_eq!(world.a("self.example"), Answer::failed(Failure::CnameLoop));
    assert_eq!(world.a("ping.example"), Answer::failed(Failure::CnameLoop));
    assert_eq!(world.a("broken.example"), Answer::failed(Failure::ServFail));
    assert_eq!(world.a("strange.example"), Answer::nx_domain(None));
    let chain: String = (0..17).map(|n| format!("{n}.chain.example CNAME {}.chain.example\n", n + 1)).collect();
    world.dns.set(&format!("{chain}17.chain.example A 127.0.0.2")).unwrap();
    assert_eq!(world.a("0.chain.example"), Answer::failed(Failure::CnameLoop));
    assert!(matches!(world.a("1.chain.example").kind(), AnswerKind::Records(_)));
}

#[test]
fn hostile_data() {
    let world = World::new(
        r#"7.113.0.203.in-addr.arpa PTR a\013\010X-Evil\.b.example.
           7.113.0.203.in-addr.arpa PTR Good.Example.
           null.example MX 0 .
           mail.example MX 20 mx2.example
           mail.example MX 10 mx1.example
           t.example TXT "one # ; \"" "\013\010two\255"
           zone.example NS ns.zone.example
           zone.example SOA ns.zone.example hostmaster.zone.example 1 2 3 4 5"#,
    );
    let answer = world.ask("7.113.0.203.in-addr.arpa", RecordType::Ptr);
    let AnswerKind::Records(set) = answer.kind() else { panic!("{answer}") };
    let shown: Vec<String> = set.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["good.example", "a\\013\\010X-Evil\\.b.example."]);
    assert!(matches!(set.iter().last(), Some(Record::Ptr(Target::Illegal(_)))));
    let null = Record::Mx { preference: 0, exchange: Target::Root };
    assert_eq!(world.ask("null.example", RecordType::Mx), records([null], 3600));
    assert_eq!(world.ask("mail.example", RecordType::Mx).to_string(), "10 mx1.example, 20 mx2.example");
    assert_eq!(world.ask("t.example", RecordType::Txt).to_string(), "\"one # ; \"  two?\"");
    assert_eq!(world.ask("zone.example", RecordType::Ns).to_string(), "ns.zone.example");
    assert_eq!(world.a("x.zone.example"), Answer::nx_domain(soa("zone.example", 5)));
}

#[test]
fn failures() {
    let world = World::new(
        "a.example SERVFAIL
         b.example REFUSED
         c.example RCODE 4
         d.example TIMEOUT
         e.example TRUNCATED
         f.example MALFORMED
         h.example REFERRAL
         g.example TC
         g.example A 127.0.0.2",
    );
    for (name, failure) in [
        ("a.example", Failure::ServFail),
        ("b.example", Failure::Refused),
        ("c.example", Failure::Rcode(4)),
        ("d.example", Failure::Timeout),
        ("e.example", Failure::Truncated),
        ("f.example", Failure::Malformed),
        ("h.example", Failure::Unrelated),
    ] {
        assert_eq!(world.a(name), Answer::failed(failure), "{name}");
    }
    assert_eq!(world.a("g.example"), records([address(2)], 3600));
}

#[test]
fn set_replaces_what_it_mentions() {
    let world = World::new("a.example A 127.0.0.2\na.example TXT \"old\"\n*.w.example A 127.0.0.2");
    let (old, new) = ("\"old\"", "\"new\"");
    let text = || world.ask("a.example", RecordType::Txt).to_string();
    world.dns.set("a.example A 127.0.0.3").unwrap();
    assert_eq!((world.a("a.example"), text()), (records([address(3)], 3600), old.to_owned()));
    world.dns.set("a.example SERVFAIL/A").unwrap();
    assert_eq!((world.a("a.example"), text()), (Answer::failed(Failure::ServFail), old.to_owned()));
    world.dns.set("a.example TIMEOUT").unwrap();
    assert_eq!(text(), "no answer");
    world.dns.set("a.example TXT \"new\"").unwrap(); // ends the silence
    assert_eq!((world.a("a.example").to_string(), text()), ("NODATA".to_owned(), new.to_owned()));
    world.dns.set("a.example CNAME b.example").unwrap();
    assert_eq!(text(), "NXDOMAIN");
    world.dns.set("b.example TXT \"new\"\na.example TC").unwrap(); // leaves the CNAME
    assert_eq!(text(), new);
    let reply = Table::parse("a.example TC").and_then(|mut table| {
        table.set("a.example SERVFAIL/A\na.example TC/TXT\na.example TXT \"x\"")?;
        table.set("a.example TC/TXT after=1s\na.example TC")?;
        Ok(table.lookup(&question("a.example", RecordType::Txt)))
    });
    let reply = reply.unwrap();
    assert_eq!(
        (reply.outcome, reply.carrier, reply.after.as_secs(), reply.answers.len()),
        (ReplyOutcome::Records, ReplyTransport::TcpOnly, 1, 1)
    );
    world.dns.set("*.w.example NXDOMAIN").unwrap();
    assert!(matches!(world.a("x.w.example").kind(), AnswerKind::NxDomain(_)));
    // A wrong line changes nothing, not even by the lines before it.
    let error = world.dns.set("a.example NXDOMAIN\na.example B").unwrap_err();
    assert_eq!((error.line(), text()), (2, new.to_owned()));
}

#[test]
fn delays_take_no_time() {
    let world = World::new(
        "a.example A 127.0.0.2 after=30s
         b.example A 127.0.0.2
         b.example NODATA/AAAA after=2h
         *.slow.example after=1m
         x.slow.example A 127.0.0.2
         y.slow.example A 127.0.0.2 after=5s
         d.example TIMEOUT",
    );
    let (really, begun) = (Instant::now(), world.clock.now());
    let mut passed = Duration::ZERO;
    for (name, kind, seconds) in [
        ("a.example", RecordType::A, 30),
        ("b.example", RecordType::A, 0),
        ("b.example", RecordType::Aaaa, 7200),
        ("x.slow.example", RecordType::A, 60),
        ("y.slow.example", RecordType::A, 5),
        ("z.slow.example", RecordType::A, 60),
        ("d.example", RecordType::A, SILENCE.as_secs()),
    ] {
        world.ask(name, kind);
        passed += Duration::from_secs(seconds);
        assert_eq!(world.clock.now() - begun, passed, "{name}");
    }
    assert!(really.elapsed() < Duration::from_secs(20));
}

#[test]
fn questions_in_flight_are_counted() {
    let world = World::new("*.example A 127.0.0.2 after=1s");
    let questions: Vec<Question> = (0..5).map(|n| question(&format!("{n}.example"), RecordType::A)).collect();
    world.clock.run(futures::future::join_all(questions.iter().map(|question| world.dns.resolve(question.clone()))));
    assert_eq!(world.dns.max_in_flight(), 5);
    assert_eq!(world.dns.asked(), questions);
    world.dns.forget_asked();
    let dropped = world.dns.resolve(questions[0].clone());
    let first = world.clock.run(futures::future::select(dropped, world.dns.resolve(questions[1].clone())));
    drop(first);
    world.a("0.example");
    assert_eq!(world.dns.max_in_flight(), 2);
}

#[test]
fn replies_keep_the_order_of_the_table() {
    let table = Table::parse("a.example CNAME b.example\nb.example A 127.0.0.9\nb.example A 127.0.0.2").unwrap();
    let reply = table.lookup(&question("a.example", RecordType::A));
    assert_eq!(reply.outcome, ReplyOutcome::Records);
    let owners: Vec<String> = reply.answers.iter().map(|entry| format!("{} {:?}", entry.owner, entry.data)).collect();
    assert!(owners[0].starts_with("a.example Cname"));
    assert_eq!(owners[1..], ["b.example A(127.0.0.9)", "b.example A(127.0.0.2)"]);
}

#[test]
fn two_situations_of_one_zone_cannot_be_mixed() {
    let listed = ["192.0.2.7".parse().unwrap()];
    let [sound, stripped] = [Situation::Sound, Situation::Stripped].map(|it| it.table("bl.test", &listed));
    let error = Table::parse(&format!("{sound}{stripped}")).unwrap_err();
    assert_eq!((error.line(), error.kind()), (sound.lines().count() + 1, &TableErrorKind::SecondSituation));
    let other = Situation::Stripped.table("other.test", &listed);
    assert!(Table::parse(&format!("{sound}{other}")).is_ok());
    // A list is changed by one table after the other, and nothing of the first one remains.
    let clock = ManualClock::new();
    let dns = Scripted::table(&sound, clock.clone()).unwrap();
    for situation in Situation::DYING {
        dns.situation("bl.test", situation, &listed).unwrap();
        let fresh = Scripted::table(&situation.table("bl.test", &listed), clock.clone()).unwrap();
        for name in ["7.2.0.192.bl.test", "8.2.0.192.bl.test", "2.0.0.127.bl.test", "1.0.0.127.bl.test", "x.bl.test"] {
            let question = Question::new(Name::parse(name).unwrap(), RecordType::A);
            let answers = [&dns, &fresh].map(|dns| clock.run(dns.resolve(question.clone())));
            assert_eq!(answers[0], answers[1], "{situation:?} {name}");
        }
    }
}
