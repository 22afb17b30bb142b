//! A set of lists with its thresholds.

mod finding;
mod knowledge;
mod merge;

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::dnsxl::{ListId, ListSpec, SpecError};
use crate::name::Name;
use crate::score::Thresholds;

pub use finding::{ZoneFinding, ZoneFindingKind};
pub use knowledge::{Knowledge, Retired};
pub use merge::Merge;

/// Lists in a set; more make a configuration error.
pub const MAX_LISTS: usize = 1_000;

/// The score from which on recommended lists turn a client away; their weights in the catalogue are made for it.
const RECOMMENDED_THRESHOLD: i32 = 3;

/// Which lists are asked, in which order they are reported, and when they decide. Immutable; a clone shares it.
///
/// ```
/// use rdnsbl::ListSet;
///
/// let lists = ListSet::builder()
///     .deny("zen.spamhaus.org=127.0.0.[2..11]*3")
///     .deny("bl.spamcop.net*2")
///     .allow("list.dnswl.org")
///     .threshold(3)
///     .build()?;
/// assert_eq!(lists.iter().count(), 3);
///
/// let error = ListSet::builder().deny("good.example").deny("bad..example").build().unwrap_err();
/// assert_eq!(error.iter().next().map(|(index, _)| index), Some(1)); // the second list
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSet(Arc<Inner>);

#[derive(Debug, PartialEq, Eq, Default)]
struct Inner {
    lists: Vec<Arc<ListSpec>>,
    thresholds: Thresholds,
    findings: Vec<ZoneFinding>,
    left_out: Vec<SpecError>,
}

impl ListSet {
    /// No list at all: what a checker starts with. Lists are always one's own choice.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// A start for who has no lists yet: few, alive, open to everybody at small volume, with documented codes. Each has its
    /// reason and its date in the catalogue, and a weight; from 3 on the outcome is "listed", so that a client is turned away
    /// by Spamhaus ZEN alone or by two of the others together. Read the lists' terms of use: most want money from large or
    /// commercial users, and none answers through a public resolver.
    ///
    /// ```
    /// use rdnsbl::{ListSet, catalogue::Catalogue};
    ///
    /// let lists = ListSet::recommended();
    /// assert!(lists.findings().is_empty());
    /// for recommendation in Catalogue::builtin().iter().filter_map(|entry| entry.recommendation()) {
    ///     println!("{}, {}: {}", recommendation.spec(), recommendation.since(), recommendation.reason());
    /// }
    /// ```
    #[must_use]
    pub fn recommended() -> Self {
        let specs = Catalogue::builtin().iter().filter_map(|entry| Some(entry.recommendation()?.spec().clone()));
        // A test builds the set; should that ever be skipped, no list is safer than stopping a mail server.
        Self::builder().lists(specs).threshold(RECOMMENDED_THRESHOLD).build().unwrap_or_else(|_| Self::none())
    }

    /// Starts a set.
    pub fn builder() -> ListSetBuilder {
        ListSetBuilder::default()
    }

    /// The lists, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &ListSpec> {
        self.0.lists.iter().map(Arc::as_ref)
    }

    /// What an administrator should know about these lists: which have closed down, are misspelled, need a key, and so on. In
    /// the order of the lists. Nothing here stops anything; [`ListSetBuilder::retired`] can.
    #[must_use]
    pub fn findings(&self) -> &[ZoneFinding] {
        &self.0.findings
    }

    /// What stood in the texts given to [`ListSetBuilder::read`] and asks no list, such as `permit_mynetworks`: it is not done
    /// here, and whoever wrote it should know.
    ///
    /// ```
    /// use rdnsbl::ListSet;
    ///
    /// let text = "smtpd_client_restrictions = permit_mynetworks, reject_rbl_client zen.example";
    /// let lists = ListSet::builder().read(text).build()?;
    /// assert_eq!((lists.iter().count(), lists.left_out().len()), (1, 1));
    /// # Ok::<(), rdnsbl::ListSetError>(())
    /// ```
    #[must_use]
    pub fn left_out(&self) -> &[SpecError] {
        &self.0.left_out
    }

    pub(crate) fn shared(&self) -> &[Arc<ListSpec>] {
        &self.0.lists
    }

    pub(crate) fn thresholds(&self) -> Thresholds {
        self.0.thresholds
    }
}

