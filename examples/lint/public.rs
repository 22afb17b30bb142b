//! Resolvers that are known to be public.

use std::net::{IpAddr, SocketAddr};

use crate::servers::Servers;

/// Services that answer everybody, and that many lists refuse.
const PUBLIC: [&str; 16] = [
    "1.0.0.1",
    "1.1.1.1",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "9.9.9.10",
    "9.9.9.11",
    "149.112.112.112",
    "208.67.220.220",
    "208.67.222.222",
    "2001:4860:4860::8844",
    "2001:4860:4860::8888",
    "2606:4700:4700::1001",
    "2606:4700:4700::1111",
    "2620:fe::9",
    "2620:fe::fe",
];

/// The first of the servers that is known as a public one.
pub(crate) fn find(servers: &Servers) -> Option<IpAddr> {
    let addresses = servers.direct().server_addresses();
    addresses.iter().map(SocketAddr::ip).find(|address| PUBLIC.contains(&address.to_string().as_str()))
}
