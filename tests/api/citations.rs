//! Every RFC that the source cites is in `docs/standards.md`, with its section.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// An RFC, and a section of it or "all".
type Citation = (String, String);

#[test]
fn every_citation_is_in_the_index() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = index(&fs::read_to_string(root.join("docs/standards.md")).unwrap());
    let rfcs: BTreeSet<&str> = index.iter().map(|(rfc, _)| rfc.as_str()).collect();
    let mut missing = BTreeSet::new();
    for file in files(&root.join("src")) {
        for (rfc, section) in cited(&fs::read_to_string(&file).unwrap()) {
            let known = match section.as_str() {
                "all" => rfcs.contains(rfc.as_str()),
                _ => index.contains(&(rfc.clone(), section.clone())),
            };
            if !known {
                missing.insert(format!("RFC {rfc} {section} ({})", file.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(missing.is_empty(), "cited, and not in docs/standards.md: {missing:#?}");
}

#[test]
fn how_citations_are_read() {
    let text = "RFC 5321 §2.3.5, §4.1.3. See RFC 3463, 5321 and 7505; not 1999 \
                // RFC 5782\n    /// §5: and RFC 8601 §3 and RFC 7208";
    let found: Vec<String> = cited(text).into_iter().map(|(rfc, section)| format!("{rfc} {section}")).collect();
    let expected = ["3463 all", "5321 all", "5321 §2.3.5", "5321 §4.1.3", "5782 §5", "7208 all", "7505 all", "8601 §3"];
    assert_eq!(found, expected);
}

/// The rows of the tables: `| RFC | section | kept | what |`.
fn index(text: &str) -> BTreeSet<Citation> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (rfc, section, kept, what) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        rfc.parse::<u16>().ok()?;
        assert!(["yes", "partly", "no"].contains(&kept) && !what.is_empty(), "{line}");
        Some((rfc.to_owned(), section.to_owned()))
    });
    rows.collect()
}

/// Every `RFC nnnn`, with the sections and the further numbers that follow it.
fn cited(text: &str) -> BTreeSet<Citation> {
    let plain = text.replace(['/', '!', ',', ';', ':', '(', ')'], " ");
    let mut words = plain.split_whitespace().peekable();
    let mut found = BTreeSet::new();
    while let Some(word) = words.next() {
        if !word.ends_with("RFC") {
            continue;
        }
        while let Some(rfc) = words.next_if(|word| number(word).is_some()) {
            let rfc = number(rfc).unwrap();
            let mut section = "all";
            while let Some(word) = words.next_if(|word| word.starts_with('§')) {
                section = word.trim_end_matches('.');
                found.insert((rfc.to_owned(), section.to_owned()));
            }
            if section == "all" {
                found.insert((rfc.to_owned(), section.to_owned()));
            }
            // "and 7505" goes on; "and RFC 7208" begins anew.
            if words.peek() == Some(&"and") {
                let mut ahead = words.clone();
                ahead.next();
                if ahead.peek().is_some_and(|word| number(word).is_some()) {
                    words.next();
                }
            }
        }
    }
    found
}

/// `nnnn`, perhaps with the full stop of a sentence.
fn number(word: &str) -> Option<&str> {
    let digits = word.trim_end_matches('.');
    (digits.len() == 4 && digits.bytes().all(|octet| octet.is_ascii_digit())).then_some(digits)
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