/// Collects lists; [`build`](Self::build) tells all mistakes at once.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ListSetBuilder {
    lists: Vec<Result<ListSpec, SpecError>>,
    left_out: Vec<SpecError>,
    thresholds: Thresholds,
    knowledge: Knowledge,
    retired: Retired,
    merge: Merge,
}

impl ListSetBuilder {
    /// A deny list in Postfix's notation.
    pub fn deny(mut self, text: &str) -> Self {
        self.lists.push(ListSpec::deny(text));
        self
    }

    /// An allow list in Postfix's notation. A proven hit allows outright.
    pub fn allow(mut self, text: &str) -> Self {
        self.lists.push(ListSpec::allow(text));
        self
    }

    /// A list.
    pub fn list(mut self, spec: ListSpec) -> Self {
        self.lists.push(Ok(spec));
        self
    }

    /// Lists in the notation of Postfix, postscreen, Exim, sendmail, SpamAssassin or rspamd, whichever the text looks like: see
    /// [`syntax`](crate::syntax). Postscreen's thresholds in it count as if they were said here. What asks no list is
    /// [left out](ListSet::left_out); a text in which nothing asks one is a mistake.
    pub fn read(mut self, text: &str) -> Self {
        let (left_out, lists): (Vec<_>, Vec<_>) = crate::syntax::read_any(text)
            .map(|(_, list)| list)
            .partition(|list| list.as_ref().is_err_and(SpecError::is_left_out));
        if lists.is_empty() {
            self.lists.extend(left_out);
        } else {
            self.left_out.extend(left_out.into_iter().filter_map(Result::err));
            self.lists.extend(lists);
        }
        let said = crate::syntax::thresholds(text);
        self.thresholds.listed = said.listed.unwrap_or(self.thresholds.listed);
        self.thresholds.allowed = said.allowed.unwrap_or(self.thresholds.allowed);
        self
    }

    /// Several lists.
    pub fn lists(mut self, specs: impl IntoIterator<Item = ListSpec>) -> Self {
        self.lists.extend(specs.into_iter().map(Ok));
        self
    }

    /// The score from which on the outcome is "listed"; 1 unless said.
    pub fn threshold(mut self, threshold: i32) -> Self {
        self.thresholds.listed = threshold;
        self
    }

    /// The score up to which the sum alone means "allowed"; -1 unless said.
    pub fn allow_threshold(mut self, threshold: i32) -> Self {
        self.thresholds.allowed = threshold;
        self
    }

    /// The outcome is "listed" only if lists of so many operators say so, whatever the score; 1 unless said. Lists of one
    /// operator are one voice: see [`ListSpec::operator`].
    pub fn min_operators(mut self, operators: usize) -> Self {
        self.thresholds.operators = operators;
        self
    }

    /// Where knowledge about lists comes from; the catalogue of this version unless said. It explains codes, refusals and test
    /// entries of every list whose profile was not set, and makes the [findings](ListSet::findings).
    pub fn knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// What becomes of lists that have closed down or never were; they are skipped unless said.
    ///
    /// ```
    /// use rdnsbl::{ListSet, ListSetError, lists::Retired};
    ///
    /// let twelve_years_later = || ListSet::builder().deny("dnsbl.njabl.org");
    /// assert!(twelve_years_later().build().is_ok()); // a mail server starts
    /// let error = twelve_years_later().retired(Retired::Refuse).build(); // a linter tells
    /// assert!(matches!(error, Err(ListSetError::Retired(findings)) if findings.len() == 1));
    /// ```
    pub fn retired(mut self, retired: Retired) -> Self {
        self.retired = retired;
        self
    }

    /// Are lists asked in one question that are parts of one list? Not unless said.
    ///
    /// ```
    /// use rdnsbl::{ListSet, lists::Merge};
    ///
    /// let lists = ListSet::builder().deny("sbl.spamhaus.org*3").deny("xbl.spamhaus.org*2").deny("pbl.spamhaus.org");
    /// let merged = lists.clone().merge(Merge::WhereCodesTell).build()?;
    /// for list in merged.iter() {
    ///     assert_eq!(list.zone().to_string(), "zen.spamhaus.org"); // one question; who is listed where, its codes tell
    /// }
    /// assert_eq!(merged.iter().next().map(|list| list.named().to_string()).as_deref(), Some("sbl.spamhaus.org"));
    ///
    /// let advice = lists.build()?.findings().iter().map(ToString::to_string).collect::<Vec<_>>();
    /// assert!(advice[0].ends_with("zen.spamhaus.org=127.0.0.[2..3;9;30]*3"), "{}", advice[0]);
    /// # Ok::<(), rdnsbl::ListSetError>(())
    /// ```
    pub fn merge(mut self, merge: Merge) -> Self {
        self.merge = merge;
        self
    }

