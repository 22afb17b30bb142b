//! The guides in `docs/`: the commands that need the daemons, and what the daemons answer with the guides' files.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

use std::path::Path;

use kit::{Daemon, Scratch, request};

const REVERSE_DNS: &str = include_str!("../../../docs/reverse-dns.md");
const COMBINED_RULES: &str = include_str!("../../../docs/combined-rules.md");

/// The policy daemon with the file of a guide, in this mode.
async fn daemon(page: &str, mode: &str) -> Daemon {
    let (keys, tables) = pages::configuration(page, mode);
    Daemon::policyd(&keys, &tables).await
}

/// The answer of the policy protocol to a client whose SMTP reply a guide shows.
fn action(reply: Option<&str>) -> String {
    match reply.map(|reply| (reply, reply.strip_prefix("450 "))) {
        None => "DUNNO".to_owned(),
        Some((_, Some(deferred))) => format!("DEFER_IF_PERMIT {deferred}"),
        Some((rejected, None)) => rejected.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_print_what_the_guides_show() {
    for (name, page) in pages::PAGES {
        let scratch = Scratch::new(name);
        let log = match page {
            REVERSE_DNS => log_of_four_clients().await,
            COMBINED_RULES => log_of_combinations().await,
            _ => String::new(),
        };
        let log = scratch.write("journal", &log);
        let programs = Path::new(env!("CARGO_BIN_EXE_rdnsbl-policyd")).parent().unwrap();
        let journal = format!("journalctl() {{ cat {}; }}", log.display());
        pages::follow(page, "run by tools/tests/guides", scratch.path(), programs, &journal);
    }
}

/// What the daemon logs about the four clients of the first guide.
async fn log_of_four_clients() -> String {
    let mut daemon = daemon(REVERSE_DNS, "observe").await;
    for client in ["203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10"] {
        assert_eq!(daemon.ask(&request("RCPT", client, &[])), "DUNNO");
        daemon.decision(&format!("client={client} "));
    }
    daemon.log()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_as_shown() {
    let log = log_of_four_clients().await;
    let shown: Vec<&str> = REVERSE_DNS.lines().filter(|line| line.starts_with("rdnsbl: client=")).collect();
    assert_eq!(shown.len(), 4);
    for line in shown {
        assert!(log.lines().any(|logged| logged.starts_with(line)), "{line}\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_word_gets_its_reply() {
    let daemon = daemon(REVERSE_DNS, "enforce").await;
    for (word, client) in
        [("OK", "203.0.113.7"), ("FAIL", "203.0.113.9"), ("FORGED", "203.0.113.8"), ("TEMP", "203.0.113.10")]
    {
        let reply = pages::reply(REVERSE_DNS, word);
        assert_eq!(daemon.ask(&request("RCPT", client, &[])), action(reply.as_deref()), "{word}");
    }
}

/// Whatever the rules for FAIL and FORGED are.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_results_defer() {
    let page = REVERSE_DNS
        .replace("iprev_no_name = \"450 4", "iprev_no_name = \"550 5")
        .replace("iprev_forged = \"450 4", "iprev_forged = \"550 5");
    let daemon = daemon(&page, "enforce").await;
    for (client, start) in
        [("203.0.113.8", "550 "), ("203.0.113.9", "550 "), ("203.0.113.10", "DEFER_IF_PERMIT 4.4.3 ")]
    {
        let answer = daemon.ask(&request("RCPT", client, &[]));
        assert!(answer.starts_with(start), "{client}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn combinations_get_their_reply() {
    let daemon = daemon(COMBINED_RULES, "enforce").await;
    for (asked, reply) in combinations(&daemon) {
        assert_eq!(daemon.ask(&asked), action(reply.as_deref()), "{asked}");
    }
}

/// What the daemon logs about them where it only observes.
async fn log_of_combinations() -> String {
    let mut daemon = daemon(COMBINED_RULES, "observe").await;
    for (asked, _) in combinations(&daemon) {
        assert_eq!(daemon.ask(&asked), "DUNNO");
    }
    daemon.wait_for_log("client=203.0.113.15 ");
    daemon.log()
}

/// The rows of the guide's table: a request, and the reply.
fn combinations(daemon: &Daemon) -> Vec<(String, Option<String>)> {
    let generic =
        "15.113.0.203.in-addr.arpa PTR adsl-203-0-113-15.pool.example\nadsl-203-0-113-15.pool.example A 203.0.113.15";
    daemon.dns.set(generic).unwrap();
    let rows = pages::rows(COMBINED_RULES).into_iter().filter(|(cells, _)| cells[0].starts_with("203."));
    let request = |(cells, reply): (Vec<String>, _)| {
        let client = cells[0].split(',').next().unwrap();
        let sender = cells[2].trim_matches(['<', '>']);
        (request("RCPT", client, &[("helo_name", &cells[1]), ("sender", sender)]), reply)
    };
    let requests: Vec<_> = rows.map(request).collect();
    assert_eq!(requests.len(), 6);
    requests
}

/// What the guide says about weights.
#[tokio::test(flavor = "multi_thread")]
async fn weights_add_up() {
    let block = pages::blocks(COMBINED_RULES).into_iter().find(|block| block.mark == "weights").unwrap();
    let tables = format!("[policy]\npreset = \"observe\"\n{}", block.text);
    let daemon = Daemon::policyd("mode = \"enforce\"", &tables).await;
    let helo = [("helo_name", "oemcomputer")];
    assert_eq!(daemon.ask(&request("RCPT", "203.0.113.9", &[])), "DUNNO");
    let reply = daemon.ask(&request("RCPT", "203.0.113.9", &helo));
    assert_eq!(reply, "550 5.7.1 Access denied: too much speaks against 203.0.113.9");
    let tables = tables.replace("iprev_generic = 1", "iprev_temp_error = 2");
    let daemon = Daemon::policyd("mode = \"enforce\"", &tables).await;
    assert!(daemon.ask(&request("RCPT", "203.0.113.10", &helo)).starts_with("DEFER_IF_PERMIT 4.7.1 Access denied"));
}

/// What the script installs is what the page says, and a second time it leaves the configuration alone.
#[test]
fn what_is_installed_is_documented() {
    use std::os::unix::fs::PermissionsExt;
    let page = include_str!("../../../docs/install.md");
    let (_, table) = page.split_once("## What is where").unwrap();
    let mut documented: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .collect();
    documented.retain(|path| path.starts_with('/'));
    documented.sort_unstable();

    let (built, root) = (Scratch::new("built"), Scratch::new("root"));
    std::fs::create_dir(built.join("examples")).unwrap();
    for program in ["rdnsbl-policyd", "rdnsbl-milter", "examples/check", "examples/lint"] {
        let path = built.write(program, "");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/install.sh");
    let install = |directory: &Path| {
        std::process::Command::new(script).arg(directory).env("DESTDIR", root.path()).output().unwrap()
    };
    assert!(install(built.path()).status.success());
    let mode = |path: &str| std::fs::metadata(root.join(&path[1..])).unwrap().permissions().mode() & 0o777;
    let found = std::process::Command::new("find").arg(root.path()).args(["-type", "f", "-printf", "/%P\n"]).output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    let mut found: Vec<&str> = found.lines().collect();
    found.sort_unstable();
    assert_eq!(found, documented);
    assert_eq!((mode("/etc/rdnsbl/milter.toml"), mode("/usr/local/bin/rdnsbl-lint")), (0o640, 0o755));

    root.write("etc/rdnsbl/policyd.toml", "ours");
    assert!(install(built.path()).status.success());
    assert_eq!(std::fs::read_to_string(root.join("etc/rdnsbl/policyd.toml")).unwrap(), "ours");
    // Where nothing is built, nothing is installed.
    let output = install(root.path());
    assert!(
        output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("install.sh DIRECTORY")
    );
}

/// The units start what is installed, and make the sockets that the recipes and the samples name.
#[test]
fn the_units_fit_the_pages() {
    let install = include_str!("../../../docs/install.md");
    let postfix = include_str!("../../../docs/postfix.md");
    let milter = include_str!("../../../docs/milter.md");
    for (name, unit, recipe, sample) in [
        (
            "policyd",
            concat!(
                include_str!("../../contrib/rdnsbl-policyd.service"),
                include_str!("../../contrib/rdnsbl-policyd.socket")
            ),
            postfix,
            include_str!("../../contrib/policyd.toml"),
        ),
        (
            "milter",
            concat!(
                include_str!("../../contrib/rdnsbl-milter.service"),
                include_str!("../../contrib/rdnsbl-milter.socket")
            ),
            milter,
            include_str!("../../contrib/milter.toml"),
        ),
    ] {
        let value =
            |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("{name}: {key}"));
        let started: Vec<&str> = value("ExecStart=").split(' ').collect();
        assert_eq!(
            started,
            [&*format!("/usr/local/bin/rdnsbl-{name}"), "--config", &*format!("/etc/rdnsbl/{name}.toml")]
        );
        assert!(
            started.iter().all(|word| word.starts_with("--") || install.contains(&format!("`{word}`"))),
            "{started:?}"
        );
        // The path in main.cf is relative to the queue directory.
        let socket = value("ListenStream=");
        let relative = socket.strip_prefix("/var/spool/postfix/").unwrap();
        assert!(recipe.contains(&format!("unix:{relative},")) && install.contains(&format!("`{socket}`")), "{socket}");
        assert!(sample.contains(&format!("systemctl reload rdnsbl-{name}")) && unit.contains("ExecReload="), "{name}");
        let adduser = format!("adduser --system --group --no-create-home {}", value("User="));
        assert!(install.contains(&adduser) && unit.contains(&adduser), "{adduser}");
    }
    let directory = "RuntimeDirectory=rdnsbl-milter";
    assert!(
        include_str!("../../contrib/rdnsbl-milter.service").contains(directory)
            && milter.contains("local:/run/rdnsbl-milter/socket")
    );
}

/// The manual pages name the options that the programs have, and no others.
#[test]
fn the_manual_pages_are_correct() {
    for (page, help, file) in [
        (include_str!("../../man/rdnsbl-policyd.8"), include_str!("../../src/policyd/help.txt"), "rdnsbl-policyd.8"),
        (include_str!("../../man/rdnsbl-milter.8"), include_str!("../../src/milter/help.txt"), "rdnsbl-milter.8"),
        (include_str!("../../man/rdnsbl-check.1"), include_str!("../../../examples/check/help.txt"), "rdnsbl-check.1"),
        (include_str!("../../man/rdnsbl-lint.1"), include_str!("../../../examples/lint/help.txt"), "rdnsbl-lint.1"),
    ] {
        let plain = page.replace('\\', "");
        let options = |text: &str| {
            let form = regex_lite::Regex::new("--[a-z]+").unwrap();
            form.find_iter(text).map(|option| option.as_str().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(options(&plain), options(help), "{file}");
        assert!(page.lines().next().unwrap().contains(concat!(" ", env!("CARGO_PKG_VERSION"), "\"")), "{file}");
        for path in regex_lite::Regex::new(r"/[a-z]+/[a-z/.-]+[a-z]").unwrap().find_iter(&plain) {
            let known = [include_str!("../../../docs/install.md"), help];
            assert!(known.iter().any(|text| text.contains(path.as_str())), "{file}: {}", path.as_str());
        }
        // Where groff is installed, it finds nothing to warn of.
        let path = format!("{}/man/{file}", env!("CARGO_MANIFEST_DIR"));
        if let Ok(output) = std::process::Command::new("groff").args(["-ww", "-man", "-z", &path]).output() {
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        }
    }
}

/// Lines of Postfix in the daemon's file.
#[test]
fn the_lists_of_the_second_guide_are_read() {
    let page = include_str!("../../../docs/dead-lists.md");
    let block = pages::blocks(page).into_iter().find(|block| block.language == "toml").unwrap();
    let scratch = Scratch::new("lists");
    let file = scratch.write("lists.toml", &block.text);
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_rdnsbl-policyd")).arg("--check").arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(": correct, 2 lists asked\n"), "{text}");
}
