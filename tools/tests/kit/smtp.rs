//! A client of SMTP.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::TcpSocket;

use crate::kit::PATIENCE;

/// A server that is short of processes, or restarts one, may take a connection and say nothing: Postfix's `master` starts a
/// failed process again after a minute.
const CONNECTIONS: usize = 4;

pub struct Smtp(BufReader<TcpStream>);

impl Smtp {
    pub fn connect(address: SocketAddr) -> Self {
        let mut tries = (1..=CONNECTIONS).map(|_| TcpStream::connect(address).and_then(Self::greeted));
        tries.find_map(or_wait).unwrap_or_else(|| panic!("no greeting from {address}"))
    }

    /// Connects from this address; over IPv6 to the same port of `::1`.
    pub async fn connect_from(source: IpAddr, mut address: SocketAddr) -> Self {
        if source.is_ipv6() {
            address.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        for _ in 0..CONNECTIONS {
            let stream = connect_from(source, address).await;
            if let Some(smtp) = or_wait(stream.and_then(Self::greeted)) {
                return smtp;
            }
        }
        panic!("no greeting from {address} to {source}");
    }

    fn greeted(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE / 2))?;
        let mut smtp = Self(BufReader::new(stream));
        let greeting = smtp.read_reply()?;
        assert!(greeting.starts_with("220 "), "{greeting:?}");
        smtp.0.get_ref().set_read_timeout(Some(PATIENCE))?;
        Ok(smtp)
    }

    /// From here on Postfix treats this connection as that of this client.
    pub fn says_to_be(&mut self, address: &str, login: &str) {
        self.command("EHLO proxy.example");
        let login = if login.is_empty() { String::new() } else { format!(" LOGIN={login}") };
        let reply = self.command(&format!("XCLIENT NAME=[UNAVAILABLE] ADDR={address}{login}"));
        assert!(reply.starts_with("220 "), "{reply}");
    }

    /// The last line of the reply.
    pub fn command(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    fn reply(&mut self) -> String {
        self.read_reply().unwrap()
    }

    fn read_reply(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }
}

async fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind((source, 0).into())?;
    let stream = socket.connect(address).await?.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// The connection, or time for the server to recover. A failure is reported: with many of them the test needs a look.
fn or_wait(smtp: io::Result<Smtp>) -> Option<Smtp> {
    let failed = |error: &io::Error| {
        eprintln!("a mail server gives no greeting: {error}");
        std::thread::sleep(Duration::from_secs(5));
    };
    smtp.inspect_err(failed).ok()
}
