//! Packets of the milter protocol: a length in four octets, a command in one, and its data.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::facts::client_address;

/// The longest packet. Without a body the longest is a header field, of which servers send at most 64 KiB.
const MAX_PACKET: usize = 128 * 1024;

/// Why a connection is closed. The mail server then does its default action.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadPacket {
    #[error("a packet of {0} octets is longer than {MAX_PACKET}, or empty")]
    Length(usize),
    #[error("a packet of command {:?} does not have its form", char::from(*.0))]
    Form(u8),
    #[error("command {:?} is not known", char::from(*.0))]
    Unknown(u8),
    #[error("command {:?} came before the negotiation", char::from(*.0))]
    Early(u8),
    #[error("protocol version {0} is not supported: it must be 2 or later")]
    Version(u32),
    #[error("a command took too long")]
    Slow,
    #[error("the connection ended within a packet")]
    Cut,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A command of a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Negotiate {
        version: u32,
        actions: u32,
        protocol: u32,
    },
    /// Macros for the next command: that command's letter, and each name with its value.
    Macros(u8, Vec<(String, String)>),
    /// The client; no address where it comes over a unix socket or from an unknown place.
    Connect(Option<IpAddr>),
    Helo(String),
    /// An address, without its angle brackets.
    Mail(String),
    Rcpt(String),
    Header {
        name: String,
        value: String,
    },
    EndOfMessage,
    /// The message has ended, in any way.
    Abort,
    Quit,
    /// The client has ended; the next one comes over the same connection.
    NextClient,
    /// A command that needs no action: DATA, the end of the headers, a body, an unknown command of SMTP.
    Other,
}

impl Command {
    pub(crate) async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Self, BadPacket> {
        let mut length = [0; 4];
        fill(reader, &mut length).await?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if !(1..=MAX_PACKET).contains(&length) {
            return Err(BadPacket::Length(length));
        }
        let mut packet = vec![0; length];
        fill(reader, &mut packet).await?;
        let (command, data) = packet.split_first().ok_or(BadPacket::Length(0))?;
        Self::parse(*command, data).ok_or(BadPacket::Form(*command))?
    }

    fn parse(command: u8, data: &[u8]) -> Option<Result<Self, BadPacket>> {
        let mut texts = Texts(data);
        Some(Ok(match command {
            b'O' => {
                let number = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?));
                Self::Negotiate { version: number(0)?, actions: number(4)?, protocol: number(8)? }
            }
            b'D' => {
                let (of, data) = data.split_first()?;
                let mut texts = Texts(data);
                let mut macros = Vec::new();
                while let Some(name) = texts.next() {
                    macros.push((name, texts.next().unwrap_or_default()));
                }
                Self::Macros(*of, macros)
            }
            b'C' => {
                texts.next()?;
                Self::Connect(address(texts.0)?)
            }
            b'H' => Self::Helo(texts.next()?),
            b'M' => Self::Mail(without_brackets(texts.next()?)),
            b'R' => Self::Rcpt(without_brackets(texts.next()?)),
            b'L' => Self::Header { name: texts.next()?, value: texts.next()? },
            b'E' => Self::EndOfMessage,
            b'A' => Self::Abort,
            b'Q' => Self::Quit,
            b'K' => Self::NextClient,
            b'T' | b'N' | b'B' | b'U' => Self::Other,
            _ => return Some(Err(BadPacket::Unknown(command))),
        }))
    }
}

async fn fill(reader: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Result<(), BadPacket> {
    match reader.read_exact(buffer).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(BadPacket::Cut),
        Err(error) => Err(error.into()),
    }
}

/// Texts that each end with a NUL.
struct Texts<'a>(&'a [u8]);

impl Iterator for Texts<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// The family, a port, and the address.
fn address(data: &[u8]) -> Option<Option<IpAddr>> {
    let (family, rest) = data.split_first()?;
    if !matches!(family, b'4' | b'6') {
        return Some(None);
    }
    let text = Texts(rest.get(2..)?).next()?;
    // An address that cannot be read does not close the connection.
    Some(client_address(&text))
}

/// The address in a path.
fn without_brackets(path: String) -> String {
    match path.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(inner) => inner.to_owned(),
        None => path,
    }
}

/// A response to the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Negotiate {
        version: u32,
        actions: u32,
        protocol: u32,
        macros: Vec<(u32, &'static str)>,
    },
    Continue,
    /// A whole reply line of SMTP.
    Reply(String),
    /// 451, with the mail server's own text.
    TempFail,
    /// A header field above all others.
    InsertHeader {
        name: String,
        value: String,
    },
    /// Removes the header field of this name with this number, from 1.
    DeleteHeader {
        name: &'static str,
        number: u32,
    },
}

