//! The command line: help, `--check`, mistakes.

use std::process::Command;

use crate::kit::Scratch;

fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rdnsbl-policyd")).args(args).output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_and_version() {
    let (code, help, _) = run(&["--help"]);
    assert!(code == 0 && help.contains("usage:") && help.lines().all(|line| line.len() <= 80), "{help}");
    assert_eq!(run(&["--version"]).1, concat!("rdnsbl-policyd ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_command_lines() {
    let (code, out, error) = run(&["--nosuch"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(error, "invalid option '--nosuch'; see rdnsbl-policyd --help\n");
    let (code, _, error) = run(&["--config", "/nowhere/x.toml"]);
    assert_eq!((code, error.as_str()), (2, "cannot read /nowhere/x.toml: No such file or directory (os error 2)\n"));
}

#[test]
fn a_file_is_checked() {
    let scratch = Scratch::new("check");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/policyd.toml");
    let (code, out, error) = run(&["--check", sample]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(out.starts_with(&format!(
        "{sample}: correct, 0 lists asked\nmode = observe, act_from = rcpt, deadline = 5000 ms\n"
    )));
    assert!(out.contains("\n  iprev_no_name            450 4.7.1 Access denied. "), "{out}");

    // Lists that have closed are no mistake, but the second story's administrator should know.
    let file = scratch.write("dead.toml", "[lists]\ndeny = [\"cn-kr.blackholes.us\", \"bl.example\"]\n");
    let (code, out, _) = run(&["--check", file.to_str().unwrap()]);
    let first = format!("{}: 1 of 2 lists asked, 1 error\nerror: line 2: cn-kr.blackholes.us: closed ", file.display());
    assert!(code == 0 && out.starts_with(&first), "{out}");

    // A rule that can never apply is not a mistake either.
    let text = "[lists]\ndeny = [\"bl.example*2\"]\nthreshold = 3\n[policy]\ndeny_list_unknown = \"defer\"\n";
    let file = scratch.write("never.toml", text);
    let (code, out, _) = run(&["--check", file.to_str().unwrap()]);
    assert!(code == 0 && out.contains("warning: threshold 3 is never reached: "), "{out}");
    assert!(out.contains("warning: the rule for deny_list_unknown never applies: "), "{out}");

    // Beside a mistake they are notes.
    let file = scratch.write("both.toml", "mdoe = \"observe\"\n[lists]\ndeny = [\"cn-kr.blackholes.us\"]\n");
    let (code, out, error) = run(&["--check", file.to_str().unwrap()]);
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!((code, out.as_str(), lines.len()), (2, "", 2), "{error}");
    assert!(lines[0].starts_with(&format!("{}:1:1: mdoe: no such key", file.display())), "{error}");
    assert!(
        lines[1].starts_with(&format!("{}:3:9: note: lists: cn-kr.blackholes.us: closed ", file.display())),
        "{error}"
    );

    let file = scratch.write("wrong.toml", "mdoe = \"observe\"\n");
    let (code, out, error) = run(&["--check", file.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        error.starts_with(&format!("{}:1:1: mdoe: no such key; the keys here are act_from, ", file.display())),
        "{error}"
    );
}

#[test]
fn nothing_to_listen_on() {
    let scratch = Scratch::new("none");
    let file = scratch.write("empty.toml", "[resolver]\nservers = [\"127.0.0.1\"]\n");
    let (code, _, error) = run(&["--config", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(error.starts_with("cannot start: nothing to listen on"), "{error}");
}
