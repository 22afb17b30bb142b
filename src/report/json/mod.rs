//! The JSON form of a report: the words and fields of the `check` example. Fields that do not apply are null; parts of the
//! dialogue that were not given are absent.

mod checks;
mod lists;
mod shared_fields;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::remote_text::RemoteText;
use crate::dns::{ExtendedError, Target};
use crate::report::advice::{Advice, Cause};
use crate::report::json::lists::{ContextsOf, ScoreOf};
use crate::report::reply::Reply;
use crate::report::summary::Summary;
use crate::report::{Exchange, Report};

/// Serializes as the text that `Display` shows.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
as_text!(
    crate::base::name::Name,
    RemoteText,
    Target,
    crate::dnsxl::ListId,
    crate::dnsxl::Subject,
    crate::dnsxl::Evidence
);

/// Serializes as one lower-case word.
macro_rules! as_word {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    )*};
}
as_word!(crate::dns::Failure, crate::dns::unknown::UnknownReason, crate::dnsxl::Health);

/// The result without the reasons.
impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &self.action())?;
        map.serialize_entry("findings", &self.findings().collect::<Vec<_>>())?;
        map.serialize_entry("score", &self.score())?;
        map.serialize_entry("counts", &self.counts())?;
        map.serialize_entry("resolver_fault", &self.resolver_fault())?;
        map.serialize_entry("completeness", &self.completeness())?;
        map.end()
    }
}

/// Serializes as its code and its meaning.
impl Serialize for ExtendedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("code", &self.code())?;
        map.serialize_entry("text", &self.to_string())?;
        map.end()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("target", &self.target)?;
        // A tenth of a millisecond is precise enough for a network.
        map.serialize_entry("elapsed_ms", &((self.elapsed.as_secs_f64() * 10_000.0).round() / 10.0))?;
        map.serialize_entry("questions", &self.questions())?;
        map.serialize_entry("completeness", &self.completeness)?;
        if let Some(iprev) = &self.iprev {
            map.serialize_entry("iprev", iprev)?;
        }
        map.serialize_entry("lists", &self.lists)?;
        map.serialize_entry("counts", &self.counts)?;
        map.serialize_entry("score", &ScoreOf { report: self, context: self.worst_context(), score: self.score })?;
        if !self.contexts.is_empty() {
            map.serialize_entry("contexts", &ContextsOf(self))?;
        }
        if let Some(helo) = &self.helo {
            map.serialize_entry("helo", helo)?;
        }
        if let Some(sender) = &self.sender {
            map.serialize_entry("sender", sender)?;
        }
        if let Some(recipient) = &self.recipient {
            map.serialize_entry("recipient", recipient)?;
        }
        map.serialize_entry("resolver", &ResolverOf(self))?;
        map.serialize_entry("reply", &self.advice.reply())?;
        map.end()
    }
}

/// Serializes as the action, the reply and every cause.
impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &self.action())?;
        map.serialize_entry("reply", &self.reply())?;
        map.serialize_entry("because", self.because())?;
        map.end()
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("finding", &self.finding())?;
        map.serialize_entry("reply", self.reply())?;
        map.end()
    }
}

/// What is wrong with the resolver.
struct ResolverOf<'a>(&'a Report);

impl Serialize for ResolverOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("fault", &self.0.resolver_fault)?;
        map.serialize_entry("questions", &self.0.resolver_questions())?;
        map.end()
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code())?;
        map.serialize_entry("enhanced", self.enhanced())?;
        map.serialize_entry("text", self.text())?;
        map.end()
    }
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("question", &self.question.to_string())?;
        map.serialize_entry("answer", &self.answer.to_string())?;
        map.serialize_entry("source", self.source.word())?;
        map.serialize_entry("took_ms", &((self.took().as_secs_f64() * 10_000.0).round() / 10.0))?;
        map.end()
    }
}
