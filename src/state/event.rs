//! Events: a list's health changes, its daily limit is reached, or a fault of the resolver begins or ends.

use std::fmt;
use std::time::Duration;

use crate::dnsxl::{Evidence, Health, ListId, SubjectKind};
use crate::report::ResolverFault;

/// One change that is reported to listeners.
///
/// ```
/// use rdnsbl::Event;
///
/// assert_eq!(Event::Missed { events: 3 }.to_string(), "3 events missed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A list's health changed.
    HealthChanged {
        /// The list.
        list: ListId,
        /// For which kind of subject. If the domain of a list does not exist, there is one event, with one of the kinds.
        kind: SubjectKind,
        /// What it was.
        from: Health,
        /// What it is.
        to: Health,
        /// What shows it.
        evidence: Vec<Evidence>,
        /// How long ago the list was last proven sane, if it ever was.
        last_good: Option<Duration>,
    },
    /// A deny list is the only one that contains a subject far more often than before: part of its zone may be a wildcard. It
    /// changes no verdict.
    StandsAlone {
        /// The list.
        list: ListId,
        /// The number of subjects that no list of another operator contains,
        alone: u32,
        /// out of this many about which other lists answered.
        answered: u32,
    },
    /// The [daily limit](crate::ListSpec::with_daily_limit) of a list is reached. The list is not asked until 24 hours after the
    /// first question that was counted, and its verdict is unknown. Sent once in this time.
    DailyLimit {
        /// The list.
        list: ListId,
        /// The questions that it was sent, with tests of the list and questions for reasons.
        limit: u32,
    },
    /// The resolver is at fault.
    ResolverFault(ResolverFault),
    /// The resolver works again.
    ResolverRecovered(ResolverFault),
    /// The listener was too slow.
    Missed {
        /// How many events were lost.
        events: u64,
    },
}

impl Event {
    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::HealthChanged { .. } => "health_changed",
            Self::StandsAlone { .. } => "stands_alone",
            Self::DailyLimit { .. } => "daily_limit",
            Self::ResolverFault(_) => "resolver_fault",
            Self::ResolverRecovered(_) => "resolver_recovered",
            Self::Missed { .. } => "missed",
        }
    }
}

/// One printable line without keys.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HealthChanged { list, to, evidence, last_good, .. } => {
                write!(f, "{list}: {}", crate::dnsxl::health_advice::in_words(*to, evidence))?;
                for (index, evidence) in evidence.iter().take(2).enumerate() {
                    write!(f, "{}{evidence}", if index == 0 { " (" } else { "; " })?;
                }
                if !evidence.is_empty() {
                    f.write_str(")")?;
                }
                match last_good {
                    Some(age) if to.takes_hits_away() => write!(f, ", last proven sane {} s ago", age.as_secs()),
                    _ => Ok(()),
                }
            }
            Self::StandsAlone { list, alone, answered } => {
                write!(
                    f,
                    "{list}: holds {alone} of {answered} subjects that no other operator's list holds, far more than before"
                )
            }
            Self::DailyLimit { list, limit } => write!(
                f,
                "{list}: the daily limit of {limit} questions is reached, tests of the list included; it is not asked until 24 \
                 hours after the first of them"
            ),
            Self::ResolverFault(fault) => write!(f, "resolver at fault: {fault}"),
            Self::ResolverRecovered(fault) => write!(f, "resolver works again; it was: {fault}"),
            Self::Missed { events } => write!(f, "{events} events missed"),
        }
    }
}

/// An object with the event's name, its data, and the text that `Display` shows.
#[cfg(feature = "serde")]
impl serde::Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", self.word())?;
        match self {
            Self::HealthChanged { list, kind, from, to, evidence, last_good } => {
                map.serialize_entry("list", list)?;
                map.serialize_entry("subjects", kind)?;
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                map.serialize_entry("evidence", evidence)?;
                map.serialize_entry("last_good", &last_good.map(|age| age.as_secs()))?;
            }
            Self::StandsAlone { list, alone, answered } => {
                map.serialize_entry("list", list)?;
                map.serialize_entry("alone", alone)?;
                map.serialize_entry("answered", answered)?;
            }
            Self::DailyLimit { list, limit } => {
                map.serialize_entry("list", list)?;
                map.serialize_entry("limit", limit)?;
            }
            Self::ResolverFault(fault) | Self::ResolverRecovered(fault) => map.serialize_entry("fault", fault)?,
            Self::Missed { events } => map.serialize_entry("events", events)?,
        }
        map.serialize_entry("text", &self.to_string())?;
        map.end()
    }
}
