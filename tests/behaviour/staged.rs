//! A session without I/O has the rules of a checker's session, in whatever order the answers come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rdnsbl::clock::Clock;
use rdnsbl::dnsxl::Part;
use rdnsbl::inquiry::{QuestionId, StageGoal, StageResult, StagedInquiry};
use rdnsbl::policy::{Advice, Stage};
use rdnsbl::testing::{Situation, Table};
use rdnsbl::{
    Action, Answer, Dialogue, Failure, Finding, Inquiry, ListSet, ListSpec, Policy, Question, Randomness, Report,
    Session, Settings, SharedState,
};

use crate::kit::cases::cases;
use crate::kit::world::{CLEAN, LISTED, SECOND, World, verdicts};

/// A host with its own event loop.
struct Host {
    table: Table,
    shared: SharedState,
    session: StagedInquiry,
    now: Instant,
    /// Questions without an answer.
    open: Vec<(QuestionId, Question)>,
    /// What was asked, but for questions of our own.
    asked: Vec<String>,
    /// Which of the open questions is answered next.
    order: Vec<usize>,
}

impl Host {
    fn new(dns: &str, settings: &Settings, now: Instant, order: &[usize]) -> Self {
        Self {
            table: Table::parse(dns).unwrap(),
            shared: SharedState::default(),
            session: StagedInquiry::new(LISTED, &Arc::new(settings.clone()), now),
            now,
            open: Vec::new(),
            asked: Vec::new(),
            order: order.to_vec(),
        }
    }

    fn begin(&mut self, goal: StageGoal) {
        self.session.begin(goal, &mut self.shared, self.now, Randomness::for_tests([7; 16]));
    }

    fn take_questions(&mut self) {
        while let Some((id, question)) = self.session.next_question(&mut self.shared, self.now) {
            self.asked.push(question.to_string());
            self.open.push((id, question));
        }
    }

    fn answer_one(&mut self) {
        let next = self.order.pop().unwrap_or_default();
        self.order.insert(0, next);
        let (id, question) = self.open.swap_remove(next % self.open.len());
        self.session.supply(id, self.table.lookup(&question).answer(), self.now);
    }

    /// One stage from its beginning to its end. Every question is answered, as by a network that takes no time.
    fn stage(&mut self, goal: StageGoal) -> StageResult {
        self.begin(goal);
        self.take_questions();
        while !self.open.is_empty() {
            self.answer_one();
            self.take_questions();
        }
        assert_eq!(self.session.waits_until(self.now), None);
        self.finish()
    }

    fn finish(&mut self) -> StageResult {
        self.session.finish(&mut self.shared, self.now)
    }
}

const SUBJECTS: [(Part, &str); 5] = [
    (Part::Address, "14.77.66.45"),
    (Part::Helo, "helo.client.test"),
    (Part::Sender, "s.test"),
    (Part::Recipient, "r.test"),
    (Part::ConfirmedName, "listed.client.test"),
];

/// One command of the client, to both sessions.
fn command(number: usize, session: &mut Session, host: &mut Host) {
    let (pure, now) = (&mut host.session, host.now);
    macro_rules! both {
        ($command:ident($($argument:expr)?) $($now:expr)?) => {{
            session.$command($($argument)?);
            pure.$command($($argument,)? $($now)?);
        }};
    }
    match number {
        0 => both!(helo("helo.client.test")),
        1 => both!(mail_from("<a@s.test>") now),
        2 => both!(mail_from_address("") now),
        3 => both!(rcpt_to("<b@r.test>")),
        4 => both!(rcpt_to_address("c@other.test")),
        5 => both!(reset()),
        6 => both!(start_tls()),
        7 => both!(client(LISTED)),
        8 => both!(authenticated()),
        _ => {}
    }
}

fn told(advice: &Advice) -> (Action, Option<(u16, String)>) {
    (advice.action(), advice.reply().map(|reply| (reply.code(), reply.enhanced().to_owned())))
}

