//! Counters, and the page that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdnsbl::{HealthReport, ListStats, Stats};
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
            pub(crate) checks: Counter,
            pub(crate) checks_microseconds: Counter,
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

/// What the checker tells about itself.
pub(crate) struct Checked {
    pub(crate) stats: Stats,
    pub(crate) lists: Vec<ListStats>,
    pub(crate) health: Vec<HealthReport>,
}

/// The whole page in Prometheus' text format.
pub(crate) fn page(metrics: &Metrics, checked: &Checked, lost_lines: u64) -> String {
    let mut page = String::new();
    metrics.write(&mut page);
    let stats = &checked.stats;
    let seconds = Duration::from_micros(metrics.checks_microseconds.get()).as_secs_f64();
    let _ = writeln!(
        page,
        "# HELP rdnsbl_check_seconds Time of checks; further recipients of one message share one.\n\
         # TYPE rdnsbl_check_seconds summary\nrdnsbl_check_seconds_sum {seconds}\nrdnsbl_check_seconds_count {}",
        metrics.checks.get()
    );
    let mut row = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    row("rdnsbl_log_lines_lost_total", "counter", "Log lines that could not be written.", lost_lines);
    row("rdnsbl_dns_questions_total", "counter", "Questions to the resolver.", stats.questions);
    row("rdnsbl_dns_remembered_total", "counter", "Answers from the cache.", stats.remembered);
    row("rdnsbl_dns_failures_total", "counter", "Questions that failed.", stats.failures);
    row("rdnsbl_checks_cut_total", "counter", "Checks that were cut by their deadline.", stats.cut_by_deadline);
    row("rdnsbl_checks_shed_total", "counter", "Checks that asked nothing, because too many ran.", stats.shed);
    row("rdnsbl_dns_in_flight", "gauge", "Questions in flight.", stats.in_flight as u64);
    row("rdnsbl_cache_entries", "gauge", "Entries in the cache.", stats.entries as u64);
    row("rdnsbl_cache_bytes", "gauge", "Roughly the bytes that they take.", stats.bytes as u64);
    let of = |list: &dyn std::fmt::Display| list.to_string().replace(['"', '\\', '\n'], "_");
    let lists = |read: fn(&ListStats) -> u64| {
        checked.lists.iter().map(move |row| (format!("list=\"{}\"", of(&row.list)), read(row))).collect()
    };
    family(&mut page, "rdnsbl_list_questions_total counter", "Questions to a list.", lists(|row| row.asked));
    family(&mut page, "rdnsbl_list_failures_total counter", "Of these, those that failed.", lists(|row| row.failed));
    family(
        &mut page,
        "rdnsbl_list_hits_total counter",
        "Of these, those with an answer, believed or not.",
        lists(|row| row.hits),
    );
    let health = checked.health.iter().map(|report| {
        let kind = format!("{:?}", report.subject_kind()).to_ascii_lowercase();
        let labels = format!("list=\"{}\",kind=\"{kind}\"", of(&report.list()));
        (labels, u64::from(!report.advice().is_empty()))
    });
    family(&mut page, "rdnsbl_list_problem gauge", "1 if a list needs attention; the log says why.", health.collect());
    page
}

/// One metric with labels. Lists that stand twice in the configuration have one row.
fn family(page: &mut String, name_and_kind: &str, help: &str, rows: BTreeMap<String, u64>) {
    let name = name_and_kind.split(' ').next().unwrap_or(name_and_kind);
    if !rows.is_empty() {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name_and_kind}");
    }
    for (labels, value) in rows {
        let _ = writeln!(page, "{name}{{{labels}}} {value}");
    }
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
                // If the reader closes the connection, nothing remains to be done.
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
