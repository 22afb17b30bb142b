//! The configuration: one TOML file, read whole or not at all.

mod duration;
mod exempt;
mod fixed;
mod lists;
mod milter;
mod networks;
mod place;
mod rules;
mod score;
mod section;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rdnsbl::inquiry::SettingsFinding;
use rdnsbl::{Name, Policy, Settings, SpecialPurpose};
use toml::Spanned;
use toml::de::DeTable;

pub(crate) use crate::config::exempt::Exempt;
pub(crate) use crate::config::fixed::{Fixed, Listen};
use crate::config::lists::Lists;
use crate::config::milter::Milter;
pub(crate) use crate::config::place::Mistake;
pub(crate) use crate::config::rules::{Judgement, Rules};
use crate::config::section::{Reader, Section};
use crate::facts::Stage;

/// Everything that the file says.
#[derive(Debug)]
pub(crate) struct Config {
    /// The rules for findings.
    usual: Profile,
    /// The same for requests with one of these `policy_context`.
    profiles: BTreeMap<String, Profile>,
    pub(crate) deadline: Duration,
    pub(crate) on_trouble: OnTrouble,
    pub(crate) header: Option<String>,
    pub(crate) recipient_checks: bool,
    pub(crate) log_local_parts: bool,
    pub(crate) id_in_replies: bool,
    pub(crate) watch: Option<Duration>,
    pub(crate) exempt: Exempt,
    pub(crate) settings: Settings,
    /// The line of each list; none of those that are recommended.
    pub(crate) list_lines: Vec<Option<usize>>,
    /// Parts of `read` that ask no list.
    pub(crate) left_out: Vec<String>,
    pub(crate) milter: Milter,
    pub(crate) fixed: Fixed,
}

impl Config {
    /// What the administrator should know about the lists, and about the rules of every profile.
    pub(crate) fn findings(&self) -> Vec<SettingsFinding> {
        let of = |profile: &Profile| self.settings.clone().with_policy(profile.rules.policy().clone()).findings();
        let mut findings = of(&self.usual);
        for finding in self.profiles.values().flat_map(of) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }
}

/// Whether mail is rejected, from which stage on, and by which rules.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) mode: Mode,
    pub(crate) act_from: Stage,
    pub(crate) rules: Rules,
}

/// Is mail rejected, or is it only logged what would be?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Observe,
    Enforce,
}

impl Mode {
    fn parse(text: &str) -> Option<Self> {
        [Self::Observe, Self::Enforce].into_iter().find(|mode| mode.word() == text)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

/// The answer when the daemon itself fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnTrouble {
    #[default]
    Dunno,
    Defer,
}

impl OnTrouble {
    fn parse(text: &str) -> Option<Self> {
        [Self::Dunno, Self::Defer].into_iter().find(|trouble| trouble.word() == text)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dunno => "dunno",
            Self::Defer => "defer",
        }
    }
}

/// The daemon of this configuration: some keys belong to one daemon only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Policyd,
    Milter,
}

const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// Postfix waits 100 s by default (`smtpd_policy_service_timeout`), the recipe 10 s.
const MAX_DEADLINE: Duration = Duration::from_secs(90);
const MIN_DEADLINE: Duration = Duration::from_millis(100);
const DEFAULT_WATCH: Duration = Duration::from_secs(1_800);

impl Config {
    /// Reads a configuration, or finds all its mistakes, and behind them its dead lists as notes.
    pub(crate) fn read(text: &str, program: For) -> Result<Self, Vec<Mistake>> {
        let (table, syntax) = DeTable::parse_recoverable(text);
        let reader = Reader::new(text);
        let (config, places) = Self::of(Section::root(&reader, table.get_ref()), program);
        if reader.mistakes() > 0 || !syntax.is_empty() {
            // A dead list is not a mistake, but an administrator who edits the file should know.
            config.dead_lists(&places, &reader);
        }
        let mistakes = reader.finish(&syntax);
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    /// The profile for a `policy_context`.
    pub(crate) fn profile(&self, context: &str) -> &Profile {
        self.profiles.get(context).unwrap_or(&self.usual)
    }

    /// The profiles with their `policy_context`, without the usual one.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles.iter().map(|(context, profile)| (context.as_str(), profile))
    }

    /// Notes lists that have closed, with their positions.
    fn dead_lists(&self, places: &[Option<Range<usize>>], reader: &Reader<'_>) {
        for finding in self.settings.lists.findings().iter().filter(|finding| finding.kind().is_gone()) {
            if let Some(Some(place)) = places.get(finding.index()) {
                reader.note_at(place, format!("lists: {finding}"));
            }
        }
    }

