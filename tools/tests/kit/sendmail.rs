//! Debian's sendmail, unpacked, in a mount namespace with users and hosts of its own.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{PATIENCE, Scratch, free_port};

/// No look-up of the sender's domain.
const ANY_SENDER: &str = "FEATURE(`accept_unresolvable_domains')dnl\nFEATURE(`accept_unqualified_senders')dnl\n";

pub struct Sendmail {
    scratch: Scratch,
    address: SocketAddr,
    child: Child,
}

impl Sendmail {
    /// Starts with these lines in sendmail.mc, and these in its hosts file. What lies in `milter` is in /run/rdnsbl-milter.
    pub fn start(lines: &str, hosts: &str, milter: &Path) -> Self {
        Self::start_with(&format!("{ANY_SENDER}{lines}"), "files", hosts, milter)
    }

    /// The same with the names of hosts from these sources, and with sendmail's usual care about senders. `PORT` in the lines
    /// is the port.
    pub fn start_with(lines: &str, names: &str, hosts: &str, milter: &Path) -> Self {
        let root = root();
        let scratch = Scratch::new("sendmail");
        let address = free_port();
        let lines = &lines.replace("PORT", &address.port().to_string());
        fs::create_dir(scratch.join("q")).unwrap();
        fs::set_permissions(scratch.join("q"), Permissions::from_mode(0o700)).unwrap();
        // A copy is not setgid, and finds its libraries by LD_LIBRARY_PATH.
        fs::copy(root.join("usr/libexec/sendmail/sendmail"), scratch.join("sendmail")).unwrap();
        fs::set_permissions(scratch.join("sendmail"), Permissions::from_mode(0o755)).unwrap();
        scratch.write("sendmail.mc", &macros(scratch.path(), address, lines));
        let libraries = root.join("usr/lib/x86_64-linux-gnu");
        let configuration = root.join("usr/share/sendmail/cf");
        let made = Command::new(root.join("usr/bin/m4"))
            .env("LD_LIBRARY_PATH", &libraries)
            .arg(format!("-D_CF_DIR_={}/", configuration.display()))
            .args([configuration.join("m4/cf.m4"), scratch.join("sendmail.mc")])
            .stdout(File::create(scratch.join("sendmail.cf")).unwrap())
            .status()
            .unwrap();
        assert!(made.success());
        let with = |file: &str, lines: &str| {
            let known = fs::read_to_string(format!("/etc/{file}")).unwrap();
            scratch.write(file, &format!("{known}{lines}"));
        };
        with("passwd", "smmta:x:971:971::/tmp:/bin/false\nsmmsp:x:972:972::/tmp:/bin/false\n");
        with("group", "smmta:x:971:\nsmmsp:x:972:\n");
        // Without a full name of its own sendmail waits for a minute.
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let name = name.trim();
        scratch.write("hosts", &format!("127.0.0.1 {name}.example {name} localhost\n{hosts}"));
        scratch.write("nsswitch.conf", &format!("hosts: {names}\n"));
        if lines.contains("confAUTH_MECHANISMS") {
            log_in(&scratch);
        }
        let script = "mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/rdnsbl-milter || exit 1; \
                      [ ! -d sasl ] || mount --bind sasl /usr/lib/x86_64-linux-gnu/sasl2 || exit 1; \
                      mount --bind \"$1\" /run/rdnsbl-milter || exit 1; for file in passwd group hosts nsswitch.conf; do mount --bind $file /etc/$file || exit 1; done; \
                      exec ./sendmail -C\"$0/sendmail.cf\" -bD -O LogLevel=12";
        let log = File::create(scratch.join("log")).unwrap();
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .args([scratch.path(), milter])
            .current_dir(scratch.path())
            .env("LD_LIBRARY_PATH", &libraries)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut sendmail = Self { scratch, address, child };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let ended = sendmail.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "sendmail does not start:\n{}", sendmail.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        sendmail
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap_or_default()
    }

    /// The header of the one message in the queue, without the flags of its fields.
    pub fn queued(&self) -> String {
        let files = fs::read_dir(self.scratch.join("q")).unwrap().map(|entry| entry.unwrap().path());
        let of_message = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("qf");
        let files: Vec<PathBuf> = files.filter(of_message).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let text = String::from_utf8_lossy(&fs::read(&files[0]).unwrap()).into_owned();
        let field = |line: &str| match line.strip_prefix("H?").and_then(|rest| rest.split_once('?')) {
            Some((_, field)) => Some(field.to_owned()),
            None => line.starts_with(['\t', ' ']).then(|| line.to_owned()),
        };
        text.lines().filter_map(field).map(|line| line + "\n").collect()
    }
}

impl Drop for Sendmail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- output of sendmail\n{}", self.log());
        }
    }
}

/// Whoever knows the password may log in: libsasl asks `saslauthd` beside the milter's socket.
fn log_in(scratch: &Scratch) {
    fs::create_dir(scratch.join("sasl")).unwrap();
    for entry in fs::read_dir("/usr/lib/x86_64-linux-gnu/sasl2").expect("libsasl2-modules") {
        let entry = entry.unwrap();
        fs::copy(entry.path(), scratch.join("sasl").join(entry.file_name())).unwrap();
    }
    let text = "pwcheck_method: saslauthd\nsaslauthd_path: /run/rdnsbl-milter/saslauthd\nmech_list: PLAIN\n";
    scratch.write("sasl/Sendmail.conf", text);
}

/// Answers as saslauthd does: every password is right.
pub fn saslauthd(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            // User, password, service and realm, each with its length before it.
            for _ in 0..4 {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                stream.read_exact(&mut vec![0; u16::from_be_bytes(length).into()]).unwrap();
            }
            stream.write_all(b"\0\x02OK").unwrap();
        }
    });
}

fn macros(directory: &Path, address: SocketAddr, lines: &str) -> String {
    let directory = directory.display();
    format!(
        "divert(0)dnl\nOSTYPE(`linux')dnl\n\
         define(`confPID_FILE', `{directory}/pid')dnl\ndefine(`QUEUE_DIR', `{directory}/q')dnl\n\
         define(`STATUS_FILE', `{directory}/statistics')dnl\ndefine(`HELP_FILE', `')dnl\ndefine(`ALIAS_FILE', `')dnl\n\
         define(`confDOMAIN_NAME', `mx.example')dnl\ndefine(`confDEF_USER_ID', `root:root')dnl\n\
         define(`confDONT_BLAME_SENDMAIL', `AssumeSafeChown,GroupWritableDirPathSafe,GroupWritableIncludeFileSafe')dnl\n\
         define(`confTO_IDENT', `0')dnl\ndefine(`confDELIVERY_MODE', `queueonly')dnl\n\
         DAEMON_OPTIONS(`Name=MTA, Port={port}, Addr=127.0.0.1')dnl\nFEATURE(`no_default_msa')dnl\n\
         LOCAL_DOMAIN(`mx.example')dnl\n{lines}\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n",
        port = address.port()
    )
}

/// The path of sendmail; panics if it is missing.
fn root() -> PathBuf {
    let root = std::env::var_os("SENDMAIL_ROOT").map(PathBuf::from).unwrap_or_default();
    assert!(
        root.join("usr/libexec/sendmail/sendmail").is_file(),
        "\n\n  SENDMAIL IS NOT AT SENDMAIL_ROOT={}: this test needs a real one.\n  apt-get download sendmail-bin sendmail-cf m4 \
         libldap-2.5-0 liblockfile1 libwrap0, and dpkg -x each into one directory\n\n",
        root.display()
    );
    root
}
