//! Looks up a question in a table: existence, wildcards, CNAME chains, negative answers.

use std::time::Duration;

use crate::base::name::Name;
use crate::dns::{Question, RecordType};
use crate::testing::data::{Data, RawName, SoaData, TableEntry};
use crate::testing::reply::{ReplyOutcome, ReplyTransport, ServerReply};
use crate::testing::table::{Behaviour, MAX_CNAME_LINKS, Negative, Node, RecordLines, Table, above};

/// TTL of the SOA record of a zone that has none in the table.
const DEFAULT_SOA_TTL: u32 = 300;
const DEFAULT_SOA_MINIMUM: u32 = 60;

/// What a name is asked for. A server may be asked for types that a [`Question`] cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "wire", feature = "tokio")),
    expect(dead_code, reason = "only a server is asked for more")
)]
pub(super) enum Wanted {
    Records(RecordType),
    /// The CNAME record itself.
    Cname,
    /// A type that no table contains.
    Other,
}

/// What the table has for one name.
enum Found<'a> {
    Records(&'a RecordLines),
    Alias(&'a RecordLines),
    Behaviour(Behaviour),
}

impl Table {
    /// What a server with this table replies. Does not wait.
    #[must_use]
    pub fn lookup(&self, question: &Question) -> ServerReply {
        self.find(&question.name, Wanted::Records(question.record_type))
    }

    pub(super) fn find(&self, name: &Name, wanted: Wanted) -> ServerReply {
        let mut reply = ServerReply::new(ReplyOutcome::Records);
        let mut at = name.clone();
        loop {
            let (found, carrier, after) = self.look(&at, wanted);
            if carrier == ReplyTransport::TcpOnly {
                reply.carrier = carrier;
            }
            reply.after = reply.after.saturating_add(after);
            match found {
                Found::Records(lines) => reply.extend(&at, lines),
                Found::Behaviour(behaviour) => self.conclude(&mut reply, behaviour, Some(&at)),
                Found::Alias(lines) => {
                    reply.extend(&at, lines);
                    let target = lines.records.first().and_then(|(_, data)| match data {
                        Data::Cname(target) => target.name(),
                        _ => None,
                    });
                    match target {
                        // No table contains a name with such octets.
                        None => self.conclude(&mut reply, self.unknown, None),
                        Some(next) if reply.answers.iter().any(|entry| entry.owner == next) => {
                            reply.outcome = ReplyOutcome::CnameLoop;
                        }
                        Some(next) => {
                            at = next;
                            continue;
                        }
                    }
                }
            }
            break;
        }
        let links = reply.answers.iter().filter(|entry| matches!(entry.data, Data::Cname(_))).count();
        if links > MAX_CNAME_LINKS {
            reply.outcome = ReplyOutcome::CnameLoop;
        }
        reply
    }

    /// The reply for a name that no table can contain.
    #[cfg(all(feature = "wire", feature = "tokio"))]
    pub(super) fn find_unknown(&self) -> ServerReply {
        let mut reply = ServerReply::new(ReplyOutcome::NxDomain);
        self.conclude(&mut reply, self.unknown, None);
        reply
    }

    /// Looks up one name. Does not follow CNAMEs.
    fn look(&self, name: &Name, wanted: Wanted) -> (Found<'_>, ReplyTransport, Duration) {
        let text = name.expose();
        let default_after = self.delay(text);
        let Some(node) = self.node(text) else {
            // RFC 8020 §2: a name with names below it exists. For the root this does not hold: every name is below it, and a table
            // without a line for it knows nothing about it.
            let exists = !name.is_root() && self.above.contains(text);
            let behaviour = if exists { Behaviour::NoData(Negative::WithSoa) } else { self.unknown };
            return (Found::Behaviour(behaviour), ReplyTransport::Any, default_after);
        };
        let (found, lines) = node.look(wanted);
        let tcp_only = node.all_types.tcp_only || lines.is_some_and(|lines| lines.tcp_only);
        let after = lines.and_then(|lines| lines.after).or(node.all_types.after).unwrap_or(default_after);
        (found, if tcp_only { ReplyTransport::TcpOnly } else { ReplyTransport::Any }, after)
    }

    /// The name's own node, or that of the closest wildcard when the name does not exist.
    fn node(&self, text: &str) -> Option<&Node> {
        if let Some(node) = self.nodes.get(text) {
            return Some(node);
        }
        if self.above.contains(text) {
            return None;
        }
        closest_wildcard(text, |wildcard| self.nodes.get(wildcard))
    }

    /// The delay of a name whose records have none of their own.
    fn delay(&self, text: &str) -> Duration {
        if self.delays.is_empty() {
            return Duration::ZERO;
        }
        let own = self.delays.get(text);
        own.or_else(|| closest_wildcard(text, |wildcard| self.delays.get(wildcard))).copied().unwrap_or_default()
    }

    /// Ends a reply without records.
    fn conclude(&self, reply: &mut ServerReply, behaviour: Behaviour, at: Option<&Name>) {
        let (outcome, negative) = match behaviour {
            Behaviour::NxDomain(negative) => (ReplyOutcome::NxDomain, negative),
            Behaviour::NoData(negative) => (ReplyOutcome::NoData, negative),
            Behaviour::Code(code) => (ReplyOutcome::ResponseCode(code), Negative::WithoutSoa),
            Behaviour::Silence => (ReplyOutcome::Silence, Negative::WithoutSoa),
            Behaviour::Truncated => (ReplyOutcome::Truncated, Negative::WithoutSoa),
            Behaviour::Referral => (ReplyOutcome::Referral, Negative::WithoutSoa),
            Behaviour::Malformed => (ReplyOutcome::Malformed, Negative::WithoutSoa),
        };
        reply.outcome = outcome;
        if !matches!(outcome, ReplyOutcome::NxDomain | ReplyOutcome::NoData) {
            // A server that fails does not send part of the chain.
            reply.answers.clear();
        }
        if negative == Negative::WithSoa {
            reply.authority = at.map(|name| self.soa(name));
        }
        if outcome == ReplyOutcome::Referral {
            reply.authority =
                at.map(|name| TableEntry { data: Data::Ns(RawName::of_labels(&["ns"])), ..self.soa(name) });
        }
    }

    /// The SOA record of the zone of a name.
    fn soa(&self, name: &Name) -> TableEntry {
        let text = name.expose();
        for zone in std::iter::once(text).chain(above(text)) {
            let lines = self.nodes.get(zone).and_then(|node| node.by_type.get(&RecordType::Soa));
            if let (Some((ttl, data)), Ok(owner)) = (lines.and_then(|lines| lines.records.first()), Name::parse(zone)) {
                return TableEntry { owner, ttl: *ttl, data: data.clone() };
            }
        }
        // The parent zone; for a top-level name, the name itself.
        let parent = above(text).next().filter(|parent| *parent != ".").and_then(|parent| Name::parse(parent).ok());
        let data = Data::Soa(SoaData::with_minimum(DEFAULT_SOA_MINIMUM));
        TableEntry { owner: parent.unwrap_or_else(|| name.clone()), ttl: DEFAULT_SOA_TTL, data }
    }
}

impl Node {
    /// Looks up a type: first what is given for that type, then a CNAME, then what is given for all types.
    fn look(&self, wanted: Wanted) -> (Found<'_>, Option<&RecordLines>) {
        let lines = match wanted {
            Wanted::Records(kind) => self.by_type.get(&kind),
            Wanted::Cname | Wanted::Other => None,
        };
        if let Some(lines) = lines {
            if let Some(behaviour) = lines.behaviour {
                return (Found::Behaviour(behaviour), Some(lines));
            }
            if !lines.records.is_empty() {
                return (Found::Records(lines), Some(lines));
            }
        }
        if let Some(cname) = &self.cname {
            let found = if wanted == Wanted::Cname { Found::Records(cname) } else { Found::Alias(cname) };
            return (found, Some(cname));
        }
        (Found::Behaviour(self.all_types.behaviour.unwrap_or(Behaviour::NoData(Negative::WithSoa))), lines)
    }
}

impl ServerReply {
    /// Adds the records of one name.
    fn extend(&mut self, owner: &Name, lines: &RecordLines) {
        let entries = lines.records.iter();
        self.answers.extend(entries.map(|(ttl, data)| TableEntry {
            owner: owner.clone(),
            ttl: *ttl,
            data: data.clone(),
        }));
    }
}

/// The value of the closest wildcard above a name, if there is one.
fn closest_wildcard<'a, T>(text: &str, get: impl Fn(&str) -> Option<&'a T>) -> Option<&'a T> {
    above(text).find_map(|zone| get(&if zone == "." { "*.".to_owned() } else { format!("*.{zone}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(table: &Table, name: &str, kind: RecordType) -> ReplyOutcome {
        table.lookup(&Question::new(Name::parse(name).unwrap(), kind)).outcome
    }

    #[test]
    fn the_more_specific_line_wins() {
        let table = Table::parse(
            "a.example A 192.0.2.1
             a.example SERVFAIL
             a.example TIMEOUT/TXT
             a.example TXT \"not seen\"
             b.example CNAME a.example
             b.example REFUSED/AAAA
             * RCODE 9",
        )
        .unwrap();
        assert_eq!(outcome(&table, "a.example", RecordType::A), ReplyOutcome::Records);
        assert_eq!(outcome(&table, "a.example", RecordType::Mx), ReplyOutcome::ResponseCode(2));
        assert_eq!(outcome(&table, "a.example", RecordType::Txt), ReplyOutcome::Silence);
        assert_eq!(outcome(&table, "b.example", RecordType::A), ReplyOutcome::Records);
        assert_eq!(outcome(&table, "b.example", RecordType::Aaaa), ReplyOutcome::ResponseCode(5));
        assert_eq!(outcome(&table, "b.example", RecordType::Mx), ReplyOutcome::ResponseCode(2));
        assert_eq!(outcome(&table, "c.example", RecordType::A), ReplyOutcome::ResponseCode(9));
        assert_eq!(outcome(&table, "example", RecordType::A), ReplyOutcome::NoData);
    }

    #[test]
    fn the_soa_of_a_no() {
        let table = Table::parse("$SOA bl.example 300 60\na.bl.example A 127.0.0.2").unwrap();
        let owner = |name: &str| {
            let reply = table.lookup(&Question::new(Name::parse(name).unwrap(), RecordType::Txt));
            reply.authority.unwrap().owner.to_string()
        };
        assert_eq!(owner("x.y.bl.example"), "bl.example");
        assert_eq!(owner("a.bl.example"), "bl.example");
        assert_eq!(owner("bl.example"), "bl.example");
        assert_eq!(owner("x.y.example"), "y.example");
        assert_eq!(owner("y.example"), "example");
        assert_eq!(owner("example"), "example");
    }
}
