//! Sets of networks, from the configuration and from files.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

/// Networks that do not overlap, in their order.
#[derive(Debug, Default)]
pub(crate) struct Networks(Vec<IpNet>);

/// The largest file of networks, in octets.
const MAX_FILE: u64 = 16 << 20;

impl Networks {
    pub(super) fn new(networks: &Vec<IpNet>) -> Self {
        let mut networks = IpNet::aggregate(networks);
        networks.sort_unstable_by_key(IpNet::network);
        Self(networks)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let after = self.0.partition_point(|network| network.network() <= address);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|network| network.contains(&address))
    }
}

/// A network; an address is a network of one.
pub(super) fn parse(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    Some(network.trunc())
}

/// The networks of a file: one a line, further words and comments after it. Errors name the line.
pub(super) fn read(path: &Path) -> Result<Vec<IpNet>, String> {
    let shown = path.display();
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    read.map_err(|error| format!("cannot read {shown}: {error}"))?;
    if octets.len() as u64 > MAX_FILE {
        return Err(format!("{shown} is larger than {} MB", MAX_FILE >> 20));
    }
    let text = String::from_utf8_lossy(&octets);
    let lines = text.lines().enumerate().filter_map(|(number, line)| {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        Some((number + 1, line.split_whitespace().next()?))
    });
    let networks =
        lines.map(|(number, word)| parse(word).ok_or_else(|| format!("{shown}, line {number}: expected {EXPECTED}")));
    networks.collect()
}

/// What a network looks like.
pub(super) const EXPECTED: &str = "an address or a network, as 192.0.2.0/24";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let texts = ["192.0.2.0/24", "192.0.2.7", "198.51.100.9", "2001:db8::/32", "10.1.2.3/8"];
        let networks = Networks::new(&texts.iter().map(|text| parse(text).unwrap()).collect());
        for (address, holds) in [
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("::ffff:198.51.100.9", true),
            ("198.51.100.10", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
            ("10.255.0.1", true),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
        ] {
            assert_eq!(networks.contains(address.parse().unwrap()), holds, "{address}");
        }
        assert!(!Networks::default().contains([192, 0, 2, 1].into()));
    }
}
