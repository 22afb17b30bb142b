//! A world for the daemon: a DNS server on loopback, a directory, and the daemon as a process of its own.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod dying;
pub mod exim;
pub mod namespace;
pub mod postfix;
pub mod sendmail;
pub mod smtp;

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rdnsbl::testing::{LoopbackServer, Table};

/// What a busy machine may need.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Clients of all kinds, and two lists.
pub const DNS: &str = r#"
$SOA in-addr.arpa 300 60
$SOA bl.example 300 60
$SOA wl.example 300 60
$SOA good.example 300 60
7.113.0.203.in-addr.arpa    PTR mail.good.example
mail.good.example           A   203.0.113.7
good.example                MX  10 mail.good.example
8.113.0.203.in-addr.arpa    PTR mail.good.example
10.113.0.203.in-addr.arpa   SERVFAIL
14.113.0.203.in-addr.arpa   PTR spam.good.example
spam.good.example           A   203.0.113.14
2.0.0.127.bl.example        A   127.0.0.2
14.113.0.203.bl.example     A   127.0.0.2
14.113.0.203.bl.example     TXT "see https://bl.example/"
2.0.0.127.wl.example        A   127.0.0.2
bad.good.example            MX  0 .
"#;

/// The first story's rules, with a list.
pub const POLICY: &str = r#"
[lists]
deny = ["bl.example"]
ask_about_special_addresses = true
[policy]
preset = "postfix"
iprev_no_name = "450 4.7.1 Access denied. Cannot resolve PTR record for $client_address"
iprev_forged = "450 4.7.1 Access denied. Reverse DNS of $client_address is forged"
iprev_temp_error = "defer"
"#;

