//! The commands of the guides in `docs/`, each run as it stands there. They ask no server.
//!
//! A block `sh` is run unless a comment before it says what runs it (`run by`) or why it is not run (`not run`). Programs of the
//! package `rdnsbl-tools` are run by its tests.

use crate::{pages, program};

#[test]
fn commands_print_what_the_guides_show() {
    for (name, page) in pages::PAGES {
        let directory = std::env::temp_dir().join(format!("rdnsbl-guide-{}-{name}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let run = pages::follow(page, "", &directory, &program::examples(), "");
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(run > 0, "{name}: nothing to run");
    }
}

/// A command that is not run here says why.
#[test]
fn every_mark_is_known() {
    let known = [
        "file: ",
        "not run: ",
        "run by tools/tests/guides",
        // A test there reads it.
        "weights",
        "run by tools/tests/postfix",
        "run by tools/tests/sendmail",
    ];
    for (name, page) in pages::PAGES {
        for block in pages::blocks(page) {
            let is_known = block.mark.is_empty() || known.iter().any(|mark| block.mark.starts_with(mark));
            assert!(is_known, "{name}: {}", block.mark);
        }
        assert!(page.lines().count() <= 150, "{name} is too long to follow");
    }
}
