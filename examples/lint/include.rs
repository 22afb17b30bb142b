//! Names of other files in a file: Exim's and rspamd's `.include`, SpamAssassin's `include`.

use std::path::{Path, PathBuf};

use crate::kind::Kind;

/// One such line.
pub(crate) struct Include {
    pub(crate) at: usize,
    /// `None` if the name holds a variable or a pattern.
    pub(crate) path: Option<PathBuf>,
    pub(crate) may_be_missing: bool,
}

/// The includes of a text whose file stands in `folder`.
pub(crate) fn find(kind: Kind, text: &str, folder: &Path, root: &Path) -> Vec<Include> {
    if !matches!(kind, Kind::Exim | Kind::SpamAssassin | Kind::Rspamd) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (word, at) = (line.trim(), start + line.len() - line.trim_start().len());
        start += line.len();
        if let Some((name, may_be_missing)) = named(kind, word) {
            // A macro of Exim; where it is not defined, the line is not used.
            let name = match (kind, is_macro(name)) {
                (Kind::Exim, true) => match defined(text, name) {
                    Some(value) => value,
                    None => continue,
                },
                _ => name,
            };
            let path = resolve(name, folder, root);
            found.push(Include { at, path, may_be_missing });
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

/// The value of a macro.
fn defined<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.trim_start().strip_prefix('=').map(str::trim);
    text.lines().find_map(value)
}

/// The path in which rspamd's variables for its folder are replaced.
fn resolve(name: &str, folder: &Path, root: &Path) -> Option<PathBuf> {
    let variables = ["$LOCAL_CONFDIR/", "$CONFDIR/", "${LOCAL_CONFDIR}/", "${CONFDIR}/"];
    let inside = variables.iter().find_map(|variable| name.strip_prefix(variable));
    let (folder, name) = inside.map_or((folder, name), |inside| (root, inside));
    let is_plain = !name.contains(['$', '*', '?', '{']) && !name.contains("://");
    is_plain.then(|| folder.join(name))
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
