//! Groups of lists that decide together in a configuration.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::base::remote_text::{RemoteText, hide_keys};
use crate::dnsxl::{ListSpec, SpecError};

/// One element of a text: its position, and the list, or the reason why it is not a list. The reason is a mistake,
/// unless the element [asks no list](SpecError::is_left_out) or is a [remark](SpecError::is_remark) on what was read.
/// Spans of errors are positions in the whole text.
pub type Item = (Range<usize>, Result<ListSpec, SpecError>);

/// The thresholds in a text for the lists of one [`Context`](crate::lists::notation::Context).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thresholds {
    /// The score from which on the outcome is "listed": `postscreen_dnsbl_threshold`.
    pub listed: Option<i32>,
    /// The score up to which the sum means "allowed": `postscreen_dnsbl_allowlist_threshold`. Zero turns that off;
    /// here it becomes [`i32::MIN`].
    pub allowed: Option<i32>,
}

/// A group of lists that decide together: any one of them, or the sum of their weights. All `smtpd_*_restrictions` of
/// one server form one context, postscreen's sites another, and each ACL of Exim one more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// `smtpd`, `postscreen`, or the name of an ACL, of a service in `master.cf`, or of a notation. `None` for lists
    /// with nothing around them. Printable, and never a key.
    pub name: Option<Arc<str>>,
    /// The thresholds that the text gives for these lists only.
    pub thresholds: Thresholds,
    /// Lists, parts that were left out, remarks and mistakes, in the order of the text.
    pub items: Vec<Item>,
}

impl Context {
    /// A context without a name, for lists that stand alone.
    #[must_use]
    pub fn alone(items: Vec<Item>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The lists that were read.
    pub fn lists(&self) -> impl Iterator<Item = &ListSpec> {
        self.items.iter().filter_map(|(_, item)| item.as_ref().ok())
    }

    /// The parts that ask no list.
    pub fn left_out(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_left_out())
    }

    /// The parts that were read, but with a meaning different from that of their software.
    pub fn remarks(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_remark())
    }

    /// The parts that cannot be read.
    pub fn mistakes(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_mistake())
    }

    fn errors(&self) -> impl Iterator<Item = &SpecError> {
        self.items.iter().filter_map(|(_, item)| item.as_ref().err())
    }
}

/// The contexts of a text during parsing.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    all: Vec<Context>,
    /// The position of each name.
    positions: HashMap<Option<Arc<str>>, usize>,
}

impl Contexts {
    /// A single context.
    pub(crate) fn of(name: &str, items: Vec<Item>) -> Self {
        let mut contexts = Self::default();
        contexts.with(Some(name), |context| context.items = items);
        contexts
    }

    /// Changes the context of this name; creates it if it does not exist.
    pub(crate) fn with(&mut self, name: Option<&str>, change: impl FnOnce(&mut Context)) {
        let name = name.map(shown);
        let position = *self.positions.entry(name.clone()).or_insert_with(|| {
            self.all.push(Context { name, ..Context::default() });
            self.all.len() - 1
        });
        if let Some(context) = self.all.get_mut(position) {
            change(context);
        }
    }

    /// Moves all positions by `offset`, for a text that is part of a larger text.
    pub(crate) fn shifted(self, offset: usize) -> Vec<Context> {
        let mut contexts = self.all;
        for (span, item) in contexts.iter_mut().flat_map(|context| &mut context.items).filter(|_| offset > 0) {
            *span = offset + span.start..offset + span.end;
            if let Err(error) = item {
                *error = error.clone().shifted(offset);
            }
        }
        contexts
    }
}

/// A name that is safe to show: what looks like a key is masked.
pub(crate) fn shown(name: &str) -> Arc<str> {
    hide_keys(RemoteText::clean(name.as_bytes()).as_str()).into()
}
