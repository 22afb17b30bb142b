//! `docs/report.schema.json` as a validator.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A schema, and which of its parts have occurred.
pub(crate) struct Schema {
    root: Value,
    /// Properties that occurred and were not null, and words that occurred: `list.verdict`, `list.verdict=listed`.
    met: BTreeSet<String>,
}

impl Schema {
    pub(crate) fn read() -> Self {
        let root = serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
        Self { root, met: BTreeSet::new() }
    }

    /// What is wrong with a value that this part of the schema is about, or with a whole output (`""`).
    pub(crate) fn wrong(&mut self, part: &str, value: &Value) -> Vec<String> {
        let schema = if part.is_empty() { self.root.clone() } else { self.root["$defs"][part].clone() };
        let mut wrong = Vec::new();
        self.check(&schema, value, part, &mut wrong);
        wrong
    }

    /// What has not occurred yet.
    pub(crate) fn unmet(&self) -> Vec<String> {
        self.all().difference(&self.met).cloned().collect()
    }

    fn resolve<'a>(&'a self, schema: &'a Value, name: &str) -> (&'a Value, String) {
        match schema["$ref"].as_str() {
            Some(target) => {
                let name = target.strip_prefix("#/$defs/").unwrap();
                (&self.root["$defs"][name], name.to_owned())
            }
            None => (schema, name.to_owned()),
        }
    }

    /// What is wrong with a value. Only the keywords that the schema uses are known; others are a mistake of the schema.
    fn check(&mut self, schema: &Value, value: &Value, name: &str, wrong: &mut Vec<String>) {
        let (schema, name) = self.resolve(schema, name);
        let schema = schema.clone();
        for (keyword, rule) in schema.as_object().unwrap() {
            let fits = match keyword.as_str() {
                "$schema" | "$defs" | "$ref" | "title" | "description" => true,
                "type" => match rule {
                    Value::Array(types) => types.iter().any(|one| is_of(value, one.as_str().unwrap())),
                    one => is_of(value, one.as_str().unwrap()),
                },
                "enum" => {
                    if let Some(word) = value.as_str() {
                        self.met.insert(format!("{name}={word}"));
                    }
                    rule.as_array().unwrap().contains(value)
                }
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
                // The one there is.
                "pattern" => {
                    assert_eq!(rule, "^[45]\\.[0-9]{1,3}\\.[0-9]{1,3}$");
                    let parts: Vec<&str> = value.as_str().unwrap().split('.').collect();
                    let short = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|o| o.is_ascii_digit());
                    parts.len() == 3 && ["4", "5"].contains(&parts[0]) && parts.iter().all(|part| short(part))
                }
                "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
                "additionalProperties" => {
                    assert_eq!(rule, false);
                    value.as_object().is_none_or(|map| map.keys().all(|key| schema["properties"].get(key).is_some()))
                }
                "properties" => {
                    let empty = Map::new();
                    for (key, value) in value.as_object().unwrap_or(&empty) {
                        let Some(schema) = rule.get(key) else { continue };
                        let name = format!("{name}.{key}");
                        if !value.is_null() {
                            self.met.insert(name.clone());
                        }
                        self.check(schema, value, &name, wrong);
                    }
                    true
                }
                "items" => {
                    for value in value.as_array().into_iter().flatten() {
                        self.met.insert(format!("{name}[]"));
                        self.check(rule, value, &name, wrong);
                    }
                    true
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                    let mut here = Vec::new();
                    self.check(one, value, &name, &mut here);
                    here.is_empty()
                }),
                other => panic!("keyword {other}"),
            };
            if !fits {
                wrong.push(format!("{name}: {keyword}: {value}"));
            }
        }
    }

    /// Every property, array and word of the schema.
    fn all(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for name in self.root["$defs"].as_object().unwrap().keys() {
            self.collect(&self.root["$defs"][name], name, &mut all);
        }
        all
    }

    fn collect(&self, schema: &Value, name: &str, all: &mut BTreeSet<String>) {
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            all.insert(format!("{name}={word}"));
        }
        for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
            all.insert(format!("{name}.{key}"));
            self.collect(schema, &format!("{name}.{key}"), all);
        }
        if schema["type"] == "array" {
            all.insert(format!("{name}[]"));
            self.collect(&schema["items"], name, all);
        }
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    }
}
