//! All that was found.

use std::collections::HashSet;

use rdnsbl::{ListSpec, Name};

use crate::collect::{Collected, Found};
use crate::finding::{self, Finding, Level};
use crate::kind::Kind;
use crate::mentions::Mentions;
use crate::source::Source;

/// One text with its findings, in the order of their places.
pub(crate) struct Linted {
    pub(crate) source: Source,
    pub(crate) findings: Vec<Finding>,
    pub(crate) collected: Collected,
    pub(crate) mentions: Mentions,
    /// Findings that comments ignore.
    pub(crate) ignored: usize,
}

impl Linted {
    /// The lists that were read.
    pub(crate) fn lists(&self) -> &[Found] {
        &self.collected.lists
    }

    /// Known lists outside any list that was read.
    pub(crate) fn named(&self) -> &[(usize, ListSpec)] {
        &self.mentions.found
    }
}

/// The whole result.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) texts: Vec<Linted>,
    pub(crate) unread: Vec<(String, String)>,
    /// About the resolver, at no place in a file.
    pub(crate) resolver: Option<Finding>,
    /// Lists that did not answer in time.
    pub(crate) silent: Vec<Name>,
    /// Nothing is known about the lists, since no server answered.
    pub(crate) unheard: bool,
}

impl Outcome {
    pub(crate) fn count(&self, level: Level) -> usize {
        let findings = self.resolver.iter().chain(self.texts.iter().flat_map(|linted| &linted.findings));
        findings.filter(|finding| finding.rule.level == level).count()
    }

    pub(crate) fn lists(&self) -> usize {
        self.texts.iter().map(|linted| linted.lists().len() + linted.named().len()).sum()
    }

    pub(crate) fn left_out(&self) -> usize {
        self.texts.iter().map(|linted| linted.collected.left_out.len() + linted.collected.more_left_out).sum()
    }

    pub(crate) fn commented_out(&self) -> usize {
        self.texts.iter().map(|linted| linted.mentions.commented_out).sum()
    }

    pub(crate) fn others(&self) -> usize {
        self.texts.iter().map(|linted| linted.mentions.others).sum()
    }

    pub(crate) fn too_many(&self) -> usize {
        self.texts.iter().map(|linted| linted.collected.too_many).sum()
    }

    pub(crate) fn ignored(&self) -> usize {
        self.texts.iter().map(|linted| linted.ignored).sum()
    }

    /// Sorts the findings by place, and removes those that a comment ignores.
    pub(crate) fn finish(&mut self) {
        for linted in &mut self.texts {
            linted.findings.sort_by_key(|finding| (finding.at, std::cmp::Reverse(finding.rule.level), finding.rule.id));
            linted.findings.dedup_by(|one, other| one.at == other.at && one.message == other.message);
            if linted.source.kind == Kind::SpamAssassin {
                // Many rules read the answers of one list.
                let mut told = HashSet::new();
                linted.findings.retain(|finding| match &finding.zone {
                    Some(zone) => told.insert((finding.rule.id, zone.clone())),
                    None => true,
                });
            }
            let before = linted.findings.len();
            let source = &linted.source;
            linted.findings.retain(|finding| !source.ignores(finding));
            linted.ignored = before - linted.findings.len();
            finding::withdraw_codes(&mut linted.findings);
        }
    }

    /// 1 for an error or a warning, 3 if something could not be told, else 0.
    pub(crate) fn exit(&self) -> u8 {
        if self.count(Level::Error) + self.count(Level::Warning) > 0 {
            1
        } else if self.unheard || !self.unread.is_empty() || !self.silent.is_empty() {
            3
        } else {
            0
        }
    }
}
