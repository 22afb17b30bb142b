//! A mail server's side of the milter protocol.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::kit::{Daemon, PATIENCE};

/// Version, actions and protocol flags that a server offers: sendmail 8.17 and Postfix; sendmail before 8.14.
pub type Offer = (u32, u32, u32);
pub const NEW: Offer = (6, 0x1ff, 0x1f_ffff);
pub const OLD: Offer = (2, 0x3f, 0x7f);

pub struct Server {
    stream: UnixStream,
}

impl Server {
    pub fn connect(daemon: &Daemon, (version, actions, protocol): Offer) -> Self {
        let stream = UnixStream::connect(daemon.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut server = Self { stream };
        let offer: Vec<u8> = [version, actions, protocol].iter().flat_map(|number| number.to_be_bytes()).collect();
        server.send(b'O', &offer);
        let (command, agreed) = server.receive();
        assert_eq!(command, b'O');
        let number = |at: usize| u32::from_be_bytes(agreed[at..at + 4].try_into().unwrap());
        // Later versions than ours are answered with ours.
        assert_eq!(number(0), version.min(6));
        // Nothing is taken that was not offered, and every command gets its answer.
        assert_eq!((number(4) & !actions, number(8) & !protocol), (0, 0));
        assert_eq!(number(8) & 0xf_f000, 0, "a flag to send no reply");
        // Macros are asked for only where that was offered.
        assert_eq!(agreed.len() > 12, actions & 0x100 != 0);
        server
    }

    pub fn send(&mut self, command: u8, data: &[u8]) {
        let mut packet = u32::try_from(data.len() + 1).unwrap().to_be_bytes().to_vec();
        packet.push(command);
        packet.extend(data);
        self.stream.write_all(&packet).unwrap();
    }

    fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap();
        let mut packet = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut packet).unwrap();
        (packet[0], packet[1..].to_vec())
    }

    /// The reply to a command of SMTP, if it is refused.
    pub fn reply(&mut self) -> Option<String> {
        match self.receive() {
            (b'c', _) => None,
            (b'y', text) => Some(String::from_utf8(text[..text.len() - 1].to_vec()).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    pub fn macros(&mut self, of: u8, macros: &[(&str, &str)]) {
        let pairs = macros.iter().flat_map(|(name, value)| [name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        let data: Vec<u8> = std::iter::once(of).chain(pairs).collect();
        self.send(b'D', &data);
    }

    pub fn client(&mut self, address: &str) {
        let family = if address.contains(':') { '6' } else { '4' };
        self.send(b'C', format!("client.example\0{family}\x10\x01{address}\0").as_bytes());
        assert_eq!(self.reply(), None);
    }

    pub fn helo(&mut self, name: &str) -> Option<String> {
        self.send(b'H', format!("{name}\0").as_bytes());
        self.reply()
    }

    pub fn mail(&mut self, path: &str) -> Option<String> {
        self.send(b'M', format!("{path}\0SIZE=1000\0").as_bytes());
        self.reply()
    }

    pub fn rcpt(&mut self, path: &str) -> Option<String> {
        self.send(b'R', format!("{path}\0").as_bytes());
        self.reply()
    }

    /// A whole transaction up to RCPT.
    pub fn refusal(&mut self, client: &str) -> Option<String> {
        self.client(client);
        assert_eq!(self.helo("mail.good.example"), None);
        assert_eq!(self.mail("<a@good.example>"), None);
        self.rcpt("<b@mx.example>")
    }

    pub fn header(&mut self, name: &str, value: &str) {
        self.send(b'L', format!("{name}\0{value}\0").as_bytes());
        assert_eq!(self.reply(), None);
    }

    /// What is done to the headers.
    pub fn end_of_message(&mut self) -> Vec<String> {
        self.send(b'E', b"");
        let mut changes = Vec::new();
        loop {
            let (command, data) = self.receive();
            if command == b'c' {
                return changes;
            }
            let number = u32::from_be_bytes(data[..4].try_into().unwrap());
            let text = String::from_utf8(data[4..].to_vec()).unwrap();
            let mut texts = text.split('\0');
            let (name, value) = (texts.next().unwrap(), texts.next().unwrap());
            changes.push(match (command, value) {
                (b'i', value) => format!("insert {number} {name}: {value}"),
                (b'm', "") => format!("delete {number} {name}"),
                other => panic!("{other:?}"),
            });
        }
    }

    pub fn abort(&mut self) {
        self.send(b'A', b"");
    }

    /// Is the connection at its end?
    pub fn is_closed(&mut self) -> bool {
        !matches!(self.stream.read(&mut [0]), Ok(1..))
    }

    pub fn next_client(&mut self) {
        self.send(b'K', b"");
    }
}
