//! Builds a set of lists, and reports all mistakes at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::score::{ContextThresholds, ScoreThresholds};
use crate::dnsxl::{ListId, ListSpec, SpecError};
use crate::lists::catalogue::Catalogue;
use crate::lists::error::{ListSetError, MAX_LISTS};
use crate::lists::finding::{ZoneFinding, ZoneFindingKind};
use crate::lists::knowledge::{Knowledge, Retired};
use crate::lists::merge::Merge;
use crate::lists::notation;
use crate::lists::rows::rows_of;
use crate::lists::set::{ListSet, SetData};

/// The score from which on the recommended lists reject a client; their weights in the catalogue are chosen for this
/// value.
const RECOMMENDED_THRESHOLD: i32 = 3;

/// How to treat texts that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mistakes {
    /// They are errors, and no set is built.
    #[default]
    Refuse,
    /// The set is built from all other lists and [reports them](ListSet::mistakes).
    LeaveOut,
}

impl ListSet {
    /// A starting point for users who have no lists yet: few lists, working, free at small volume, with documented
    /// codes. The catalogue gives a reason, a date and a weight for each. From a score of 3 on the outcome is
    /// "listed", so a client is rejected by Spamhaus ZEN alone or by two of the others together. Read the terms of
    /// use of the lists: most require payment from large or commercial users, and none answers through a public
    /// resolver.
    ///
    /// ```
    /// use rdnsbl::{ListSet, lists::catalogue::Catalogue};
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
        // A test builds this set. If the build still fails, an empty set is safer than stopping a mail server.
        Self::builder().lists(specs).threshold(RECOMMENDED_THRESHOLD).build().unwrap_or_else(|_| Self::none())
    }

    /// Starts to build a set.
    pub fn builder() -> ListSetBuilder {
        ListSetBuilder::default()
    }
}

/// Collects lists; [`build`](Self::build) reports all mistakes at once.
///
/// ```
/// use rdnsbl::ListSet;
///
/// let lists = ListSet::builder().deny("zen.spamhaus.org*3").deny("bl.spamcop.net*2").threshold(3).build()?;
/// assert_eq!(lists.iter().map(|list| list.weight()).collect::<Vec<_>>(), [3, 2]);
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ListSetBuilder {
    /// Each list with the number of its context: 0 is the context without a name, others are their position plus one.
    lists: Vec<(usize, Result<ListSpec, SpecError>)>,
    left_out: Vec<SpecError>,
    alone: SetThresholds,
    contexts: Vec<(Arc<str>, SetThresholds)>,
    current: usize,
    operators: Option<usize>,
    knowledge: Knowledge,
    retired: Retired,
    merge: Merge,
    mistakes: Mistakes,
}

/// Thresholds of one context, as far as they were set.
#[derive(Clone, Copy, Debug, Default)]
struct SetThresholds {
    listed: Option<i32>,
    allowed: Option<i32>,
}

impl SetThresholds {
    /// The same thresholds; those that are not set are taken from `other`.
    fn or(self, other: Self) -> Self {
        Self { listed: self.listed.or(other.listed), allowed: self.allowed.or(other.allowed) }
    }
}

impl ListSetBuilder {
    /// A deny list in Postfix's notation.
    pub fn deny(mut self, text: &str) -> Self {
        self.lists.push((self.current, ListSpec::deny(text)));
        self
    }

    /// An allow list in Postfix's notation. A confirmed listing allows the client outright.
    pub fn allow(mut self, text: &str) -> Self {
        self.lists.push((self.current, ListSpec::allow(text)));
        self
    }

    /// Lists and thresholds from here on belong to the context of this name. The lists of one context decide
    /// together, separately from other contexts. A report has a [score](crate::Report::contexts) for each context,
    /// and the outcome is the worst of them. `None` is the context in which a builder starts. If only one context
    /// with a name has lists, the lists without a context belong to it.
    ///
    /// ```
    /// use rdnsbl::ListSet;
    ///
    /// let lists = ListSet::builder()
    ///     .context(Some("postscreen")).deny("a.example*2").deny("b.example").threshold(3)
    ///     .context(Some("smtpd")).deny("c.example")
    ///     .build()?;
    /// assert_eq!(lists.contexts().collect::<Vec<_>>(), ["postscreen", "smtpd"]);
    /// # Ok::<(), rdnsbl::ListSetError>(())
    /// ```
    pub fn context(mut self, name: Option<&str>) -> Self {
        self.current = match name {
            Some(name) => self.position(&notation::context_name(name)),
            None => 0,
        };
        self
    }

    /// The position of a context; it is created if it does not exist.
    fn position(&mut self, name: &Arc<str>) -> usize {
        if **name == *ALONE {
            return 0;
        }
        let position = self.contexts.iter().position(|(known, _)| known == name);
        position.map_or_else(
            || {
                self.contexts.push((Arc::clone(name), SetThresholds::default()));
                self.contexts.len()
            },
            |position| position + 1,
        )
    }

