//! What the documents of the repository name exists: files in backticks, and links.

use std::fs;
use std::path::{Path, PathBuf};

/// The documents about the source, whose paths in backticks are files here.
const ABOUT_SOURCE: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "tests/scenarios/README.md"];

#[test]
fn files_in_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, &mut files);
    if !files.iter().any(|file| file.ends_with("tools/Cargo.toml")) {
        return; // the package, which lacks a part of the repository
    }
    let mut missing = Vec::new();
    for document in files.iter().filter(|file| file.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(document).unwrap();
        let folder = document.parent().unwrap();
        let is_link = |link: &&str| !link.starts_with("http") && !link.starts_with("crate::");
        for link in links(&text).filter(is_link) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !folder.join(path).exists() {
                missing.push(format!("{}: link {link}", document.display()));
            }
        }
        if ABOUT_SOURCE.iter().any(|name| *document == root.join(name)) {
            let exists = |path: &str| files.iter().any(|file| file.ends_with(path.trim_matches('/')));
            missing.extend(
                paths(&text).filter(|path| !exists(path)).map(|path| format!("{}: {path}", document.display())),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Files and folders below this one, but for what is built.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_source = !entry.ends_with("target") && !entry.ends_with(".git");
        if entry.is_dir() && is_source && !entry.is_symlink() {
            collect(&entry, files);
        }
        files.push(entry);
    }
}

/// The targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains(char::is_whitespace))
}

/// What stands in backticks and looks like a path.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |code: &&str| {
        let plain = code.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
        plain
            && [".rs", ".txt", ".md", ".toml", ".tsv", ".zone", ".lists", ".json", "/"]
                .iter()
                .any(|end| code.ends_with(end))
    };
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_path)
}
