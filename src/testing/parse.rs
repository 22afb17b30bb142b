//! Reads the text of a table: the grammar of a line.

use std::collections::HashSet;
use std::time::Duration;

use crate::base::name::{Name, NameErrorKind};
use crate::dns::RecordType;
use crate::testing::data::{Data, SoaData};
use crate::testing::error::{TableError, TableErrorKind as Kind};
use crate::testing::line::{Line, Options};
use crate::testing::table::{Behaviour, Negative, Node, RecordLines, Table};
use crate::testing::tokens::Token;

/// TTL of a record without one.
pub(super) const DEFAULT_TTL: u32 = 3600;

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// [`TableError`]: the number of the first wrong line and what was expected there.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut table = table(text, DEFAULT_TTL)?.table;
        table.find_names_above();
        Ok(table)
    }

    /// Reads more lines. They replace the earlier lines about the same names and types: a behaviour for all types, or a CNAME,
    /// replaces all lines about the name; records replace the records of their type, and also a CNAME or a behaviour for all types.
    /// `TC` and `after=` alone keep the records.
    ///
    /// # Errors
    /// [`TableError`]; the table is then unchanged.
    pub fn set(&mut self, text: &str) -> Result<(), TableError> {
        let changes = table(text, self.ttl)?;
        for (name, node) in changes.table.nodes {
            self.nodes.entry(name).or_default().replace(node);
        }
        self.delays.extend(changes.table.delays);
        self.ttl = changes.table.ttl;
        if let Some(unknown) = changes.unknown {
            self.unknown = unknown;
        }
        self.find_names_above();
        Ok(())
    }
}

/// A text that has been read: a table, and what `$DEFAULT` says, if it is there.
pub(super) struct Parsed {
    pub(super) table: Table,
    pub(super) unknown: Option<Behaviour>,
    /// The zones that are put into a situation.
    situations: HashSet<Name>,
}

/// Reads all lines.
pub(super) fn table(text: &str, ttl: u32) -> Result<Parsed, TableError> {
    let table = Table {
        nodes: Default::default(),
        above: Default::default(),
        delays: Default::default(),
        unknown: Behaviour::NxDomain(Negative::WithSoa),
        ttl,
    };
    let mut parsed = Parsed { table, unknown: None, situations: HashSet::new() };
    for (index, line) in text.lines().enumerate() {
        parsed.line(line).map_err(|kind| TableError::new(index + 1, kind))?;
    }
    Ok(parsed)
}

impl Parsed {
    fn line(&mut self, line: &str) -> Result<(), Kind> {
        let mut line = Line::cut(line)?;
        match line.tokens.next() {
            None if line.ttl.is_none() && line.after.is_none() => Ok(()),
            Some(Token::Word(word)) if word.starts_with('$') => self.directive(&word, line),
            Some(Token::Word(word)) => self.entry(&name(&word)?, line),
            Some(Token::Quoted(_)) | None => Err(Kind::Name(NameErrorKind::Empty)),
        }
    }

    fn directive(&mut self, word: &str, mut line: Line) -> Result<(), Kind> {
        match word.to_ascii_uppercase().as_str() {
            "$TTL" => self.table.ttl = line.number("a TTL")?,
            "$SOA" => {
                let zone = name(&line.word().ok_or(Kind::Name(NameErrorKind::Empty))?)?;
                let (ttl, minimum) = (line.number("a TTL")?, line.number("a MINIMUM")?);
                let lines = self.node(&zone).by_type.entry(RecordType::Soa).or_default();
                lines.records = vec![(ttl, Data::Soa(SoaData::with_minimum(minimum)))];
            }
            "$SITUATION" => {
                let zone = name(&line.word().ok_or(Kind::Name(NameErrorKind::Empty))?)?;
                if !self.situations.insert(zone) {
                    return Err(Kind::SecondSituation);
                }
            }
            "$DEFAULT" => {
                let word = line.word().ok_or(Kind::Default)?.to_ascii_uppercase();
                let allowed = matches!(&*word, "NXDOMAIN" | "NXDOMAIN-NOSOA" | "SERVFAIL" | "REFUSED" | "TIMEOUT");
                let behaviour = behaviour(&word).filter(|_| allowed).ok_or(Kind::Default)?;
                self.table.unknown = behaviour;
                self.unknown = Some(behaviour);
            }
            _ => return Err(Kind::Directive),
        }
        line.end(Options::None)
    }

    fn entry(&mut self, owner: &Name, mut line: Line) -> Result<(), Kind> {
        let Some(word) = line.word() else {
            let delay = line.after.ok_or(Kind::NoType)?;
            self.table.delays.insert(owner.expose().into(), delay);
            return line.end(Options::After);
        };
        let word = word.to_ascii_uppercase();
        if let Some(data) = line.data(&word)? {
            let (ttl, after) = (line.ttl.unwrap_or(self.table.ttl), line.after);
            line.end(Options::All)?;
            return self.node(owner).add(ttl, data, after);
        }
        let (word, suffix) = match word.split_once('/') {
            Some((word, suffix)) => (word, Some(record_type(suffix).ok_or(Kind::Suffix)?)),
            None => (&*word, None),
        };
        let behaviour = match word {
            "TC" => None,
            "RCODE" => Some(line.response_code()?),
            _ => Some(behaviour(word).ok_or(Kind::Type)?),
        };
        let after = line.after;
        line.end(Options::After)?;
        let node = self.node(owner);
        let lines = match suffix {
            Some(kind) => node.by_type.entry(kind).or_default(),
            None => &mut node.all_types,
        };
        match behaviour {
            Some(_) => lines.behaviour = behaviour,
            None => lines.tcp_only = true,
        }
        lines.after = after.or(lines.after);
        Ok(())
    }

