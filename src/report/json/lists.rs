//! The JSON form of lists, scores and health.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::dnsxl::Verdict;
use crate::dnsxl::score::{ContextScore, Counts, Score};
use crate::report::json::shared_fields::{extended, seconds};
use crate::report::{HealthReport, ListReport, Report};

impl Serialize for ListReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("list", &self.list())?;
        map.serialize_entry("kind", &self.kind())?;
        if let Some(context) = self.context() {
            map.serialize_entry("context", context)?;
        }
        if self.only_observed() {
            map.serialize_entry("observe", &true)?;
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
pub(super) struct ScoreOf<'a> {
    pub(super) report: &'a Report,
    pub(super) context: Option<&'a str>,
    pub(super) score: Score,
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
pub(super) struct ContextsOf<'a>(pub(super) &'a Report);

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

impl Serialize for HealthReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("list", self.list())?;
        map.serialize_entry("subjects", &self.subject_kind())?;
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
