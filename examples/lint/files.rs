//! Reads the files: those named, or the usual ones, and what they include.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Options;
use crate::demo;
use crate::include;
use crate::kind::Kind;
use crate::source::Source;
use crate::usage::echo;

/// The largest file that is read, in octets.
pub(crate) const MAX_FILE: u64 = 64 << 20;
/// All files together.
const MAX_TOTAL: u64 = 2 * MAX_FILE;
/// Included files, all together.
const MAX_INCLUDED: usize = 100;

/// Where administrators keep what is read here.
const USUAL: [&str; 10] = [
    "/etc/postfix/main.cf",
    "/etc/postfix/master.cf",
    "/etc/exim4/exim4.conf",
    "/etc/exim4/exim4.conf.template",
    "/etc/exim/exim.conf",
    "/etc/mail/sendmail.mc",
    "/etc/spamassassin/local.cf",
    "/etc/mail/spamassassin/local.cf",
    "/etc/rspamd/local.d/rbl.conf",
    "/etc/rspamd/override.d/rbl.conf",
];

/// A file, or what a program printed.
pub(crate) struct File {
    /// As shown.
    pub(crate) name: String,
    pub(crate) path: Option<PathBuf>,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Files of one group are read as one text.
    group: String,
    /// Were octets replaced that are no UTF-8? Then it is not corrected.
    pub(crate) altered: bool,
    /// Includes that were not followed, each with its position.
    pub(crate) unresolved: Vec<(usize, &'static str)>,
}

/// What was read, and what could not be read.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) files: Vec<File>,
    /// Names and reasons.
    pub(crate) unread: Vec<(String, String)>,
    octets: u64,
    /// Files that were read: none is read twice.
    seen: Vec<PathBuf>,
}

impl Loaded {
    /// Reads the files of the command line, or else the usual ones.
    pub(crate) fn new(options: &Options) -> Self {
        let mut loaded = Self::default();
        for name in &options.files {
            if name == "-" {
                loaded.standard_input(options.kind);
            } else {
                loaded.file(Path::new(name), options.kind);
            }
        }
        if options.files.is_empty() && options.demo {
            loaded.text("demo.cf", None, Some(Kind::Postfix), demo::MAIN_CF.as_bytes().to_vec());
        } else if options.files.is_empty() {
            loaded.usual(options.kind);
        }
        loaded
    }

    /// The texts that are read together.
    pub(crate) fn into_sources(self) -> Vec<Source> {
        let mut groups: Vec<(String, Kind, Vec<File>)> = Vec::new();
        for file in self.files {
            match groups.iter_mut().find(|(group, kind, _)| *group == file.group && *kind == file.kind) {
                Some((_, _, files)) => files.push(file),
                None => groups.push((file.group.clone(), file.kind, vec![file])),
            }
        }
        groups.into_iter().map(|(_, kind, files)| Source::new(kind, files)).collect()
    }

    fn usual(&mut self, kind: Option<Kind>) {
        for path in USUAL.iter().map(Path::new).filter(|path| path.exists()) {
            self.file(path, kind);
        }
        if !self.files.is_empty() || !self.unread.is_empty() {
            return;
        }
        for option in ["-n", "-P"] {
            if let Ok(output) = Command::new("postconf").arg(option).output()
                && output.status.success()
            {
                self.text(&format!("postconf {option}"), None, Some(Kind::Postfix), output.stdout);
            }
        }
        if self.files.is_empty() {
            let what = "none of the usual files exists, and there is no postconf; name a FILE (--help tells more)";
            self.unread.push((String::new(), what.to_owned()));
        }
    }

    fn standard_input(&mut self, kind: Option<Kind>) {
        match read(io::stdin().lock(), 0) {
            Ok(octets) if octets.iter().all(u8::is_ascii_whitespace) => {
                self.unread.push(("<stdin>".to_owned(), EMPTY.to_owned()));
            }
            Ok(octets) => self.text("<stdin>", None, kind, octets),
            Err(why) => self.unread.push(("<stdin>".to_owned(), why)),
        }
    }

    /// Reads a file of the command line, and what it includes.
    fn file(&mut self, path: &Path, kind: Option<Kind>) {
        let first = self.files.len();
        let name = echo(&path.to_string_lossy());
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.contains(&real) {
            return;
        }
        match open(path) {
            // It was probably cut off.
            Ok(octets) if octets.iter().all(u8::is_ascii_whitespace) => {
                self.unread.push((name, EMPTY.to_owned()));
                return;
            }
            Ok(octets) => self.text(&name, Some(path), kind, octets),
            Err(why) => {
                self.unread.push((name, why));
                return;
            }
        }
        self.seen.push(real);
        self.includes(first, path);
    }

    /// Adds a text, unless it is none.
    fn text(&mut self, name: &str, path: Option<&Path>, kind: Option<Kind>, octets: Vec<u8>) {
        self.octets += octets.len() as u64;
        if self.octets > MAX_TOTAL {
            self.unread.push((name.to_owned(), format!("more than {} MB in all files together", MAX_TOTAL >> 20)));
            return;
        }
        if let Some(why) = is_no_text(&octets) {
            self.unread.push((name.to_owned(), why.to_owned()));
            return;
        }
        let (text, altered) = match String::from_utf8(octets) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        let kind = kind.unwrap_or_else(|| Kind::detect(path, &text));
        let (group, unresolved) = (group(name, path, kind), Vec::new());
        let path = path.map(Path::to_owned);
        self.files.push(File { name: name.to_owned(), path, kind, text, group, altered, unresolved });
    }

