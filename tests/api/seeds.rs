//! Replays the seeds of the fuzz targets, so that an error found once cannot come back unnoticed.

use std::fs;

use crate::kit::{response_target, targets};

/// One seed, as its target reads it.
fn replay(target: &str, octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    match target {
        "catalogue" => targets::catalogue(&text),
        "code_pattern" => {
            let (code, pattern) = octets.split_first_chunk::<4>().unwrap();
            targets::code_pattern(*code, &String::from_utf8_lossy(pattern));
        }
        "helo_and_path" => targets::helo_and_path(&text),
        "list_spec" => targets::list_spec(&text),
        "name" => targets::name(&text),
        "remote_text" => targets::remote_text(octets),
        "response" => response_target::response(octets),
        "table" => targets::table(&text),
        other => panic!("no such target: {other}"),
    }
}

#[test]
fn every_seed_through_its_target() {
    // Not part of a package that was downloaded.
    let Ok(folders) = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds")) else { return };
    let mut replayed = 0;
    for folder in folders {
        let folder = folder.unwrap().path();
        let target = folder.file_name().unwrap().to_string_lossy().into_owned();
        for seed in fs::read_dir(&folder).unwrap() {
            replay(&target, &fs::read(seed.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    assert!(replayed >= 22, "{replayed}");
}
