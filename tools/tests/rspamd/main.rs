//! What rspamd counts where a list dies: its table in docs/dying-lists.md. It takes five minutes, and is no gate.
//!
//! As root, with Debian's rspamd unpacked; the page has the commands:
//!
//! ```text
//! RSPAMD_ROOT=DIRECTORY cargo test -p rdnsbl-tools --test rspamd -- --ignored
//! ```
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub)]

#[path = "../kit/mod.rs"]
mod kit;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit::dying::{self, CLEAN, INVENTED, LISTED, ROWS, zone};
use kit::{PATIENCE, Scratch, free_port};
use rdnsbl::testing::{LoopbackServer, Table};

/// rspamd tests a list a few seconds after its start, then about once in a minute, and switches it off after three failures.
const TESTED_AFTER: Duration = Duration::from_secs(300);

const COLUMNS: [&str; 4] = ["at first", "with filter", "after its test", "with filter"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's rspamd, and takes five minutes"]
async fn the_documented_table_is_measured() {
    let start = || async {
        let dns = LoopbackServer::start(Table::parse(dying::CLIENTS).unwrap()).await.unwrap();
        dying::fall_ill(&dns);
        for (row, (_, situation)) in ROWS.iter().enumerate() {
            dns.situation(&filtered(row), *situation, &[]).unwrap();
        }
        dns
    };
    let (dns, invents) = (start().await, start().await);
    invents.set(dying::INVENTS).unwrap();
    let cells = std::thread::scope(|threads| {
        let last = threads.spawn(|| measure(&invents, INVENTED..ROWS.len()));
        [measure(&dns, 0..INVENTED), last.join().unwrap()].concat()
    });
    dying::check_table("the list, in rspamd", &COLUMNS, &cells);
}

/// The same list for the rule with a filter: two rules of one list share its test.
fn filtered(row: usize) -> String {
    format!("f{row}.example")
}

/// The cells of these rows.
fn measure(dns: &LoopbackServer, rows: std::ops::Range<usize>) -> Vec<Vec<&'static str>> {
    let rspamd = Rspamd::start(dns.address(), rows.clone());
    let mut cells = vec![Vec::new(); rows.len()];
    for wait in [Duration::ZERO, TESTED_AFTER] {
        std::thread::sleep(wait);
        let symbols = rspamd.symbols(CLEAN);
        // A list that works goes on.
        let listed = rspamd.symbols(LISTED);
        assert!(listed.contains("\"SOUND\":") && !symbols.contains("\"SOUND\":"), "{listed}\n{symbols}");
        for (cells, row) in cells.iter_mut().zip(rows.clone()) {
            for symbol in [format!("\"D{row}\":"), format!("\"F{row}\":")] {
                cells.push(if symbols.contains(&symbol) { "hit" } else { "none" });
            }
        }
    }
    cells
}

/// Debian's rspamd with its module rbl alone.
struct Rspamd {
    scratch: Scratch,
    address: SocketAddr,
    child: Child,
}

impl Rspamd {
    /// Starts it with two lists for each of these rows: of `D` any answer counts, of `F` the codes of an ordinary list.
    fn start(dns: SocketAddr, rows: std::ops::Range<usize>) -> Self {
        let root = std::env::var_os("RSPAMD_ROOT").map(PathBuf::from).unwrap_or_default();
        let program = root.join("usr/bin/rspamd");
        assert!(
            program.is_file(),
            "\n\n  RSPAMD IS NOT AT RSPAMD_ROOT={}: docs/dying-lists.md says how to get it\n\n",
            root.display()
        );
        let (scratch, address) = (Scratch::new("rspamd"), free_port());
        let (home, share) = (scratch.path().display(), root.join("usr/share/rspamd"));
        let share = share.canonicalize().unwrap();
        let rule = |symbol: &str, zone: &str, filter: &str| {
            format!(
                "    {symbol} {{ symbol = \"{symbol}\"; rbl = \"{zone}\"; checks = [\"from\"]; ipv4 = true; ipv6 = false; {filter} }}\n"
            )
        };
        let codes: Vec<String> = (2..=11).map(|last| format!("\"127.0.0.{last}\"")).collect();
        let mut rules = rule("SOUND", "sound.example", "unknown = true;");
        for row in rows {
            rules += &rule(&format!("D{row}"), &zone(row), "unknown = true;");
            let filter = format!("returncodes {{ F{row} = [{}]; }}", codes.join(", "));
            rules += &rule(&format!("L{row}"), &filtered(row), &filter);
        }
        let mut text = String::new();
        write!(
            text,
            "options {{\n  filters = \"\"; url_tld = \"{home}/tld\"; pidfile = \"{home}/pid\"; tempdir = \"{home}\"; hs_cache_dir = \"{home}\";\n  \
             control_socket = \"{home}/control mode=0600\"; local_addrs = [];\n  \
             dns {{ nameserver = [\"{}:{}\"]; timeout = 1s; retransmits = 2; }}\n}}\n\
             logging {{ type = \"file\"; filename = \"{home}/log\"; level = \"info\"; }}\n\
             worker \"normal\" {{ bind_socket = \"{address}\"; count = 1; task_timeout = 20s; }}\n\
             modules {{ path = \"{}/plugins/rbl.lua\"; }}\nactions {{ reject = 15; }}\n\
             rbl {{\n  default_exclude_users = true;\n  rbls {{\n{rules}  }}\n}}\n",
            dns.ip(),
            dns.port(),
            share.display()
        )
        .unwrap();
        let file = scratch.write("conf", &text);
        scratch.write("tld", "example\n");
        let mut command = Command::new(program);
        for (name, directory) in [
            ("SHAREDIR", ""),
            ("PLUGINSDIR", "plugins"),
            ("RULESDIR", "rules"),
            ("LUALIBDIR", "lualib"),
            ("WWWDIR", "www"),
        ] {
            command.arg(format!("--var={name}={}", share.join(directory).display()));
        }
        let libraries = ["usr/lib/rspamd", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
        let libraries: Vec<String> = libraries.iter().map(|path| root.join(path).display().to_string()).collect();
        command.env("LD_LIBRARY_PATH", libraries.join(":")).args(["-i", "-f", "-c"]).arg(file).stdin(Stdio::null());
        let said = File::create(scratch.join("said")).unwrap();
        let child = command.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap();
        let mut rspamd = Self { scratch, address, child };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let ended = rspamd.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "rspamd does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        rspamd
    }

    /// The answer about a message of this client; it has a member for each symbol.
    fn symbols(&self, client: IpAddr) -> String {
        let message =
            "From: a@good.example\r\nTo: b@mx.example\r\nSubject: x\r\nMessage-ID: <x@good.example>\r\n\r\nx\r\n";
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = message.len();
        write!(
            stream,
            "POST /checkv2 HTTP/1.1\r\nHost: x\r\nIP: {client}\r\nHelo: mail.good.example\r\nFrom: a@good.example\r\n\
             Rcpt: b@mx.example\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{message}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"symbols\":"), "{answer}");
        answer
    }
}

impl Drop for Rspamd {
    fn drop(&mut self) {
        // Its workers end with it when it is told.
        let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for file in ["said", "log"] {
                eprintln!(
                    "--- {file} of rspamd\n{}",
                    std::fs::read_to_string(self.scratch.join(file)).unwrap_or_default()
                );
            }
        }
    }
}
