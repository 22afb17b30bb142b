//! Hostile texts from lists and reverse DNS, and keys that must not be shown: a reply, a header, a log or a terminal gets only
//! harmless text on one line.

use std::error::Error;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::dns::{Answer, Failure, Question, Record, RecordType, Target};
use rdnsbl::dnsxl::{CodeFilter, CodePattern, ListSpec, Part};
use rdnsbl::lists::notation::Notation;
use rdnsbl::name::Key;
use rdnsbl::policy::Rule;
use rdnsbl::remote_text::RemoteText;
use rdnsbl::report::authres;
use rdnsbl::{
    Dialogue, Finding, Inquiry, ListSet, Name, Policy, Randomness, Report, Settings, SharedState, SpecialPurpose,
};

/// The key that is planted everywhere.
const CANARY: &str = "abcdefghijklmnopqrstuvwxyz234567";

const TTL: Duration = Duration::from_secs(60);

/// A dialogue whose answers are made here.
fn ask(lists: ListSet, policy: Policy, dialogue: &Dialogue, answer: impl Fn(&Question) -> Answer) -> Report {
    let settings = Settings::default().with_lists(lists).with_policy(policy).with_special_purpose(SpecialPurpose::Ask);
    let mut inquiry = Inquiry::new(
        dialogue,
        &std::sync::Arc::new(settings.clone()),
        &mut SharedState::default(),
        Instant::now(),
        Randomness::for_tests([7; 16]),
    );
    while let Some((ticket, question)) = inquiry.next_question() {
        inquiry.supply(ticket, answer(&question));
    }
    inquiry.finish(Failure::Deadline)
}

fn client() -> Dialogue {
    Dialogue::from(IpAddr::from([203, 0, 113, 14]))
}

/// Every form in which a report, or what follows from it, is shown. The first has several lines.
fn everything(report: &Report) -> Vec<String> {
    let mut shown = decided(report);
    shown.push(format!("{report:?}"));
    shown.extend(authres::results(report));
    shown.extend(authres::received_comment(report));
    shown.extend(report.exchanges().iter().map(ToString::to_string));
    shown.extend(report.lists().iter().flat_map(|row| row.verdict().evidence()).map(ToString::to_string));
    shown.extend(report.lists().iter().map(|row| format!("{row:?} {} {:?}", row.spec(), row.spec())));
    #[cfg(feature = "serde")]
    {
        shown.push(serde_json::to_string(report.exchanges()).unwrap());
        shown.extend(report.lists().iter().map(|row| serde_json::to_string(row.verdict()).unwrap()));
        shown.extend(report.lists().iter().map(|row| serde_json::to_string(row.spec()).unwrap()));
    }
    shown
}

/// The forms that depend on the policy.
fn decided(report: &Report) -> Vec<String> {
    let mut shown = vec![report.to_string(), report.log_line().to_string()];
    shown.extend(report.advice().reply().map(ToString::to_string));
    shown.extend(report.advice().because().iter().map(ToString::to_string));
    shown.push(report.advice().postfix_action());
    #[cfg(feature = "serde")]
    {
        shown.push(serde_json::to_string(report).unwrap());
        shown.push(serde_json::to_string(report.advice()).unwrap());
    }
    shown
}

/// `\xHH` is an octet, `<<n*text>>` repeats.
fn octets(written: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = written;
    while let Some(character) = rest.chars().next() {
        if let Some((count, text)) = rest.strip_prefix("<<").and_then(|inner| inner.split_once('*')) {
            let (text, after) = text.split_once(">>").unwrap();
            octets.extend(self::octets(text).repeat(count.parse().unwrap()));
            rest = after;
        } else if let Some(hex) = rest.strip_prefix("\\x") {
            octets.push(u8::from_str_radix(&hex[..2], 16).unwrap());
            rest = &hex[2..];
        } else {
            octets.extend(character.to_string().as_bytes());
            rest = &rest[character.len_utf8()..];
        }
    }
    octets
}

