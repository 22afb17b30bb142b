//! Names of other files in a file: Exim's and rspamd's `.include`, SpamAssassin's `include`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::kind::Kind;

/// One such line.
pub(crate) struct Include {
    pub(crate) at: usize,
    /// One file, or all that fit a pattern of rspamd; `None` if the name holds a variable.
    pub(crate) paths: Option<Vec<PathBuf>>,
    pub(crate) may_be_missing: bool,
}

/// The includes of a text whose file stands in `folder`.
pub(crate) fn find(kind: Kind, text: &str, folder: &Path, root: &Path) -> Vec<Include> {
    if !matches!(kind, Kind::Exim | Kind::SpamAssassin | Kind::Rspamd) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let macros = if kind == Kind::Exim { macros(text) } else { HashMap::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (word, at) = (line.trim(), start + line.len() - line.trim_start().len());
        start += line.len();
        if let Some((name, may_be_missing)) = named(kind, word) {
            // A macro of Exim; where it is not defined, the line is not used.
            let name = match (kind, is_macro(name)) {
                (Kind::Exim, true) => match macros.get(name) {
                    Some(value) => *value,
                    None => continue,
                },
                _ => name,
            };
            let paths = resolve(name, folder, root).and_then(|path| match kind {
                Kind::Rspamd => expand(path),
                _ => Some(vec![path]).filter(|_| !name.contains(['*', '?'])),
            });
            found.push(Include { at, paths, may_be_missing });
        }
        if found.len() >= MAX_INCLUDES {
            break;
        }
    }
    found
}

/// Further lines of one file are not followed.
const MAX_INCLUDES: usize = 1_000;

/// The name of the file, and whether it may be missing.
fn named(kind: Kind, line: &str) -> Option<(&str, bool)> {
    match kind {
        Kind::Exim => {
            let (word, name) = line.split_once(char::is_whitespace)?;
            matches!(word, ".include" | ".include_if_exists").then(|| (name.trim(), word != ".include"))
        }
        Kind::SpamAssassin => Some((line.strip_prefix("include")?.strip_prefix([' ', '\t'])?.trim(), false)),
        _ => {
            let rest = line.strip_prefix(".include")?;
            let (options, rest) = match rest.trim_start().strip_prefix('(') {
                Some(rest) => rest.split_once(')')?,
                None => ("", rest),
            };
            let name = rest.trim().trim_matches(['"', '\'', ';']);
            let is_missing = options.split([',', ';']).any(|option| option.trim().replace(' ', "") == "try=true");
            Some((name, is_missing))
        }
    }
}

fn is_macro(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'_')
}

/// Macros that may name files, each with its first value.
fn macros(text: &str) -> HashMap<&str, &str> {
    let mut macros = HashMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        if is_macro(name.trim_end()) && macros.len() < MAX_MACROS {
            macros.entry(name.trim_end()).or_insert(value.trim());
        }
    }
    macros
}

/// Further macros are not known as names of files.
const MAX_MACROS: usize = 10_000;

/// The path in which rspamd's variables for its folder are replaced.
fn resolve(name: &str, folder: &Path, root: &Path) -> Option<PathBuf> {
    let variables = ["$LOCAL_CONFDIR/", "$CONFDIR/", "${LOCAL_CONFDIR}/", "${CONFDIR}/"];
    let inside = variables.iter().find_map(|variable| name.strip_prefix(variable));
    let (folder, name) = inside.map_or((folder, name), |inside| (root, inside));
    let is_plain = !name.contains(['$', '{']) && !name.contains("://");
    is_plain.then(|| folder.join(name))
}

/// The files that fit a pattern (`glob=true`), in the order of their names. A pattern of folders is not followed.
fn expand(path: PathBuf) -> Option<Vec<PathBuf>> {
    let has_pattern = |path: &Path| path.to_string_lossy().contains(['*', '?']);
    if !has_pattern(&path) {
        return Some(vec![path]);
    }
    let folder = path.parent().filter(|folder| !has_pattern(folder))?;
    let pattern = path.file_name()?.to_string_lossy().into_owned();
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let fitting = entries.filter(|entry| fits(pattern.as_bytes(), entry.file_name().to_string_lossy().as_bytes()));
    let mut files: Vec<PathBuf> = fitting.map(|entry| entry.path()).take(MAX_INCLUDES).collect();
    files.sort_unstable();
    Some(files)
}

/// `*` stands for any text, `?` for one octet. After a `*` that fits, no earlier one has to be tried again.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut rest, mut retry) = (pattern, name, None);
    loop {
        match (at, rest) {
            ([], []) => return true,
            ([b'*', more @ ..], _) => {
                retry = Some((more, rest));
                at = more;
            }
            ([b'?', more @ ..], [_, name @ ..]) => (at, rest) = (more, name),
            ([wanted, more @ ..], [octet, name @ ..]) if wanted == octet => (at, rest) = (more, name),
            _ => match retry {
                Some((more, [_, name @ ..])) => {
                    retry = Some((more, name));
                    (at, rest) = (more, name);
                }
                _ => return false,
            },
        }
    }
}

/// The folder outside which nothing is read: that of the file; for rspamd, the folder of that name above it.
pub(crate) fn root(kind: Kind, top: &Path) -> PathBuf {
    let folder = match top.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_rspamd = |folder: &&Path| folder.file_name().is_some_and(|name| name == "rspamd");
    match folder.ancestors().find(is_rspamd).filter(|_| kind == Kind::Rspamd) {
        Some(rspamd) => rspamd.to_owned(),
        None => folder.to_owned(),
    }
}