    /// The set.
    ///
    /// # Errors
    /// [`ListSetError`] holds every list that cannot be read, and says when there are more than [`MAX_LISTS`] or when the
    /// thresholds contradict each other; with [`Retired::Refuse`], when all can be read, every list that has closed down.
    pub fn build(self) -> Result<ListSet, ListSetError> {
        if self.lists.len() > MAX_LISTS {
            return Err(ListSetError::TooMany);
        }
        if self.thresholds.allowed >= self.thresholds.listed {
            return Err(ListSetError::Thresholds);
        }
        let mut lists = Vec::with_capacity(self.lists.len());
        let mut errors = Vec::new();
        let mut findings: Vec<(usize, ZoneFindingKind)> = Vec::new();
        for (index, list) in self.lists.into_iter().enumerate() {
            match list {
                Ok(mut spec) => {
                    let found = knowledge::learn(&mut spec, self.knowledge.catalogue(), self.retired);
                    findings.extend(found.into_iter().map(|kind| (index, kind)));
                    lists.push(spec);
                }
                Err(error) => errors.push((index, error)),
            }
        }
        if !errors.is_empty() {
            return Err(ListSetError::Specs(errors));
        }
        findings.extend(merge::plan(&mut lists, self.knowledge.catalogue(), self.merge));
        number_alike(&mut lists);
        findings.sort_by_key(|(index, _)| *index);
        let mut findings: Vec<ZoneFinding> = findings
            .into_iter()
            .filter_map(|(index, kind)| {
                let spec = lists.get(index)?;
                Some(ZoneFinding { index, list: spec.id(), zone: spec.named().without_key(), kind })
            })
            .collect();
        if self.retired == Retired::Refuse && findings.iter().any(|finding| finding.kind.is_gone()) {
            findings.retain(|finding| finding.kind.is_gone());
            return Err(ListSetError::Retired(findings));
        }
        let lists = lists.into_iter().map(Arc::new).collect();
        Ok(ListSet(Arc::new(Inner { lists, thresholds: self.thresholds, findings, left_out: self.left_out })))
    }
}

/// Gives numbers to lists that would be called the same since only their hidden keys differ.
fn number_alike(lists: &mut [ListSpec]) {
    let mut called: HashMap<ListId, Vec<Name>> = HashMap::new();
    for list in lists.iter_mut().filter(|list| !list.is_labelled()) {
        let zones = called.entry(list.id()).or_default();
        let place = zones.iter().position(|zone| zone.expose() == list.named().expose()).unwrap_or_else(|| {
            zones.push(list.named().clone());
            zones.len() - 1
        });
        if place > 0 {
            list.number(place + 1);
        }
    }
}

/// Why a set of lists cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListSetError {
    /// Some lists cannot be read: the position of each, from 0, and what is wrong with it.
    #[error("{}", describe(.0))]
    Specs(Vec<(usize, SpecError)>),
    /// Some lists have closed down or never were, and [`Retired::Refuse`] was said.
    #[error("{}", describe_retired(.0))]
    Retired(Vec<ZoneFinding>),
    /// More than [`MAX_LISTS`] lists.
    #[error("more than {MAX_LISTS} lists")]
    TooMany,
    /// The allow threshold is not below the threshold, so that one score would mean both.
    #[error("the allow threshold must be below the threshold")]
    Thresholds,
}

impl ListSetError {
    /// The lists that cannot be read, by position from 0.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &SpecError)> {
        let specs = match self {
            Self::Specs(specs) => specs.as_slice(),
            Self::Retired(_) | Self::TooMany | Self::Thresholds => &[],
        };
        specs.iter().map(|(index, error)| (*index, error))
    }
}

fn describe(specs: &[(usize, SpecError)]) -> String {
    specs.iter().map(|(index, error)| format!("list {}: {error}", index + 1)).collect::<Vec<_>>().join("; ")
}

fn describe_retired(findings: &[ZoneFinding]) -> String {
    findings.iter().map(|finding| format!("list {}: {finding}", finding.index + 1)).collect::<Vec<_>>().join("; ")
}
