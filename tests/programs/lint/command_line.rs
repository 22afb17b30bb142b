//! Options, ignore comments, exit codes and the usual files.

use super::{command, data, finish, folder, run, run_with};

#[tokio::test]
async fn exit_codes() {
    for (arguments, input, code) in [
        (&["--offline", "-"][..], "zen.spamhaus.org=127.0.0.2\n", 0),
        (&["--offline", "-"], "reject_rbl_client relays.ordb.org\n", 1),
        // Notes alone are no reason to act.
        (&["--offline", "-"], "smtpd_client_restrictions = warn_if_reject reject_rbl_client a.example\n", 0),
        (&["--offline", "no-such-file.cf"], "", 3),
        (&["--offline", "no-such-file.cf", "-"], "reject_rbl_client relays.ordb.org\n", 1),
        (&["--offline", "."], "", 3),
        (&["--no-such-option"], "", 2),
        (&["--as", "nonsense", "-"], "", 2),
        (&["--timeout", "0", "-"], "", 2),
        (&["--offline", "--demo"], "", 2),
        (&["--offline", "--server", "127.0.0.1"], "", 2),
        (&["--demo", "--server", "127.0.0.1"], "", 2),
        (&["--quiet", "--verbose", "-"], "", 2),
        (&["--fix", "--json", "-"], "", 2),
        (&["--offline", "-", "-"], "", 2),
        (&["--help"], "", 0),
        (&["--version"], "", 0),
        (&["--rules"], "", 0),
    ] {
        let run = run_with(arguments, input.as_bytes()).await;
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.out, run.err);
        if code > 1 {
            assert!(run.err.starts_with("lint: "), "{arguments:?}: {}", run.err);
        }
    }
}

#[tokio::test]
async fn comments_ignore_findings() {
    let list = "reject_rbl_client relays.ordb.org";
    for (text, left) in [
        (format!("smtpd_client_restrictions =\n # lint: ignore dead-list\n {list}\n"), 0),
        (format!("smtpd_client_restrictions =\n # lint: ignore dead-list\n # why\n\n {list}\n"), 0),
        (format!("smtpd_client_restrictions =\n # lint: ignore no-ipv6, dead-list -- why\n {list}\n"), 0),
        (format!("smtpd_client_restrictions =\n # lint: ignore all\n {list}\n"), 0),
        (format!("# lint: ignore-file dead-list\nsmtpd_client_restrictions =\n {list}\n"), 0),
        (format!("smtpd_client_restrictions =\n # lint: ignore misspelt\n {list}\n"), 1),
        // About one line only.
        (format!("smtpd_client_restrictions =\n # lint: ignore dead-list\n permit_mynetworks\n {list}\n"), 1),
        (format!("smtpd_client_restrictions =\n lint: ignore dead-list\n {list}\n"), 1),
    ] {
        let run = run_with(&["--offline", "--json", "--as", "postfix", "-"], text.as_bytes()).await;
        let dead = run.found().iter().filter(|found| found.contains("dead-list")).count();
        assert_eq!(dead, left, "{text}");
        assert_eq!(run.at("/counts/ignored"), 1 - left, "{text}");
    }
    let text = "# lint: ignore dead-lists\nzen.spamhaus.org=127.0.0.2\n";
    let run = run_with(&["--offline", "--json", "--as", "list", "-"], text.as_bytes()).await;
    assert_eq!(run.found(), ["1 ignore-comment"]);
}

/// Parts that are left out are counted; `--verbose` shows each.
#[tokio::test]
async fn what_is_left_out_is_counted() {
    let text = "myhostname = a.example\nbiff = no\nsmtpd_client_restrictions = reject_rbl_client a.example\n";
    let short = run_with(&["--offline", "--as", "postfix", "-"], text.as_bytes()).await;
    assert_eq!(
        short.out,
        "left out 2 parts that ask no list (--verbose shows each)\n1 file, 1 list: 0 errors, 0 warnings, 0 notes\n"
    );
    let long = run_with(&["--offline", "--verbose", "--as", "postfix", "-"], text.as_bytes()).await;
    assert_eq!(
        long.out,
        "<stdin>:3:47: list: a.example\n\
         <stdin>:1:1: left out: myhostname: a parameter that holds no list\n\
         <stdin>:2:1: left out: biff: a parameter that holds no list\n\
         1 file, 1 list: 0 errors, 0 warnings, 0 notes\n"
    );
}

