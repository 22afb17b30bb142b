//! Debian's Exim, unpacked. It plays SMTP sessions of any client over standard input (`-bh`), in a mount namespace with users of
//! its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::kit::{Daemon, Scratch};

pub struct Exim(Scratch);

impl Exim {
    /// With these statements in its ACL for RCPT. It asks no DNS by itself.
    pub fn with(statements: &str) -> Self {
        Self::looking_up("", statements)
    }

    /// The same, looking up the names of these hosts; it can verify senders.
    pub fn looking_up(hosts: &str, statements: &str) -> Self {
        let scratch = Scratch::new("exim");
        let directory = scratch.path().display();
        let configuration = format!(
            "primary_hostname = mx.example\nacl_smtp_rcpt = acl_rcpt\nhost_lookup = {hosts}\nspool_directory = {directory}\n\
             log_file_path = {directory}/%slog\nbegin acl\nacl_rcpt:\n  deny domains = !mx.example\n       \
             message = relay not permitted\n{statements}  accept\n\
             begin routers\nothers:\n  driver = dnslookup\n  domains = !mx.example\n  transport = nowhere\n  no_more\n\
             ours:\n  driver = accept\n  transport = nowhere\n\
             begin transports\nnowhere:\n  driver = appendfile\n  file = /dev/null\n"
        );
        scratch.write("exim.conf", &configuration);
        for (file, line) in [("passwd", "Debian-exim:x:970:970::/tmp:/bin/false\n"), ("group", "Debian-exim:x:970:\n")]
        {
            let known = std::fs::read_to_string(format!("/etc/{file}")).unwrap();
            scratch.write(file, &format!("{known}{line}"));
        }
        Self(scratch)
    }

    /// Its whole output in a session with this client.
    pub fn session(&self, client: &str, sender: &str, recipient: &str) -> String {
        self.session_saying(client, "mail.good.example", sender, recipient)
    }

    pub fn session_saying(&self, client: &str, helo: &str, sender: &str, recipient: &str) -> String {
        let script = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && \
                      exec \"$0\" -C \"$PWD/exim.conf\" -bh \"$1\"";
        let mut child = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .arg(root().join("usr/sbin/exim4"))
            .arg(client)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let session = format!("EHLO {helo}\r\nMAIL FROM:{sender}\r\nRCPT TO:{recipient}\r\nQUIT\r\n");
        child.stdin.take().unwrap().write_all(session.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The statements of docs/exim.md, asking this daemon.
pub fn asking(statements: &str, daemon: &Daemon) -> String {
    let asking = statements.replace("inet:127.0.0.1:10045", &daemon.socket().display().to_string());
    assert_ne!(asking, statements);
    asking
}

/// The path of Exim; panics if it is missing.
fn root() -> PathBuf {
    let root = std::env::var_os("EXIM_ROOT").map(PathBuf::from).unwrap_or_default();
    assert!(
        root.join("usr/sbin/exim4").is_file(),
        "\n\n  EXIM IS NOT AT EXIM_ROOT={}: this test needs a real one.\n  apt-get download exim4-daemon-light, and dpkg -x it\n\n",
        root.display()
    );
    root
}
