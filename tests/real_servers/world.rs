//! What rbldnsd and unbound serve for these tests, and what the tests share.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::clock::{BoxFuture, TokioClock};
use rdnsbl::report::ListReport;
use rdnsbl::{Checker, CheckerBuilder, Clock, ListSet, Report, SpecialPurpose, Verdict};

use crate::servers::{Rbldnsd, Unbound, Zone, silent_socket, stub, stub_zone};

/// On two lists of two formats.
pub(crate) const LISTED: &str = "203.0.113.14";
/// On none.
pub(crate) const CLEAN: &str = "203.0.113.7";

/// What rbldnsd serves. SOA: TTL 300, MINIMUM 120, so a "no" lives 120 seconds.
pub(crate) fn lists() -> Vec<Zone> {
    let soa = |zone: &str| format!("$SOA 300 ns.{zone} hostmaster.{zone} 1 3600 600 86400 120\n$NS 300 ns.{zone}\n");
    let addresses = soa("bl.example")
        + "$TTL 600\n\
           :127.0.0.2:Listed, see https://bl.example/?ip=$\n\
           127.0.0.2\n203.0.113.14\n198.51.100.0/25\n!198.51.100.9\n";
    let addresses6 = ":127.0.0.3:IPv6 $ is listed\n::ffff:7f00:2/128\n2001:db8:0:14::/64\n";
    let proxies = soa("tset.example") + ":127.0.0.9:An open proxy at $\n127.0.0.2\n203.0.113.14\n";
    let networks = soa("trie.example") + "127.0.0.2/32 :127.0.0.4:test\n203.0.113.0/28 :127.0.0.4:Network of $\n";
    let several = soa("several.example") + "127.0.0.2 :127.0.0.2:test\n203.0.113.14 :127.0.0.2:spam from $\n";
    let several_more = "203.0.113.14 :127.0.0.10:dynamic $\n";
    let domains =
        soa("dbl.example") + ":127.0.1.2:Domain $ is listed\ntest\n.bad.example\nworse.example :127.0.1.4:phishing\n";
    let refusing = soa("refusing.example") + "0.0.0.0/0 :127.255.255.254:Query refused, see https://bl.example/open\n";
    let numeric = soa("numeric.example") + "0.0.0.0/0 :127.0.0.2:list closed\n";
    let welcome = soa("wl.example") + ":127.0.5.2:well known\n127.0.0.2\n203.0.113.14\n";
    vec![
        Zone::new("bl.example", "ip4set", addresses),
        Zone::new("bl.example", "ip6trie", addresses6),
        Zone::new("tset.example", "ip4tset", proxies),
        Zone::new("trie.example", "ip4trie", networks),
        Zone::new("several.example", "ip4set", several),
        Zone::new("several.example", "ip4trie", several_more),
        Zone::new("dbl.example", "dnset", domains),
        Zone::new("refusing.example", "ip4trie", refusing),
        Zone::new("numeric.example", "ip4trie", numeric),
        Zone::new("wl.example", "ip4set", welcome),
    ]
}

const ZONES: [&str; 8] = [
    "bl.example",
    "tset.example",
    "trie.example",
    "several.example",
    "dbl.example",
    "refusing.example",
    "numeric.example",
    "wl.example",
];