/// For a cron job: silence means that nothing is wrong.
#[tokio::test]
async fn quiet() {
    let quiet = run_with(&["--offline", "--quiet", "-"], b"bl.spamcop.net\n").await;
    assert_eq!((quiet.code, &*quiet.out, &*quiet.err), (0, "", ""));
    let quiet = run_with(&["--offline", "--quiet", "-"], b"bl.spamcop.net\nrelays.ordb.org\n").await;
    assert!(quiet.out.starts_with("<stdin>:2:1: error: relays.ordb.org is dead"), "{}", quiet.out);
    assert!(!quiet.out.contains("note:") && !quiet.out.contains("1 file"), "{}", quiet.out);
}

#[tokio::test]
async fn lines_fit_a_terminal() {
    let help = run(&["--help"]).await;
    assert!(help.out.lines().all(|line| line.chars().count() <= 80), "{}", help.out);
    let found = run(&["--offline", "postfix/main.cf", "exim/exim.conf"]).await;
    let is_whole = |line: &str| line.contains("://") || line.contains("-> write ");
    let wide = |line: &&str| line.chars().count() > 80 && line.starts_with(' ') && !is_whole(line);
    assert_eq!(found.out.lines().find(wide), None);
}

/// What is to be written can be copied.
#[tokio::test]
async fn what_to_write_is_in_one_line() {
    let message = "\"550 Rejected: \" $&{client_addr} \" is listed, see https://www.example.org/why.html\"";
    let line = format!("FEATURE(`dnsbl', `zen.spamhaus.org', `{message}')dnl\n");
    let run = run_with(&["--offline", "--as", "sendmail", "-"], line.as_bytes()).await;
    let wanted = format!("    -> write FEATURE(`enhdnsbl', `zen.spamhaus.org', `{message}', `', `127.0.0.$-.')dnl\n");
    assert!(run.out.contains(&wanted), "{}", run.out);
}

/// Without FILE, and without the usual files, it asks `postconf`.
#[cfg(unix)]
#[tokio::test]
async fn without_a_file_it_runs_postconf() {
    use std::os::unix::fs::PermissionsExt;

    if ["/etc/postfix/main.cf", "/etc/exim4", "/etc/mail/sendmail.mc", "/etc/spamassassin", "/etc/rspamd"]
        .iter()
        .any(|path| std::path::Path::new(path).exists())
    {
        eprintln!("LEFT OUT: this machine has a mail server");
        return;
    }
    let bin = folder("postconf");
    let script = bin.join("postconf");
    let text = "#!/bin/sh\ncase $1 in\n-n) echo 'mine = relays.ordb.org';;\n\
                -P) echo 'smtp/inet/smtpd_client_restrictions = reject_rbl_client $mine';;\nesac\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut with = command(&["--offline", "--json"]);
    with.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    let run = finish(with, b"").await;
    assert_eq!(run.found(), ["1 dead-list relays.ordb.org"], "{}", run.err);
    assert_eq!(run.at("/findings/0/file"), "postconf -n");
    let mut without = command(&["--offline"]);
    without.env("PATH", folder("empty"));
    let run = finish(without, b"").await;
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.err.contains("name a FILE"), "{}", run.err);
}

#[tokio::test]
async fn a_file_named_twice_is_read_once() {
    let path = data("others/zones.txt");
    let run = run(&["--offline", "--json", "others/zones.txt", path.to_str().unwrap()]).await;
    assert_eq!(run.at("/files").as_array().unwrap().len(), 1);
}