    /// The thresholds set for a context.
    fn thresholds_of(&mut self, position: usize) -> &mut SetThresholds {
        match position.checked_sub(1).and_then(|position| self.contexts.get_mut(position)) {
            Some((_, own)) => own,
            None => &mut self.alone,
        }
    }

    /// Adds a list.
    pub fn list(mut self, spec: ListSpec) -> Self {
        self.lists.push((self.current, Ok(spec)));
        self
    }

    /// Adds lists in the notation of Postfix, postscreen, Exim, sendmail, SpamAssassin or rspamd; the notation is
    /// detected: see [`notation`]. Each of its [contexts](notation::Context) becomes a context of this set, with
    /// postscreen's thresholds; thresholds set with [`threshold`](Self::threshold) have priority. Parts that ask no
    /// list are [left out](ListSet::left_out); a text without any list is a mistake.
    pub fn read(mut self, text: &str) -> Self {
        let contexts = notation::contexts(notation::Notation::detect(text), text);
        let is_empty = contexts
            .iter()
            .flat_map(|context| &context.items)
            .all(|(_, item)| item.as_ref().is_err_and(|error| !error.is_mistake()));
        for context in contexts {
            let position = context.name.as_ref().map_or(self.current, |name| self.position(name));
            for (_, item) in context.items {
                match item {
                    Err(error) if !is_empty && !error.is_mistake() => self.left_out.push(error),
                    item => self.lists.push((position, item)),
                }
            }
            let read = SetThresholds { listed: context.thresholds.listed, allowed: context.thresholds.allowed };
            let own = self.thresholds_of(position);
            *own = own.or(read);
        }
        self
    }

    /// Adds several lists.
    pub fn lists(mut self, specs: impl IntoIterator<Item = ListSpec>) -> Self {
        self.lists.extend(specs.into_iter().map(|spec| (self.current, Ok(spec))));
        self
    }

    /// The score from which on the outcome is "listed"; 1 by default. Like all thresholds, it applies to the lists of
    /// the [current context](Self::context).
    pub fn threshold(mut self, threshold: i32) -> Self {
        self.thresholds_of(self.current).listed = Some(threshold);
        self
    }

    /// The score up to which the sum alone means "allowed"; -1 by default.
    pub fn allow_threshold(mut self, threshold: i32) -> Self {
        self.thresholds_of(self.current).allowed = Some(threshold);
        self
    }

    /// The minimum number of operators whose lists must agree before the outcome is "listed", whatever the score; 1
    /// by default. All lists of one operator count once: see [`ListSpec::operator`]. Applies to every context.
    pub fn min_operators(mut self, operators: usize) -> Self {
        self.operators = Some(operators);
        self
    }

    /// How to treat texts that cannot be read; by default they are errors.
    ///
    /// ```
    /// use rdnsbl::{ListSet, lists::Mistakes};
    ///
    /// let lists = ListSet::builder().deny("bad..example").deny("good.example").mistakes(Mistakes::LeaveOut).build()?;
    /// assert_eq!((lists.iter().count(), lists.mistakes().len()), (1, 1));
    /// # Ok::<(), rdnsbl::ListSetError>(())
    /// ```
    pub fn mistakes(mut self, mistakes: Mistakes) -> Self {
        self.mistakes = mistakes;
        self
    }

    /// The source of knowledge about lists; by default the catalogue of this version. It explains codes, refusals and
    /// test entries of every list without a profile of its own, and is the source of the
    /// [findings](ListSet::findings).
    pub fn knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// How to treat lists that have closed down or never existed; by default they are skipped.
    ///
    /// ```
    /// use rdnsbl::{ListSet, ListSetError, lists::Retired};
    ///
    /// let twelve_years_later = || ListSet::builder().deny("dnsbl.njabl.org");
    /// assert!(twelve_years_later().build().is_ok()); // a mail server starts
    /// let error = twelve_years_later().retired(Retired::Refuse).build(); // a linter reports it
    /// assert!(matches!(error, Err(ListSetError::Retired(findings)) if findings.len() == 1));
    /// ```
    pub fn retired(mut self, retired: Retired) -> Self {
        self.retired = retired;
        self
    }

    /// Whether several lists that are parts of one list are asked in a single query. By default they are not.
    ///
    /// ```
    /// use rdnsbl::{ListSet, lists::Merge};
    ///
    /// let lists = ListSet::builder().deny("sbl.spamhaus.org*3").deny("xbl.spamhaus.org*2").deny("pbl.spamhaus.org");
    /// let merged = lists.clone().merge(Merge::WhereCodesTell).build()?;
    /// for list in merged.iter() {
    ///     assert_eq!(list.zone().to_string(), "zen.spamhaus.org"); // one query; its codes distinguish the lists
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

