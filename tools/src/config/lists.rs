//! `[lists]`: which lists are asked.

use rdnsbl::{ListKind, ListSet, ListSpec};
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::config::Reader;

/// `[lists]` as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListsSection {
    recommended: bool,
    deny: Vec<Spanned<Value>>,
    allow: Vec<Spanned<Value>>,
    read: Option<Spanned<String>>,
    threshold: Option<i32>,
    allow_threshold: Option<i32>,
    min_operators: Option<usize>,
    ask_about_special_addresses: bool,
}

impl ListsSection {
    pub(super) fn asks_about_special_addresses(&self) -> bool {
        self.ask_about_special_addresses
    }

    pub(super) fn read(&self, reader: &mut Reader<'_>) -> ListSet {
        let mut set = ListSet::builder();
        if self.recommended {
            // Their weights are made for the threshold of this set.
            set = set.lists(ListSet::recommended().iter().cloned()).threshold(3);
        }
        let mut specs = Vec::new();
        for (kind, texts) in [(ListKind::Deny, &self.deny), (ListKind::Allow, &self.allow)] {
            for text in texts {
                match spec(text.get_ref(), kind) {
                    Ok(spec) => specs.push(spec),
                    Err(error) => reader.mistake(text, format!("lists.{}: {error}", kind.word())),
                }
            }
        }
        set = set.lists(specs);
        if let Some(text) = &self.read {
            match ListSet::builder().read(text.get_ref()).build() {
                Ok(_) => set = set.read(text.get_ref()),
                Err(error) => reader.mistake(text, format!("lists.read: {error}")),
            }
        }
        if let Some(threshold) = self.threshold {
            set = set.threshold(threshold);
        }
        if let Some(threshold) = self.allow_threshold {
            set = set.allow_threshold(threshold);
        }
        if let Some(operators) = self.min_operators {
            set = set.min_operators(operators);
        }
        set.build().unwrap_or_else(|error| {
            reader.mistakes.push(crate::config::Mistake::new(format!("lists: {error}")));
            ListSet::none()
        })
    }
}

/// A list in Postfix's notation, or as a table with its `zone`.
fn spec(value: &Value, kind: ListKind) -> Result<ListSpec, String> {
    match value {
        Value::String(text) => if kind == ListKind::Allow { ListSpec::allow(text) } else { ListSpec::deny(text) }
            .map_err(|error| error.to_string()),
        Value::Table(table) => {
            let mut table = table.clone();
            table.entry("kind").or_insert_with(|| Value::String(kind.word().to_owned()));
            ListSpec::deserialize(Value::Table(table)).map_err(|error| error.message().to_owned())
        }
        _ => Err("expected a list, such as \"bl.example=127.0.0.2\", or a table with its zone".to_owned()),
    }
}
