//! One request of Postfix's policy delegation protocol: lines `name=value`, ended by an empty line.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::facts::{Facts, Stage, client_address};

/// The longest line. Postfix cuts what clients send at 2,048 octets; certificates' names may be longer.
const MAX_LINE: usize = 16_384;
/// The longest request.
const MAX_REQUEST: usize = 65_536;

/// Why a connection is closed without an answer. Postfix then asks once more, and at last does its `default_action`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("a line is longer than {MAX_LINE} octets")]
    Line,
    #[error("the request is longer than {MAX_REQUEST} octets")]
    Request,
    #[error("a line is not name=value")]
    NoAttribute,
    #[error("{0}= comes twice: two requests were mixed")]
    Twice(&'static str),
    #[error("this is no request=smtpd_access_policy")]
    Protocol,
    #[error("the connection ended within a request")]
    Cut,
    #[error("a request took too long")]
    Slow,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The attributes that we read; later versions of Postfix send more.
#[derive(Clone, Copy)]
enum Attribute {
    Request,
    ProtocolState,
    ClientAddress,
    HeloName,
    Sender,
    Recipient,
    SaslUsername,
    Instance,
    QueueId,
    PolicyContext,
}

const NAMES: [(&str, Attribute); 10] = [
    ("request", Attribute::Request),
    ("protocol_state", Attribute::ProtocolState),
    ("client_address", Attribute::ClientAddress),
    ("helo_name", Attribute::HeloName),
    ("sender", Attribute::Sender),
    ("recipient", Attribute::Recipient),
    ("sasl_username", Attribute::SaslUsername),
    ("instance", Attribute::Instance),
    ("queue_id", Attribute::QueueId),
    ("policy_context", Attribute::PolicyContext),
];

/// A request of Postfix: the value of each attribute that was sent.
#[derive(Debug, Default)]
pub(crate) struct Request([Option<String>; NAMES.len()]);

impl Request {
    /// Reads the next request; `None` where the connection ends before one.
    pub(crate) async fn read(reader: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Self>, BadRequest> {
        let mut request = Self::default();
        let (mut line, mut total) = (Vec::new(), 0);
        loop {
            line.clear();
            let ended = read_line(reader, &mut line).await?;
            total += line.len() + 1;
            match line.as_slice() {
                [] if !ended && total == 1 => return Ok(None),
                _ if !ended => return Err(BadRequest::Cut),
                [] => break,
                _ if total > MAX_REQUEST => return Err(BadRequest::Request),
                attribute => request.take(&String::from_utf8_lossy(attribute))?,
            }
        }
        match request.value(Attribute::Request).as_str() {
            "smtpd_access_policy" => Ok(Some(request)),
            _ => Err(BadRequest::Protocol),
        }
    }

    fn take(&mut self, line: &str) -> Result<(), BadRequest> {
        let (name, value) = line.split_once('=').ok_or(BadRequest::NoAttribute)?;
        let known = NAMES.iter().find(|(known, _)| *known == name);
        let Some((known, slot)) = known.and_then(|(known, at)| Some((known, self.0.get_mut(*at as usize)?))) else {
            return Ok(());
        };
        match slot.replace(value.to_owned()) {
            Some(_) => Err(BadRequest::Twice(known)),
            None => Ok(()),
        }
    }

    /// Takes a value; empty if there is none.
    fn value(&mut self, of: Attribute) -> String {
        self.0.get_mut(of as usize).and_then(Option::take).unwrap_or_default()
    }

    /// The facts of the request; `None` at VRFY, ETRN and unknown states: no mail passes there.
    pub(crate) fn facts(mut self) -> Option<Facts> {
        let stage = match self.value(Attribute::ProtocolState).as_str() {
            "CONNECT" => Stage::Connect,
            "HELO" | "EHLO" => Stage::Helo,
            "MAIL" => Stage::Mail,
            "RCPT" => Stage::Rcpt,
            "DATA" => Stage::Data,
            "END-OF-MESSAGE" => Stage::EndOfMessage,
            _ => return None,
        };
        let known = |text: String| (!text.is_empty()).then_some(text);
        Some(Facts {
            stage,
            client: client_address(&self.value(Attribute::ClientAddress)),
            helo: known(self.value(Attribute::HeloName)),
            // Postfix sends the null sender as an empty one, and before MAIL, too.
            sender: known(self.value(Attribute::Sender)).or_else(|| (stage >= Stage::Mail).then(String::new)),
            recipient: known(self.value(Attribute::Recipient)),
            login: known(self.value(Attribute::SaslUsername)),
            instance: self.value(Attribute::Instance),
            queue_id: self.value(Attribute::QueueId),
            context: self.value(Attribute::PolicyContext),
        })
    }
}

/// Appends a line without its end. False where the connection ended first.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> Result<bool, BadRequest> {
    loop {
        let buffer = reader.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let end = buffer.iter().position(|octet| *octet == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        if line.len() + part.len() > MAX_LINE {
            return Err(BadRequest::Line);
        }
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads from a stream that gives at most `step` octets at a time.
    async fn read(octets: &[u8], step: usize) -> Result<Option<Request>, BadRequest> {
        let mut reader = tokio::io::BufReader::with_capacity(step, octets);
        Request::read(&mut reader).await
    }

    const WHOLE: &str = "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.1\nhelo_name=mail.x.example\n\
                         sender=\nrecipient=a@y.example\nsasl_username=\ninstance=1.2\nqueue_id=\nnew_attribute=a=b\n\n";

    #[tokio::test]
    async fn a_request_may_come_in_pieces() {
        for step in [1, 2, 7, 8_192] {
            let facts = read(WHOLE.as_bytes(), step).await.unwrap().unwrap().facts().unwrap();
            assert_eq!(facts.client, "192.0.2.1".parse().ok());
            assert_eq!((facts.sender.as_deref(), facts.login.as_deref()), (Some(""), None));
            assert!(facts.has_null_sender());
        }
        assert!(read(b"", 10).await.unwrap().is_none());
        let with_cr = WHOLE.replace('\n', "\r\n");
        let facts = read(with_cr.as_bytes(), 10).await.unwrap().unwrap().facts().unwrap();
        assert_eq!(facts.helo.as_deref(), Some("mail.x.example"));
    }

    #[tokio::test]
    async fn an_empty_sender_before_mail_is_not_known() {
        for (state, sender) in [("CONNECT", None), ("EHLO", None), ("MAIL", Some(String::new()))] {
            let text = WHOLE.replace("=RCPT", &format!("={state}"));
            assert_eq!(read(text.as_bytes(), 99).await.unwrap().unwrap().facts().unwrap().sender, sender, "{state}");
        }
        let text = WHOLE.replace("=RCPT", "=VRFY");
        assert!(read(text.as_bytes(), 99).await.unwrap().unwrap().facts().is_none());
    }

    #[tokio::test]
    async fn bad_requests() {
        let long = format!("request=smtpd_access_policy\nhelo_name={}\n\n", "x".repeat(10_000_000));
        let many = "a=b\n".repeat(100_000);
        for (octets, expected) in [
            (long.as_bytes(), "a line is longer"),
            (many.as_bytes(), "the request is longer"),
            (b"request=smtpd_access_policy\nx\n\n", "not name=value"),
            (b"request=smtpd_access_policy\nclient_address=192.0.2.1\nrequest=smtpd_access_policy\n\n", "mixed"),
            (b"request=smtpd_access_policy\nsender=a@b\nsender=\n\n", "sender= comes twice"),
            (b"\n", "no request="),
            (b"protocol_state=RCPT\n\n", "no request="),
            (b"request=other\n\n", "no request="),
            (b"request=smtpd_access_policy\nprotocol_state=RCPT\n", "ended within"),
            (b"request=smtpd_acc", "ended within"),
        ] {
            let error = read(octets, 4_096).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
