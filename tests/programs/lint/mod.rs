//! The `lint` example from outside: what it finds in whole configurations, and how it says so.

mod bad_input;
mod command_line;
mod corrections;
mod files;
mod questions;
mod rules;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::program::{self, Run};

impl Run {
    /// `LINE RULE LIST` of each finding, in order; a finding about no list has no third word.
    fn found(&self) -> Vec<String> {
        let document = self.json();
        let findings = document.get("findings").unwrap().as_array().unwrap();
        let words = |finding: &Value| {
            let text = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let line = finding.get("line").unwrap();
            format!("{line} {} {}", text("rule"), text("list")).trim_end().to_owned()
        };
        findings.iter().map(words).collect()
    }

    /// The rules of the findings about one list.
    fn rules_of(&self, list: &str) -> Vec<String> {
        let mut rules = Vec::new();
        for finding in self.found() {
            let words: Vec<&str> = finding.split(' ').collect();
            if words.get(2) == Some(&list) {
                rules.push(words[1].to_owned());
            }
        }
        rules
    }
}

fn command(arguments: &[&str]) -> tokio::process::Command {
    let mut command = program::command("lint", arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(data(""));
    command
}

/// Runs it with this text on standard input.
async fn run_with(arguments: &[&str], input: &[u8]) -> Run {
    finish(command(arguments), input).await
}

async fn finish(mut command: tokio::process::Command, input: &[u8]) -> Run {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = async {
        // It may have ended before it read everything.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), writing);
    Run::of(output.unwrap())
}

async fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"").await
}

/// Looks at files of the test data without asking anybody.
async fn offline(files: &[&str]) -> Run {
    run(&[&["--offline", "--json"], files].concat()).await
}

/// The same for a text of this kind.
async fn text(kind: &str, text: &str) -> Run {
    run_with(&["--offline", "--json", "--as", kind, "-"], text.as_bytes()).await
}

/// A file of the test data.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lint").join(name)
}

/// A folder of this name for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lint").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
