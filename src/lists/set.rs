//! A set of lists.

use std::sync::Arc;

use crate::dnsxl::score::ContextThresholds;
use crate::dnsxl::{ListSpec, SpecError};
use crate::lists::finding::ZoneFinding;
use crate::lists::rows::RowSpec;
use crate::lists::unreachable::Unreachable;

/// Which lists are asked, in which order they are reported, and when they decide. Immutable; a clone shares the data.
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
pub struct ListSet(pub(super) Arc<SetData>);

#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct SetData {
    pub(super) lists: Vec<Arc<ListSpec>>,
    pub(super) rows: Vec<RowSpec>,
    pub(super) contexts: Vec<ContextThresholds>,
    pub(super) findings: Vec<ZoneFinding>,
    pub(super) unreachable: Vec<Unreachable>,
    pub(super) left_out: Vec<SpecError>,
    pub(super) mistakes: Vec<SpecError>,
}

/// [`ListSet::none`].
impl Default for ListSet {
    fn default() -> Self {
        Self::none()
    }
}

/// The lists, in the order in which they were given.
impl<'a> IntoIterator for &'a ListSet {
    type Item = &'a ListSpec;
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Arc<ListSpec>>, fn(&'a Arc<ListSpec>) -> &'a ListSpec>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.lists.iter().map(Arc::as_ref)
    }
}

impl ListSet {
    /// No list at all: the initial state of a checker. The user must choose the lists.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// The lists, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &ListSpec> {
        self.0.lists.iter().map(Arc::as_ref)
    }

    /// What an administrator should know about these lists: which have closed down, are misspelled, need a key, and
    /// so on, in the order of the lists. A list that stands in several places has a finding for each. A finding never stops
    /// anything; [`ListSetBuilder::retired`](crate::lists::ListSetBuilder::retired) can.
    #[must_use]
    pub fn findings(&self) -> &[ZoneFinding] {
        &self.0.findings
    }

    /// Thresholds that these lists can never reach, so that they decide nothing.
    /// [`Settings::findings`](crate::Settings::findings) holds these, the findings about lists, and those about the policy.
    #[must_use]
    pub fn unreachable(&self) -> &[Unreachable] {
        &self.0.unreachable
    }

    /// The parts of the texts given to [`ListSetBuilder::read`](crate::lists::ListSetBuilder::read) that ask no list, such as `permit_mynetworks`. This
    /// crate does not apply them, so the author of the text should know about them.
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

    /// The rows that these lists give every report, in order.
    pub(crate) fn rows(&self) -> &[RowSpec] {
        &self.0.rows
    }

    /// The number of operators.
    pub(crate) fn operator_count(&self) -> usize {
        self.0.rows.iter().map(|row| row.operator + 1).max().unwrap_or_default()
    }

    /// The texts that cannot be read, with [`Mistakes::LeaveOut`](crate::lists::Mistakes::LeaveOut).
    #[must_use]
    pub fn mistakes(&self) -> &[SpecError] {
        &self.0.mistakes
    }

    /// The names of the contexts that decide separately, if there is more than one: see [`ListSetBuilder::context`](crate::lists::ListSetBuilder::context).
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        let several = self.0.contexts.len() > 1;
        self.0.contexts.iter().filter(move |_| several).map(|context| &*context.name)
    }

    pub(crate) fn all_contexts(&self) -> &[ContextThresholds] {
        &self.0.contexts
    }
}
