//! What the types promise to their users, and programs as users would write them.

use std::collections::{BinaryHeap, HashMap};
use std::future::IntoFuture;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdnsbl::dns::{Failure, Record, Soa};
use rdnsbl::dnsxl::{CodePattern, Evidence, Listing, Proof};
use rdnsbl::inquiry::QuestionId;
use rdnsbl::resolve::BoxFuture;
use rdnsbl::testing::Table;
use rdnsbl::{
    Action, Answer, Checker, Dialogue, Inquiry, Iprev, ListKind, ListSet, ManualClock, Name, PendingCheck, Policy,
    Question, Randomness, RecordType, Report, Resolve, Scripted, Settings, SharedState, Verdict,
};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(45, 66, 77, 7));

const DNS: &str = "
    7.77.66.45.in-addr.arpa PTR mail.example.org
    mail.example.org        A   45.66.77.7
    2.0.0.127.bl.example    A   127.0.0.2
    7.77.66.45.bl.example   A   127.0.0.2
    7.77.66.45.slow.example A   127.0.0.2 after=30s
";

fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
fn spawnable<T: Send + 'static>(_: &T) {}

#[test]
fn values_cross_threads() {
    shared::<Checker>();
    shared::<Report>();
    shared::<Dialogue>();
    shared::<Settings>();
    shared::<SharedState>();
    shared::<ListSet>();
    shared::<Policy>();
    shared::<Name>();
    shared::<Answer>();
    shared::<Verdict>();
    shared::<Listing>();
    shared::<Proof>();
    shared::<Evidence>();
    shared::<Iprev>();
    shared::<CodePattern>();
    fn across<T: Send + Sync + 'static>() {}
    across::<Inquiry>();
    across::<rdnsbl::Session>();
    fn spawned<T: Future + Send + Unpin + 'static>() {}
    spawned::<PendingCheck>();
    across::<rdnsbl::Error>();
    across::<Arc<dyn Resolve>>();
}

#[test]
fn futures_borrow_nothing() {
    let clock = ManualClock::new();
    let checker = Checker::builder_with(Scripted::table(DNS, clock.clone()).unwrap(), clock.clone()).build().unwrap();
    let name = String::from("mail.example.org");
    let (check, iprev, helo, domain) = (
        checker.check(CLIENT).into_future(),
        checker.iprev(CLIENT),
        checker.helo(&name, Some(CLIENT)),
        checker.mail_domain(rdnsbl::PathRole::Sender, &name),
    );
    drop((checker, name));
    spawnable(&check);
    spawnable(&iprev);
    spawnable(&helo);
    spawnable(&domain);
    assert_eq!(clock.run(check).iprev().map(Iprev::rfc8601), Some("pass"));
    assert_eq!(clock.run(iprev).rfc8601(), "pass");
    assert_eq!(clock.run(helo).verdict().word(), "resolves_to_client");
    assert_eq!(clock.run(domain).verdict().word(), "malformed");
}

/// Thousands of these are held at once.
#[test]
fn sizes() {
    for (what, size, most) in [
        ("Answer", size_of::<Answer>(), 96),
        ("Checker", size_of::<Checker>(), 64),
        ("Name", size_of::<Name>(), 24),
        ("Question", size_of::<Question>(), 32),
        ("Record", size_of::<Record>(), 40),
        ("Verdict", size_of::<Verdict>(), 160),
        ("Iprev", size_of::<Iprev>(), 128),
        ("Dialogue", size_of::<Dialogue>(), 128),
        ("Report", size_of::<Report>(), 1024),
    ] {
        assert!(size <= most, "{what}: {size} octets, more than {most}");
    }
}