    fn node(&mut self, name: &Name) -> &mut Node {
        self.table.nodes.entry(name.expose().into()).or_default()
    }
}

impl Node {
    fn add(&mut self, ttl: u32, data: Data, after: Option<Duration>) -> Result<(), Kind> {
        let lines: &mut RecordLines = match data.kind() {
            None if self.cname.is_some() || self.by_type.values().any(|lines| !lines.records.is_empty()) => {
                return Err(Kind::BesideCname);
            }
            None => self.cname.get_or_insert_default(),
            Some(_) if self.cname.is_some() => return Err(Kind::BesideCname),
            Some(kind) => self.by_type.entry(kind).or_default(),
        };
        lines.records.push((ttl, data));
        lines.after = lines.after.max(after);
        Ok(())
    }
}

impl Data {
    /// The type it answers; `None` for a CNAME, which answers all.
    fn kind(&self) -> Option<RecordType> {
        Some(match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Mx { .. } => RecordType::Mx,
            Self::Txt(_) => RecordType::Txt,
            Self::Ns(_) => RecordType::Ns,
            Self::Soa(_) => RecordType::Soa,
            Self::Cname(_) => return None,
        })
    }
}

fn name(word: &str) -> Result<Name, Kind> {
    Name::parse(word).map_err(|error| Kind::Name(error.kind()))
}

fn record_type(word: &str) -> Option<RecordType> {
    Some(match word {
        "A" => RecordType::A,
        "AAAA" => RecordType::Aaaa,
        "PTR" => RecordType::Ptr,
        "MX" => RecordType::Mx,
        "TXT" => RecordType::Txt,
        "NS" => RecordType::Ns,
        "SOA" => RecordType::Soa,
        _ => return None,
    })
}

fn behaviour(word: &str) -> Option<Behaviour> {
    Some(match word {
        "SERVFAIL" => Behaviour::Code(2),
        "REFUSED" => Behaviour::Code(5),
        "TIMEOUT" => Behaviour::Silence,
        "NXDOMAIN" => Behaviour::NxDomain(Negative::WithSoa),
        "NXDOMAIN-NOSOA" => Behaviour::NxDomain(Negative::WithoutSoa),
        "NODATA" => Behaviour::NoData(Negative::WithSoa),
        "NODATA-NOSOA" => Behaviour::NoData(Negative::WithoutSoa),
        "TRUNCATED" => Behaviour::Truncated,
        "REFERRAL" => Behaviour::Referral,
        "MALFORMED" => Behaviour::Malformed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_where_and_what() {
        for (line, kind) in [
            ("a..b A 1.2.3.4", Kind::Name(NameErrorKind::EmptyLabel)),
            ("\"a\" A 1.2.3.4", Kind::Name(NameErrorKind::Empty)),
            ("ttl=5", Kind::Name(NameErrorKind::Empty)),
            ("a", Kind::NoType),
            ("a HINFO x", Kind::Type),
            ("a A/TXT 1.2.3.4", Kind::Type),
            ("a SERVFAIL/CNAME", Kind::Suffix),
            ("a A", Kind::Ipv4),
            ("a A 1.2.3", Kind::Ipv4),
            ("a A 1.2.3.4 5.6.7.8", Kind::Surplus),
            ("a AAAA 1.2.3.4", Kind::Ipv6),
            ("a PTR a..b", Kind::Target),
            ("a MX mail", Kind::Number("a preference")),
            ("a MX 70000 mail", Kind::Number("a preference")),
            ("a MX 10", Kind::Target),
            ("a TXT", Kind::Text),
            ("a TXT plain", Kind::Text),
            ("a TXT \"open", Kind::OpenQuote),
            ("a TXT \"\\999\"", Kind::Escape),
            ("a A 1.2.3.4 ttl=x", Kind::Number("a TTL in seconds")),
            ("a A 1.2.3.4 ttl=-1", Kind::Number("a TTL in seconds")),
            ("a A 1.2.3.4 after=3", Kind::Time),
            ("a A 1.2.3.4 after=8000h", Kind::Time),
            ("a SERVFAIL ttl=3", Kind::NoTtlHere),
            ("a RCODE", Kind::Number("a response code up to 4095")),
            ("a RCODE 4096", Kind::Number("a response code up to 4095")),
            ("$ORIGIN a", Kind::Directive),
            ("$TTL", Kind::Number("a TTL")),
            ("$TTL 3 after=3s", Kind::Surplus),
            ("$DEFAULT TC", Kind::Default),
            ("$SOA a 1", Kind::Number("a MINIMUM")),
            ("$SITUATION a\n$SITUATION b\n$SITUATION a", Kind::SecondSituation),
            ("$SITUATION", Kind::Name(NameErrorKind::Empty)),
            ("a CNAME b\na A 1.2.3.4", Kind::BesideCname),
            ("a A 1.2.3.4\na CNAME b", Kind::BesideCname),
        ] {
            let error = Table::parse(&format!("\n; comment\n{line}")).unwrap_err();
            assert_eq!((error.line(), error.kind()), (2 + line.lines().count(), &kind), "{line}");
            assert!(error.to_string().contains("expected"), "{error}");
        }
        let long = format!("a TXT \"{}\"", "x".repeat(256));
        assert_eq!(*Table::parse(&long).unwrap_err().kind(), Kind::LongString);
    }
}
