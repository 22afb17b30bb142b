//! Counters, and the page that Prometheus reads.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdnsbl::{HealthReport, Stats};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Readers at the same time; further ones are closed.
const READERS: usize = 8;
/// How long one reader may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request.
const REQUEST: usize = 4_096;

macro_rules! counters {
    ($($field:ident = $name:literal, $help:literal;)*) => {
        /// What the daemon has counted.
        #[derive(Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $field: Counter,)*
        }

        impl Metrics {
            fn write(&self, page: &mut String) {
                let mut last = "";
                $(
                    let family = $name.split('{').next().unwrap_or($name);
                    if family != last {
                        let kind = if family.ends_with("_total") { "counter" } else { "gauge" };
                        let _ = writeln!(page, "# HELP {family} {}\n# TYPE {family} {kind}", $help);
                    }
                    last = family;
                    let _ = writeln!(page, "{} {}", $name, self.$field.get());
                )*
                let _ = last;
            }
        }
    };
}

counters! {
    dunno = "rdnsbl_answers_total{answer=\"dunno\"}", "Answers to the mail server.";
    defer = "rdnsbl_answers_total{answer=\"defer\"}", "";
    reject = "rdnsbl_answers_total{answer=\"reject\"}", "";
    class = "rdnsbl_answers_total{answer=\"class\"}", "";
    prepend = "rdnsbl_answers_total{answer=\"prepend\"}", "";
    would_defer = "rdnsbl_observed_total{would=\"defer\"}", "What would have been done, but was only observed.";
    would_reject = "rdnsbl_observed_total{would=\"reject\"}", "";
    held = "rdnsbl_held_total", "Requests before the stage that acts.";
    exempt = "rdnsbl_exempt_total", "Requests of clients that are not judged.";
    checks_seconds = "rdnsbl_checks_microseconds_total", "Time of all checks together.";
    checks = "rdnsbl_checks_total", "Checks; further recipients of one message share one.";
    trouble = "rdnsbl_trouble_total", "Requests in which the daemon itself failed.";
    malformed = "rdnsbl_malformed_total", "Connections closed because of what came over them.";
    evicted = "rdnsbl_connections_closed_total{why=\"idle\"}", "Connections closed to make room.";
    turned_away = "rdnsbl_connections_closed_total{why=\"busy\"}", "";
    connections = "rdnsbl_connections", "Open connections.";
    reloads = "rdnsbl_reloads_total{result=\"done\"}", "Reloads of the configuration.";
    broken_reloads = "rdnsbl_reloads_total{result=\"refused\"}", "";
}

/// A number that many threads change.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The whole page in Prometheus' text format.
pub(crate) fn page(metrics: &Metrics, stats: &Stats, health: &[HealthReport], lost_lines: u64) -> String {
    let mut page = String::new();
    metrics.write(&mut page);
    let mut row = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    row("rdnsbl_log_lines_lost_total", "counter", "Log lines that could not be written.", lost_lines);
    row("rdnsbl_dns_questions_total", "counter", "Questions to the resolver.", stats.questions);
    row("rdnsbl_dns_remembered_total", "counter", "Answers from the cache.", stats.remembered);
    row("rdnsbl_dns_failures_total", "counter", "Questions that failed.", stats.failures);
    row("rdnsbl_checks_cut_total", "counter", "Checks that were cut by their deadline.", stats.cut_by_deadline);
    row("rdnsbl_dns_in_flight", "gauge", "Questions in flight.", stats.in_flight as u64);
    row("rdnsbl_cache_entries", "gauge", "Entries in the cache.", stats.entries as u64);
    row("rdnsbl_cache_bytes", "gauge", "Roughly the bytes that they take.", stats.bytes as u64);
    if !health.is_empty() {
        page.push_str("# HELP rdnsbl_list_problem 1 if a list needs attention; the log says why.\n# TYPE rdnsbl_list_problem gauge\n");
    }
    for report in health {
        let problem = u8::from(!report.advice().is_empty());
        let list = report.list().to_string().replace(['"', '\\', '\n'], "_");
        let kind = format!("{:?}", report.subject_kind()).to_ascii_lowercase();
        let _ = writeln!(page, "rdnsbl_list_problem{{list=\"{list}\",kind=\"{kind}\"}} {problem}");
    }
    page
}

/// Answers readers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, page: impl Fn() -> String + Send + Sync + 'static) {
    let (page, readers) = (Arc::new(page), Arc::new(Semaphore::new(READERS)));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Ok(permit) = Arc::clone(&readers).try_acquire_owned() {
            let page = Arc::clone(&page);
            tokio::spawn(async move {
                // A reader that breaks off is over, whatever the reason.
                let _ = tokio::time::timeout(PATIENCE, respond(stream, &*page)).await;
                drop(permit);
            });
        }
    }
}

/// HTTP/1.1, one request per connection.
async fn respond(mut stream: TcpStream, page: &(dyn Fn() -> String + Send + Sync)) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() >= REQUEST || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let (status, body) = if request.starts_with(b"GET /metrics ") {
        ("200 OK", page())
    } else {
        ("404 Not Found", "The page is /metrics.\n".to_owned())
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}

/// Binds the page's address.
pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}