    /// Follows the includes of the files from `first` on, inside the folder of the file at `top`.
    fn includes(&mut self, first: usize, top: &Path) {
        let mut included = 0;
        let mut index = first;
        while let Some(file) = self.files.get(index) {
            let (kind, group) = (file.kind, file.group.clone());
            let root = include::root(kind, top);
            let folder = file.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            let wanted = include::find(kind, &file.text, folder, &root);
            let mut unresolved = Vec::new();
            for include in wanted {
                let Some(paths) = include.paths else {
                    unresolved.push((include.at, "its name holds a variable or a pattern"));
                    continue;
                };
                for path in paths {
                    match self.include(&path, kind, &root, &mut included) {
                        Some(MISSING) if include.may_be_missing => {}
                        Some(why) => unresolved.push((include.at, why)),
                        None => {}
                    }
                }
            }
            if let Some(file) = self.files.get_mut(index) {
                file.unresolved = unresolved;
            }
            index += 1;
            // Macros and sets of rules reach over included files.
            let together = matches!(kind, Kind::Exim | Kind::SpamAssassin);
            for file in self.files.iter_mut().skip(index).filter(|_| together) {
                file.group.clone_from(&group);
            }
        }
    }

    /// Reads an included file, or says why not.
    fn include(&mut self, path: &Path, kind: Kind, root: &Path, included: &mut usize) -> Option<&'static str> {
        let Ok(real) = path.canonicalize() else { return Some(MISSING) };
        if !root.canonicalize().is_ok_and(|root| real.starts_with(root)) {
            return Some("it is outside this folder; name it as a FILE");
        }
        if self.seen.contains(&real) {
            // Read already; a file that includes itself ends here, too.
            return None;
        }
        if !real.is_file() {
            return Some("it is no file");
        }
        if *included >= MAX_INCLUDED {
            return Some("too many files are included");
        }
        *included += 1;
        self.seen.push(real);
        let name = echo(&path.to_string_lossy());
        match open(path) {
            Ok(octets) => self.text(&name, Some(path), Some(kind), octets),
            Err(why) => self.unread.push((name, why)),
        }
        None
    }
}

/// Why a file of the command line, or standard input, is not looked at.
const EMPTY: &str = "it is empty";
/// Why an include is not followed, unless it may be missing.
const MISSING: &str = "it cannot be found";

/// Which files are read as one text: main.cf and master.cf of a folder, SpamAssassin's files of a folder, and the parts of
/// Exim's configuration.
fn group(name: &str, path: Option<&Path>, kind: Kind) -> String {
    let file_name = path.and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default();
    let folder = path.and_then(Path::parent).map(|folder| folder.to_string_lossy().into_owned());
    match kind {
        Kind::Postfix if ["main.cf", "master.cf"].contains(&file_name) => folder.unwrap_or_default(),
        Kind::Postfix if name.starts_with("postconf ") => "postconf".to_owned(),
        Kind::SpamAssassin => folder.unwrap_or_default(),
        Kind::Exim => match path.and_then(split_configuration) {
            Some(folder) => folder.to_string_lossy().into_owned(),
            None => format!("{name}\n"),
        },
        _ => format!("{name}\n"),
    }
}

/// The folder whose files in `conf.d`, together with its macros, are one configuration of Exim, as Debian splits it.
fn split_configuration(path: &Path) -> Option<&Path> {
    if path.file_name().is_some_and(|name| name == "exim4.conf.localmacros") {
        return path.parent();
    }
    path.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "conf.d"))?.parent()
}

fn open(path: &Path) -> Result<Vec<u8>, String> {
    let in_words = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let file = fs::File::open(path).map_err(in_words)?;
    let metadata = file.metadata().map_err(in_words)?;
    if metadata.is_dir() {
        return Err("is a folder; name the files in it".to_owned());
    }
    read(file, metadata.len())
}

/// Why the octets are no text.
fn is_no_text(octets: &[u8]) -> Option<&'static str> {
    let is_wide = |start: &[u8]| match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [first, 0, third, 0, ..] | [0, first, 0, third, ..] => *first != 0 && *third != 0,
        _ => false,
    };
    match octets.contains(&0) {
        true if is_wide(octets) => Some("is UTF-16; convert it: iconv -f UTF-16 -t UTF-8"),
        true => Some("is no text: it holds NUL octets"),
        false => None,
    }
}

/// All octets, unless there are too many. Probably there are as many as `expected`.
fn read(from: impl Read, expected: u64) -> Result<Vec<u8>, String> {
    let mut octets = Vec::with_capacity(usize::try_from(expected.min(MAX_FILE) + 1).unwrap_or_default());
    let read = from.take(MAX_FILE + 1).read_to_end(&mut octets);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    match octets.len() as u64 > MAX_FILE {
        true => Err(format!("is larger than {} MB", MAX_FILE >> 20)),
        false => Ok(octets),
    }
}
