//! Namespaces for a test: it has port 53 and the clients' addresses for itself, and cannot reach or change the machine.

use std::process::Command;
use std::sync::Arc;

use rdnsbl::testing::{LoopbackServer, Table};

use crate::kit::Scratch;

/// Set inside.
const INSIDE: &str = "RDNSBL_INSIDE";
/// Long enough for a busy machine, and short enough for tests of silence.
const RESOLV_CONF: &str = "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n";
/// Every address of two networks for documentation and of one for benchmarks can be a client's. All ends with the test.
const ENTER: &str = "ip link set lo up
ip route add local 203.0.113.0/24 dev lo
ip route add local 198.18.0.0/15 dev lo
ip addr add 198.18.255.1/32 dev lo
ip -6 route add local 2001:db8::/32 dev lo
echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind
mount --bind \"$0/resolv.conf\" /etc/resolv.conf
exec \"$@\"";

/// Whether this process runs inside the namespaces. Otherwise runs this test again inside; it has passed when this returns.
pub fn entered(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let scratch = Scratch::new("inside");
    scratch.write("resolv.conf", RESOLV_CONF);
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", ENTER])
        .arg(scratch.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env(INSIDE, "yes")
        // Processes inside have the same ids in each test.
        .env("TMPDIR", scratch.path())
        .status()
        .unwrap();
    assert!(status.success(), "{test}, inside: {status}");
    false
}

/// The server that resolv.conf inside names.
pub async fn dns(table: &str) -> Arc<LoopbackServer> {
    let table = Table::parse(table).unwrap();
    Arc::new(LoopbackServer::start_at("127.0.0.1:53".parse().unwrap(), table).await.unwrap())
}
