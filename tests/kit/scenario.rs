//! Scenarios as text: a DNS table, a dialogue, lists, and what must come out. The syntax stands in `tests/scenarios/README.md`.

use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::dnsxl::{CodePattern, Disposition, ListSpec, Part, Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::name::{Key, Name};
use rdnsbl::testing::Table;
use rdnsbl::{Dialogue, ListSet, Settings, SpecialPurpose};

/// Longer than anything in a scenario takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One world, one dialogue, and what must come out.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) dns: String,
    pub(crate) dialogue: Dialogue,
    pub(crate) settings: Settings,
    pub(crate) budget: Duration,
    /// Question to the report, and the answer that must come.
    pub(crate) expected: Vec<(String, String)>,
}

impl Scenario {
    pub(crate) fn table(&self) -> Table {
        Table::parse(&self.dns).unwrap_or_else(|error| panic!("{}: table, {error}", self.title))
    }

    /// Does it wait for answers that are late or never come?
    pub(crate) fn is_slow(&self) -> bool {
        self.dns.contains("TIMEOUT") || self.has_delays()
    }

    pub(crate) fn has_delays(&self) -> bool {
        self.dns.contains("after=")
    }
}

/// Every scenario of a file. What is wrong names the file and the line.
pub(crate) fn read(file: &str, text: &str) -> Vec<Scenario> {
    let mut shared = String::new();
    let mut scenarios = Vec::new();
    let mut block: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let at = format!("{file}:{}", index + 1);
        match (line.strip_prefix("== "), &mut block) {
            (Some(title), _) => {
                scenarios.extend(block.take().into_iter().flat_map(|block| block.expand(&shared)));
                block = Some(Block { at, title: title.to_owned(), each: Vec::new(), lines: Vec::new() });
            }
            (None, _) if line.is_empty() || line.starts_with('#') => {}
            (None, None) => match line.strip_prefix("| ") {
                Some(record) => shared.extend([record, "\n"]),
                None => panic!("{at}: expected `| record` or `== title`"),
            },
            (None, Some(block)) => match line.strip_prefix("each ") {
                Some(values) => block.each.push(values.split(" / ").map(|value| value.trim().to_owned()).collect()),
                None => block.lines.push((at, line.to_owned())),
            },
        }
    }
    scenarios.extend(block.into_iter().flat_map(|block| block.expand(&shared)));
    scenarios
}

/// The lines below one title.
struct Block {
    at: String,
    title: String,
    each: Vec<Vec<String>>,
    lines: Vec<(String, String)>,
}

impl Block {
    /// One scenario, or one for every `each`, with `$1`, `$2` replaced.
    fn expand(self, shared: &str) -> Vec<Scenario> {
        let rows = if self.each.is_empty() { vec![Vec::new()] } else { self.each.clone() };
        rows.iter()
            .map(|values| {
                let fill = |text: &str| {
                    let fill = |text: String, (index, value): (usize, &String)| {
                        text.replace(&format!("${}", index + 1), value)
                    };
                    values.iter().enumerate().fold(text.to_owned(), fill)
                };
                self.build(shared, fill)
            })
            .collect()
    }

    fn build(&self, shared: &str, fill: impl Fn(&str) -> String) -> Scenario {
        let mut dns = shared.to_owned();
        let mut dialogue = Dialogue::new();
        let mut settings = Settings::default();
        let mut lists = ListSet::builder();
        let mut budget = PATIENCE;
        let mut expected = Vec::new();
        for (at, line) in &self.lines {
            let line = fill(line);
            let (word, rest) = line.split_once(' ').map_or((&*line, ""), |(word, rest)| (word, rest.trim()));
            match word {
                "|" => dns.extend([rest, "\n"]),
                "repeat" => dns.push_str(&repeated(at, rest)),
                "client" => dialogue.client = Some(address(at, rest)),
                "helo" => dialogue.helo = Some(rest.to_owned()),
                "from" => dialogue.mail_from = Some(rest.to_owned()),
                "rcpt" => dialogue.rcpt_to = Some(rest.to_owned()),
                "domain" => dialogue.domain = Some(name(at, rest)),
                "deny" | "allow" => lists = lists.list(list(at, word, rest)),
                "threshold" => lists = lists.threshold(number(at, rest)),
                "allow-threshold" => lists = lists.allow_threshold(number(at, rest)),
                "own-name" => settings.ourselves.names.push(name(at, rest)),
                "own-address" => settings.ourselves.addresses.push(address(at, rest)),
                "local" => settings.local_domains.push(name(at, rest)),
                "exempt" => settings.exempt.push(rest.parse().unwrap_or_else(|error| panic!("{at}: {error}"))),
                "special-purpose" if rest == "ask" => settings.special_purpose = SpecialPurpose::Ask,
                "budget" => budget = Duration::from_millis(number(at, rest.trim_end_matches("ms"))),
                ">" => {
                    let Some((what, said)) = rest.split_once(": ") else { panic!("{at}: expected `> what: answer`") };
                    expected.push((what.to_owned(), said.trim().to_owned()));
                }
                _ => panic!("{at}: unknown word `{word}`"),
            }
        }
        settings.lists = lists.build().unwrap_or_else(|error| panic!("{}: {error}", self.at));
        assert!(!expected.is_empty(), "{}: nothing is expected", self.at);
        Scenario { title: fill(&self.title), dns, dialogue, settings, budget, expected }
    }
}

