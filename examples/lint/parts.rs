//! What is said about parts of a text that are no lists: mistakes, and lists that do not count.

use std::ops::Range;

use rdnsbl::dnsxl::{NotCounted, SpecError, SpecErrorKind};

use crate::finding::{self, Edit, Finding};
use crate::kind::Kind;
use crate::source::{Source, clean};

/// What the reader says of a rule of rspamd with `enabled = false`.
const SWITCHED_OFF: &str = "a rule that is switched off";

/// What the reader of Exim says of lists that it cannot know.
const UNRESOLVED: [&str; 2] = ["a variable in place of a list domain", "a macro inside a list domain"];

/// Is this a rule that is switched off?
pub(crate) fn is_switched_off(kind: SpecErrorKind) -> bool {
    matches!(kind, SpecErrorKind::NotCounted(NotCounted::SwitchedOff) | SpecErrorKind::LeftOut(SWITCHED_OFF))
}

/// The finding about a part, if it is worth one.
pub(crate) fn explain(source: &Source, item: &Range<usize>, error: &SpecError) -> Option<Finding> {
    let shown = || source.shown(item);
    let at = error.span().start;
    match error.kind() {
        SpecErrorKind::NotCounted(why) => not_counted(source, item, why),
        SpecErrorKind::NotContinued => {
            let message = format!("\"{}\" starts without a blank, so it does not continue the line above", shown());
            let start = source.line_range(item.start).start;
            let finding = Finding::new(finding::NOT_CONTINUED, item.start, message)
                .advice("put a blank in front; Postfix does not start with this line")
                .edit(Edit { span: start..start, text: "    ".to_owned() });
            Some(finding)
        }
        SpecErrorKind::Undefined(_) => {
            let named = error.to_string();
            let named = named.rsplit_once(" at octet").map_or(named.as_str(), |(named, _)| named);
            Some(Finding::new(finding::UNRESOLVED, at, named.to_owned()))
        }
        SpecErrorKind::NotSupported(what) if UNRESOLVED.contains(&what) => {
            Some(Finding::new(finding::UNRESOLVED, at, format!("\"{}\" is not followed: {what}", shown())))
        }
        SpecErrorKind::NotSupported(_) if !matches!(source.kind, Kind::Postfix | Kind::Plain) => None,
        kind if error.is_mistake() && may_be_about_lists(source.kind, source.get(item.clone())) => {
            Some(Finding::new(finding::UNREADABLE, at, format!("\"{}\" cannot be read: {kind}", shown())))
        }
        _ => None,
    }
}

/// A list that does not count.
fn not_counted(source: &Source, item: &Range<usize>, why: NotCounted) -> Option<Finding> {
    let shown = source.shown(item);
    let found = |rule, message: String| Some(Finding::new(rule, item.start, message));
    match why {
        NotCounted::NeverReached => {
            let message = format!("\"{shown}\" is never reached: permit, reject or defer stands before it");
            found(finding::MOOT, message).map(|finding| finding.advice("move it up, or remove it"))
        }
        NotCounted::WarnIfReject | NotCounted::Warn => {
            found(finding::ONLY_WARNS, format!("\"{shown}\" only warns: it refuses nothing"))
        }
        NotCounted::SwitchedOff => {
            found(finding::SWITCHED_OFF, format!("\"{shown}\" is switched off by its score of 0"))
        }
        NotCounted::RuleGivenAgain => {
            found(finding::GIVEN_AGAIN, format!("\"{shown}\" is defined again below; the last one counts"))
        }
        NotCounted::GivenAgain => {
            let name = source.get(item.clone()).split('=').next().unwrap_or_default().trim();
            let holds_lists = ["_restrictions", "_sites", "maps_rbl_domains"].iter().any(|end| name.ends_with(end));
            let message = format!("{} is defined again below; the last one counts", clean(name));
            if holds_lists { found(finding::GIVEN_AGAIN, message) } else { None }
        }
        _ => None,
    }
}

/// Files of software with a language of its own hold much that is not read here; what names no list is no mistake.
fn may_be_about_lists(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::SpamAssassin => text.contains("check_rbl"),
        Kind::Sendmail => text.contains("bl'") || text.contains("bl`") || text.contains("dnsbl"),
        _ => true,
    }
}