    /// Builds the set.
    ///
    /// # Errors
    /// [`ListSetError`]: every list that cannot be read; more than [`MAX_LISTS`] lists; thresholds that contradict
    /// each other. With [`Retired::Refuse`], if all lists can be read, every list that has closed down.
    pub fn build(self) -> Result<ListSet, ListSetError> {
        if self.lists.len() > MAX_LISTS {
            return Err(ListSetError::TooMany);
        }
        let contexts = self.deciding();
        if contexts.iter().any(|context| context.thresholds.allowed >= context.thresholds.listed) {
            return Err(ListSetError::Thresholds);
        }
        let mut lists = Vec::with_capacity(self.lists.len());
        let mut errors = Vec::new();
        let mut findings: Vec<(usize, ZoneFindingKind)> = Vec::new();
        for (index, (context, list)) in self.lists.into_iter().enumerate() {
            match list {
                Ok(mut spec) => {
                    let found =
                        crate::lists::knowledge::apply_catalogue(&mut spec, self.knowledge.catalogue(), self.retired);
                    findings.extend(found.into_iter().map(|kind| (lists.len(), kind)));
                    let name = match context.checked_sub(1).and_then(|position| self.contexts.get(position)) {
                        Some((name, _)) => Arc::clone(name),
                        None => Arc::from(ALONE),
                    };
                    spec.decide_in((contexts.len() > 1).then_some(name));
                    lists.push(spec);
                }
                Err(error) => errors.push((index, error)),
            }
        }
        if !errors.is_empty() && self.mistakes == Mistakes::Refuse {
            return Err(ListSetError::Specs(errors));
        }
        findings.extend(crate::lists::merge::plan(&mut lists, self.knowledge.catalogue(), self.merge));
        number_alike(&mut lists);
        findings.sort_by_key(|(index, _)| *index);
        let mut closed: HashSet<Name> = HashSet::new();
        let mut findings: Vec<ZoneFinding> = findings
            .into_iter()
            .filter_map(|(index, kind)| {
                let spec = lists.get(index)?;
                // Of other lists, `NamedTwice` tells; a closed one counts nothing twice.
                let again = kind.is_gone() && spec.is_retired() && !closed.insert(spec.zone().clone());
                Some(ZoneFinding { index, list: spec.id(), zone: spec.named().without_key(), kind, again })
            })
            .collect();
        if self.retired == Retired::Refuse && findings.iter().any(|finding| finding.kind.is_gone()) {
            findings.retain(|finding| finding.kind.is_gone());
            return Err(ListSetError::Retired(findings));
        }
        let lists: Vec<Arc<ListSpec>> = lists.into_iter().map(Arc::new).collect();
        let mistakes = errors.into_iter().map(|(_, error)| error).collect();
        let rows = rows_of(&lists);
        let unreachable = crate::lists::unreachable::find(&lists, &contexts, &findings);
        let left_out = self.left_out;
        Ok(ListSet(Arc::new(SetData { lists, rows, contexts, findings, unreachable, left_out, mistakes })))
    }

    /// The contexts that decide separately: those that have lists. None if all lists decide together, by the default
    /// thresholds.
    fn deciding(&self) -> Vec<ContextThresholds> {
        let default = ScoreThresholds::default();
        let thresholds = |set: SetThresholds| ScoreThresholds {
            listed: set.listed.unwrap_or(default.listed),
            allowed: set.allowed.unwrap_or(default.allowed),
            operators: self.operators.unwrap_or(default.operators),
        };
        let has_lists = |position: usize| self.lists.iter().any(|(of, list)| *of == position && list.is_ok());
        let mut named: Vec<&(Arc<str>, SetThresholds)> = Vec::new();
        named.extend(self.contexts.iter().enumerate().filter(|(at, _)| has_lists(at + 1)).map(|(_, context)| context));
        let only = |set: SetThresholds| match thresholds(set) {
            set if set == default => Vec::new(),
            thresholds => vec![ContextThresholds { name: ALONE.into(), thresholds }],
        };
        match named.as_slice() {
            [] => only(self.alone),
            [(_, own)] => only(self.alone.or(*own)),
            several => {
                let alone =
                    has_lists(0).then(|| ContextThresholds { name: ALONE.into(), thresholds: thresholds(self.alone) });
                let named = several
                    .iter()
                    .map(|(name, own)| ContextThresholds { name: Arc::clone(name), thresholds: thresholds(*own) });
                alone.into_iter().chain(named).collect()
            }
        }
    }
}

/// Adds numbers to lists that would have the same name because only their hidden keys differ.
fn number_alike(lists: &mut [ListSpec]) {
    let mut zones_of: HashMap<ListId, Vec<Name>> = HashMap::new();
    for list in lists.iter_mut().filter(|list| !list.is_labelled()) {
        let zones = zones_of.entry(list.id()).or_default();
        let place = zones.iter().position(|zone| zone.expose() == list.named().expose()).unwrap_or_else(|| {
            zones.push(list.named().clone());
            zones.len() - 1
        });
        if place > 0 {
            list.number(place + 1);
        }
    }
}

/// The name for lists without a context beside several contexts.
const ALONE: &str = "lists";
