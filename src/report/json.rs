//! The JSON form of a report: the words and fields of the `check` example. Fields that do not apply are null; parts of the
//! dialogue that were not given are absent.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::remote_text::RemoteText;
use crate::check::helo::{Helo, HeloReport};
use crate::check::iprev::{ClientName, Forward, Iprev, Stage};
use crate::check::mail_domain::{HostState, MailDomain, MailDomainReport, MailHost, Via};
use crate::dns::{ExtendedError, Target};
use crate::dnsxl::score::{ContextScore, Counts, Score};
use crate::dnsxl::{Kind, SubjectKind, Verdict};
use crate::report::advice::{Advice, Cause};
use crate::report::reply::Reply;
use crate::report::{Completeness, Exchange, HealthReport, ListReport, Report, Source};

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
as_word!(
    Kind,
    crate::dns::Failure,
    crate::dns::unknown::Why,
    crate::dnsxl::ProblemKind,
    crate::dnsxl::Skipped,
    crate::dnsxl::Health,
    crate::dnsxl::Part,
    crate::dnsxl::Unheard,
    crate::report::action::Action,
    crate::check::mail_domain::Unusable,
    crate::dnsxl::score::Outcome,
    crate::check::generic_name::Shape,
    crate::report::ResolverFault
);

/// Serializes as its code and its meaning.
impl Serialize for ExtendedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("code", &self.code())?;
        map.serialize_entry("text", &self.to_string())?;
        map.end()
    }
}

/// Adds the resolver's extended error, if there is one.
fn extended<M: SerializeMap>(said: Option<ExtendedError>, map: &mut M) -> Result<(), M::Error> {
    said.map_or(Ok(()), |said| map.serialize_entry("ede", &said))
}

/// Whole seconds.
fn seconds(ttl: Option<std::time::Duration>) -> Option<u64> {
    ttl.map(|ttl| ttl.as_secs())
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("target", &self.target)?;
        // A tenth of a millisecond is precise enough for a network.
        map.serialize_entry("elapsed_ms", &((self.elapsed.as_secs_f64() * 10_000.0).round() / 10.0))?;
        map.serialize_entry("questions", &self.questions())?;
        map.serialize_entry(
            "completeness",
            match self.completeness {
                Completeness::Complete => "complete",
                Completeness::CutByDeadline => "cut_by_deadline",
                Completeness::StoppedEarly => "stopped_early",
            },
        )?;
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

impl Serialize for Iprev {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.names();
        let error = match self {
            Self::TempError(error) => Some(error),
            _ => None,
        };
        let stage = error.map(|error| match error.at() {
            Stage::Reverse => "reverse",
            Stage::Forward => "forward",
        });
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("result", self.rfc8601())?;
        map.serialize_entry("client_resolve", self.client_resolve())?;
        map.serialize_entry("names", names.map_or(&[][..], |names| names.all()))?;
        map.serialize_entry("unusable", names.map_or(&[][..], |names| names.unusable()))?;
        map.serialize_entry("truncated", &names.is_some_and(|names| names.truncated()))?;
        map.serialize_entry("why", &error.map(|error| error.why()))?;
        extended(error.and_then(|error| error.extended_error()), &mut map)?;
        map.serialize_entry("stage", &stage)?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for ClientName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let forward = match self.forward() {
            Forward::LeadsBack => "leads_back",
            Forward::Elsewhere => "elsewhere",
            Forward::NoAddress => "no_address",
            Forward::NoSuchName => "no_such_name",
            Forward::Failed(failure) => failure.word(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name())?;
        map.serialize_entry("confirmed", &(self.forward() == Forward::LeadsBack))?;
        map.serialize_entry("forward", forward)?;
        map.serialize_entry("shape", &self.shape())?;
        map.end()
    }
}

impl Serialize for ListReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("list", &self.list())?;
        map.serialize_entry("kind", &self.kind())?;
        if let Some(context) = self.context() {
            map.serialize_entry("context", context)?;
        }
        map.serialize_entry("subject", &self.subject)?;
        fields(&self.verdict, self.meanings().collect(), &mut map)?;
        map.serialize_entry("weight", &self.weight())?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.serialize_entry("health", &self.health())?;
        map.serialize_entry("advice", &Some(self.advice()).filter(|advice| !advice.is_empty()))?;
        map.serialize_entry("evidence", self.verdict.evidence())?;
        map.serialize_entry("note", &self.note())?;
        map.end()
    }
}

/// The verdict with its codes and reasons.
fn fields<M: SerializeMap>(verdict: &Verdict, meanings: Vec<&str>, map: &mut M) -> Result<(), M::Error> {
    let (problem, why) = match verdict {
        Verdict::Problem(problem) => (Some(problem.kind()), None),
        Verdict::Unknown(unknown) => (None, Some(unknown.why().word())),
        Verdict::Skipped(skipped) => (None, Some(skipped.word())),
        Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_) => (None, None),
    };
    map.serialize_entry("verdict", verdict.word())?;
    map.serialize_entry("codes", verdict.codes())?;
    map.serialize_entry("truncated", &verdict.is_truncated())?;
    map.serialize_entry("meanings", &meanings)?;
    map.serialize_entry("reason", &verdict.reason())?;
    map.serialize_entry("problem", &problem)?;
    map.serialize_entry("why", &why)?;
    match verdict {
        Verdict::Unknown(unknown) => extended(unknown.extended_error(), map),
        _ => Ok(()),
    }
}