/// `120 name A 127.0.1.$n`: as many lines, with `$n` from 1.
fn repeated(at: &str, text: &str) -> String {
    let Some((times, line)) = text.split_once(' ') else { panic!("{at}: expected `repeat N record`") };
    (1..=number(at, times)).map(|n: usize| line.replace("$n", &n.to_string()) + "\n").collect()
}

/// `zone[=codes][*weight]` and what is known about it.
fn list(at: &str, kind: &str, text: &str) -> ListSpec {
    let mut words = text.split_whitespace();
    let notation = words.next().unwrap_or_else(|| panic!("{at}: expected a zone"));
    let spec = if kind == "deny" { ListSpec::deny(notation) } else { ListSpec::allow(notation) };
    let mut spec = spec.unwrap_or_else(|error| panic!("{at}: {error}"));
    let mut profile = Profile::new();
    for word in words {
        let (option, value) = word.split_once('=').unwrap_or((word, ""));
        let code = |value: &str| value.parse::<CodePattern>().unwrap_or_else(|error| panic!("{at}: {error}"));
        profile = match option {
            "asks" => {
                spec = spec.with_parts(value.split(',').map(|part| part_of(at, part)));
                profile
            }
            "key" => {
                let key = Key::new(value).unwrap_or_else(|error| panic!("{at}: {error}"));
                spec = spec.with_key(&key).unwrap_or_else(|error| panic!("{at}: {error}"));
                profile
            }
            "only" => profile.lists(value.split(',').map(|kind| kind_of(at, kind))),
            "closed" => profile.closed(),
            "denies" => profile.code(code(value), Disposition::Deny, "denied"),
            "allows" => profile.code(code(value), Disposition::Allow, "allowed"),
            "neutral" => profile.code(code(value), Disposition::Neutral, "neutral"),
            "refuses" => profile.code(code(value), Disposition::Refusal, "refused"),
            "bit" => profile.bit(number(at, value), Disposition::Deny, &format!("bit{value}")),
            "holds" => profile.test_points(SubjectKind::Ipv4, TestPoints::documented(entry(at, value))),
            "lacks" => profile.test_points(SubjectKind::Ipv4, TestPoints::default().absent(entry(at, value))),
            _ => panic!("{at}: unknown option `{option}`"),
        };
    }
    spec.with_profile(profile)
}

fn entry(at: &str, text: &str) -> TestEntry {
    TestEntry::Address(address(at, text))
}

fn part_of(at: &str, text: &str) -> Part {
    match text {
        "address" => Part::Address,
        "helo" => Part::Helo,
        "sender" => Part::Sender,
        "recipient" => Part::Recipient,
        _ => panic!("{at}: unknown part `{text}`"),
    }
}

fn kind_of(at: &str, text: &str) -> SubjectKind {
    match text {
        "ipv4" => SubjectKind::Ipv4,
        "ipv6" => SubjectKind::Ipv6,
        "domain" => SubjectKind::Domain,
        _ => panic!("{at}: unknown kind `{text}`"),
    }
}

fn address(at: &str, text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{at}: `{text}` is no address"))
}

fn name(at: &str, text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{at}: {error}"))
}

fn number<T: std::str::FromStr>(at: &str, text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{at}: `{text}` is no number"))
}