    /// The configuration, and where each of its lists stands.
    fn of(mut file: Section<'_>, program: For) -> (Self, Vec<Option<Range<usize>>>) {
        let in_bounds = |time: &Duration| (MIN_DEADLINE..=MAX_DEADLINE).contains(time);
        let deadline = file
            .parsed("deadline", "100ms to 90s, such as \"5s\"", |text| duration::parse(text).filter(in_bounds))
            .map_or(DEFAULT_DEADLINE, Spanned::into_inner);
        let watch = file.parsed("watch", "\"off\" or 10s and more, such as \"30m\"", |text| match text {
            "off" => Some(None),
            _ => duration::parse(text).filter(|every| *every >= Duration::from_secs(10)).map(Some),
        });
        let header = file.parsed("header", "the name of a header field, such as \"X-RDNSBL\"", header_name);
        let on_trouble = file.parsed("on_trouble", "\"dunno\" or \"defer\"", OnTrouble::parse);
        let usual = Profile::read(&mut file, program, None);
        let mut profiles = BTreeMap::new();
        if program == For::Policyd {
            let named = file.section("profile");
            for (context, _, value) in named.others() {
                let mut section = named.named(context, value);
                profiles.insert(context.to_owned(), Profile::read(&mut section, program, Some(&usual)));
                section.end();
            }
        } else if file.has("profile") {
            file.section("profile").mistake_here("only rdnsbl-policyd has profiles");
        }
        let lists = Lists::read(file.section("lists"));
        let reader = file.reader();
        let config = Self {
            usual,
            profiles,
            deadline,
            on_trouble: on_trouble.map(Spanned::into_inner).unwrap_or_default(),
            header: header.map(Spanned::into_inner),
            recipient_checks: file.flag("recipient_checks", false),
            log_local_parts: file.flag("log_local_parts", true),
            id_in_replies: file.flag("id_in_replies", false),
            watch: watch.map_or(Some(DEFAULT_WATCH), Spanned::into_inner),
            exempt: Exempt::read(file.section("exempt")),
            settings: settings(file.section("own"), lists.asks_special).with_lists(lists.set),
            list_lines: lists.places.iter().map(|place| Some(reader.line(place.as_ref()?))).collect(),
            left_out: lists
                .left_out
                .iter()
                .map(|(place, text)| format!("line {}: {text}", reader.line(place)))
                .collect(),
            milter: milter(&mut file, program),
            fixed: Fixed::read(&mut file, program),
        };
        file.end();
        (config, lists.places)
    }
}

impl Profile {
    /// Missing keys are as in the default profile.
    fn read(section: &mut Section<'_>, program: For, usual: Option<&Self>) -> Self {
        let mode = section.parsed("mode", "\"observe\" or \"enforce\"", Mode::parse).map(Spanned::into_inner);
        let act_from = match program {
            For::Policyd => section.parsed("act_from", "\"connect\", \"helo\", \"mail\" or \"rcpt\"", Stage::acting),
            For::Milter => section.parsed(
                "act_from",
                "\"helo\", \"mail\" or \"rcpt\" (a milter cannot say why at connect)",
                |text| Stage::acting(text).filter(|stage| *stage > Stage::Connect),
            ),
        };
        let (has_policy, policy) = (section.has("policy"), section.section("policy"));
        Self {
            mode: mode.or(usual.map(|usual| usual.mode)).unwrap_or_default(),
            act_from: act_from.map(Spanned::into_inner).or(usual.map(|usual| usual.act_from)).unwrap_or(Stage::Rcpt),
            rules: match usual {
                Some(usual) if !has_policy => usual.rules.clone(),
                _ => Rules::read(policy, program),
            },
        }
    }
}

/// `[milter]`.
fn milter(file: &mut Section<'_>, program: For) -> Milter {
    match program {
        For::Milter => Milter::read(file.section("milter")),
        For::Policyd => {
            if file.has("milter") {
                file.section("milter").mistake_here("these keys are for rdnsbl-milter");
            }
            Milter::default()
        }
    }
}

/// What the checks need to know. The policy passes everything: the rules judge the report.
fn settings(mut own: Section<'_>, asks_special: bool) -> Settings {
    let name = |text: &str| Name::parse(text).ok();
    let mut settings = Settings::default().with_policy(Policy::observe());
    if asks_special {
        settings = settings.with_special_purpose(SpecialPurpose::Ask);
    }
    settings.ourselves.names = own.list("names", "a host name", name);
    settings.ourselves.addresses = own.list("addresses", "an address", |text| text.parse().ok());
    settings.local_domains = own.list("domains", "a domain", name);
    own.end();
    settings
}

/// RFC 5322 §2.2: printable ASCII without a colon; here without the fields that mail depends on.
fn header_name(text: &str) -> Option<String> {
    let is_name = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    (text.len() <= 60
        && text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"))
        && text.len() > 2
        && is_name)
        .then(|| text.to_owned())
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
