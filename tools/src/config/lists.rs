//! `[lists]`: which lists are asked.

use std::ops::Range;

use rdnsbl::dnsxl::SpecError;
use rdnsbl::lists::notation::{self, Notation};
use rdnsbl::{ListKind, ListSet, ListSpec};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeString, DeValue, ValueDeserializer};

use crate::config::section::Section;

/// What the table says.
pub(super) struct Lists {
    pub(super) set: ListSet,
    pub(super) asks_special: bool,
    /// Where each list of the set stands; those that are recommended stand nowhere.
    pub(super) places: Vec<Option<Range<usize>>>,
    /// Parts of `read` that ask no list, each with its place.
    pub(super) left_out: Vec<(Range<usize>, String)>,
}

impl Lists {
    /// Reads the lists, and whether they are asked about special addresses, too.
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let mut set = ListSet::builder();
        let (mut places, mut left_out) = (Vec::new(), Vec::new());
        if section.flag("recommended", false) {
            let recommended = ListSet::recommended();
            places.resize(recommended.iter().count(), None);
            // Their weights are made for the threshold of this set.
            set = set.lists(recommended.iter().cloned()).threshold(3);
        }
        for (key, kind) in [("deny", ListKind::Deny), ("allow", ListKind::Allow)] {
            for value in section.items(key) {
                if let Some(spec) = spec(&section, key, value, kind) {
                    set = set.list(spec);
                    places.push(Some(value.span()));
                }
            }
        }
        if let Some(text) = section.text("read") {
            let contexts = notation::contexts(Notation::detect(text.get_ref()), text.get_ref());
            let items: Vec<_> = contexts.into_iter().flat_map(|context| context.items).collect();
            let has_list = items.iter().any(|(_, item)| item.is_ok());
            let is_mistaken = items.iter().any(|(_, item)| item.as_ref().is_err_and(SpecError::is_mistake));
            for (span, item) in items {
                let part = item.as_ref().err().map_or(span, SpecError::span);
                let place = section.inside(&text, &part);
                match item {
                    Ok(_) => places.push(Some(place)),
                    Err(error) if !error.is_mistake() => left_out.push((place, plain(&error))),
                    Err(error) => section.mistake("read", &Spanned::new(place, ()), plain(&error)),
                }
            }
            if has_list {
                set = set.read(text.get_ref());
            } else if !is_mistaken {
                section.mistake("read", &text, "no list is asked here");
            }
        }
        if let Some(threshold) = section.number("threshold", NUMBER, |_| true) {
            set = set.threshold(threshold);
        }
        if let Some(threshold) = section.number("allow_threshold", NUMBER, |_| true) {
            set = set.allow_threshold(threshold);
        }
        if let Some(operators) = section.number("min_operators", "a whole number from 0 on", |_| true) {
            set = set.min_operators(operators);
        }
        let asks_special = section.flag("ask_about_special_addresses", false);
        let set = set.mistakes(rdnsbl::lists::Mistakes::LeaveOut).build().unwrap_or_else(|error| {
            section.reader().mistake_anywhere(format!("lists: {error}"));
            ListSet::none()
        });
        section.end();
        Self { set, asks_special, places, left_out }
    }
}

/// What a threshold is.
const NUMBER: &str = "a whole number";

/// A list in Postfix's notation, or as a table with its `zone`.
fn spec(section: &Section<'_>, key: &str, value: &Spanned<DeValue<'_>>, kind: ListKind) -> Option<ListSpec> {
    let mistake = |place: Range<usize>, text: &str| section.mistake(key, &Spanned::new(place, ()), text);
    match value.get_ref() {
        DeValue::String(text) => {
            let read = if kind == ListKind::Allow { ListSpec::allow(text) } else { ListSpec::deny(text) };
            let text = Spanned::new(value.span(), text.to_string());
            read.map_err(|error| mistake(section.inside(&text, &error.span()), &plain(&error))).ok()
        }
        DeValue::Table(table) if table.contains_key("zone") => {
            let mut table = table.clone();
            let word = |text: &'static str| Spanned::new(value.span(), DeString::Borrowed(text));
            if !table.contains_key("kind") {
                table
                    .insert(word("kind"), Spanned::new(value.span(), DeValue::String(DeString::Borrowed(kind.word()))));
            }
            let table = Spanned::new(value.span(), DeValue::Table(table));
            let read = ListSpec::deserialize(ValueDeserializer::from(table));
            read.map_err(|error| mistake(value.span(), error.message())).ok()
        }
        _ => {
            let expected = "expected a list, such as \"bl.example=127.0.0.2\", or a table with its zone: { zone = \"bl.example\" }";
            mistake(value.span(), expected);
            None
        }
    }
}

/// The error without its octet: the place is that of the file.
fn plain(error: &SpecError) -> String {
    let text = error.to_string();
    text.rsplit_once(" at octet ").map_or_else(|| text.clone(), |(text, _)| text.to_owned())
}
