//! A page of `docs/` as its reader follows it: files to save, commands to run, and what they print.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The pages that are followed step by step.
pub const PAGES: [(&str, &str); 3] = [
    ("combined-rules", include_str!("../../docs/combined-rules.md")),
    ("dead-lists", include_str!("../../docs/dead-lists.md")),
    ("reverse-dns", include_str!("../../docs/reverse-dns.md")),
];

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The word behind the fence: `sh`, `text`, `toml`.
    pub language: String,
    /// What a comment on the line before says about it, such as `file: main.cf`.
    pub mark: String,
    pub text: String,
}

impl Block {
    /// The name under which the reader saves it.
    pub fn file(&self) -> Option<&str> {
        self.mark.strip_prefix("file: ")
    }
}

/// All fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut mark) = (Vec::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            blocks.push(Block { language: language.to_owned(), mark: std::mem::take(&mut mark), text });
        } else {
            let comment = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
            mark = comment.unwrap_or_default().to_owned();
        }
    }
    blocks
}

/// The rows of all tables: all cells but the last, and the last if it is code. Code loses its backticks.
pub fn rows(page: &str) -> Vec<(Vec<String>, Option<String>)> {
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| {
        let mut cells: Vec<&str> = row.split(" | ").collect();
        let last = cells.pop().unwrap_or_default();
        (cells.into_iter().map(cell).collect(), last.starts_with('`').then(|| cell(last)))
    })
    .collect()
}

/// What the row that begins with this word says that a client gets.
pub fn reply(page: &str, word: &str) -> Option<String> {
    rows(page).into_iter().find(|(cells, _)| cells[0] == word).unwrap().1
}

/// A page's file for a daemon: its keys and its tables, in this mode, without the socket.
pub fn configuration(page: &str, mode: &str) -> (String, String) {
    let file = blocks(page).into_iter().find(|block| block.file().is_some_and(|name| name.ends_with(".toml"))).unwrap();
    let (keys, tables) = file.text.split_at(file.text.find("\n[").unwrap());
    let keys = keys.lines().filter(|line| !line.starts_with("listen")).map(|line| format!("{line}\n"));
    (keys.collect::<String>().replace("\"observe\"", &format!("\"{mode}\"")), tables.to_owned())
}

/// Follows a page in a directory: saves its files, runs its commands that carry `mark`, and compares what they print with the
/// `text` block behind. `programs` are found before others. Says how many blocks were run.
pub fn follow(page: &str, mark: &str, directory: &Path, programs: &Path, before: &str) -> usize {
    let (blocks, mut run) = (blocks(page), 0);
    for (number, block) in blocks.iter().enumerate() {
        if let Some(file) = block.file() {
            std::fs::write(directory.join(file), &block.text).unwrap();
        }
        if block.language != "sh" || block.mark != mark {
            continue;
        }
        run += 1;
        let printed = printed(&format!("exec 2>&1\n{before}\n{}", block.text), directory, programs);
        if let Some(shown) = blocks.get(number + 1).filter(|next| next.language == "text" && next.mark.is_empty()) {
            assert!(is_shown(&printed, &shown.text), "{}\nprints\n{printed}\nand not\n{}", block.text, shown.text);
        }
    }
    run
}

fn printed(script: &str, directory: &Path, programs: &Path) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(PathBuf::from(programs)).chain(std::env::split_paths(&path));
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(directory).env("PATH", std::env::join_paths(all).unwrap());
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // 2 is a wrong command line, and the shell's own codes are 126 and 127.
    let code = output.status.code().unwrap();
    assert!(!text.contains("not found") && [0, 1, 3].contains(&code), "{script}\nends with {code}:\n{text}");
    text
}

/// Is this what the page shows? A line `...` stands for any lines; times, ports and the number of blanks may differ.
fn is_shown(printed: &str, shown: &str) -> bool {
    let (printed, shown) = (plain(printed), plain(shown));
    let lines: Vec<&str> = printed.lines().collect();
    let shown: Vec<&str> = shown.lines().collect();
    matches(&lines, &shown)
}

fn matches(printed: &[&str], shown: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|from| matches(&printed[from..], rest)),
        Some((line, rest)) => printed.first() == Some(line) && matches(&printed[1..], rest),
    }
}

fn plain(text: &str) -> String {
    let times = regex_lite::Regex::new(r"[0-9.]+ ms|time=[0-9.]+s|127\.0\.0\.1:[0-9]+").unwrap();
    let words = |line: &str| line.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    text.lines().map(|line| times.replace_all(&words(line), "TIME").into_owned() + "\n").collect()
}

#[test]
fn what_is_shown_is_compared() {
    assert!(is_shown("a   1 question, 7 ms\n\nb\n", "a 1 question, 12 ms\n\nb\n"));
    assert!(is_shown("a\nb\nc\n", "...\nc\n") && is_shown("a\nb\nc\n", "a\n...\n") && is_shown("a\n", "a\n...\n"));
    for (printed, shown) in [("a\n", "b\n"), ("a\n", "a\nb\n"), ("a\nb\n", "a\n"), ("a\nb\n", "...\na\n")] {
        assert!(!is_shown(printed, shown), "{printed} is not {shown}");
    }
}
