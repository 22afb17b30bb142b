//! Rules about Postfix's own parameters, and about keys that replies show.

use std::collections::HashMap;
use std::ops::Range;

use rdnsbl::dnsxl::{ListKind, Part, SpecErrorKind};

use crate::collect::{Collected, Found, MAX_FINDINGS};
use crate::finding::{self, Finding};
use crate::kind::Kind;
use crate::source::Source;
use crate::statements::Parameter;

/// The findings that need more than one list.
pub(crate) fn apply(source: &Source, collected: &Collected) -> Vec<Finding> {
    let mut findings = keys(source, collected);
    if source.kind == Kind::Postfix {
        findings.extend(policy_services(source, collected));
        findings.extend(before_log_in(source, collected));
        findings.extend(no_action(source, collected));
    }
    findings.truncate(MAX_FINDINGS);
    findings
}

/// The value of a parameter without lists; the last one.
fn value<'a>(source: &'a Source, collected: &Collected, name: &str) -> Option<&'a str> {
    let of = |(item, kind): &(Range<usize>, SpecErrorKind)| {
        let (found, value) = match kind {
            SpecErrorKind::LeftOut(_) => source.get(item.clone()).split_once('=')?,
            _ => return None,
        };
        (found.trim() == name).then(|| value.trim())
    };
    collected.left_out.iter().rev().find_map(of)
}

/// Keyed zones whose reply shows the zone to every client that is refused.
fn keys(source: &Source, collected: &Collected) -> Vec<Finding> {
    let keyed: Vec<&Found> =
        collected.lists.iter().filter(|found| *found.spec.zone() != found.spec.zone().without_key()).collect();
    if keyed.is_empty() {
        return Vec::new();
    }
    let has = |name| value(source, collected, name).is_some_and(|value| !value.is_empty());
    let hides_in_smtpd = has("rbl_reply_maps")
        || value(source, collected, "default_rbl_reply").is_some_and(|reply| !reply.contains("rbl_domain"));
    let hides_in_postscreen = has("postscreen_dnsbl_reply_map");
    let hidden = |found: &Found| match source.kind {
        Kind::Postfix if found.context.as_deref() == Some("postscreen") => hides_in_postscreen,
        Kind::Postfix => hides_in_smtpd,
        Kind::Exim => !source.text.contains("dnslist_domain"),
        // A message of its own stands behind the zone.
        Kind::Sendmail => {
            let zone = found.zone.clone().unwrap_or(found.item.clone());
            source.get(zone.end..found.item.end).contains('`')
        }
        _ => true,
    };
    let shown = keyed.into_iter().filter(|found| !hidden(found));
    shown
        .map(|found| {
            let zone = found.spec.zone().without_key();
            let advice = match source.kind {
                Kind::Postfix if found.context.as_deref() == Some("postscreen") => {
                    "set postscreen_dnsbl_reply_map to a table that gives the zone another name"
                }
                Kind::Postfix => "set rbl_reply_maps, with a reply without $rbl_domain for this zone",
                Kind::Exim => "write the name of the list into the message, in place of $dnslist_domain",
                _ => "write a message without the zone as the third argument",
            };
            let message = format!("the key in front of {zone} is shown to every client that is refused");
            Finding::new(finding::KEY_SHOWN, found.at, message).about(zone).advice(advice)
        })
        .collect()
}

/// `check_policy_service` before `reject_unauth_destination`, and without a default action.
fn policy_services(source: &Source, collected: &Collected) -> Vec<Finding> {
    let guards = last_of(source, collected, &["reject_unauth_destination", "defer_unauth_destination"]);
    let services = collected.left_out.iter().map(|(item, _)| item);
    let mut findings = Vec::new();
    for item in services.filter(|item| restriction(source, item) == "check_policy_service").take(MAX_FINDINGS) {
        let guard = source.parameter_at(item.start).and_then(|parameter| guards.get(&parameter));
        if guard.is_some_and(|guard| *guard > item.start) {
            let message = "check_policy_service stands before reject_unauth_destination";
            findings.push(
                Finding::new(finding::POLICY_ORDER, item.start, message)
                    .detail("if the service answers OK, every client may relay mail through this server")
                    .advice("move it behind reject_unauth_destination"),
            );
        }
        if !source.get(item.clone()).contains("default_action") {
            let message = "check_policy_service without default_action: if the service fails, all mail is deferred";
            findings.push(
                Finding::new(finding::NO_DEFAULT, item.start, message)
                    .advice("write check_policy_service { SERVICE, timeout=10s, default_action=DUNNO }"),
            );
        }
    }
    findings
}

/// The first list of each parameter that is asked before clients who have logged in are permitted: many home addresses are
/// listed.
fn before_log_in(source: &Source, collected: &Collected) -> Vec<Finding> {
    let mut permits = last_of(source, collected, &["permit_sasl_authenticated"]);
    let refuses = |found: &&Found| {
        found.spec.kind() == ListKind::Deny
            && found.spec.parts().contains(&Part::Address)
            && found.context.as_deref() != Some("postscreen")
    };
    let mut findings = Vec::new();
    for found in collected.lists.iter().filter(refuses) {
        let Some(parameter) = source.parameter_at(found.item.start) else { continue };
        if permits.get(&parameter).is_some_and(|permit| *permit > found.item.start) {
            permits.remove(&parameter);
            let zone = found.spec.zone().without_key();
            let message = format!("{zone} is asked before permit_sasl_authenticated, so it may refuse your own users");
            let advice = "move permit_sasl_authenticated in front of the lists";
            findings.push(Finding::new(finding::BEFORE_LOG_IN, found.at, message).about(zone).advice(advice));
        }
    }
    findings
}

/// Where the last of these restrictions stands in each parameter.
fn last_of<'a>(source: &'a Source, collected: &Collected, names: &[&str]) -> HashMap<Parameter<'a>, usize> {
    let mut found = HashMap::new();
    for (item, _) in collected.left_out.iter().filter(|(item, _)| names.contains(&restriction(source, item))) {
        if let Some(parameter) = source.parameter_at(item.start) {
            let last: &mut usize = found.entry(parameter).or_default();
            *last = item.start.max(*last);
        }
    }
    found
}

/// The name of a restriction.
fn restriction<'a>(source: &'a Source, item: &Range<usize>) -> &'a str {
    source.get(item.clone()).split_ascii_whitespace().next().unwrap_or_default()
}

/// A text with this many other parameters is a whole main.cf: what it does not set has its default.
const WHOLE: usize = 3;

/// Lists of postscreen whose score leads to nothing.
fn no_action(source: &Source, collected: &Collected) -> Option<Finding> {
    let first = collected.lists.iter().find(|found| found.context.as_deref() == Some("postscreen"))?;
    source.parameter_at(first.item.start)?;
    let parameters = collected.left_out.iter().filter(|(item, _)| source.get(item.clone()).contains(" = "));
    let is_whole = parameters.take(WHOLE).count() == WHOLE;
    let default = if is_whole { "ignore" } else { "" };
    let action = value(source, collected, "postscreen_dnsbl_action").unwrap_or(default);
    (action == "ignore").then(|| {
        let message = "postscreen_dnsbl_action is ignore: the lists of postscreen refuse nothing";
        Finding::new(finding::NO_ACTION, first.at, message).advice("write postscreen_dnsbl_action = enforce")
    })
}
