//! The configuration: one TOML file, read whole or not at all.

mod duration;
mod exempt;
mod lists;
mod milter;
mod place;
mod rules;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rdnsbl::inquiry::SettingsFinding;
use rdnsbl::{Name, Policy, Settings, SpecialPurpose};
use serde::Deserialize;
use toml::{Spanned, Value};

pub(crate) use crate::config::exempt::Exempt;
use crate::config::milter::Milter;
pub(crate) use crate::config::place::Mistake;
pub(crate) use crate::config::rules::{Judgement, Rules};
use crate::facts::Stage;

/// Everything that the file says.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    pub(crate) act_from: Stage,
    pub(crate) deadline: Duration,
    pub(crate) on_trouble: OnTrouble,
    pub(crate) header: Option<String>,
    pub(crate) recipient_checks: bool,
    pub(crate) watch: Option<Duration>,
    pub(crate) exempt: Exempt,
    pub(crate) settings: Settings,
    pub(crate) rules: Rules,
    pub(crate) milter: Milter,
    pub(crate) fixed: Fixed,
}

impl Config {
    /// What the administrator should know about the lists and the rules.
    pub(crate) fn findings(&self) -> Vec<SettingsFinding> {
        self.settings.clone().with_policy(self.rules.policy().clone()).findings()
    }
}

/// What a reload cannot change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) listen: Vec<Listen>,
    pub(crate) socket_mode: u32,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) connections: usize,
    pub(crate) instances: usize,
    pub(crate) servers: Vec<SocketAddr>,
}

/// Is mail refused, or only said what would be?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Observe,
    Enforce,
}

impl Mode {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

/// The answer when the daemon itself is in trouble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnTrouble {
    #[default]
    Dunno,
    Defer,
}

impl OnTrouble {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dunno => "dunno",
            Self::Defer => "defer",
        }
    }
}

/// Whose configuration it is: some keys are of one daemon alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Policyd,
    Milter,
}

impl For {
    fn refuse_keys_of_others(self, file: &File, reader: &mut Reader<'_>) {
        match self {
            Self::Policyd => {
                if let Some(section) = &file.milter {
                    reader.mistake(section, "milter: these keys are for rdnsbl-milter");
                }
            }
            Self::Milter => {
                if let Some(instances) = &file.instances {
                    reader.mistake(instances, "instances: this key is for rdnsbl-policyd");
                }
                if let Some(stage) = file.act_from.as_ref().filter(|stage| *stage.get_ref() == Stage::Connect) {
                    reader.mistake(stage, "act_from: a milter cannot say why at connect; expected helo, mail or rcpt");
                }
            }
        }
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    Unix(PathBuf),
    Inet(SocketAddr),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    mode: Mode,
    act_from: Option<Spanned<Stage>>,
    deadline: Option<Spanned<Value>>,
    on_trouble: OnTrouble,
    header: Option<Spanned<String>>,
    recipient_checks: bool,
    watch: Option<Spanned<Value>>,
    listen: Vec<Spanned<String>>,
    listen_anyone: bool,
    socket_mode: Option<Spanned<Value>>,
    metrics: Option<Spanned<String>>,
    connections: Option<Spanned<usize>>,
    instances: Option<Spanned<usize>>,
    resolver: ResolverSection,
    own: OwnSection,
    exempt: exempt::ExemptSection,
    lists: lists::ListsSection,
    policy: rules::PolicySection,
    milter: Option<Spanned<milter::MilterSection>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ResolverSection {
    servers: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OwnSection {
    names: Vec<Spanned<String>>,
    addresses: Vec<Spanned<String>>,
    domains: Vec<Spanned<String>>,
}

/// Collects mistakes, so that all are reported at once.
struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn mistake<T>(&mut self, value: &Spanned<T>, message: impl Into<String>) {
        self.mistakes.push(Mistake::at(self.text, &value.span(), message));
    }

    /// A value, or what is expected in its place.
    fn parse<T>(&mut self, value: &Spanned<String>, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            self.mistake(value, expected);
        }
        parsed
    }

    /// The same for a value of any kind.
    fn parse_value<T>(
        &mut self,
        value: &Spanned<Value>,
        expected: &str,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            self.mistake(value, expected);
        }
        parsed
    }

    fn parse_all<T>(
        &mut self,
        values: &[Spanned<String>],
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        values.iter().filter_map(|value| self.parse(value, expected, &parse)).collect()
    }

    fn count(&mut self, value: Option<&Spanned<usize>>, usual: usize, key: &str) -> usize {
        let Some(value) = value else { return usual };
        if !(1..=100_000).contains(value.get_ref()) {
            self.mistake(value, format!("{key}: expected a number from 1 to 100000"));
        }
        *value.get_ref()
    }
}

const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// Postfix waits 100 s by default (`smtpd_policy_service_timeout`), the recipe 10 s.
const MAX_DEADLINE: Duration = Duration::from_secs(90);
const MIN_DEADLINE: Duration = Duration::from_millis(100);
const DEFAULT_WATCH: Duration = Duration::from_secs(1_800);
const DEFAULT_CONNECTIONS: usize = 500;
const DEFAULT_INSTANCES: usize = 4_096;
const DEFAULT_SOCKET_MODE: u32 = 0o660;