/// A directory that is removed in the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Paths of sockets have about 100 octets.
        let path = std::env::temp_dir().join(format!("rdnsbl-{}-{number}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A daemon, asked over its unix socket.
pub struct Daemon {
    pub dns: Arc<LoopbackServer>,
    pub scratch: Scratch,
    child: Child,
}

impl Daemon {
    /// Starts the policy daemon with these lines before the tables, and these tables.
    pub async fn policyd(keys: &str, tables: &str) -> Self {
        let scratch = Scratch::new("policyd");
        let keys = listening(&scratch, keys);
        Self::start(env!("CARGO_BIN_EXE_rdnsbl-policyd"), scratch, &keys, tables).await
    }

    pub async fn milter(keys: &str, tables: &str) -> Self {
        let scratch = Scratch::new("milter");
        let keys = listening(&scratch, keys);
        Self::start(env!("CARGO_BIN_EXE_rdnsbl-milter"), scratch, &keys, tables).await
    }

    pub async fn start(program: &str, scratch: Scratch, keys: &str, tables: &str) -> Self {
        let command = command(program, &scratch);
        Self::start_by(command, scratch, keys, tables).await
    }

    pub async fn start_by(command: Command, scratch: Scratch, keys: &str, tables: &str) -> Self {
        let dns = LoopbackServer::start(Table::parse(DNS).unwrap()).await.unwrap();
        Self::run(command, Arc::new(dns), scratch, keys, tables)
    }

    /// The program at this socket, or at `socket` in its directory; it asks this server.
    pub fn asking(dns: &Arc<LoopbackServer>, program: &str, socket: Option<&Path>, keys: &str, tables: &str) -> Self {
        let scratch = Scratch::new("daemon");
        let socket = socket.map_or_else(|| scratch.join("socket"), Path::to_owned);
        let keys = format!("listen = [\"unix:{}\"]\nsocket_mode = \"0666\"\n{keys}", socket.display());
        Self::run(command(program, &scratch), Arc::clone(dns), scratch, &keys, tables)
    }

    fn run(mut command: Command, dns: Arc<LoopbackServer>, scratch: Scratch, keys: &str, tables: &str) -> Self {
        scratch.write("config.toml", &configuration(&dns, keys, tables));
        let log = File::create(scratch.join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut daemon = Self { dns, scratch, child };
        daemon.wait_for_log(" started, mode=");
        daemon
    }

    pub fn socket(&self) -> PathBuf {
        self.scratch.join("socket")
    }

    pub fn connect(&self) -> Client<UnixStream> {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// One request on a connection of its own.
    pub fn ask(&self, request: &str) -> String {
        self.connect().ask(request)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap()
    }

    /// The last line about a decision.
    pub fn decision(&mut self, mark: &str) -> String {
        self.wait_for_log(mark);
        self.log().lines().rfind(|line| line.contains(mark)).unwrap().to_owned()
    }

    pub fn wait_for_log(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(self.child.try_wait().unwrap().is_none(), "the daemon has ended:\n{}", self.log());
            assert!(Instant::now() < end, "not in the log: {text}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", self.pid())]).status().unwrap();
        assert!(sent.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the daemon does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Other keys and tables in the file; SIGHUP makes the daemon read them.
    pub fn rewrite(&self, keys: &str, tables: &str) {
        let keys = listening(&self.scratch, keys);
        self.scratch.write("config.toml", &configuration(&self.dns, &keys, tables));
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- log of the daemon\n{}", self.log());
        }
    }
}

fn command(program: &str, scratch: &Scratch) -> Command {
    let mut command = Command::new(program);
    command.arg("--config").arg(scratch.join("config.toml")).stdin(Stdio::null());
    command
}

fn listening(scratch: &Scratch, keys: &str) -> String {
    format!("listen = [\"unix:{}\"]\n{keys}", scratch.join("socket").display())
}

fn configuration(dns: &LoopbackServer, keys: &str, tables: &str) -> String {
    format!("{keys}\n{tables}\n[resolver]\nservers = [\"{}\"]\n", dns.address())
}

/// A mail server's side of a connection.
pub struct Client<S: Read + Write>(pub BufReader<S>);

impl Client<TcpStream> {
    pub fn tcp(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }
}

impl<S: Read + Write> Client<S> {
    pub fn send(&mut self, octets: &[u8]) {
        self.0.get_mut().write_all(octets).unwrap();
    }

    /// The action, without `action=`.
    pub fn receive(&mut self) -> String {
        let (mut line, mut end) = (String::new(), String::new());
        self.0.read_line(&mut line).unwrap();
        self.0.read_line(&mut end).unwrap();
        assert_eq!(end, "\n", "after {line:?}");
        line.strip_prefix("action=").unwrap_or_else(|| panic!("no action: {line:?}")).trim_end_matches('\n').to_owned()
    }

    pub fn ask(&mut self, request: &str) -> String {
        self.send(request.as_bytes());
        self.receive()
    }

    /// Is the connection at its end, without an answer?
    pub fn is_closed(&mut self) -> bool {
        // A reset is an end, too: the daemon has not read all that was sent.
        !matches!(self.0.read(&mut [0]), Ok(1..))
    }
}

/// A request as Postfix sends it at RCPT.
pub fn rcpt(client: &str) -> String {
    request("RCPT", client, &[])
}

/// A request at some stage; `changes` replace what Postfix sends by default.
pub fn request(stage: &str, client: &str, changes: &[(&str, &str)]) -> String {
    let mut attributes = vec![
        ("request", "smtpd_access_policy"),
        ("protocol_state", stage),
        ("protocol_name", "ESMTP"),
        ("client_address", client),
        ("client_name", "unknown"),
        ("helo_name", "mail.good.example"),
        ("sender", "a@good.example"),
        ("recipient", "b@mx.example"),
        ("instance", ""),
        ("queue_id", ""),
        ("sasl_username", ""),
    ];
    for (name, value) in changes {
        match attributes.iter_mut().find(|(known, _)| known == name) {
            Some(attribute) => attribute.1 = value,
            None => attributes.push((name, value)),
        }
    }
    attributes.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>() + "\n"
}

/// A port of TCP that is free now.
pub fn free_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
