//! Parses one line of a table: its words become data and options.

use std::str::FromStr;
use std::time::Duration;

use crate::testing::data::{Data, RawName, SoaData};
use crate::testing::error::TableErrorKind as Kind;
use crate::testing::table::{Behaviour, Negative};
use crate::testing::tokens::{Token, cut};

/// Octets of one character string (RFC 1035 §3.3).
const MAX_STRING: usize = 255;
/// The longest delay: sums of delays must not exceed the range of a clock.
const MAX_DELAY: Duration = Duration::from_secs(7 * 86_400);

/// The rest of a line, and its options.
pub(super) struct Line {
    pub(super) tokens: std::vec::IntoIter<Token>,
    pub(super) ttl: Option<u32>,
    pub(super) after: Option<Duration>,
}

/// Which options a line may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Options {
    None,
    After,
    All,
}

impl Line {
    pub(super) fn cut(line: &str) -> Result<Self, Kind> {
        let (mut ttl, mut after, mut tokens) = (None, None, Vec::new());
        for token in cut(line)? {
            match &token {
                Token::Word(word) => {
                    if let Some(seconds) = word.strip_prefix("ttl=") {
                        ttl = Some(seconds.parse().map_err(|_| Kind::Number("a TTL in seconds"))?);
                        continue;
                    }
                    if let Some(time) = word.strip_prefix("after=") {
                        after = Some(duration(time).ok_or(Kind::Time)?);
                        continue;
                    }
                }
                Token::Quoted(_) => {}
            }
            tokens.push(token);
        }
        Ok(Self { tokens: tokens.into_iter(), ttl, after })
    }

    pub(super) fn word(&mut self) -> Option<String> {
        match self.tokens.next()? {
            Token::Word(word) => Some(word),
            Token::Quoted(_) => None,
        }
    }

    fn parsed<T: FromStr>(&mut self, otherwise: Kind) -> Result<T, Kind> {
        self.word().and_then(|word| word.parse().ok()).ok_or(otherwise)
    }

    pub(super) fn number<T: FromStr>(&mut self, what: &'static str) -> Result<T, Kind> {
        self.parsed(Kind::Number(what))
    }

    fn target(&mut self) -> Result<RawName, Kind> {
        self.word().and_then(|word| RawName::parse(&word)).ok_or(Kind::Target)
    }

    /// 12 bits (RFC 6891 §6.1.3). A code that also has a word means the same as the word.
    pub(super) fn response_code(&mut self) -> Result<Behaviour, Kind> {
        let what = "a response code up to 4095";
        match self.number(what)? {
            0 => Ok(Behaviour::NoData(Negative::WithoutSoa)),
            3 => Ok(Behaviour::NxDomain(Negative::WithoutSoa)),
            code @ 1..=4095 => Ok(Behaviour::Code(code)),
            4096.. => Err(Kind::Number(what)),
        }
    }

    fn texts(&mut self) -> Result<Vec<Vec<u8>>, Kind> {
        let strings: Option<Vec<Vec<u8>>> = self
            .tokens
            .by_ref()
            .map(|token| match token {
                Token::Quoted(string) => Some(string),
                Token::Word(_) => None,
            })
            .collect();
        let strings = strings.filter(|strings| !strings.is_empty()).ok_or(Kind::Text)?;
        if strings.iter().any(|string| string.len() > MAX_STRING) { Err(Kind::LongString) } else { Ok(strings) }
    }

    /// The data of a record type; `None` for any other word.
    pub(super) fn data(&mut self, word: &str) -> Result<Option<Data>, Kind> {
        Ok(Some(match word {
            "A" => Data::A(self.parsed(Kind::Ipv4)?),
            "AAAA" => Data::Aaaa(self.parsed(Kind::Ipv6)?),
            "PTR" => Data::Ptr(self.target()?),
            "NS" => Data::Ns(self.target()?),
            "CNAME" => Data::Cname(self.target()?),
            "MX" => Data::Mx { preference: self.number("a preference")?, exchange: self.target()? },
            "TXT" => Data::Txt(self.texts()?),
            "SOA" => Data::Soa(SoaData {
                primary: self.target()?,
                contact: self.target()?,
                serial: self.number("a serial")?,
                refresh: self.number("a refresh time")?,
                retry: self.number("a retry time")?,
                expire: self.number("an expiry time")?,
                minimum: self.number("a MINIMUM")?,
            }),
            _ => return Ok(None),
        }))
    }

    /// The end of the line: nothing may be left, and only these options may have been given.
    pub(super) fn end(mut self, options: Options) -> Result<(), Kind> {
        if self.tokens.next().is_some() || (options == Options::None && self.after.is_some()) {
            return Err(Kind::Surplus);
        }
        if self.ttl.is_some() && options != Options::All { Err(Kind::NoTtlHere) } else { Ok(()) }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|character: char| !character.is_ascii_digit())?);
    let number: u64 = number.parse().ok()?;
    let duration = match unit {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (duration <= MAX_DELAY).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(duration("168h"), Some(MAX_DELAY));
        for bad in ["", "3", "s", "3d", "-1s", "99999999999999999999s", "18446744073709551615m"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