/// Ten lines.
#[test]
fn the_shortest_program() {
    let clock = ManualClock::new();
    let dns = Scripted::table(DNS, clock.clone()).unwrap();
    let lists = ListSet::builder().deny("bl.example").build().unwrap();
    let checker = Checker::builder_with(dns, clock.clone()).lists(lists).build().unwrap();
    let report = clock.run(checker.check("45.66.77.7".parse::<IpAddr>().unwrap()));
    let reply = report.advice().reply().map(ToString::to_string);
    assert_eq!(reply.as_deref(), Some("550 5.7.1 Service unavailable; [45.66.77.7] is listed by bl.example"));
}

/// The connect stage of a server and the stages after it: one deadline, partial results, a growing dialogue.
#[cfg(feature = "hickory")]
#[tokio::test]
async fn stages_of_an_smtp_server() {
    use rdnsbl::report::Completeness;
    use rdnsbl::resolve::Stub;
    use rdnsbl::testing::LoopbackServer;

    let table = format!("{DNS}\nsender.test MX 0 .\n*.dead.example TIMEOUT");
    let server = LoopbackServer::start(Table::parse(&table).unwrap()).await.unwrap();
    let lists = ListSet::builder()
        .deny("bl.example*3")
        .deny("dead.example*2")
        .allow("wl.example")
        .threshold(4)
        .build()
        .unwrap();
    let checker = Checker::builder(Stub::servers([server.address()]).unwrap())
        .lists(lists)
        .own_names(["mx.example.org"])
        .build()
        .unwrap();
    let deadline = Instant::now() + Duration::from_millis(1_500);
    let mut dialogue = Dialogue::from(CLIENT);
    let task = tokio::spawn(checker.check(&dialogue).until(deadline).into_future());
    let report = task.await.unwrap();
    assert_eq!(report.completeness(), Completeness::CutByDeadline);
    assert_eq!((report.score().low(), report.score().high(), report.advice().action()), (3, 5, Action::Pass));
    dialogue = dialogue.helo("mx.example.org");
    let report = checker.check(&dialogue).within(Duration::from_millis(300)).await;
    assert_eq!(report.helo().unwrap().verdict().word(), "claims_us");
    dialogue = dialogue.mail_from("<a@sender.test>");
    let report = checker.check(&dialogue).within(Duration::from_secs(1)).await;
    assert_eq!(report.advice().reply().map(|reply| (reply.code(), reply.enhanced())), Some((550, "5.7.27")));
    dialogue = dialogue.mail_from("<>");
    let report = checker.check(&dialogue).within(Duration::from_millis(300)).await;
    assert_eq!(report.advice().action(), Action::Pass);
}

/// A resolver of the host. Its answers cannot say more than it knows.
struct Own(HashMap<(String, RecordType), Raw>);

enum Raw {
    Addresses(Vec<Ipv4Addr>),
    NameError(Option<Soa>),
    ServFail,
}

