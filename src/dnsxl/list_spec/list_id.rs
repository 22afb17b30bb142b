//! The names of lists in reports.

use std::fmt;
use std::sync::Arc;

use crate::base::name::Name;

/// The name of a list in reports, logs and metrics: its zone without a key, or its label. Lists of a set whose zones differ
/// only in the key are numbered: `zen.dq.spamhaus.net`, `zen.dq.spamhaus.net#2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(Arc<str>);

impl ListId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ListId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A map with the names of lists as keys can be asked by text.
impl std::borrow::Borrow<str> for ListId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a list in reports, and its default operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DisplayName {
    pub(super) id: ListId,
    /// The last two labels of the zone: the operator, if none is set.
    pub(super) domain: Arc<str>,
}

impl DisplayName {
    /// Adds a number, because another list of the set differs only in its key.
    pub(super) fn number(&mut self, number: usize) {
        self.id = ListId(format!("{}#{number}", self.id).into());
    }

    pub(super) fn new(named: &Name, asked: &Name, label: Option<&Arc<str>>) -> Self {
        let id = label.cloned().unwrap_or_else(|| named.without_key().to_string().into());
        Self { id: ListId(id), domain: asked.without_key().last_labels(2).into() }
    }
}
