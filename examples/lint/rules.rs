//! What the catalogue and the set of lists say about each list.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::ops::Range;

use rdnsbl::dnsxl::{CodePattern, Disposition, ListKind, Part, SubjectKind};
use rdnsbl::lists::catalogue::{Catalogue, Entry};
use rdnsbl::lists::{Knowledge, ZoneFinding, ZoneFindingKind};
use rdnsbl::{ListSet, ListSpec, Name, Notation};

use crate::collect::{Collected, Found};
use crate::finding::{self, Edit, Finding};
use crate::kind::Kind;
use crate::source::Source;
use crate::status::{self, catalogue, with_source};
use crate::successor::{self, Successor, listing_pattern};
use crate::thresholds;

/// Ends of names that exist inside one network only, or are made up (RFC 6761, RFC 6762).
const LOCAL: [&str; 9] = ["local", "localhost", "internal", "lan", "home", "corp", "test", "example", "invalid"];

/// The findings about lists. The lists get what is known about them: which label of a zone is a key, for example.
pub(crate) fn apply(source: &Source, collected: &mut Collected, knowledge: &Knowledge) -> Vec<Finding> {
    let Collected { lists, thresholds, .. } = collected;
    let mut findings = thresholds::unreachable(source, lists, thresholds, knowledge);
    for chunk in lists.chunks_mut(rdnsbl::lists::MAX_LISTS) {
        let mut set = ListSet::builder().knowledge(knowledge.clone());
        for found in chunk.iter() {
            set = set.context(found.context.as_deref()).list(found.spec.clone());
        }
        // Lists that were read, no more than a set may hold, and no thresholds: nothing can be wrong with them.
        let Ok(set) = set.build() else { continue };
        for (found, known) in chunk.iter_mut().zip(set.iter()) {
            found.spec = known.clone();
        }
        let filtered = set.findings().iter().filter(|finding| advises_filter(finding.kind()));
        let rules = Rules { source, lists: chunk, filtered: filtered.map(ZoneFinding::index).collect() };
        findings.extend(set.findings().iter().filter_map(|finding| rules.explain(finding, knowledge)));
    }
    let rules = Rules { source, lists: &*lists, filtered: HashSet::new() };
    if let Some(catalogue) = catalogue(knowledge) {
        findings.extend(rules.unknown(catalogue, &findings));
        findings.extend(rules.no_ipv6(catalogue));
        findings.extend(rules.asked_twice());
    }
    findings
}

/// Does the finding say that only some codes should count?
fn advises_filter(kind: &ZoneFindingKind) -> bool {
    matches!(kind, ZoneFindingKind::NoCodeFilter { .. } | ZoneFindingKind::AllowsWhenRefused { .. })
}

struct Rules<'a> {
    source: &'a Source,
    lists: &'a [Found],
    /// The lists for which a filter of codes is advised.
    filtered: HashSet<usize>,
}

