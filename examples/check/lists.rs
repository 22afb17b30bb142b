//! Which lists are asked, and what is known about them.

use std::sync::Arc;

use rdnsbl::dnsxl::{Kind, ListSpec};
use rdnsbl::{ListSet, ListSetError, lists};

use crate::args::{Knowledge, Options};
use crate::demo;
use crate::target::Target;
use crate::usage::Usage;

/// The lists that are asked unless others are named: long-lived, free for small users, with documented codes. More than the
/// library recommends to a mail server: nobody is turned away here.
const DEFAULT: &[(Kind, &str)] = &[
    (Kind::Deny, "zen.spamhaus.org"),
    (Kind::Deny, "bl.spamcop.net"),
    (Kind::Deny, "b.barracudacentral.org"),
    (Kind::Deny, "psbl.surriel.com"),
    (Kind::Deny, "bl.mailspike.net"),
    (Kind::Deny, "dbl.spamhaus.org"),
    (Kind::Deny, "multi.surbl.org"),
    (Kind::Deny, "multi.uribl.com"),
    (Kind::Allow, "list.dnswl.org"),
];

/// The lists of the command line, or the default set.
pub(crate) fn read(options: &Options) -> Result<ListSet, Usage> {
    let mut set = ListSet::builder().knowledge(knowledge(options)?);
    if let Some(threshold) = options.threshold {
        set = set.threshold(threshold);
    }
    if let Some(threshold) = options.allow_threshold {
        set = set.allow_threshold(threshold);
    }
    let default = if options.demo { demo::LISTS } else { DEFAULT };
    // Where there is nothing to ask lists about, only lists that were named are worth a line.
    let nothing = options.targets.iter().all(|target| matches!(target, Target::Nothing));
    let given: Vec<(Kind, &str)> = if options.no_lists || (options.lists.is_empty() && nothing) {
        Vec::new()
    } else if options.lists.is_empty() {
        default.to_vec()
    } else {
        options.lists.iter().map(|(kind, text)| (*kind, text.as_str())).collect()
    };
    let mut mistakes = Vec::new();
    for (kind, text) in given {
        let (option, spec) = match kind {
            Kind::Deny => ("--list", ListSpec::deny(text)),
            Kind::Allow => ("--allow", ListSpec::allow(text)),
        };
        match spec {
            Ok(spec) => set = set.list(spec),
            Err(error) => mistakes.push(Usage::pointed(format!("{option}: {error}"), &error.point_at(text))),
        }
    }
    if !mistakes.is_empty() {
        return Err(Usage::all(&mistakes));
    }
    set.build().map_err(|error| match error {
        ListSetError::Thresholds => Usage::new("--allow-threshold must be below --threshold"),
        other => Usage::new(format!("--list: {other}")),
    })
}

/// Where knowledge about lists comes from.
fn knowledge(options: &Options) -> Result<lists::Knowledge, Usage> {
    Ok(match options.knowledge {
        Knowledge::None => lists::Knowledge::None,
        Knowledge::Catalogue if options.demo => {
            // A mistake in the text; the tests read it.
            let demo = demo::catalogue().map_err(|error| Usage::new(format!("demo.lists: {error}")))?;
            lists::Knowledge::Given(Arc::new(demo))
        }
        Knowledge::Catalogue => lists::Knowledge::Catalogue,
    })
}