impl Response {
    /// Appends the packet.
    pub(crate) fn write(&self, packets: &mut Vec<u8>) {
        let mut data = Vec::new();
        let command = match self {
            Self::Negotiate { version, actions, protocol, macros } => {
                for number in [version, actions, protocol] {
                    data.extend(number.to_be_bytes());
                }
                for (stage, names) in macros {
                    data.extend(stage.to_be_bytes());
                    text(&mut data, names);
                }
                b'O'
            }
            Self::Continue => b'c',
            Self::TempFail => b't',
            Self::Reply(line) => {
                // Mail servers take `%%` for a percent sign.
                text(&mut data, &line.replace('%', "%%"));
                b'y'
            }
            Self::InsertHeader { name, value } => {
                data.extend(0_u32.to_be_bytes());
                text(&mut data, name);
                text(&mut data, value);
                b'i'
            }
            Self::DeleteHeader { name, number } => {
                data.extend(number.to_be_bytes());
                text(&mut data, name);
                text(&mut data, "");
                b'm'
            }
        };
        // No packet of ours is longer than a few header fields.
        let length = u32::try_from(data.len() + 1).unwrap_or(u32::MAX);
        packets.extend(length.to_be_bytes());
        packets.push(command);
        packets.extend(data);
    }
}

fn text(data: &mut Vec<u8>, text: &str) {
    data.extend(text.bytes().filter(|octet| *octet != 0));
    data.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(command: u8, data: &[u8]) -> Result<Command, BadPacket> {
        let mut packet = u32::try_from(data.len() + 1).unwrap().to_be_bytes().to_vec();
        packet.push(command);
        packet.extend(data);
        Command::read(&mut packet.as_slice()).await
    }

    #[tokio::test]
    async fn commands() {
        let address = |text: &str| Command::Connect(Some(text.parse().unwrap()));
        for (command, data, expected) in [
            (
                b'O',
                &b"\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"[..],
                Command::Negotiate { version: 6, actions: 0x1ff, protocol: 0x1f_ffff },
            ),
            (b'C', b"mail.example\x004\x30\x39203.0.113.7\0", address("203.0.113.7")),
            (b'C', b"[IPv6:2001:db8::7]\x006\x30\x39IPv6:2001:db8::7\0", address("2001:db8::7")),
            (b'C', b"x\x006\x30\x392001:db8::7\0", address("2001:db8::7")),
            (b'C', b"localhost\0L\0\0/run/x\0", Command::Connect(None)),
            (b'C', b"x\0U", Command::Connect(None)),
            (b'C', b"x\x004\0\0unknown\0", Command::Connect(None)),
            (b'H', b"mail.example\0", Command::Helo("mail.example".to_owned())),
            (b'M', b"<a@x.example>\0SIZE=1\0", Command::Mail("a@x.example".to_owned())),
            (b'M', b"<>\0", Command::Mail(String::new())),
            (b'R', b"<b@y.example>\0", Command::Rcpt("b@y.example".to_owned())),
            (
                b'L',
                b"Subject\0 x\xff\0",
                Command::Header { name: "Subject".to_owned(), value: " x\u{fffd}".to_owned() },
            ),
            (b'B', b"anything", Command::Other),
        ] {
            assert_eq!(read(command, data).await.unwrap(), expected);
        }
        let macros = read(b'D', b"Mi\x001A2B\0{auth_authen}\0ann\0{empty}\0").await.unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            macros,
            Command::Macros(b'M', vec![pair("i", "1A2B"), pair("{auth_authen}", "ann"), pair("{empty}", "")])
        );
    }

    #[tokio::test]
    async fn what_is_no_packet() {
        for (octets, expected) in [
            (&b"\xff\xff\xff\xffC"[..], "a packet of 4294967295 octets"),
            (b"\0\0\0\0", "a packet of 0 octets"),
            (b"\0\0\0\x05C", "ended within a packet"),
            (b"\0\0", "ended within a packet"),
            (b"\0\0\0\x01X", "command 'X' is not known"),
            (b"\0\0\0\x03Cx\0", "command 'C' does not have its form"),
            (b"\0\0\0\x05O\0\0\0\x06", "command 'O' does not have its form"),
            (b"\0\0\0\x02Hx", "command 'H' does not have its form"),
            (b"\0\0\0\x01D", "command 'D' does not have its form"),
        ] {
            let error = Command::read(&mut &*octets).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn responses() {
        let octets = |response: Response| {
            let mut packets = Vec::new();
            response.write(&mut packets);
            packets
        };
        assert_eq!(octets(Response::Continue), b"\0\0\0\x01c");
        assert_eq!(octets(Response::Reply("550 5.7.1 100%\0".to_owned())), b"\0\0\0\x11y550 5.7.1 100%%\0");
        let delete = Response::DeleteHeader { name: "A", number: 2 };
        assert_eq!(octets(delete), b"\0\0\0\x08m\0\0\0\x02A\0\0");
    }
}
