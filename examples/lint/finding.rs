//! What is found, and the rules by which.

use std::collections::HashSet;
use std::ops::Range;

use rdnsbl::Name;

/// How bad it is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Note,
    Warning,
    Error,
}

impl Level {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A rule: its identifier never changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    /// What it finds.
    pub(crate) finds: &'static str,
}

impl Rule {
    /// Does it advise to remove the list, or to write another one in its place?
    fn replaces_list(&self) -> bool {
        [DEAD, NEVER, MISSPELT, TAKES_NO_KEY, WRONG_SIDE, LISTS_ALL, PARKED, GONE, RENAMED, CONTAINED].contains(&self)
    }

    /// Does it advise to let only some codes of the list count?
    fn is_about_filter(&self) -> bool {
        [NO_FILTER, OPENS].contains(&self)
    }
}

/// In an ignore comment: every rule.
pub(crate) const ALL: &str = "all";

/// Is this a word of an ignore comment?
pub(crate) fn is_rule(word: &str) -> bool {
    word == ALL || RULES.iter().any(|rule| rule.id == word)
}

macro_rules! rules {
    ($($name:ident $level:ident $id:literal $finds:literal;)*) => {
        $(pub(crate) const $name: &Rule = &Rule { id: $id, level: Level::$level, finds: $finds };)*
        /// Every rule, the worst first.
        pub(crate) const RULES: &[&Rule] = &[$($name),*];
    };
}

rules! {
    DEAD Error "dead-list" "a list that has closed down";
    NEVER Error "never-a-list" "a name that never was a list";
    MISSPELT Error "misspelt" "a name that is nearly that of a list";
    NEEDS_KEY Error "needs-key" "a list that answers only with a key, without one";
    TAKES_NO_KEY Error "takes-no-key" "a key in front of a zone that accepts none";
    WRONG_SIDE Error "wrong-side" "an allow list that refuses, or a deny list that allows";
    OPENS Error "opens-when-refused" "an allow list whose refusal to answer lets every client in";
    NOT_CONTINUED Error "not-continued" "a line that was meant to continue a parameter and starts without a blank";
    LISTS_ALL Error "lists-everything" "a list that lists every address (asked by DNS)";
    PARKED Error "parked" "a list whose domain belongs to somebody else (asked by DNS)";
    GONE Error "gone" "a list whose domain does not exist (asked by DNS)";
    REFUSES Error "refuses-us" "a list that refuses to answer this resolver (asked by DNS)";
    RESOLVER Error "resolver" "a resolver that is public, refuses, or changes answers (asked by DNS)";
    RENAMED Warning "renamed" "a list that has another name now, or is part of another";
    RESTRICTED Warning "restricted" "a list that answers subscribers or registered users only";
    SUSPECT Warning "suspect" "a list that there is reason to distrust";
    NO_FILTER Warning "no-code-filter" "a list whose refusal to answer counts as a listing";
    NEVER_MATCH Warning "codes-never-match" "a filter that no listing passes";
    WRONG_SUBJECT Warning "wrong-subject" "a list of addresses that is asked about names, or the reverse";
    NETWORKS Warning "whole-networks" "a list of whole networks that is used to refuse mail";
    BOUNCES Warning "bounces-only" "a list for the null sender only that is used for all mail";
    KEY_SHOWN Warning "key-shown" "a key that rejected clients see in the reply";
    DUPLICATE Warning "duplicate" "a list that is named twice with the same codes";
    CONTAINED Warning "contained" "a list that is part of another list here, and counts twice";
    MOOT Warning "never-reached" "what stands behind permit, reject or defer";
    GIVEN_AGAIN Warning "given-again" "a parameter or rule that is defined again below";
    POLICY_ORDER Warning "policy-order" "check_policy_service before reject_unauth_destination";
    BEFORE_LOG_IN Warning "before-log-in" "a list that is asked before permit_sasl_authenticated";
    UNREACHABLE Warning "unreached-threshold" "a threshold that the lists can never reach";
    NO_ACTION Warning "no-action" "lists of postscreen without an action";
    UNREADABLE Warning "unreadable" "a part that is no valid list or restriction";
    EMPTIED Warning "emptied" "a list without its test entry (asked by DNS)";
    SILENT Warning "no-answer" "a list that does not answer while others do (asked by DNS)";
    ONLY_WARNS Note "only-warns" "a list that refuses nothing, since it only warns";
    SWITCHED_OFF Note "switched-off" "a rule that is switched off";
    NO_WEIGHT Note "no-weight" "a list with weight 0, which never counts";
    ONE_QUESTION Note "one-question" "several lists that one question to another list answers";
    ASKED_TWICE Note "asked-twice" "a list that postscreen and smtpd ask both";
    NO_IPV6 Note "no-ipv6" "lists without IPv6 addresses";
    UNVERIFIED Note "unverified" "a list of which no source says whether it works";
    UNKNOWN Note "unknown-list" "a list that is not in the catalogue";
    NOTHING_TO_ASK Note "nothing-to-ask" "a list of entries that are not asked about here, such as hashes";
    ABOUT Note "about" "what its users should know about a list";
    UNRESOLVED Note "unresolved" "a variable, macro or file that is not known here";
    NO_DEFAULT Note "no-default-action" "a policy service whose failure defers all mail";
    NOT_READ Note "not-read" "a file of software that is not read; known lists in it are looked up";
    ODD_IGNORE Note "ignore-comment" "an ignore comment that names no known rule";
}

/// One thing that was found at one place.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    /// The position in the text of its source.
    pub(crate) at: usize,
    pub(crate) zone: Option<Name>,
    /// One line, without a key.
    pub(crate) message: String,
    /// More about it.
    pub(crate) detail: Option<String>,
    /// What to do or to write.
    pub(crate) advice: Option<String>,
    /// Who says so, with the date.
    pub(crate) source: Option<String>,
    pub(crate) edit: Option<Edit>,
}

/// A correction of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Range<usize>,
    /// Empty where the text is to be removed.
    pub(crate) text: String,
}

/// No codes are advised for a list that another finding wants to be removed or replaced.
pub(crate) fn withdraw_codes(findings: &mut [Finding]) {
    let place = |finding: &Finding| (finding.at, finding.zone.clone());
    let replaced: HashSet<_> = findings.iter().filter(|finding| finding.rule.replaces_list()).map(place).collect();
    for finding in findings.iter_mut().filter(|finding| finding.rule.is_about_filter()) {
        if replaced.contains(&place(finding)) {
            (finding.edit, finding.advice) = (None, None);
        }
    }
}

impl Finding {
    pub(crate) fn new(rule: &'static Rule, at: usize, message: impl Into<String>) -> Self {
        Self { rule, at, zone: None, message: message.into(), detail: None, advice: None, source: None, edit: None }
    }

    pub(crate) fn about(self, zone: Name) -> Self {
        Self { zone: Some(zone), ..self }
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub(crate) fn edit(self, edit: Edit) -> Self {
        Self { edit: Some(edit), ..self }
    }

    pub(crate) fn source(self, source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(crate) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}
