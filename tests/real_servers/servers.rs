//! Real name servers on loopback: Debian's unbound and rbldnsd, each on a port of its own, killed when dropped.
//!
//! Everything they read and write lies in a directory that goes with them. A server counts as started when it has answered;
//! when a test fails, its log is printed.

use std::fs::{self, File, Permissions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rdnsbl::dns::{AnswerKind, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Resolve, Stub, Timeouts};

/// A server that has not answered after this long has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Another program may take a port after it was found free.
const TRIES: usize = 5;
/// Where rbldnsd writes down what it is asked.
const QUERIES: &str = "queries.log";

/// One zone of rbldnsd: its name, the type of its data set (`ip4set`, `dnset`, ...) and the data. A name that stands twice
/// is one zone of two data sets.
pub struct Zone {
    pub name: &'static str,
    pub kind: &'static str,
    pub data: String,
}

impl Zone {
    pub fn new(name: &'static str, kind: &'static str, data: impl Into<String>) -> Self {
        Self { name, kind, data: data.into() }
    }

    fn file(&self) -> String {
        format!("{}.{}", self.name, self.kind)
    }
}

/// A server of DNS lists.
pub struct Rbldnsd {
    scratch: Scratch,
    zones: Vec<String>,
    marker: Name,
    address: SocketAddr,
    state: State,
}

enum State {
    Running(Process),
    Stopped(ClosedPort),
}

impl Rbldnsd {
    /// Serves these zones. The first must have a SOA record: it is asked for that until it answers.
    pub async fn start(zones: Vec<Zone>) -> Self {
        let program = program("rbldnsd");
        let scratch = Scratch::new("rbldnsd");
        for zone in &zones {
            scratch.write(&zone.file(), &zone.data);
        }
        scratch.write(QUERIES, "");
        permit(&scratch.path.join(QUERIES), 0o666);
        let marker = Name::parse(zones.first().expect("a zone").name).unwrap();
        let zones: Vec<String> =
            zones.iter().map(|zone| format!("{}:{}:{}", zone.name, zone.kind, zone.file())).collect();
        let (address, process) =
            start("rbldnsd", &scratch, &marker, |address| command(&program, &scratch, address, &zones)).await;
        Self { scratch, zones, marker, address, state: State::Running(process) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every question that has come, as `name TYPE`, in the order in which they came.
    pub fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.scratch.path.join(QUERIES)).unwrap();
        // "1795373285 127.0.0.1 14.113.0.203.bl.example A IN: NOERROR/1/74"
        let question = |line: &str| line.split(' ').skip(2).take(2).collect::<Vec<_>>().join(" ");
        log.lines().map(question).collect()
    }

    /// Ends the server; its port does not answer any more.
    pub fn stop(&mut self) {
        if let State::Running(process) = &mut self.state {
            process.kill();
            self.state = State::Stopped(ClosedPort::at(self.address));
        }
    }

    /// Starts it again, on the same port.
    pub async fn start_again(&mut self) {
        let mut command = command(&program("rbldnsd"), &self.scratch, self.address, &self.zones);
        if let State::Stopped(port) = &mut self.state {
            port.release();
        }
        let mut process = Process::spawn(&mut command, &self.scratch);
        assert!(process.answers(self.address, &self.marker).await, "rbldnsd did not come back");
        self.state = State::Running(process);
    }

    /// Other data for a zone, and waits until the server says `listed` (or no longer does) about `entry`.
    pub async fn rewrite(&self, zone: &'static str, kind: &'static str, data: &str, entry: &str, listed: bool) {
        self.scratch.write(&Zone::new(zone, kind, "").file(), data);
        let State::Running(process) = &self.state else { panic!("rbldnsd is stopped") };
        let pid = process.child.id();
        // SIGHUP: look at the files now.
        let sent = Command::new("sh").args(["-c", &format!("kill -HUP {pid}")]).status().unwrap();
        assert!(sent.success(), "no signal to rbldnsd");
        let entry = Question::new(Name::parse(entry).unwrap(), RecordType::A);
        let stub = stub(self.address);
        let end = Instant::now() + PATIENCE;
        while matches!(stub.resolve(entry.clone()).await.kind(), AnswerKind::Records(_)) != listed {
            assert!(Instant::now() < end, "rbldnsd did not take the new data");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn command(program: &Path, scratch: &Scratch, address: SocketAddr, zones: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(["-n", "-c", "0", "-b", &format!("{}/{}", address.ip(), address.port()), "-w"]).arg(&scratch.path);
    command.args(["-l", &format!("+{QUERIES}")]);
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        command.args(["-u", "nobody"]); // it refuses to run as root
    }
    command.args(zones);
    command
}

/// A recursive server.
pub struct Unbound {
    address: SocketAddr,
    _process: Process,
    _scratch: Scratch,
}

impl Unbound {
    /// Serves with these lines in its configuration: `server` ones, and clauses of their own. Everything
    /// else is asked of `refuser`, which refuses, so that it is SERVFAIL: no question ever leaves the machine.
    pub async fn start(server: &str, clauses: &str, refuser: &Rbldnsd) -> Self {
        let few = "num-threads: 1\n  so-reuseport: no\n  module-config: \"iterator\"\n  do-not-query-localhost: no\n  \
                   unblock-lan-zones: yes\n  insecure-lan-zones: yes";
        Self::start_as(&format!("server:\n  {few}\n{server}\n{clauses}"), refuser).await
    }

    /// Serves with this configuration, which contains neither an address nor a user.
    pub async fn start_as(config: &str, refuser: &Rbldnsd) -> Self {
        let program = program("unbound");
        let scratch = Scratch::new("unbound");
        let marker = Name::parse("ready.rdnsbl.example").unwrap();
        let (address, process) = start("unbound", &scratch, &marker, |address| {
            let config = format!(
                "{config}\n\
                 server:\n\
                 \x20 username: \"\"\n  chroot: \"\"\n  directory: \"{directory}\"\n  pidfile: \"\"\n\
                 \x20 interface: {ip}\n  port: {port}\n  access-control: 127.0.0.0/8 allow\n\
                 \x20 do-daemonize: no\n  use-syslog: no\n  verbosity: 1\n  do-ip6: no\n  hide-version: yes\n\
                 \x20 local-zone: \"rdnsbl.example.\" static\n  local-data: \"{marker} 60 IN A 127.0.0.2\"\n\
                 forward-zone:\n  name: \".\"\n  forward-addr: {refuser}\n",
                directory = scratch.path.display(),
                ip = address.ip(),
                port = address.port(),
                refuser = at(refuser.address()),
            );
            scratch.write("unbound.conf", &config);
            let mut command = Command::new(&program);
            command.arg("-d").arg("-c").arg(scratch.path.join("unbound.conf"));
            command
        })
        .await;
        Self { address, _process: process, _scratch: scratch }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Names below `zone` are asked of `server`.
pub fn stub_zone(zone: &str, server: SocketAddr) -> String {
    format!("stub-zone:\n  name: \"{zone}\"\n  stub-addr: {}\n", at(server))
}

/// An address in unbound's notation.
fn at(address: SocketAddr) -> String {
    format!("{}@{}", address.ip(), address.port())
}

/// A port on which nothing listens, and which is reserved: its socket is connected to one silent peer, so that all others
/// get "port unreachable".
pub struct ClosedPort {
    pub address: SocketAddr,
    socket: Option<UdpSocket>,
}

impl ClosedPort {
    pub fn new() -> Self {
        Self::at(free_port())
    }

    fn at(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.connect((Ipv4Addr::LOCALHOST, 9)).unwrap();
        Self { address, socket: Some(socket) }
    }

    fn release(&mut self) {
        self.socket = None;
    }
}

/// A socket that takes everything and answers nothing.
pub fn silent_socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A resolver that asks this server.
pub fn stub(address: SocketAddr) -> Stub {
    Stub::servers([address]).unwrap()
}

/// A port that is free now, for UDP and TCP.
fn free_port() -> SocketAddr {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = udp.local_addr().unwrap();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Starts a server on some free port and waits for its first answer.
async fn start(
    name: &str,
    scratch: &Scratch,
    marker: &Name,
    command: impl Fn(SocketAddr) -> Command,
) -> (SocketAddr, Process) {
    for _ in 0..TRIES {
        let address = free_port();
        let mut process = Process::spawn(&mut command(address), scratch);
        if process.answers(address, marker).await {
            return (address, process);
        }
    }
    panic!("{name} does not start:\n{}", scratch.log());
}

/// The path of a program of Debian; panics if it is missing.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from)) // where users may have no PATH to
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("\n\n  {name} IS NOT INSTALLED: this test asks a real {name}.\n  apt-get install unbound rbldnsd\n\n")
    })
}

/// A child process that dies with its owner.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn spawn(command: &mut Command, scratch: &Scratch) -> Self {
        let log = scratch.path.join("log");
        let out = File::options().create(true).append(true).open(&log).unwrap();
        let err = out.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
        Self { child, log }
    }

    /// Asks until it answers; false when it has ended or takes too long.
    async fn answers(&mut self, address: SocketAddr, marker: &Name) -> bool {
        let timeouts =
            Timeouts::default().with_resend(Duration::from_millis(50)).with_total(Duration::from_millis(200));
        let stub = stub(address).with_timeouts(timeouts);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            // An authoritative server has a SOA record there, a recursive one an address.
            for kind in [RecordType::A, RecordType::Soa] {
                if !matches!(stub.resolve(Question::new(marker.clone(), kind)).await.kind(), AnswerKind::Failed(_)) {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

impl Process {
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// A directory that is removed in the end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rdnsbl-{}-{number}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        permit(&path, 0o755); // a server that leaves root behind still has to read
        Self { path }
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        fs::write(&path, text).unwrap();
        permit(&path, 0o644);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path.join("log")).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
