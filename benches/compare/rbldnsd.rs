//! A real server of lists, with the same listings: Debian's rbldnsd, as it is when installed.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::world::{self, LISTS, zone};

/// It ends with this value.
pub(crate) struct Rbldnsd {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Rbldnsd {
    /// Serves the answers about the first `clients` clients; `None` where it is not installed.
    pub(crate) fn start(clients: u32) -> Option<Self> {
        let program = ["/usr/sbin/rbldnsd", "/usr/bin/rbldnsd", "/usr/local/sbin/rbldnsd"].map(Path::new);
        let program = program.into_iter().find(|program| program.exists())?;
        let folder = std::env::temp_dir().join(format!("rdnsbl-compare-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let zones: Vec<String> = (0..LISTS).map(|list| write(&folder, list, clients)).collect();
        // It was free a moment ago, and no other program here looks for a port.
        let address = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).unwrap();
        let mut command = Command::new(program);
        command.args(["-n", "-c", "0", "-b", &format!("{}/{}", address.ip(), address.port()), "-w"]).arg(&folder);
        if nix::unistd::geteuid().is_root() {
            command.args(["-u", "nobody"]); // it refuses to run as root
        }
        command.args(zones).stdout(Stdio::null()).stderr(Stdio::null());
        let child = super::meter::elsewhere(|| command.spawn()).unwrap();
        let running = Self { address, child, folder };
        running.answers().then_some(running)
    }

    /// Waits until it does.
    fn answers(&self) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let question = world::octets(1, &format!("2.0.0.127.{}", zone(LISTS - 1)), world::A);
        (0..200).any(|_| {
            let answered = socket.send(&question).is_ok() && socket.recv(&mut [0; 512]).is_ok();
            if !answered {
                std::thread::sleep(Duration::from_millis(20));
            }
            answered
        })
    }
}

impl Drop for Rbldnsd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A zone's data, and how the command line calls it.
fn write(folder: &Path, list: usize, clients: u32) -> String {
    let zone = zone(list);
    let mut data = format!(
        "$SOA 3600 ns.{zone} root.{zone} 1 3600 600 86400 3600\n$NS 3600 ns.{zone}\n\
         :127.0.0.2:Listed, see https://bl.test/?ip=$\n127.0.0.2\n"
    );
    for client in (0..clients).map(world::client).filter(|client| world::is_listed(*client, list)) {
        writeln!(data, "{client}").unwrap();
    }
    fs::write(folder.join(&zone), data).unwrap();
    format!("{zone}:ip4set:{zone}")
}
