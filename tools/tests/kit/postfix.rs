//! Debian's Postfix, installed or unpacked, with directories of its own.

use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{PATIENCE, Scratch, free_port};

/// Users and a group that every Debian has, in place of those that an installed postfix brings.
const OWNER: &str = "list";
const OTHER: &str = "nobody";
const GROUP: &str = "news";

pub struct Postfix {
    scratch: Scratch,
    address: SocketAddr,
    master: Child,
}

impl Postfix {
    /// Starts with these lines in main.cf.
    pub fn start(lines: &str) -> Self {
        Self::start_with(lines, "")
    }

    /// The same with more services in master.cf; `PORT` in them is the port.
    pub fn start_with(lines: &str, services: &str) -> Self {
        let root = root();
        let scratch = Scratch::new("postfix");
        let directory = scratch.path().display();
        let address = free_port();
        let more_services = services.replace("PORT", &address.port().to_string());
        let libraries = root.join("usr/lib/postfix");
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {directory}/spool\ndata_directory = {directory}/data\n\
             command_directory = {root}/usr/sbin\ndaemon_directory = {root}/usr/lib/postfix/sbin\n\
             shlib_directory = {libraries}\nmeta_directory = {directory}/etc\n\
             mail_owner = {OWNER}\nsetgid_group = {GROUP}\ndefault_privs = {OTHER}\n\
             import_environment = MAIL_CONFIG POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH={libraries} TZ=UTC\n\
             maillog_file = {directory}/maillog\nmaillog_file_prefixes = {directory}\n\
             myhostname = mx.example\nmydestination = mx.example\nmynetworks =\ninet_interfaces = 127.0.0.1\n\
             local_recipient_maps =\nalias_maps =\nlocal_transport = lmtp:unix:nowhere\ndefer_transports = lmtp\n\
             smtputf8_enable = yes\nsmtpd_authorized_xclient_hosts = 127.0.0.1\nsmtpd_peername_lookup = no\n\
             smtpd_sasl_auth_enable = yes\nsmtpd_recipient_limit = 2000\nsmtpd_recipient_overshoot_limit = 2000\n\
             smtpd_client_restrictions =\nsmtpd_relay_restrictions =\n{lines}",
            root = root.display(),
            libraries = libraries.display(),
        );
        let services = [
            format!("{address} inet n - y - - smtpd"),
            "pickup unix n - n 60 1 pickup".to_owned(),
            "cleanup unix n - n - 0 cleanup".to_owned(),
            "qmgr unix n - n 300 1 qmgr".to_owned(),
            "rewrite unix - - n - - trivial-rewrite".to_owned(),
            "bounce unix - - n - 0 bounce".to_owned(),
            "defer unix - - n - 0 bounce".to_owned(),
            "trace unix - - n - 0 bounce".to_owned(),
            "proxymap unix - - n - - proxymap".to_owned(),
            "retry unix - - n - - error".to_owned(),
            "lmtp unix - - n - - lmtp".to_owned(),
            "anvil unix - - n - 1 anvil".to_owned(),
            "tlsmgr unix - - n 1000? 1 tlsmgr".to_owned(),
            "postlog unix-dgram n - n - 1 postlogd".to_owned(),
            more_services,
        ];
        for directory in ["etc", "spool", "data", "spool/etc", "spool/pid", "spool/rdnsbl"] {
            fs::create_dir(scratch.join(directory)).unwrap();
        }
        // smtpd runs chrooted, as on Debian.
        for file in ["resolv.conf", "nsswitch.conf", "hosts", "services"] {
            let _ = fs::copy(Path::new("/etc").join(file), scratch.join("spool/etc").join(file));
        }
        for directory in [
            "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "maildrop",
            "public", "saved", "trace",
        ] {
            let path = scratch.join("spool").join(directory);
            fs::create_dir(&path).unwrap();
            chown(&path, Some(id(OWNER)), None).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        }
        fs::set_permissions(scratch.join("spool/public"), Permissions::from_mode(0o755)).unwrap();
        chown(scratch.join("data"), Some(id(OWNER)), None).unwrap();
        scratch.write("etc/main.cf", &main);
        scratch.write("etc/master.cf", &(services.join("\n") + "\n"));
        let master = Command::new(root.join("usr/lib/postfix/sbin/master"))
            // In the foreground, and the leader of a group of its own.
            .args(["-s", "-c"])
            .arg(scratch.join("etc"))
            .env("LD_LIBRARY_PATH", &libraries)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut postfix = Self { scratch, address, master };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let ended = postfix.master.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "Postfix does not start:\n{}", postfix.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        postfix
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn queue(&self) -> PathBuf {
        self.scratch.join("spool")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("maillog")).unwrap_or_default()
    }

    /// A program of Postfix.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(root().join(program));
        command.env("LD_LIBRARY_PATH", root().join("usr/lib/postfix"));
        command
    }

    /// The one message in the queue, as it would be delivered.
    pub fn queued(&self) -> String {
        // It moves through the queues and stays in this one.
        let end = Instant::now() + PATIENCE;
        let mut files = Vec::new();
        while files.is_empty() {
            assert!(Instant::now() < end, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
            collect(&self.queue().join("deferred"), &mut files);
        }
        assert_eq!(files.len(), 1, "{files:?}");
        let etc = self.scratch.join("etc");
        let output = self.command("usr/sbin/postcat").arg("-c").arg(etc).arg("-bh").arg(&files[0]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // The other processes end with their master.
        let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.master.id())]).status();
        let _ = self.master.wait();
        if std::thread::panicking() {
            eprintln!("--- log of Postfix\n{}", self.log());
        }
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { collect(&entry, files) } else { files.push(entry) }
    }
}

/// The path of Postfix; panics if it is missing.
fn root() -> PathBuf {
    let unpacked = std::env::var_os("POSTFIX_ROOT").map(PathBuf::from);
    let root = unpacked.unwrap_or_else(|| PathBuf::from("/"));
    assert!(
        root.join("usr/lib/postfix/sbin/master").is_file(),
        "\n\n  POSTFIX IS NOT AT {}: this test needs a real one.\n  apt-get download postfix && dpkg -x postfix_*.deb DIR, then \
         POSTFIX_ROOT=DIR\n\n",
        root.display()
    );
    root
}

fn id(user: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with(&format!("{user}:"))).unwrap();
    line.split(':').nth(2).unwrap().parse().unwrap()
}