impl Resolve for Own {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let answer = match self.0.get(&(question.name.expose().to_owned(), question.record_type)) {
            Some(Raw::Addresses(found)) => {
                Answer::records(found.iter().copied().map(Record::from), Duration::from_secs(60))
            }
            Some(Raw::NameError(soa)) => Answer::nx_domain(soa.clone()),
            Some(Raw::ServFail) => Answer::failed(Failure::ServFail),
            None => Answer::failed(Failure::Network),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn a_resolver_of_ones_own() {
    let soa = Soa::new(Name::parse("bl.example").unwrap(), Duration::from_secs(60));
    let known = HashMap::from([
        (("7.77.66.45.in-addr.arpa.".to_owned(), RecordType::Ptr), Raw::ServFail),
        (("7.77.66.45.bl.example.".to_owned(), RecordType::A), Raw::NameError(Some(soa))),
        (("7.77.66.45.odd.example.".to_owned(), RecordType::A), Raw::Addresses(Vec::new())),
        // A "no" without SOA record may mean that something removed the address; the test entry shows whether it did.
        (("2.0.0.127.odd.example.".to_owned(), RecordType::A), Raw::NameError(None)),
    ]);
    let clock = ManualClock::new();
    let lists = ListSet::builder().deny("bl.example").deny("odd.example").deny("far.example").build().unwrap();
    let resolver: Arc<dyn Resolve> = Arc::new(Own(known));
    let checker = Checker::builder_with(resolver, clock.clone()).lists(lists).build().unwrap();
    let report = clock.run(checker.check(CLIENT));
    assert_eq!(report.iprev().map(Iprev::client_resolve), Some("TEMP"));
    let words: Vec<&str> = report.lists().iter().map(|row| row.verdict().word()).collect();
    assert_eq!(words, ["not_listed", "not_listed", "unknown"]);
}

#[test]
fn a_list_that_dies_stops_rejecting() {
    let clock = ManualClock::new();
    let dns = Scripted::table(DNS, clock.clone()).unwrap();
    let lists = ListSet::builder().deny("bl.example").deny("slow.example").build().unwrap();
    let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).build().unwrap();
    let client = Dialogue::from(CLIENT);
    let report = clock.run(checker.check(&client).within(Duration::from_secs(5)).into_future());
    assert_eq!((report.advice().action(), report.counts().listed, report.counts().unknown), (Action::Reject, 1, 1));
    dns.set("*.bl.example A 127.0.0.2").unwrap(); // from now on it lists the world
    clock.advance(Duration::from_secs(3600));
    let report = clock.run(checker.check(&client).into_future());
    assert!(matches!(report.lists()[0].verdict(), Verdict::Problem(_)));
    assert_eq!(report.advice().action(), Action::Pass);
}

/// An event loop without async: it can send, and wait until a given time.
struct Loop {
    table: Table,
    now: Instant,
    due: BinaryHeap<std::cmp::Reverse<(Instant, u16)>>,
    answers: HashMap<u16, Answer>,
}

impl Loop {
    fn send(&mut self, name: &str, kind: RecordType) -> u16 {
        let reply = self.table.lookup(&Question::new(Name::parse(name).unwrap(), kind));
        let id = u16::try_from(self.answers.len()).unwrap();
        self.due.push(std::cmp::Reverse((self.now + reply.after, id)));
        self.answers.insert(id, reply.answer());
        id
    }

