//! The configuration file, as it is read at the start, at a reload and by `--check`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::config::Config;
use crate::daemon::program::Program;

/// The largest configuration, in octets.
const MAX_FILE: u64 = 1 << 20;

/// The configuration, or every mistake on a line of its own: `FILE:LINE:COLUMN: message`.
pub(super) fn read<P: Program>(file: &Path) -> Result<Config, String> {
    let mut octets = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    read.map_err(|error| {
        let hint = if file == Path::new(P::FILE) { "; --config names another file" } else { "" };
        format!("cannot read {}: {error}{hint}", file.display())
    })?;
    if octets.len() as u64 > MAX_FILE {
        return Err(format!("{}: larger than {} MB", file.display(), MAX_FILE >> 20));
    }
    let text = String::from_utf8(octets).map_err(|_| format!("{}: this is no text (UTF-8)", file.display()))?;
    Config::read(&text, P::FOR).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{}:{mistake}", file.display())).collect();
        lines.join("\n")
    })
}