#[test]
fn hostile_texts_are_harmless() {
    let zone = ListSpec::deny("list.example").unwrap().with_key(&Key::new(CANARY).unwrap()).unwrap();
    let allow = ListSpec::allow("allow.example").unwrap().with_key(&Key::new(CANARY).unwrap()).unwrap();
    let lists = ListSet::builder().list(zone.clone()).build().unwrap();
    let both = ListSet::builder().list(zone).list(allow).build().unwrap();
    let templates =
        ["550 5.7.1 $rbl_txt", "550 ${rbl_txt?{$client $rbl_txt}:{none}}", "$rbl_code $reverse_client_name; $rbl_txt"];
    let mut policies = vec![Policy::rfc(), Policy::postfix().strict(), Policy::sendmail()];
    policies.extend(templates.map(|line| Policy::rfc().on(Finding::Listed, line.parse::<Rule>().unwrap())));
    let mut count = 0;
    for line in include_str!("../data/texts.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (kind, written) = line.split_once('\t').unwrap();
        let raw = octets(written);
        let text = RemoteText::clean(&raw);
        let target = Target::from_text(&String::from_utf8_lossy(&raw));
        let answer = |question: &Question| {
            let name = question.name.to_string();
            match question.record_type {
                RecordType::Ptr if kind == "ptr" => Answer::records([Record::Ptr(target.clone())], TTL),
                RecordType::Txt if kind == "txt" => Answer::records([Record::Txt(text.clone())], TTL),
                RecordType::A if name.starts_with("14.113.0.203.") => {
                    Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], TTL)
                }
                RecordType::A if !name.ends_with("list.example") && !name.ends_with("allow.example") => {
                    Answer::records([Record::A(Ipv4Addr::new(203, 0, 113, 14))], TTL)
                }
                _ => Answer::nx_domain(None),
            }
        };
        // A client may send the same letters itself; only the operator's key must not be shown.
        let dialogue = match written.to_ascii_lowercase().contains(CANARY) {
            true => client(),
            false => client().helo(String::from_utf8_lossy(&raw)).mail_from(String::from_utf8_lossy(&raw)),
        };
        for (index, policy) in policies.iter().enumerate() {
            let forms = if index == 0 { everything } else { decided };
            let report = ask(lists.clone(), policy.clone(), &dialogue, answer);
            assert_harmless(&report, forms, written);
            // The text of a list does not choose the reply code.
            assert!(
                report.advice().reply().is_some_and(|reply| [450, 550, 554, 553, 501].contains(&reply.code())),
                "{written}"
            );
            assert_harmless(&ask(both.clone(), policy.clone(), &dialogue, answer), forms, written);
        }
        count += 1;
    }
    assert!(count >= 150, "{count}");
}

fn assert_harmless(report: &Report, forms: impl Fn(&Report) -> Vec<String>, written: &str) {
    for (index, shown) in forms(report).iter().enumerate() {
        let lines = if index == 0 { usize::MAX } else { 1 };
        assert!(shown.lines().count() <= lines, "{written}: {shown}");
        assert!(
            shown.bytes().all(|octet| (0x20..=0x7e).contains(&octet) || (index == 0 && octet == b'\n')),
            "{written}: {shown}"
        );
        assert!(!shown.to_ascii_lowercase().contains(CANARY), "{written}: {shown}");
    }
    if let Some(reply) = report.advice().reply() {
        assert!(reply.to_string().len() <= 510, "{written}: {}", reply.to_string().len());
        assert!(reply.to_string().starts_with(&format!("{} {} ", reply.code(), reply.enhanced())));
    }
    for result in authres::results(report) {
        // Quotes are balanced, and nothing follows a value but the next property.
        let quotes = result.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert_eq!(quotes % 2, 0, "{written}: {result}");
        assert_eq!(outside_quotes(&result).matches([';', '(', ')']).count(), 0, "{written}: {result}");
    }
    assert_eq!(report.log_line().to_string().matches(" action=").count(), 1, "{written}");
    assert_eq!(report.log_line().to_string().split(' ').count(), 18, "{written}");
}

/// A header value without its quoted strings.
fn outside_quotes(value: &str) -> String {
    let mut outside = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for character in value.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            character => outside.push(character),
        }
    }
    outside
}

/// Every event of this crate, as text.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl tracing::Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("rdnsbl")
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut Fields(&mut self.0.lock().unwrap()));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = self.0.lock().unwrap();
        text.push('\n');
        event.record(&mut Fields(&mut text));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// What answers.
type World = Box<dyn Fn(&Question) -> Answer>;