/// A score with the lists that decided.
struct ScoreOf<'a> {
    report: &'a Report,
    context: Option<&'a str>,
    score: Score,
}

impl Serialize for ScoreOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { report, context, score } = *self;
        let decided_by: Vec<_> = report.decided_in(context, score.outcome()).map(ListReport::list).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("low", &score.low())?;
        map.serialize_entry("high", &score.high())?;
        map.serialize_entry("threshold", &score.threshold())?;
        map.serialize_entry("outcome", &score.outcome())?;
        map.serialize_entry("decided_by", &decided_by)?;
        map.end()
    }
}

/// The score of each context, with the lists that decided.
struct ContextsOf<'a>(&'a Report);

impl Serialize for ContextsOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0.contexts.iter().map(|context| {
                ContextOf(ScoreOf { report: self.0, context: Some(&context.name), score: context.score })
            }),
        )
    }
}

struct ContextOf<'a>(ScoreOf<'a>);

impl Serialize for ContextOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.0.context)?;
        map.serialize_entry("score", &self.0)?;
        map.end()
    }
}

impl Serialize for ContextScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &*self.name)?;
        map.serialize_entry("score", &self.score)?;
        map.end()
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("low", &self.low())?;
        map.serialize_entry("high", &self.high())?;
        map.serialize_entry("threshold", &self.threshold())?;
        map.serialize_entry("outcome", &self.outcome())?;
        map.end()
    }
}

/// Serializes with the fields that a row of a report has about the answer itself.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let meanings = match self {
            Self::Listed(_, listing) => listing.meanings().iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        };
        fields(self, meanings, &mut map)?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.serialize_entry("evidence", self.evidence())?;
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

impl Serialize for HealthReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let subjects = match self.kind() {
            SubjectKind::Ipv4 => "ipv4",
            SubjectKind::Ipv6 => "ipv6",
            SubjectKind::Domain => "domain",
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("list", self.list())?;
        map.serialize_entry("subjects", subjects)?;
        map.serialize_entry("health", &self.health())?;
        map.serialize_entry("since", &seconds(self.since()))?;
        map.serialize_entry("last_good", &seconds(self.last_good()))?;
        map.serialize_entry("advice", &Some(self.advice()).filter(|advice| !advice.is_empty()))?;
        map.serialize_entry("evidence", self.evidence())?;
        map.end()
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("listed", &self.listed)?;
        map.serialize_entry("not_listed", &self.not_listed)?;
        map.serialize_entry("excluded", &self.excluded)?;
        map.serialize_entry("problem", &self.problem)?;
        map.serialize_entry("unknown", &self.unknown)?;
        map.serialize_entry("skipped", &self.skipped)?;
        map.end()
    }
}

impl Serialize for HeloReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let why = match self.verdict() {
            Helo::Unknown(why) => Some(why),
            _ => None,
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", self.verdict().word())?;
        map.serialize_entry("argument", self.argument())?;
        map.serialize_entry("addresses", self.addresses())?;
        map.serialize_entry("is_client_name", &self.is_client_name())?;
        map.serialize_entry("why", &why)?;
        extended(self.extended_error(), &mut map)?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for MailDomainReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (via, problem, why) = match self.verdict() {
            MailDomain::Ok(Via::Mx) => (Some("mx"), None, None),
            MailDomain::Ok(Via::ImplicitMx) => (Some("implicit_mx"), None, None),
            MailDomain::MxUnusable(reason) => (None, Some(reason), None),
            MailDomain::Unknown(why) => (None, None, Some(why)),
            _ => (None, None, None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", self.verdict().word())?;
        map.serialize_entry("domain", &self.domain())?;
        map.serialize_entry("via", &via)?;
        map.serialize_entry("problem", &problem)?;
        map.serialize_entry("why", &why)?;
        extended(self.extended_error(), &mut map)?;
        map.serialize_entry("hosts", self.hosts())?;
        map.serialize_entry("truncated", &self.truncated())?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for MailHost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self.state() {
            HostState::Usable => "usable",
            HostState::Unusable(reason) => reason.word(),
            HostState::Unknown(failure) => failure.word(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("host", self.target())?;
        map.serialize_entry("preference", &self.preference())?;
        map.serialize_entry("addresses", self.addresses())?;
        map.serialize_entry("alias", &self.is_alias())?;
        map.serialize_entry("state", state)?;
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
        let source = match self.source {
            Source::Network => "network",
            Source::Shared => "shared",
            Source::Memory => "memory",
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("question", &self.question.to_string())?;
        map.serialize_entry("answer", &self.answer.to_string())?;
        map.serialize_entry("source", source)?;
        map.serialize_entry("took_ms", &((self.took.as_secs_f64() * 10_000.0).round() / 10.0))?;
        map.end()
    }
}
