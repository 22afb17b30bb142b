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

/// A number of lists, and of other items: parts that were left out, remarks and mistakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "an item is a list, or it is not")]
pub struct Amount {
    /// Lists.
    pub lists: usize,
    /// Everything else.
    pub others: usize,
}

impl Amount {
    /// As many as there are.
    pub const ALL: Self = Self { lists: usize::MAX, others: usize::MAX };
}

/// Contexts beyond these are not kept: their items are only counted.
const MAX_CONTEXTS: usize = 10_000;
/// Names of parameters, macros and rules beyond these are not remembered.
pub(crate) const MAX_NAMES: usize = 100_000;

/// The contexts of a text during parsing.
#[derive(Debug)]
pub(crate) struct Contexts {
    all: Vec<Context>,
    /// The position of each name.
    positions: HashMap<Option<Arc<str>>, usize>,
    /// The last name as it stands in the text, and its position: most items belong to the same context.
    last: Option<(Option<String>, usize)>,
    /// How many items may still be kept.
    room: Amount,
    /// How many were not kept.
    beyond: Amount,
}

impl Contexts {
    pub(crate) fn new(most: Amount) -> Self {
        Self { all: Vec::new(), positions: HashMap::new(), last: None, room: most, beyond: Amount::default() }
    }

    /// The items of the context with this name, which begins to exist.
    pub(crate) fn of(&mut self, name: Option<&str>) -> Items<'_> {
        let position = match &self.last {
            Some((last, position)) if last.as_deref() == name => Some(*position),
            _ => self.position(name),
        };
        let context = position.and_then(|position| self.all.get_mut(position));
        Items { context, room: &mut self.room, beyond: &mut self.beyond, lists: 0 }
    }

    /// The position of a context; `None` if there are too many.
    fn position(&mut self, name: Option<&str>) -> Option<usize> {
        let clean = name.map(shown);
        let position = match self.positions.get(&clean) {
            Some(position) => *position,
            None if self.all.len() >= MAX_CONTEXTS => return None,
            None => {
                self.all.push(Context { name: clean.clone(), ..Context::default() });
                self.positions.insert(clean, self.all.len() - 1);
                self.all.len() - 1
            }
        };
        self.last = Some((name.map(str::to_owned), position));
        Some(position)
    }

    /// The contexts, and how many items were not kept.
    pub(crate) fn finish(self) -> (Vec<Context>, Amount) {
        (self.all, self.beyond)
    }
}

/// Where a reader puts the items of one context.
#[derive(Debug)]
pub(crate) struct Items<'c> {
    /// `None` if there are too many contexts.
    context: Option<&'c mut Context>,
    room: &'c mut Amount,
    beyond: &'c mut Amount,
    lists: usize,
}

impl Items<'_> {
    /// Keeps an item, or counts it.
    pub(crate) fn push(&mut self, item: Item) {
        self.lists += usize::from(item.1.is_ok());
        let (room, beyond) = match item.1 {
            Ok(_) => (&mut self.room.lists, &mut self.beyond.lists),
            Err(_) => (&mut self.room.others, &mut self.beyond.others),
        };
        match &mut self.context {
            Some(context) if *room > 0 => {
                *room -= 1;
                context.items.push(item);
            }
            _ => *beyond += 1,
        }
    }

    /// Reads a list and keeps it. Beyond the limit it is only counted, since reading takes time.
    pub(crate) fn read(&mut self, span: Range<usize>, read: impl FnOnce() -> Result<ListSpec, SpecError>) {
        if self.room.lists > 0 {
            self.push((span, read()));
        } else {
            self.lists += 1;
            self.beyond.lists += 1;
        }
    }

    /// A part that is no list.
    pub(crate) fn refuse(&mut self, span: Range<usize>, error: SpecError) {
        self.push((span, Err(error)));
    }

    /// How many lists were pushed.
    pub(crate) fn lists(&self) -> usize {
        self.lists
    }

    /// Changes the thresholds of the context.
    pub(crate) fn thresholds(&mut self) -> Option<&mut Thresholds> {
        self.context.as_mut().map(|context| &mut context.thresholds)
    }
}

/// A name that is safe to show: what looks like a key is masked.
pub(crate) fn shown(name: &str) -> Arc<str> {
    hide_keys(RemoteText::clean(name.as_bytes()).as_str()).into()
}