/// Zones whose keys are recognised, and one whose key is marked.
fn keyed() -> Vec<ListSpec> {
    let deny = |text: &str| ListSpec::deny(text).unwrap();
    vec![
        deny(&format!("{CANARY}.zen.dq.spamhaus.net")),
        deny(&format!("{}.dbl.dq.spamhaus.net.", CANARY.to_uppercase())).with_parts([
            Part::Helo,
            Part::Sender,
            Part::ConfirmedName,
        ]),
        ListSpec::allow(&format!("{CANARY}.white.mail.abusix.zone")).unwrap(),
        deny(&format!("{CANARY}.dnsbl.httpbl.org=127.[0..255].[0..255].[0..255]*2")),
        deny("bl.example").with_key(&Key::new(CANARY).unwrap()).unwrap(),
        // Misspelt zones, and zones that the catalogue does not contain.
        deny(&format!("{CANARY}.zen.dq.spamhaus.org")),
        deny(&format!("{CANARY}.zen.spamhaus.org=127.0.0.[2..11]")),
        deny(&format!("{CANARY}.zen.spamhaus.net")).with_parts([Part::Address, Part::Helo]),
        deny(&format!("zen.{CANARY}.dq.spamhaus.ent")),
        ListSpec::allow(&format!("{CANARY}.combined.abusix.zone")).unwrap(),
        deny(&format!("{}.combined.mail.abusix.com", CANARY.to_uppercase())),
        deny(&format!("{CANARY}.{CANARY}.example")),
        deny(&format!("x-{CANARY}.bl.example")),
        deny("special.example").with_reason_zone(format!("{CANARY}.sbl.example").parse().unwrap()),
        deny(&format!("{CANARY}.marked.example")).with_key(&Key::new("abcd").unwrap()).unwrap(),
        deny("merged.example").with_reason_zone(format!("{CANARY}.sbl.dq.spamhaus.net").parse().unwrap()),
        deny(&format!("{CANARY}.zen.dq.spamhaus.net"))
            .with_codes(CodeFilter::none([CodePattern::exactly(Ipv4Addr::LOCALHOST)]))
            .with_reply_template("550 $rbl_domain $rbl_txt $rbl_what".parse().unwrap())
            .with_label("tenant"),
    ]
}

fn assert_no_key(what: &str, shown: &str) {
    assert!(!shown.to_ascii_lowercase().contains(&CANARY[..16]), "{what}: {shown}");
}

#[test]
fn a_key_before_a_zone_of_one_label_is_nobodys_name() {
    let spec = ListSpec::deny("zen").unwrap().with_key(&Key::new(CANARY).unwrap()).unwrap();
    assert_eq!(spec.operator(), "zen");
    assert_no_key("a list", &format!("{spec:?}"));
}

#[test]
fn a_planted_key_is_never_seen() {
    let reason = format!("see https://x.example/?q=14.113.0.203.{CANARY}.zen and {}", CANARY.to_uppercase());
    // Not listed, listed with a text that quotes the key, listing everything, refusing, parked, failing in every way.
    let address = |octets: [u8; 4]| Answer::records([Record::A(octets.into())], TTL);
    let worlds: Vec<World> = vec![
        Box::new(|_| Answer::nx_domain(None)),
        Box::new(|_| Answer::no_data(None)),
        Box::new(move |question| match question.record_type {
            RecordType::Txt => Answer::records([Record::Txt(RemoteText::clean(reason.as_bytes()))], TTL),
            RecordType::A if question.name.to_string().contains("14.113.0.203") => address([127, 0, 0, 2]),
            _ => Answer::nx_domain(None),
        }),
        Box::new(move |_| address([127, 0, 0, 2])),
        Box::new(move |_| address([127, 255, 255, 254])),
        Box::new(move |_| address([198, 51, 100, 1])),
        Box::new(|_| Answer::failed(Failure::Refused)),
        Box::new(|_| Answer::failed(Failure::ServFail)),
        Box::new(|_| Answer::failed(Failure::Timeout)),
    ];
    let events = Events::default();
    let _guard = tracing::subscriber::set_default(events.clone());
    for world in worlds {
        for policy in [Policy::rfc(), Policy::postfix(), Policy::sendmail()] {
            let lists = ListSet::builder().lists(keyed()).threshold(2).build().unwrap();
            assert_no_key("set", &format!("{lists:?}"));
            let dialogue = client().helo("mail.example.org").mail_from("<a@example.org>");
            for shown in everything(&ask(lists, policy, &dialogue, &world)) {
                assert_no_key("report", &shown);
            }
        }
    }
    assert_no_key("events", &events.0.lock().unwrap());
    for list in keyed() {
        for shown in [list.to_string(), format!("{list:?}"), list.id().to_string(), list.zone().to_string()] {
            assert_no_key("list", &shown);
        }
        for notation in Notation::ALL {
            assert_no_key("printed", &format!("{:?}", notation.print(&list)));
        }
    }
}