/// The report without its cost, and without the codes of a broken list: a stage that knows already that it is broken may not
/// have asked it.
fn text(report: &Report) -> String {
    let text = report.to_string().replace(" (127.0.0.2)", "");
    text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

fn policy(preset: usize) -> Policy {
    match preset {
        0 => Policy::rfc(),
        1 => Policy::postfix(),
        2 => Policy::rfc().strict(),
        _ => Policy::postfix().on(Finding::ListsUndecided, Action::Defer),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(50),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn both_sessions_say_the_same_at_every_stage(
        lists in prop::collection::vec((0..SUBJECTS.len(), prop::bool::weighted(0.2), 0..5_usize), 0..5),
        (threshold, preset, act_from) in (1..3_i32, 0..4_usize, 0..4_usize),
        fates in prop::collection::vec(0..4_usize, 4),
        rewrites in prop::bool::weighted(0.1),
        commands in prop::collection::vec((0..10_usize, 0..4_usize, prop::bool::ANY), 1..8),
        order in prop::collection::vec(0..40_usize, 30),
    ) {
        let mut dns = String::from("$SOA test 300 60\n$SOA in-addr.arpa 3600 600\nmx.sender.test A 45.66.77.9\n");
        dns += if rewrites { "* A 198.51.100.1\n" } else { "* NXDOMAIN\n" };
        let mut set = ListSet::builder();
        for (index, (part, allow, answer)) in lists.iter().enumerate() {
            let (zone, (part, name)) = (format!("z{index}.test"), SUBJECTS[*part]);
            dns += &format!("$SOA {zone} 300 60\n");
            dns += &match answer {
                0 => format!("{name}.{zone} SERVFAIL\n"),
                1 => format!("{name}.{zone} NXDOMAIN-NOSOA\n"),
                2 => format!("*.{zone} A 127.0.0.2\n"),
                _ => format!("{name}.{zone} A 127.0.0.2\n1.0.0.127.{zone} NXDOMAIN\n"),
            };
            let list = if *allow { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) };
            set = set.list(list.unwrap().with_parts([part]));
        }
        dns += match fates[0] {
            0 => "14.77.66.45.in-addr.arpa SERVFAIL\n",
            1 => "14.77.66.45.in-addr.arpa PTR listed.client.test ttl=0\nlisted.client.test A 45.66.77.14 ttl=0\n",
            2 => "14.77.66.45.in-addr.arpa PTR listed.client.test\n",
            _ => "",
        };
        dns += ["helo.client.test A 45.66.77.14\n", "helo.client.test SERVFAIL\n", "", ""][fates[1]];
        dns += ["s.test MX 10 mx.sender.test\n", "s.test SERVFAIL\n", "s.test MX 0 .\n", ""][fates[2]];
        dns += ["r.test MX 10 mx.sender.test\n", "r.test SERVFAIL\n", "r.test MX 0 .\n", ""][fates[3]];
        let settings = Settings::default()
            .with_lists(set.threshold(threshold).build().unwrap())
            .with_policy(policy(preset));
        let world = World::with(&dns, |builder| builder.settings(settings.clone()));
        let mut session = world.checker.session(LISTED).act_from(Stage::ALL[act_from]);
        let mut host = Host::new(&dns, &settings, world.clock.now(), &order);
        host.session = host.session.act_from(Stage::ALL[act_from]);
        for (number, pause, whole) in commands {
            host.now = world.clock.now();
            command(number, &mut session, &mut host);
            // Under a resolver that invents answers, advice depends on whether its trial ends before it has stopped waiting.
            let whole = whole || rewrites;
            let goal = if whole { StageGoal::Report } else { StageGoal::Advice };
            let result = host.stage(goal);
            if whole {
                prop_assert_eq!(text(&result.report), text(&world.clock.run(session.report())));
            }
            if !rewrites {
                prop_assert_eq!(told(&result.advice), told(&world.clock.run(session.advice())));
            }
            // Advice to reject does not wait for other causes, so what a later stage still has to say depends on the order.
            if !whole && result.advice.action() == Action::Reject && Stage::ALL[act_from] != Stage::Rcpt {
                break;
            }
            prop_assert_eq!((session.stage(), session.dialogue()), (host.session.stage(), host.session.dialogue()));
            world.clock.advance([Duration::ZERO, SECOND, SECOND * 70, SECOND * 400][pause]);
        }
    }
}

const DNS: &str = "
    $SOA bl.test 300 60
    $SOA test 300 60
    14.77.66.45.bl.test A 127.0.0.2
    1.0.0.127.bl.test NXDOMAIN
    14.77.66.45.in-addr.arpa PTR listed.client.test ttl=0
    listed.client.test A 45.66.77.14 ttl=0
    s.test MX 10 mx.sender.test
    mx.sender.test A 45.66.77.9
    * NXDOMAIN
";

fn host(lists: &[&str], order: &[usize]) -> Host {
    let set = lists.iter().fold(ListSet::builder(), |set, zone| set.deny(zone)).build().unwrap();
    Host::new(DNS, &Settings::default().with_lists(set), Instant::now(), order)
}

/// The host asks ahead while the client talks; the answers come in the middle of a later stage.
#[test]
fn a_later_stage_waits_for_what_an_earlier_one_asked() {
    let mut host = host(&["bl.test"], &[]);
    host.begin(StageGoal::Report);
    host.take_questions();
    let ahead = host.open.len();
    assert!(ahead > 1);
    host.session.helo("helo.client.test").mail_from("<a@s.test>", host.now).rcpt_to("<b@s.test>");
    let result = host.stage(StageGoal::Report);
    assert_eq!((verdicts(&result.report), result.advice.action()), (vec!["listed"], Action::Reject));
    let mut asked = BTreeMap::new();
    for question in host.asked {
        *asked.entry(question).or_insert(0) += 1;
    }
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
}

/// What a stage did not get in its time is unknown for the rest of the transaction, and is asked again in a later one.
#[test]
fn a_silent_list_is_waited_for_once() {
    let mut host = host(&["bl.test", "silent.test"], &[]);
    host.session = host.session.within(SECOND * 2);
    host.session.mail_from("<a@s.test>", host.now);
    let is_silent = |question: &Question| question.to_string().ends_with("silent.test A");
    host.begin(StageGoal::Report);
    let begun = host.now;
    let mut late = Vec::new();
    while let Some(until) = {
        host.take_questions();
        host.session.waits_until(host.now)
    } {
        late.extend(host.open.extract_if(.., |(_, question)| is_silent(question)));
        match host.open.is_empty() {
            true => host.now = until,
            false => host.answer_one(),
        }
    }
    assert_eq!((host.now - begun, late.len()), (SECOND * 2, 1));
    assert_eq!(verdicts(&host.finish().report), ["listed", "unknown"]);
    // Too late for this transaction.
    host.session.supply(late[0].0, Answer::nx_domain(None), host.now);
    assert_eq!(verdicts(&host.stage(StageGoal::Report).report), ["listed", "unknown"]);
    host.now += SECOND * 61;
    host.session.reset().mail_from("<a@s.test>", host.now);
    assert_eq!(verdicts(&host.stage(StageGoal::Report).report), ["listed", "not_listed"]);
}

#[test]
fn a_stage_that_does_not_act_asks_nothing() {
    let mut host = host(&["bl.test"], &[]);
    let advice = host.stage(StageGoal::Advice).advice;
    assert_eq!((advice.action(), host.asked.len()), (Action::Pass, 0));
    // Nothing was begun.
    let result = host.finish();
    assert_eq!(
        (verdicts(&result.report), result.advice.action(), host.asked.len()),
        (vec!["unknown"], Action::Pass, 0)
    );
    host.session.rcpt_to("<b@s.test>");
    assert_eq!(host.stage(StageGoal::Advice).advice.action(), Action::Reject);
}

#[test]
fn a_list_that_breaks_is_not_believed_at_the_next_stage() {
    let mut host = host(&["bl.test"], &[]);
    assert_eq!(verdicts(&host.stage(StageGoal::Report).report), ["listed"]);
    let broken = Situation::ListsEverything.table("bl.test", &[CLEAN]);
    host.table = Table::parse(&format!("{broken}\n* NXDOMAIN")).unwrap();
    host.now += SECOND * 61;
    // Another session finds out.
    let settings = Arc::new(Settings::default().with_lists(ListSet::builder().deny("bl.test").build().unwrap()));
    let other = StagedInquiry::new(CLEAN, &settings, host.now);
    let session = std::mem::replace(&mut host.session, other);
    assert_eq!(verdicts(&host.stage(StageGoal::Report).report), ["problem"]);
    host.session = session;
    assert_eq!(verdicts(&host.stage(StageGoal::Report).report), ["problem"]);
}

/// A client cannot make a session hold more and more, also not where the host never answers.
#[test]
fn it_is_bounded() {
    let mut host = host(&[], &[]);
    for number in 0..1_500 {
        host.session.rcpt_to(format!("<b@r{number}.test>"));
        host.begin(StageGoal::Report);
        host.take_questions();
    }
    assert!(host.open.len() < 1_100, "{}", host.open.len());
    let id = host.open[0].0;
    host.session.supply(id, Answer::failed(Failure::Timeout), host.now);
    host.session.supply(id, Answer::failed(Failure::Timeout), host.now);
    host.finish();
}

#[test]
fn a_session_that_runs_shows_no_key() {
    let mut host = host(&["abcdefghijklmnopqrstuvwxyz234567.zen.dq.spamhaus.net"], &[]);
    host.begin(StageGoal::Report);
    host.take_questions();
    let shown = format!("{:?}", host.session);
    assert!(shown.contains("spamhaus") && !shown.contains("abcdefghijkl"), "{shown}");
}

/// The first list waits for the client's names, so its row is made last, and the rows are sorted.
#[test]
fn failures_count_against_their_own_list() {
    let names = ListSpec::deny("names.test").unwrap().with_parts([Part::ConfirmedName]);
    let lists = ListSet::builder().list(names).deny("silent.test").build().unwrap();
    let settings = Arc::new(Settings::default().with_lists(lists));
    let reverse = "14.77.66.45.in-addr.arpa PTR listed.client.test\nlisted.client.test A 45.66.77.14";
    let table = format!("$SOA names.test 300 60\n{reverse}\n*.silent.test TIMEOUT\n* NXDOMAIN");
    let (table, mut shared, mut now) = (Table::parse(&table).unwrap(), SharedState::default(), Instant::now());
    let mut asked = Vec::new();
    for _ in 0..6 {
        let random = Randomness::for_tests([7; 16]);
        let mut inquiry = Inquiry::new(&Dialogue::from(LISTED), &settings, &mut shared, now, random);
        while let Some((id, question)) = inquiry.next_question() {
            asked.push(question.to_string());
            inquiry.supply(id, table.lookup(&question).answer());
        }
        shared.learn(&inquiry.finish(Failure::Deadline), now);
        now += SECOND;
    }
    let controls = |name: &str| asked.iter().any(|question| question.contains(name));
    assert!(controls("1.0.0.127.silent.test") && !controls("invalid.names.test"), "{asked:?}");
}