impl Config {
    /// Reads a configuration.
    pub(crate) fn read(text: &str, program: For) -> Result<Self, Vec<Mistake>> {
        let file: File = toml::from_str(text).map_err(|error| vec![Mistake::of_toml(text, &error)])?;
        let mut reader = Reader { text, mistakes: Vec::new() };
        let config = Self::of(&file, program, &mut reader);
        if reader.mistakes.is_empty() { Ok(config) } else { Err(reader.mistakes) }
    }

    fn of(file: &File, program: For, reader: &mut Reader<'_>) -> Self {
        program.refuse_keys_of_others(file, reader);
        let deadline = file.deadline.as_ref().and_then(|value| {
            let in_bounds = |time: &Duration| (MIN_DEADLINE..=MAX_DEADLINE).contains(time);
            reader.parse_value(value, "deadline: expected 100ms to 90s, such as \"5s\"", |value| {
                duration::parse(value.as_str()?).filter(in_bounds)
            })
        });
        let watch = match &file.watch {
            None => Some(DEFAULT_WATCH),
            Some(value) if value.get_ref().as_str() == Some("off") => None,
            Some(value) => {
                reader.parse_value(value, "watch: expected \"off\" or 10s and more, such as \"30m\"", |value| {
                    duration::parse(value.as_str()?).filter(|every| *every >= Duration::from_secs(10))
                })
            }
        };
        let header = file.header.as_ref().and_then(|text| {
            reader.parse(text, "header: expected the name of a header field, such as \"X-RDNSBL\"", header_name)
        });
        Self {
            mode: file.mode,
            act_from: file.act_from.as_ref().map_or(Stage::Rcpt, |stage| *stage.get_ref()),
            deadline: deadline.unwrap_or(DEFAULT_DEADLINE),
            on_trouble: file.on_trouble,
            header,
            recipient_checks: file.recipient_checks,
            watch,
            exempt: Exempt::read(&file.exempt, reader),
            settings: settings(file, reader),
            rules: Rules::read(&file.policy, program, reader),
            milter: file.milter.as_ref().map(|section| Milter::read(section.get_ref(), reader)).unwrap_or_default(),
            fixed: Fixed::of(file, reader),
        }
    }
}

impl Fixed {
    fn of(file: &File, reader: &mut Reader<'_>) -> Self {
        let socket_mode = file.socket_mode.as_ref().and_then(|value| {
            reader.parse_value(value, "socket_mode: expected an octal mode, such as \"0660\"", |value| {
                // A number would be a decimal one.
                let mode = u32::from_str_radix(value.as_str()?, 8).ok();
                mode.filter(|mode| *mode <= 0o777)
            })
        });
        let metrics = file.metrics.as_ref().and_then(|text| {
            reader.parse(text, "metrics: expected a loopback address with a port, such as \"127.0.0.1:9845\"", |text| {
                text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
            })
        });
        Self {
            listen: file.listen.iter().filter_map(|text| listen(text, file.listen_anyone, reader)).collect(),
            socket_mode: socket_mode.unwrap_or(DEFAULT_SOCKET_MODE),
            metrics,
            connections: reader.count(file.connections.as_ref(), DEFAULT_CONNECTIONS, "connections"),
            instances: reader.count(file.instances.as_ref(), DEFAULT_INSTANCES, "instances"),
            servers: reader.parse_all(
                &file.resolver.servers,
                "resolver.servers: expected an address, with a port unless it is 53",
                server,
            ),
        }
    }
}

/// What the checks need to know. The policy passes everything: the rules judge the report.
fn settings(file: &File, reader: &mut Reader<'_>) -> Settings {
    let name = |text: &str| Name::parse(text).ok();
    let mut settings = Settings::default().with_policy(Policy::observe()).with_lists(file.lists.read(reader));
    if file.lists.asks_about_special_addresses() {
        settings = settings.with_special_purpose(SpecialPurpose::Ask);
    }
    settings.ourselves.names = reader.parse_all(&file.own.names, "own.names: expected a host name", name);
    settings.ourselves.addresses =
        reader.parse_all(&file.own.addresses, "own.addresses: expected an address", |text| text.parse().ok());
    settings.local_domains = reader.parse_all(&file.own.domains, "own.domains: expected a domain", name);
    settings
}

fn listen(text: &Spanned<String>, anyone: bool, reader: &mut Reader<'_>) -> Option<Listen> {
    let listen = match text.get_ref().split_once(':') {
        Some(("unix", path)) if path.starts_with('/') => Some(Listen::Unix(path.into())),
        Some(("inet", address)) => address.parse().ok().map(Listen::Inet),
        _ => None,
    };
    match &listen {
        None => reader.mistake(text, "listen: expected unix:/absolute/path or inet:address:port"),
        Some(Listen::Inet(address)) if !anyone && !address.ip().is_loopback() => {
            reader.mistake(
                text,
                "listen: who can connect can ask DNS through us; beyond loopback set listen_anyone = true",
            );
        }
        Some(_) => {}
    }
    listen
}

/// An address of a DNS server; the port is 53 unless it is given.
fn server(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, 53)))
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
mod tests;