#[test]
fn mistakes_do_not_quote_keys() {
    let mut texts: Vec<(Notation, String)> = Vec::new();
    for line in include_str!("../data/lists.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (notation, text) = (cells.next().unwrap(), cells.next().unwrap());
        let notation = Notation::ALL.into_iter().find(|one| one.word() == notation).unwrap();
        for zone in ["zen.dq.spamhaus.net", "zen.spamhaus.org", "combined.abusix.zone", "bl.example"] {
            texts.push((notation, text.replace("zen.", &format!("{CANARY}.{zone}"))));
        }
    }
    for zone in ["zen.dq.spamhaus.net", "zen.spamhaus.org", "bl.example"] {
        let quoted = format!("FEATURE(`dnsbl', `{CANARY}.{zone}', `\"550 see {CANARY}.{zone}\"')dnl");
        texts.push((Notation::Sendmail, quoted));
        let quoted = format!("deny message = see {CANARY}.{zone}\n dnslists = {CANARY}.{zone}");
        texts.push((Notation::Exim, quoted));
    }
    for (notation, text) in texts {
        let items: Vec<_> = rdnsbl::lists::notation::read(notation, &text).collect();
        assert_no_key(&text, &format!("{items:?} {items:#?}"));
        let set = ListSet::builder().read(&text);
        assert_no_key(&text, &format!("{set:?} {:?}", set.clone().build()));
        for (_, list) in items {
            if let Ok(list) = &list {
                assert_no_key(&text, &format!("{list} {list:>40} {list:?} {list:#?} {:?}", list.id()));
            }
            let Err(error) = list else { continue };
            let mut source: Option<&dyn Error> = Some(&error);
            while let Some(cause) = source {
                assert_no_key(&text, &format!("{cause} {cause:?}"));
                source = cause.source();
            }
            assert_no_key(&text, &error.point_at(&text));
            let whole = rdnsbl::Error::from(error.clone());
            assert_no_key(&text, &format!("{whole} {whole:?}"));
        }
        let Err(error) = ListSet::builder().deny(&text).build() else { continue };
        assert_no_key(&text, &format!("{error} {error:?}"));
    }
    for text in [format!("{CANARY}.{CANARY}"), format!("{CANARY}."), "x".repeat(64), format!("{CANARY} {CANARY}")] {
        if let Err(error) = Key::new(&text) {
            assert_no_key(&text, &format!("{error} {error:?}"));
        }
        if let Err(error) = Name::parse(&format!("{text}..zen.dq.spamhaus.net")) {
            assert_no_key(&text, &format!("{error} {error:?}"));
        }
    }
}

#[test]
fn panics_of_a_host_show_no_key() {
    let list = keyed().remove(0);
    let caught = std::panic::catch_unwind(|| panic!("{list:?} {list}")).unwrap_err();
    assert_no_key("panic", caught.downcast_ref::<String>().unwrap());
}

#[test]
fn the_key_of_httpbl_stands_in_front_of_the_address() {
    let list = ListSpec::deny(&format!("{CANARY}.dnsbl.httpbl.org")).unwrap();
    let marked = ListSpec::deny("dnsbl.httpbl.org").unwrap().with_key(&Key::new("abc").unwrap()).unwrap();
    for (list, key) in [(list, CANARY), (marked, "abc")] {
        let asked = Mutex::new(Vec::new());
        let report = ask(ListSet::builder().list(list).build().unwrap(), Policy::rfc(), &client(), |question| {
            asked.lock().unwrap().push(question.name.expose().to_owned());
            match question.name.expose().contains(".14.113.0.203.") {
                true => Answer::records([Record::A(Ipv4Addr::new(127, 3, 5, 1))], TTL),
                false => Answer::nx_domain(None),
            }
        });
        let asked = asked.into_inner().unwrap();
        let of_list: Vec<&String> = asked.iter().filter(|name| name.ends_with("dnsbl.httpbl.org.")).collect();
        assert!(of_list.contains(&&format!("{key}.14.113.0.203.dnsbl.httpbl.org.")), "{asked:?}");
        assert!(of_list.contains(&&format!("{key}.1.0.0.127.dnsbl.httpbl.org.")), "{asked:?}");
        assert!(of_list.iter().all(|name| name.starts_with(&format!("{key}."))), "{asked:?}");
        assert_eq!(report.lists()[0].list().to_string(), "dnsbl.httpbl.org");
        assert_eq!(report.lists()[0].verdict().word(), "listed");
        assert!(!format!("{report:?} {report}").contains(&format!("{key}.14.")));
    }
}
