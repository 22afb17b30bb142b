//! Imports go down only: a file of one floor imports nothing from a floor above it. No file is long.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of `src/`, the highest first. The test kit stands on everything that is public.
const FLOORS: [&str; 13] = [
    "testing", "checker", "engine", "inquiry", "policy", "state", "report", "lists", "dnsxl", "check", "resolve",
    "dns", "base",
];

#[test]
fn imports_go_down_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut up = Vec::new();
    for file in files(&source) {
        let path = file.strip_prefix(&source).unwrap();
        let Some(own) = path.iter().next().and_then(|floor| place(floor.to_str().unwrap())) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        // What unit tests import is their own affair.
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for import in line.split("crate::").skip(1) {
                let floor: String =
                    import.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                if place(&floor).is_some_and(|other| other < own) {
                    up.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(up.is_empty(), "{} imports go up:\n{}", up.len(), up.join("\n"));
}

#[test]
fn no_file_is_long() {
    const MOST_LINES: usize = 400;
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The package has no `tools` and no fuzz targets.
    let folders = ["src", "examples", "benches", "tests", "tools", "fuzz/fuzz_targets"].map(|folder| root.join(folder));
    let all = folders.iter().filter(|folder| folder.exists()).flat_map(|folder| files(folder));
    let rust = all.filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let long: Vec<_> = rust.filter(|file| lines(file) > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines, to be split by subject: {long:?}");
}

fn place(floor: &str) -> Option<usize> {
    FLOORS.iter().position(|known| *known == floor)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
