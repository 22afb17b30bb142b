//! The policy daemon behind a real Exim, which plays SMTP sessions of any client over standard input (`-bh`).
//!
//! `cargo test -p rdnsbl-tools --test exim -- --ignored` as root, with Debian's exim4-daemon-light unpacked into the directory
//! that `EXIM_ROOT` names (`dpkg -x`).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit::{Daemon, POLICY, Scratch};

const RECIPE: &str = include_str!("../../../docs/exim.md");

/// Exim's configuration with the recipe's statements, which ask this socket.
fn configuration(directory: &Path, socket: &Path) -> String {
    let block = pages::blocks(RECIPE).into_iter().find(|block| block.mark == "run by tools/tests/exim").unwrap();
    let statements = block.text.replace("inet:127.0.0.1:10045", &socket.display().to_string());
    assert!(statements.contains(&socket.display().to_string()), "{statements}");
    format!(
        "primary_hostname = mx.example\nacl_smtp_rcpt = acl_rcpt\nhost_lookup =\nspool_directory = {0}\nlog_file_path = {0}/%slog\n\
         begin acl\nacl_rcpt:\n  deny domains = !mx.example\n       message = relay not permitted\n{statements}  accept\n",
        directory.display()
    )
}

/// The replies to MAIL and RCPT of a session with this client.
fn replies(scratch: &Scratch, client: &str, sender: &str, recipient: &str) -> String {
    let script = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$0\" -C \"$PWD/exim.conf\" -bh \"$1\"";
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .arg(root().join("usr/sbin/exim4"))
        .arg(client)
        .current_dir(scratch.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let session = format!("EHLO mail.good.example\r\nMAIL FROM:{sender}\r\nRCPT TO:{recipient}\r\nQUIT\r\n");
    child.stdin.take().unwrap().write_all(session.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn world(keys: &str) -> (Daemon, Scratch) {
    let daemon = Daemon::policyd(&format!("socket_mode = \"0666\"\n{keys}"), POLICY).await;
    let scratch = Scratch::new("exim");
    scratch.write("exim.conf", &configuration(scratch.path(), &daemon.socket()));
    for (file, line) in [("passwd", "Debian-exim:x:970:970::/tmp:/bin/false\n"), ("group", "Debian-exim:x:970:\n")] {
        let known = std::fs::read_to_string(format!("/etc/{file}")).unwrap();
        scratch.write(file, &format!("{known}{line}"));
    }
    (daemon, scratch)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's exim4-daemon-light"]
async fn each_client_gets_its_reply() {
    let (mut daemon, scratch) = world("mode = \"enforce\"").await;
    for (client, sender, reply) in [
        ("203.0.113.7", "<a@good.example>", "250 Accepted"),
        ("203.0.113.7", "<>", "250 Accepted"),
        ("203.0.113.8", "<a@good.example>", "450 4.7.1 Access denied. Reverse DNS of 203.0.113.8 is forged"),
        ("203.0.113.9", "<a@good.example>", "450 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9"),
        ("203.0.113.14", "<a@good.example>", "554-5.7.1 Service unavailable; Client host [203.0.113.14] blocked using"),
        ("2001:db8::7", "<a@good.example>", "450 4.7.1 Access denied. Cannot resolve PTR record for 2001:db8::7"),
    ] {
        let replies = replies(&scratch, client, sender, "<b@mx.example>");
        assert!(replies.lines().any(|line| line.starts_with(reply)), "{client} {sender}: {replies}");
    }
    // Exim does not expand what a list says.
    daemon
        .dns
        .set("15.113.0.203.bl.example A 127.0.0.2\n15.113.0.203.bl.example TXT \"${primary_hostname} $pid\"")
        .unwrap();
    let listed = replies(&scratch, "203.0.113.15", "<a@good.example>", "<b@mx.example>");
    assert!(listed.contains("\n554 5.7.1 bl.example; ${primary_hostname} $pid\r\n"), "{listed}");

    assert!(daemon.decision(" client=203.0.113.14 ").contains(" from=a@good.example to=b@mx.example "));
    assert!(replies(&scratch, "203.0.113.7", "<a@good.example>", "<b@elsewhere.example>").contains("\n550 relay"));

    daemon.kill();
    assert!(replies(&scratch, "203.0.113.14", "<a@good.example>", "<b@mx.example>").contains("\n250 Accepted"));
}

/// Where Exim is, or loudly that it is not.
fn root() -> PathBuf {
    let root = std::env::var_os("EXIM_ROOT").map(PathBuf::from).unwrap_or_default();
    assert!(
        root.join("usr/sbin/exim4").is_file(),
        "\n\n  EXIM IS NOT AT EXIM_ROOT={}: this test needs a real one.\n  apt-get download exim4-daemon-light, and dpkg -x it\n\n",
        root.display()
    );
    root
}