impl Rules<'_> {
    fn explain(&self, finding: &ZoneFinding, knowledge: &Knowledge) -> Option<Finding> {
        let found = self.lists.get(finding.index())?;
        if let Some(made) = status::of(finding, found.at, knowledge) {
            if let Some(successor) = successor::of(found, finding.kind(), self.lists, catalogue(knowledge)) {
                return Some(self.succeeded(made, found, finding, &successor, knowledge));
            }
            let edit = self.correction(found, finding.kind(), knowledge);
            return Some(Finding { edit, ..made });
        }
        // A rule that tells that the list refuses, for the administrator; it counts nothing.
        let is_scoring = matches!(self.source.kind, Kind::SpamAssassin | Kind::Rspamd);
        if is_scoring && self.source.get(found.item.clone()).contains("_BLOCKED") {
            return None;
        }
        let zone = finding.zone();
        let made = |rule, message: String| Finding::new(rule, found.at, message).about(zone.clone());
        let sourced = |finding| with_source(finding, zone, knowledge);
        Some(match finding.kind() {
            ZoneFindingKind::NeedsKey => {
                made(finding::NEEDS_KEY, format!("{zone} answers only with a key in front of it"))
                    .advice(format!("register with its operator, and write KEY.{zone}"))
            }
            ZoneFindingKind::TakesNoKey { meant } => {
                made(finding::TAKES_NO_KEY, format!("{zone} accepts no key in front; {meant} does"))
                    .advice(format!("write KEY.{meant}"))
            }
            ZoneFindingKind::Unverified => {
                sourced(made(finding::UNVERIFIED, format!("no source says whether {zone} still works")))
            }
            ZoneFindingKind::NothingToAsk => made(
                finding::NOTHING_TO_ASK,
                format!("{zone} holds nothing that is asked about here, for example hashes"),
            ),
            ZoneFindingKind::WrongSide { used } => {
                let (is, does) = match used {
                    ListKind::Deny => ("an allow list", "refuses mail"),
                    ListKind::Allow => ("a deny list", "lets mail in"),
                };
                sourced(made(finding::WRONG_SIDE, format!("{zone} is {is}, and here it {does}")))
                    .advice("remove it here")
            }
            ZoneFindingKind::Note(note) => self.note(found, zone, note, knowledge),
            ZoneFindingKind::CodesNeverMatch => {
                made(finding::NEVER_MATCH, format!("no listing of {zone} can have these codes"))
                    .advice("a listing has a code in 127.0.0.0/8, outside 127.255.255.0/24")
            }
            ZoneFindingKind::CodesNotReturned { known } => {
                let finding = made(finding::NEVER_MATCH, format!("no listing of {zone} can have these codes"));
                finding.advice(match known {
                    Some(known) => format!("its listings have {known}"),
                    None => "see its operator's documentation for its codes".to_owned(),
                })
            }
            ZoneFindingKind::NoWeight => {
                made(finding::NO_WEIGHT, format!("{zone} has weight 0: a listing is reported, but never counts"))
                    .advice("give it another weight if it should count")
            }
            ZoneFindingKind::WrongSubject { part } => {
                let (holds, asked) = match part {
                    Part::Address => ("domains", "the client's address"),
                    Part::Helo => ("addresses", "the name in HELO"),
                    Part::Sender => ("addresses", "the sender's domain"),
                    Part::Recipient => ("addresses", "the recipient's domain"),
                    _ => ("addresses", "the client's name"),
                };
                let message = format!("{zone} holds {holds}, and is asked about {asked}");
                sourced(made(finding::WRONG_SUBJECT, message)).advice(match part {
                    Part::Address => "ask it about the sender's domain, the client's name or HELO",
                    _ => "ask it about the client's address",
                })
            }
            ZoneFindingKind::NoCodeFilter { code, software, instead } => {
                let then = match software {
                    Notation::Postfix | Notation::Exim | Notation::Sendmail => "rejects all mail",
                    _ => "counts that against every client",
                };
                let message =
                    format!("{zone} answers {code} when it refuses; {} then {then}", self.software(*software));
                self.filtered(found, sourced(made(finding::NO_FILTER, message)), instead.as_ref(), knowledge)
            }
            ZoneFindingKind::AllowsWhenRefused { code, software, instead } => {
                let then = match software {
                    Notation::Postfix | Notation::Exim | Notation::Sendmail => "lets every client in",
                    _ => "counts that for every client",
                };
                let message =
                    format!("{zone} answers {code} when it refuses; {} then {then}", self.software(*software));
                self.filtered(found, sourced(made(finding::OPENS, message)), instead.as_ref(), knowledge)
            }
            ZoneFindingKind::NamedTwice => {
                let before = self.lists.iter().find(|other| {
                    other.spec.zone() == found.spec.zone() && other.context == found.context && other.at != found.at
                });
                let line = before.map(|other| format!(", in line {}", self.source.line_number(other.at)));
                let message = format!("{zone} is named before with the same codes{}", line.unwrap_or_default());
                let finding = made(finding::DUPLICATE, message).advice("remove one of the two");
                let is_beside = before.is_some_and(|before| self.is_beside(before, found));
                Finding { edit: self.removal(found).filter(|_| is_beside), ..finding }
            }
            ZoneFindingKind::CountedTwice { whole } => {
                made(finding::CONTAINED, format!("{zone} is part of {whole}, which is asked too")).advice("remove it")
            }
            ZoneFindingKind::OneQuestion { instead } => {
                made(finding::ONE_QUESTION, format!("one question is enough for {zone} and others here")).advice(
                    self.written(found, instead)
                        .unwrap_or_else(|| format!("ask {} only", instead.zone().without_key())),
                )
            }
            _ => return None,
        })
    }

    /// Advice about a list that another one replaces: to remove it if that list is asked too, else to write the other one,
    /// with its codes where a filter matters.
    fn succeeded(
        &self,
        made: Finding,
        found: &Found,
        finding: &ZoneFinding,
        successor: &Successor<'_>,
        knowledge: &Knowledge,
    ) -> Finding {
        if let Some(asked) = successor.asked {
            let zone = asked.spec.zone().without_key();
            let is_renamed = matches!(finding.kind(), ZoneFindingKind::Renamed { .. });
            let edit = self.removal(found).filter(|_| is_renamed && self.is_beside(found, asked));
            return Finding { edit, ..made.advice(format!("remove it: {zone} is asked too")) };
        }
        let made = Finding { edit: self.correction(found, finding.kind(), knowledge), ..made };
        let name = successor.name;
        let codes = catalogue(knowledge).and_then(|catalogue| listing_pattern(catalogue.get(name)?));
        let wants_codes = self.filtered.contains(&finding.index()) || found.spec.codes().is_some();
        match (codes.filter(|_| wants_codes), self.source.kind) {
            (Some(codes), Kind::Postfix | Kind::Plain) => made.advice(format!("write {name}={codes}")),
            (Some(codes), _) => made.advice(format!("write {name}, and let only {codes} count")),
            (None, _) => made,
        }
    }

    /// Do both stand in one parameter? In another parameter, other restrictions may stand before one of them.
    fn is_beside(&self, one: &Found, other: &Found) -> bool {
        self.source.parameter_at(one.item.start) == self.source.parameter_at(other.item.start)
    }

    /// The name of the software.
    fn software(&self, notation: Notation) -> &'static str {
        match notation {
            Notation::Postscreen => "postscreen",
            _ => self.source.kind.name(),
        }
    }

    /// What the catalogue tells users of a list.
    fn note(&self, found: &Found, zone: &Name, note: &str, knowledge: &Knowledge) -> Finding {
        let made = |rule, message: String| Finding::new(rule, found.at, message).about(zone.clone());
        let refuses = found.spec.kind() == ListKind::Deny
            && matches!(self.source.kind, Kind::Postfix | Kind::Exim | Kind::Sendmail)
            && found.context.as_deref() != Some("postscreen");
        let finding = if refuses && note.starts_with("lists whole") {
            made(finding::NETWORKS, format!("{zone} {note}, and here it refuses mail"))
                .advice("let it add to a score, not decide alone")
        } else if refuses && note.contains("only for the null sender (<>)") && !self.is_conditional(found) {
            made(finding::BOUNCES, format!("{zone} is for the null sender only, and here it is asked for all mail"))
                .advice("ask it in a restriction class that check_sender_access selects for <>")
        } else {
            made(finding::ABOUT, format!("{zone}: {note}"))
        };
        with_source(finding, zone, knowledge)
    }

    /// Does something that is not judged here decide for which mail the list is asked: a restriction class, or a
    /// condition about senders?
    fn is_conditional(&self, found: &Found) -> bool {
        match self.source.kind {
            Kind::Postfix => self.source.is_in_class(found.item.start),
            Kind::Exim => true,
            _ => false,
        }
    }

    /// Advice to let only some codes count.
    fn filtered(
        &self,
        found: &Found,
        finding: Finding,
        instead: Option<&CodePattern>,
        knowledge: &Knowledge,
    ) -> Finding {
        let Some(codes) = instead else { return finding.advice("let only codes count that mean a listing") };
        let finding = finding.advice(self.with_codes(found, codes, knowledge));
        let edit = found.zone.clone().filter(|_| matches!(self.source.kind, Kind::Postfix | Kind::Plain)).map(|zone| {
            let text = format!("={codes}");
            Edit { span: zone.end..self.end_of_codes(found, &zone), text }
        });
        Finding { edit, ..finding }
    }

    /// Where the codes of a list of Postfix end; its zone ends there if it has none.
    fn end_of_codes(&self, found: &Found, zone: &Range<usize>) -> usize {
        let after = self.source.get(zone.end..found.item.end.max(zone.end));
        match after.starts_with('=') {
            true => zone.end + after.find([' ', '\t', ',', '*', '\n', '\r']).unwrap_or(after.len()),
            false => zone.end,
        }
    }

    /// What to write so that only these codes count.
    fn with_codes(&self, found: &Found, codes: &CodePattern, knowledge: &Knowledge) -> String {
        // sendmail knows no ranges: all of the last octet, if no refusal is among them.
        let entry = catalogue(knowledge).and_then(|catalogue| catalogue.get(found.spec.zone()));
        let refuses = |code: Ipv4Addr| {
            let mut meanings = entry.into_iter().flat_map(|entry| entry.profile().meanings(code));
            meanings.any(|(disposition, _)| disposition == Disposition::Refusal)
        };
        let whole = codes.to_string().split_once('[').and_then(|(start, rest)| {
            let codes = |octet: u8| format!("{start}{octet}").parse().ok();
            let is_last = rest.ends_with(']') && start.matches('.').count() == 3;
            let is_safe = (0..=u8::MAX).filter_map(codes).all(|code| !refuses(code));
            if is_last && is_safe { format!("{start}[0..255]").parse().ok() } else { None }
        });
        let mut choices = [Some(codes.clone()), whole].into_iter().flatten();
        let written = choices.find_map(|codes| self.written(found, &found.spec.clone().with_codes(codes)));
        written.unwrap_or_else(|| match self.source.kind {
            Kind::Postfix | Kind::Plain => format!("write ={codes} behind the zone"),
            _ => format!("let only {codes} count"),
        })
    }

    /// A list in the notation of its file; `None` if the notation cannot say it, and if there is a key.
    fn written(&self, found: &Found, spec: &ListSpec) -> Option<String> {
        let notation = match (self.source.kind.notation(), found.context.as_deref()) {
            (Some(Notation::Postfix), Some("postscreen")) => Notation::Postscreen,
            (notation, _) => notation.unwrap_or(Notation::Postscreen),
        };
        notation.print(spec).ok().map(|text| format!("write {text}"))
    }

    /// The correction of a name, or the removal of a list.
    fn correction(&self, found: &Found, kind: &ZoneFindingKind, knowledge: &Knowledge) -> Option<Edit> {
        let (meant, keeps_codes) = match kind {
            // A dead list rejected no client. The administrator decides what replaces it.
            ZoneFindingKind::Retired(_) | ZoneFindingKind::NeverAList { meant: None } => return self.removal(found),
            ZoneFindingKind::Misspelled { meant } | ZoneFindingKind::NeverAList { meant: Some(meant) } => (meant, true),
            ZoneFindingKind::Renamed { successor } => (successor.as_ref()?, false),
            _ => return None,
        };
        self.renamed(found, meant, keeps_codes, knowledge)
    }

    /// Another zone in the place of this one. Where the file can say which codes count, they are those of the new list: without
    /// them Postfix would take a refusal for a listing.
    fn renamed(&self, found: &Found, meant: &Name, keeps_codes: bool, knowledge: &Knowledge) -> Option<Edit> {
        let zone = found.zone.clone()?;
        let has_codes = found.spec.codes().is_some();
        let says_codes = matches!(self.source.kind, Kind::Postfix | Kind::Plain);
        if (keeps_codes && has_codes) || (!says_codes && !has_codes) {
            return Some(Edit { span: zone, text: meant.to_string() });
        }
        let codes = listing_pattern(catalogue(knowledge)?.get(meant)?).filter(|_| says_codes)?;
        Some(Edit { span: zone.start..self.end_of_codes(found, &zone), text: format!("{meant}={codes}") })
    }

    /// The removal of a list, where the file can do without the part.
    fn removal(&self, found: &Found) -> Option<Edit> {
        let is_simple = matches!(self.source.kind, Kind::Postfix | Kind::Plain | Kind::Sendmail);
        (is_simple && found.zone.is_some()).then(|| Edit { span: found.item.clone(), text: String::new() })
    }

    /// Lists that the catalogue does not contain, unless their names show that they are local.
    fn unknown(&self, catalogue: &Catalogue, others: &[Finding]) -> Vec<Finding> {
        let misspelt: HashSet<usize> =
            others.iter().filter(|finding| *finding.rule == *finding::MISSPELT).map(|finding| finding.at).collect();
        let is_local = |zone: &Name| {
            let text = zone.without_key().to_string();
            text.rsplit('.').next().is_some_and(|end| LOCAL.contains(&end)) || text.ends_with(".home.arpa")
        };
        let unknown = self.lists.iter().filter(|found| {
            let zone = found.spec.zone();
            catalogue.get(zone).is_none() && !is_local(zone) && !misspelt.contains(&found.at)
        });
        unknown
            .map(|found| {
                let zone = found.spec.zone().without_key();
                let message = format!("{zone} is not in the catalogue of {}", catalogue.as_of());
                Finding::new(finding::UNKNOWN, found.at, message).about(zone)
            })
            .collect()
    }

    /// One finding for all lists about addresses that hold no IPv6.
    fn no_ipv6(&self, catalogue: &Catalogue) -> Option<Finding> {
        let is_four = |entry: &Entry| {
            entry.kinds().contains(&SubjectKind::Ipv4)
                && !entry.kinds().contains(&SubjectKind::Ipv6)
                && !entry.status().is_gone()
        };
        let asked = self.lists.iter().filter(|found| found.spec.parts().contains(&Part::Address));
        let without: Vec<&Found> =
            asked.clone().filter(|found| catalogue.get(found.spec.zone()).is_some_and(is_four)).collect();
        let mut names: Vec<String> = without.iter().map(|found| found.spec.zone().without_key().to_string()).collect();
        names.sort_unstable();
        names.dedup();
        let what = match names.as_slice() {
            [] => return None,
            [one] => format!("{one} holds no IPv6 addresses"),
            several => format!("{} lists hold no IPv6 addresses", several.len()),
        };
        let finding = Finding::new(finding::NO_IPV6, without.first()?.at, what);
        Some(if names.len() > 1 { finding.detail(names.join(", ")) } else { finding })
    }

    /// Lists that postscreen and smtpd ask both.
    fn asked_twice(&self) -> Vec<Finding> {
        let mut postscreen: HashMap<&Name, usize> = HashMap::new();
        for found in self.lists.iter().filter(|found| found.context.as_deref() == Some("postscreen")) {
            postscreen.entry(found.spec.zone()).or_insert(found.at);
        }
        let twice = self.lists.iter().filter(|found| found.context.as_deref() == Some("smtpd"));
        twice
            .filter_map(|found| {
                let at = postscreen.get(found.spec.zone())?;
                let zone = found.spec.zone().without_key();
                let message = format!("postscreen asks {zone}, too, in line {}", self.source.line_number(*at));
                Some(Finding::new(finding::ASKED_TWICE, found.at, message).about(zone))
            })
            .collect()
    }
}