/// What unbound itself knows: clients with their names, mail domains, and lists that have died in its own zones.
const WORLD: &str = r#"
  local-zone: "113.0.203.in-addr.arpa." static
  local-zone: "good.example." static
  local-data: "good.example. 60 IN SOA ns.good.example. h.good.example. 1 3600 600 86400 60"
  local-data: "7.113.0.203.in-addr.arpa. 60 IN PTR mail.good.example."
  local-data: "mail.good.example. 60 IN A 203.0.113.7"
  local-data: "good.example. 60 IN MX 10 mail.good.example."
  local-data: "8.113.0.203.in-addr.arpa. 60 IN PTR liar.good.example."
  local-data: "liar.good.example. 60 IN A 203.0.113.200"
  local-zone: "10.113.0.203.in-addr.arpa." transparent
  local-data: "11.113.0.203.in-addr.arpa. 60 IN PTR ghost.good.example."
  local-data: "12.113.0.203.in-addr.arpa. 60 IN PTR slow.broken.example."
  local-data: "13.113.0.203.in-addr.arpa. 60 IN PTR aaa.good.example."
  local-data: "13.113.0.203.in-addr.arpa. 60 IN PTR bbb.good.example."
  local-data: "aaa.good.example. 60 IN A 203.0.113.201"
  local-data: "bbb.good.example. 60 IN A 203.0.113.13"
  local-data: "14.113.0.203.in-addr.arpa. 60 IN PTR spam.good.example."
  local-data: "spam.good.example. 60 IN A 203.0.113.14"
  local-zone: "nullmx.example." static
  local-data: "nullmx.example. 60 IN MX 0 ."
  local-zone: "aonly.example." static
  local-data: "aonly.example. 60 IN A 198.51.100.7"
  local-zone: "mxonly.example." static
  local-data: "mxonly.example. 60 IN MX 10 mx.usable.example."
  local-zone: "usable.example." static
  local-data: "usable.example. 60 IN SOA ns.usable.example. h.usable.example. 1 3600 600 86400 60"
  local-data: "usable.example. 60 IN MX 10 mx.usable.example."
  local-data: "mx.usable.example. 60 IN A 192.88.99.1"
  local-data: "mx.usable.example. 60 IN A 8.8.4.4"
  local-zone: "dangling.example." static
  local-data: "dangling.example. 60 IN MX 10 nowhere.dangling.example."
  local-zone: "gone.example." always_nxdomain
  local-zone: "empty.example." always_nodata
  local-zone: "dead.example." redirect
  local-data: "dead.example. 60 IN A 127.0.0.2"
  local-data: 'dead.example. 60 IN TXT "THIS LIST IS CLOSED---REMOVE IT FROM YOUR CONFIGURATION"'
  local-zone: "parked.example." redirect
  local-data: "parked.example. 60 IN A 203.0.113.200"
  local-zone: "refuse.example." refuse
  local-zone: "wordy.example." static
  local-data: "14.113.0.203.wordy.example. 60 IN A 127.0.0.2"
"#;

/// unbound in front of rbldnsd, and what has to stay alive for both.
pub(crate) struct World {
    pub(crate) lists: Rbldnsd,
    pub(crate) resolver: Unbound,
    _silent: std::net::UdpSocket,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With more lines in unbound's `server:` clause.
    pub(crate) async fn start_with(server: &str) -> Self {
        let lists = Rbldnsd::start(lists()).await;
        let silent = silent_socket();
        let mut clauses: String = ZONES.map(|zone| stub_zone(zone, lists.address())).concat();
        clauses += &stub_zone("silent.example", silent.local_addr().unwrap());
        let resolver = Unbound::start(&format!("{WORLD}{server}"), &clauses, &lists).await;
        Self { lists, resolver, _silent: silent }
    }

    pub(crate) fn builder(&self) -> CheckerBuilder {
        Checker::builder(stub(self.resolver.address())).special_purpose(SpecialPurpose::Ask)
    }

    pub(crate) fn checker(&self, lists: &[&str]) -> Checker {
        self.builder().lists(deny(lists)).build().unwrap()
    }
}

pub(crate) fn deny(lists: &[&str]) -> ListSet {
    lists.iter().fold(ListSet::builder(), |set, list| set.deny(list)).build().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The verdict of the only list.
pub(crate) fn only(report: &Report) -> &ListReport {
    let [list] = report.lists() else { panic!("{} lists", report.lists().len()) };
    list
}

/// `listed 127.0.0.2`, `not_listed`, `problem outside_127 203.0.113.200`, `unknown servfail`.
pub(crate) fn said(list: &ListReport) -> String {
    let verdict = list.verdict();
    let why = match verdict {
        Verdict::Problem(problem) => format!(" {}", problem.kind().word()),
        Verdict::Unknown(unknown) => format!(" {}", unknown.why().word()),
        Verdict::Skipped(why) => format!(" {}", why.word()),
        Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_) => String::new(),
    };
    let codes: String = verdict.codes().iter().map(|code| format!(" {code}")).collect();
    format!("{}{why}{codes}", verdict.word())
}

/// Real time that can be pushed ahead.
#[derive(Clone, Default)]
pub(crate) struct PushedClock(Arc<Mutex<Duration>>);

impl PushedClock {
    pub(crate) fn push(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for PushedClock {
    fn now(&self) -> Instant {
        TokioClock.now() + *self.0.lock().unwrap()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        TokioClock.sleep_until(at - *self.0.lock().unwrap())
    }
}
