//! `[lists]`: which lists are asked.

use rdnsbl::{ListKind, ListSet, ListSpec};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeString, DeValue, ValueDeserializer};

use crate::config::section::Section;

/// Reads the lists, and whether they are asked about special addresses, too.
pub(super) fn read(mut section: Section<'_>) -> (ListSet, bool) {
    let mut set = ListSet::builder();
    if section.flag("recommended", false) {
        // Their weights are made for the threshold of this set.
        set = set.lists(ListSet::recommended().iter().cloned()).threshold(3);
    }
    for (key, kind) in [("deny", ListKind::Deny), ("allow", ListKind::Allow)] {
        for value in section.items(key) {
            match spec(value, kind) {
                Ok(spec) => set = set.list(spec),
                Err(error) => section.mistake(key, value, error),
            }
        }
    }
    if let Some(text) = section.text("read") {
        match ListSet::builder().read(text.get_ref()).build() {
            Ok(_) => set = set.read(text.get_ref()),
            Err(error) => section.mistake("read", &text, error),
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
    let special = section.flag("ask_about_special_addresses", false);
    let set = set.build().unwrap_or_else(|error| {
        section.reader().mistake_anywhere(format!("lists: {error}"));
        ListSet::none()
    });
    section.end();
    (set, special)
}

/// What a threshold is.
const NUMBER: &str = "a whole number";

/// A list in Postfix's notation, or as a table with its `zone`.
fn spec(value: &Spanned<DeValue<'_>>, kind: ListKind) -> Result<ListSpec, String> {
    match value.get_ref() {
        DeValue::String(text) => if kind == ListKind::Allow { ListSpec::allow(text) } else { ListSpec::deny(text) }
            .map_err(|error| error.to_string()),
        DeValue::Table(table) => {
            let mut table = table.clone();
            let word = |text: &'static str| Spanned::new(value.span(), DeString::Borrowed(text));
            if !table.contains_key("kind") {
                table
                    .insert(word("kind"), Spanned::new(value.span(), DeValue::String(DeString::Borrowed(kind.word()))));
            }
            let table = Spanned::new(value.span(), DeValue::Table(table));
            ListSpec::deserialize(ValueDeserializer::from(table)).map_err(|error| error.message().to_owned())
        }
        _ => Err("expected a list, such as \"bl.example=127.0.0.2\", or a table with its zone".to_owned()),
    }
}
