//! The servers to ask, and where they were configured.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

/// Where the servers of a system are listed.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The most servers that are asked.
pub(super) const MOST_SERVERS: usize = 64;
/// The port of DNS (RFC 1035 §4.2).
const PORT: u16 = 53;

/// The servers in the order in which they are asked; never empty, none twice, at most [`MOST_SERVERS`].
#[derive(Clone, Debug)]
pub(super) struct Servers {
    pub(super) addresses: Arc<[SocketAddr]>,
    pub(super) origin: ServersOrigin,
}

impl Servers {
    pub(super) fn given(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ResolverError> {
        let mut unique = Vec::new();
        for server in servers {
            if unique.len() < MOST_SERVERS && !unique.contains(&server) {
                unique.push(server);
            }
        }
        if unique.is_empty() {
            return Err(ResolverError::NoServers);
        }
        Ok(Self { addresses: unique.into(), origin: ServersOrigin::Given })
    }

    pub(super) fn system() -> Result<Self, ResolverError> {
        match std::fs::read(RESOLV_CONF) {
            Ok(text) => Ok(Self::from_resolv_conf(&String::from_utf8_lossy(&text))),
            Err(source) => Err(ResolverError::Unreadable { path: RESOLV_CONF, source }),
        }
    }

    pub(super) fn from_resolv_conf(text: &str) -> Self {
        match Self::given(text.lines().filter_map(server_of_line)) {
            Ok(servers) => Self { origin: ServersOrigin::ResolvConf, ..servers },
            Err(_) => Self {
                addresses: Arc::new([SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)]),
                origin: ServersOrigin::ResolvConfEmpty,
            },
        }
    }
}

/// What all resolvers have that ask servers. `$resolver` has `servers: Servers` and `fn new(Servers) -> Self`.
macro_rules! impl_servers {
    ($resolver:ident) => {
        impl $resolver {
            /// Asks these servers, in this order. A server named twice is asked as one.
            ///
            /// # Errors
            /// [`ResolverError::NoServers`] when there are none.
            pub fn servers(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ResolverError> {
                Servers::given(servers).map(Self::new)
            }

            /// Asks the servers of `/etc/resolv.conf`, read once, now.
            ///
            /// # Errors
            /// [`ResolverError::Unreadable`] when the file cannot be read.
            pub fn system() -> Result<Self, ResolverError> {
                Servers::system().map(Self::new)
            }

            /// Asks the servers of a text in the format of `/etc/resolv.conf`. Only `nameserver` lines with an address count (a scope
            /// must be numeric, as in `fe80::1%2`). If there are none, for example in an empty file, 127.0.0.1 is asked.
            ///
            /// ```
            #[doc = concat!("use rdnsbl::resolve::{ServersOrigin, ", stringify!($resolver), "};")]
            ///
            #[doc = concat!("let from = ", stringify!($resolver), "::from_resolv_conf;")]
            /// let resolver = from("search ..broken..\nnameserver 192.0.2.53 # near\nnameserver ::1\n");
            /// assert_eq!(resolver.server_addresses(), ["192.0.2.53:53".parse()?, "[::1]:53".parse()?]);
            /// assert_eq!(from("").origin(), ServersOrigin::ResolvConfEmpty);
            /// # Ok::<(), std::net::AddrParseError>(())
            /// ```
            #[must_use]
            pub fn from_resolv_conf(text: &str) -> Self {
                Self::new(Servers::from_resolv_conf(text))
            }

            /// The servers in the order in which they are asked; never empty.
            #[must_use]
            pub fn server_addresses(&self) -> &[SocketAddr] {
                &self.servers.addresses
            }

            /// Where the servers come from.
            #[must_use]
            pub fn origin(&self) -> ServersOrigin {
                self.servers.origin
            }
        }
    };
}
pub(super) use impl_servers;

/// The server of a `nameserver` line.
fn server_of_line(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace();
    if words.next()? != "nameserver" {
        return None;
    }
    let word = words.next()?;
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, PORT));
    }
    // RFC 4007 §11: a link-local address needs a scope that names the link.
    let (address, scope) = word.split_once('%')?;
    Some(SocketAddrV6::new(address.parse().ok()?, PORT, 0, scope.parse().ok()?).into())
}

/// Where the servers of a resolver come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServersOrigin {
    /// The caller gave them.
    Given,
    /// The `nameserver` lines of a resolv.conf.
    ResolvConf,
    /// A resolv.conf without usable `nameserver` lines: 127.0.0.1 is asked, as in the C library.
    ResolvConfEmpty,
}

/// Why a resolver could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolverError {
    /// An empty list of servers was given.
    #[error("no server to ask")]
    NoServers,
    /// The system's list of servers could not be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_twice_and_at_most_64() {
        let server = |port: u16| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let servers = Servers::given((1..=100).flat_map(|port| [server(port), server(port)])).unwrap();
        assert_eq!(*servers.addresses, (1..=64).map(server).collect::<Vec<_>>());
    }

    #[test]
    fn resolv_conf() {
        let servers = |text: &str| {
            let servers = Servers::from_resolv_conf(text);
            let shown: Vec<String> = servers.addresses.iter().map(ToString::to_string).collect();
            (shown.join(" "), servers.origin)
        };
        let read = |list: &str| (list.to_owned(), ServersOrigin::ResolvConf);
        let empty = ("127.0.0.1:53".to_owned(), ServersOrigin::ResolvConfEmpty);
        for none in [
            "",
            "# nothing\n",
            "nameserver",
            "nameserver resolver.example",
            "nameserver 127.0.0.1:5353",
            "nameservers ::1",
        ] {
            assert_eq!(servers(none), empty, "{none}");
        }
        assert_eq!(servers("search ..\noptions timeout:0\r\nnameserver\t192.0.2.1\r\n"), read("192.0.2.1:53"));
        assert_eq!(servers("#nameserver 192.0.2.9\n nameserver 192.0.2.1 ; near"), read("192.0.2.1:53"));
        assert_eq!(servers("nameserver fe80::1%3\nnameserver fe80::1%eth0"), read("[fe80::1%3]:53"));
        assert_eq!(
            servers("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.1\n"),
            read("192.0.2.1:53 192.0.2.2:53")
        );
    }
}
