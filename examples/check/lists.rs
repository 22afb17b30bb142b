//! Which lists are asked, and what is known about them.

use rdnsbl::dnsxl::{Kind, ListSpec};
use rdnsbl::{ListSet, ListSetError};

use crate::args::{Knowledge, Options};
use crate::target::Target;
use crate::usage::Usage;
use crate::{catalogue, demo};

/// The lists of the command line, or the default set.
pub(crate) fn read(options: &Options) -> Result<ListSet, Usage> {
    let mut set = ListSet::builder();
    if let Some(threshold) = options.threshold {
        set = set.threshold(threshold);
    }
    if let Some(threshold) = options.allow_threshold {
        set = set.allow_threshold(threshold);
    }
    let default = if options.demo { demo::LISTS } else { catalogue::DEFAULT };
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
            Ok(spec) => set = set.list(knowing(spec, options)?),
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

/// A list with what is known about its zone.
fn knowing(spec: ListSpec, options: &Options) -> Result<ListSpec, Usage> {
    let zone = match options.knowledge {
        Knowledge::None => None,
        Knowledge::Catalogue if options.demo => demo::find(spec.zone()).or_else(|| catalogue::find(spec.zone())),
        Knowledge::Catalogue => catalogue::find(spec.zone()),
    };
    let Some(zone) = zone else { return Ok(spec) };
    // A mistake in the table; a test reads all of it.
    let profile = zone.profile().map_err(|error| Usage::new(format!("the row of {}: {error}", zone.name)))?;
    Ok(spec.profile(profile))
}
