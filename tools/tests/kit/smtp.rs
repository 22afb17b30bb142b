//! A client of SMTP.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};

use tokio::net::TcpSocket;

use crate::kit::PATIENCE;

pub struct Smtp(BufReader<TcpStream>);

impl Smtp {
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// Connects from this address; over IPv6 to the same port of `::1`.
    pub async fn connect_from(source: IpAddr, mut address: SocketAddr) -> Self {
        if source.is_ipv6() {
            address.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        let socket = if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
        socket.bind((source, 0).into()).unwrap();
        let stream = socket.connect(address).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        Self::over(stream)
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut smtp = Self(BufReader::new(stream));
        let greeting = smtp.reply();
        assert!(greeting.starts_with("220 "), "{greeting}");
        smtp
    }

    /// From here on Postfix takes us for this client.
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
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}
