//! The rows that a set of lists gives every report. They are worked out once, when the set is built.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dnsxl::{About, ListSpec, Part};

/// A list, and one thing that it is asked about. Where that is the client's names, the report has a row for each of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowSpec {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) about: About,
    /// The number of the list's operator in the set: lists of one operator have the same number.
    pub(crate) operator: usize,
}

impl RowSpec {
    /// The part of the dialogue that the list is asked about; `None` for a subject of its own.
    pub(crate) fn part(&self) -> Option<Part> {
        match self.about {
            About::Part(part) => Some(part),
            About::Fixed(_) => None,
        }
    }

    /// Is the list asked about the client's address, or the domain that is checked in its place?
    pub(crate) fn is_about_client(&self) -> bool {
        self.about == About::Part(Part::Address)
    }
}

/// The rows of these lists, in order.
pub(super) fn rows_of(lists: &[Arc<ListSpec>]) -> Vec<RowSpec> {
    let mut operators: HashMap<&str, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(lists.len());
    for spec in lists {
        let next = operators.len();
        let operator = *operators.entry(spec.operator()).or_insert(next);
        rows.extend(spec.about().map(|about| RowSpec { spec: Arc::clone(spec), about, operator }));
    }
    rows
}
