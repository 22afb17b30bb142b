//! The configuration file, as it is read at the start, at a reload and by `--check`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::config::{Config, Mistake};
use crate::daemon::program::Program;

/// The largest configuration, in octets.
const MAX_FILE: u64 = 1 << 20;

/// Why a file cannot be used, each mistake and note on a line of its own: `FILE:LINE:COLUMN: message`.
pub(super) struct Unusable {
    pub(super) mistakes: Vec<String>,
    /// What does not keep the file from being used.
    notes: Vec<String>,
}

impl Unusable {
    fn because(mistake: String) -> Self {
        Self { mistakes: vec![mistake], notes: Vec::new() }
    }

    /// All lines, the notes last.
    pub(super) fn text(&self) -> String {
        [&self.mistakes[..], &self.notes].concat().join("\n")
    }
}

/// The configuration, or why it cannot be used.
pub(super) fn read<P: Program>(file: &Path) -> Result<Config, Unusable> {
    let mut octets = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    read.map_err(|error| {
        let hint = if file == Path::new(P::FILE) { "; --config names another file" } else { "" };
        Unusable::because(format!("cannot read {}: {error}{hint}", file.display()))
    })?;
    if octets.len() as u64 > MAX_FILE {
        return Err(Unusable::because(format!("{}: larger than {} MB", file.display(), MAX_FILE >> 20)));
    }
    let text = String::from_utf8(octets)
        .map_err(|_| Unusable::because(format!("{}: this is no text (UTF-8)", file.display())))?;
    Config::read(&text, P::FOR).map_err(|mistakes| {
        let (notes, mistakes): (Vec<_>, Vec<_>) = mistakes.iter().partition(|mistake| mistake.is_note());
        let lines = |of: Vec<&Mistake>| of.iter().map(|mistake| format!("{}:{mistake}", file.display())).collect();
        Unusable { mistakes: lines(mistakes), notes: lines(notes) }
    })
}
