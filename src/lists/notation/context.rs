//! What decides together in a configuration.

use std::ops::Range;
use std::sync::Arc;

use crate::base::remote_text::{RemoteText, hide_keys};
use crate::dnsxl::{ListSpec, SpecError};
use crate::lists::notation::main_cf::Thresholds;

/// One thing of a text: where it stands, and the list that it is; or why it is none. That is a mistake, unless it
/// [asks no list](SpecError::is_left_out) or is a [remark](SpecError::is_remark) beside what was read. Spans of errors are
/// those in the whole text.
pub type Item = (Range<usize>, Result<ListSpec, SpecError>);

/// What decides together in a configuration: any list of it, or the sum of their weights. All `smtpd_*_restrictions` of one
/// server are one, postscreen's sites another, and each ACL of Exim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// `smtpd`, `postscreen`, the name of an ACL, of a service in `master.cf`, of a notation. `None` where lists stand without
    /// anything around them. Printable, and never a key.
    pub name: Option<Arc<str>>,
    /// What the text says about the score of these lists, and of no others.
    pub thresholds: Thresholds,
    /// Lists, what is left out, remarks and mistakes, in the order of the text.
    pub items: Vec<Item>,
}

impl Context {
    /// Lists that stand alone.
    #[must_use]
    pub fn alone(items: Vec<Item>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The lists that were read.
    pub fn lists(&self) -> impl Iterator<Item = &ListSpec> {
        self.items.iter().filter_map(|(_, item)| item.as_ref().ok())
    }

    /// What asks no list.
    pub fn left_out(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_left_out())
    }

    /// What was read and is not what its software does.
    pub fn remarks(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_remark())
    }

    /// What cannot be read.
    pub fn mistakes(&self) -> impl Iterator<Item = &SpecError> {
        self.errors().filter(|error| error.is_mistake())
    }

    fn errors(&self) -> impl Iterator<Item = &SpecError> {
        self.items.iter().filter_map(|(_, item)| item.as_ref().err())
    }
}

/// The contexts of a text, while it is read.
#[derive(Debug, Default)]
pub(crate) struct Contexts(Vec<Context>);

impl Contexts {
    /// One context.
    pub(crate) fn of(name: &str, items: Vec<Item>) -> Self {
        Self(vec![Context { name: Some(shown(name)), thresholds: Thresholds::default(), items }])
    }

    /// Changes the context of this name; makes it, if there is none.
    pub(crate) fn with(&mut self, name: Option<&str>, change: impl FnOnce(&mut Context)) {
        let name = name.map(shown);
        match self.0.iter_mut().find(|context| context.name == name) {
            Some(context) => change(context),
            None => {
                let mut context = Context { name, ..Context::default() };
                change(&mut context);
                self.0.push(context);
            }
        }
    }

    /// The contexts of a text in which this one starts at `offset`.
    pub(crate) fn shifted(self, offset: usize) -> Vec<Context> {
        let mut contexts = self.0;
        for (span, item) in contexts.iter_mut().flat_map(|context| &mut context.items).filter(|_| offset > 0) {
            *span = offset + span.start..offset + span.end;
            if let Err(error) = item {
                *error = error.clone().shifted(offset);
            }
        }
        contexts
    }
}

/// A name as it may be shown: what looks like a key is hidden.
pub(crate) fn shown(name: &str) -> Arc<str> {
    hide_keys(RemoteText::clean(name.as_bytes()).as_str()).into()
}
