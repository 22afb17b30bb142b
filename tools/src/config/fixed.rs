//! What a reload cannot change.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::Spanned;

use crate::config::For;
use crate::config::section::Section;

/// What a reload cannot change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) listen: Vec<Listen>,
    pub(crate) socket_mode: u32,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) connections: usize,
    pub(crate) instances: usize,
    pub(crate) servers: Vec<SocketAddr>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    Unix(PathBuf),
    Inet(SocketAddr),
}

const DEFAULT_CONNECTIONS: usize = 500;
const DEFAULT_INSTANCES: usize = 4_096;
const DEFAULT_SOCKET_MODE: u32 = 0o660;

impl Fixed {
    pub(super) fn read(file: &mut Section<'_>, program: For) -> Self {
        // A number would be a decimal one.
        let octal = |text: &str| u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
        let socket_mode = file.parsed("socket_mode", "an octal mode in quotes, such as \"0660\"", octal);
        let loopback = |text: &str| text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback());
        let metrics = file.parsed("metrics", "a loopback address with a port, such as \"127.0.0.1:9845\"", loopback);
        let anyone = file.flag("listen_anyone", false);
        let connections = count(file, "connections", DEFAULT_CONNECTIONS);
        let instances = match program {
            For::Policyd => count(file, "instances", DEFAULT_INSTANCES),
            For::Milter => DEFAULT_INSTANCES,
        };
        let listen = listen(file, anyone);
        let mut resolver = file.section("resolver");
        let servers = resolver.list("servers", "an address, with a port unless it is 53", server);
        resolver.end();
        Self {
            listen,
            socket_mode: socket_mode.map_or(DEFAULT_SOCKET_MODE, Spanned::into_inner),
            metrics: metrics.map(Spanned::into_inner),
            connections,
            instances,
            servers,
        }
    }
}

fn count(file: &mut Section<'_>, key: &'static str, usual: usize) -> usize {
    let in_bounds = |number: &usize| (1..=100_000).contains(number);
    file.number(key, "a whole number from 1 to 100000", in_bounds).unwrap_or(usual)
}

fn listen(file: &mut Section<'_>, anyone: bool) -> Vec<Listen> {
    let parse = |text: &str| match text.split_once(':')? {
        ("unix", path) if path.starts_with('/') => Some(Listen::Unix(path.into())),
        ("inet", address) => address.parse().ok().map(Listen::Inet),
        _ => None,
    };
    let all = file.parsed_list("listen", "unix:/absolute/path or inet:address:port", parse);
    for listen in &all {
        if matches!(listen.get_ref(), Listen::Inet(address) if !anyone && !address.ip().is_loopback()) {
            let message = "who can connect can ask DNS through us; beyond loopback set listen_anyone = true";
            file.mistake("listen", listen, message);
        }
    }
    all.into_iter().map(Spanned::into_inner).collect()
}

/// An address of a DNS server; the port is 53 unless it is given.
fn server(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, 53)))
}