    fn next(&mut self, until: Instant) -> Option<(u16, Answer)> {
        let std::cmp::Reverse((at, id)) = self.due.pop().filter(|std::cmp::Reverse((at, _))| *at <= until)?;
        self.now = at;
        Some((id, self.answers[&id].clone()))
    }
}

fn check(
    host: &mut Loop,
    known: &mut SharedState,
    dialogue: &Dialogue,
    settings: &Settings,
    budget: Duration,
) -> Report {
    let deadline = host.now + budget;
    let mut inquiry = Inquiry::new(
        dialogue,
        &std::sync::Arc::new(settings.clone()),
        known,
        host.now,
        Randomness::for_tests([0x17; 16]),
    );
    let mut open: HashMap<u16, QuestionId> = HashMap::new();
    while !inquiry.is_done() {
        while let Some((ticket, question)) = inquiry.next_question() {
            open.insert(host.send(question.name.expose(), question.record_type), ticket);
        }
        let Some((id, answer)) = host.next(deadline) else { break };
        if let Some(ticket) = open.remove(&id) {
            inquiry.supply(ticket, answer);
        }
    }
    let report = inquiry.finish(Failure::Deadline);
    known.learn(&report, host.now);
    report
}

#[test]
fn a_host_with_an_event_loop() {
    let lists = ListSet::builder().deny("bl.example").deny("slow.example").build().unwrap();
    let settings = Settings::default().with_lists(lists);
    let table = Table::parse(DNS).unwrap();
    let mut host = Loop { table, now: Instant::now(), due: BinaryHeap::new(), answers: HashMap::new() };
    let mut known = SharedState::default();
    let dialogue = Dialogue::from(CLIENT);
    let report = check(&mut host, &mut known, &dialogue, &settings, Duration::from_secs(5));
    assert_eq!((report.counts().listed, report.counts().unknown, report.questions()), (1, 1, 7));
    assert_eq!(judge(&report), Mine::Refuse("bl.example: listed".into()));
    // Proof is fresh now: the controls of bl.example are not asked again.
    let report = check(&mut host, &mut known, &dialogue, &settings, Duration::from_secs(5));
    assert_eq!((report.counts().listed, report.questions()), (1, 5));
}

#[derive(Debug, PartialEq, Eq)]
enum Mine {
    Accept,
    Tag(&'static str),
    TryLater(String),
    Refuse(String),
}

/// The host's own mapping, without a `_` arm where mail is refused.
fn judge(report: &Report) -> Mine {
    if report.allowed().any(|(_, hit)| hit.codes().contains(&[127, 0, 9, 3].into())) {
        return Mine::Accept; // proven allow hits only
    }
    let mut tag = None;
    for row in report.lists() {
        match row.verdict() {
            Verdict::Listed(ListKind::Deny, hit) => {
                let why = hit.reason().map_or("listed", |reason| reason.as_str());
                return Mine::Refuse(format!("{}: {why}", row.list()));
            }
            Verdict::Problem(_) => tag = Some("list-broken"),
            Verdict::Unknown(_) => tag = Some("list-unknown"),
            Verdict::Listed(ListKind::Allow, _)
            | Verdict::NotListed(_)
            | Verdict::Excluded(_)
            | Verdict::Skipped(_) => {}
        }
    }
    match report.iprev() {
        Some(Iprev::NoName(_)) => Mine::Refuse("no name".into()),
        Some(Iprev::Forged(names)) => Mine::Refuse(format!("{} names, none leads back", names.unconfirmed().count())),
        Some(Iprev::TempError(error)) => Mine::TryLater(error.why().to_string()),
        Some(Iprev::Confirmed(_)) | None => tag.map_or(Mine::Accept, Mine::Tag),
    }
}

#[test]
fn a_mapping_of_ones_own() {
    let run = |dns: &str| {
        let lists = ListSet::builder().deny("bl.example").allow("wl.example").build().unwrap();
        let settings = Settings::default().with_lists(lists);
        let mut inquiry = Inquiry::new(
            &Dialogue::from(CLIENT),
            &std::sync::Arc::new(settings.clone()),
            &mut SharedState::default(),
            Instant::now(),
            Randomness::for_tests([0; 16]),
        );
        let table = Table::parse(dns).unwrap();
        while let Some((ticket, question)) = inquiry.next_question() {
            inquiry.supply(ticket, table.lookup(&question).answer());
        }
        judge(&inquiry.finish(Failure::Deadline))
    };
    let named = "7.77.66.45.in-addr.arpa PTR mail.example.org\nmail.example.org A 45.66.77.7\n";
    let listed = "7.77.66.45.bl.example A 127.0.0.2\n";
    assert_eq!(run(named), Mine::Accept);
    assert_eq!(run(""), Mine::Refuse("no name".into()));
    assert_eq!(run("7.77.66.45.in-addr.arpa SERVFAIL"), Mine::TryLater("server failure (SERVFAIL)".into()));
    assert_eq!(run("7.77.66.45.in-addr.arpa PTR a.test"), Mine::Refuse("1 names, none leads back".into()));
    assert_eq!(run(&format!("{named}{listed}")), Mine::Refuse("bl.example: listed".into()));
    assert_eq!(run(&format!("{named}*.bl.example A 127.0.0.2")), Mine::Tag("list-broken"));
    assert_eq!(run(&format!("{named}*.bl.example SERVFAIL")), Mine::Tag("list-unknown"));
    assert_eq!(run(&format!("{named}{listed}7.77.66.45.wl.example A 127.0.9.3")), Mine::Accept);
}
