//! What a configuration does, and what is wrong with its lists: for `--check`, and for the log.

use std::fmt::Write as _;
use std::path::Path;

use rdnsbl::inquiry::SettingsFinding;
use rdnsbl::lists::ZoneFindingKind;

use crate::config::{Config, Profile};
use crate::daemon::log::Level;

/// The text of `--check`. Its first line says how much is wrong.
pub(super) fn text(file: &Path, config: &Config) -> String {
    let all = config.settings.lists.iter().count();
    let findings = findings(config);
    let gone = |(_, finding): &(Level, SettingsFinding)| match finding {
        SettingsFinding::List(finding) if finding.kind().is_gone() => Some(finding.index()),
        _ => None,
    };
    let mut gone: Vec<usize> = findings.iter().filter_map(gone).collect();
    gone.dedup();
    let mut counts = match gone.len() {
        0 => format!("{} asked", counted(all, "list")),
        gone => format!("{} of {} asked", all.saturating_sub(gone), counted(all, "list")),
    };
    for level in [Level::Error, Level::Warning] {
        let count = findings.iter().filter(|(of, _)| *of == level).count();
        if count > 0 {
            let _ = write!(counts, ", {}", counted(count, word(level)));
        }
    }
    let is_right = !findings.iter().any(|(level, _)| matches!(level, Level::Error | Level::Warning));
    let mut text = format!("{}: {}{counts}\n", file.display(), if is_right { "correct, " } else { "" });
    for (level, finding) in &findings {
        let _ = writeln!(text, "{}: {}{finding}", word(*level), line(config, finding));
    }
    for part in &config.left_out {
        let _ = writeln!(text, "note: {part}");
    }
    let usual = config.profile("");
    describe(usual, config, &mut text);
    let table = table(usual, config);
    let _ = write!(text, "What is not in this table passes:\n{table}");
    for (context, profile) in config.profiles() {
        let _ = writeln!(text, "\nFor policy_context={context}:");
        describe(profile, config, &mut text);
        match self::table(profile, config) {
            same if same == table => text.push_str("The table is the same.\n"),
            other => text.push_str(&other),
        }
    }
    text
}

fn describe(profile: &Profile, config: &Config, text: &mut String) {
    let (mode, act_from, deadline) = (profile.mode.word(), profile.act_from.word(), config.deadline.as_millis());
    let _ = writeln!(text, "mode = {mode}, act_from = {act_from}, deadline = {deadline} ms");
}

fn table(profile: &Profile, config: &Config) -> String {
    let lines = profile.rules.table().filter(|line| config.recipient_checks || !line.starts_with("recipient_"));
    lines.map(|line| format!("  {line}\n")).collect()
}

/// What is wrong with the lists and the rules, the worst first. Refusals never count here, so filters against them are not
/// needed.
pub(super) fn findings(config: &Config) -> Vec<(Level, SettingsFinding)> {
    let level_of = |finding: &SettingsFinding| match finding {
        SettingsFinding::List(finding) => level(finding.kind()),
        _ => Some(Level::Warning),
    };
    let with_level = |finding: SettingsFinding| Some((level_of(&finding)?, finding));
    let mut findings: Vec<(Level, SettingsFinding)> = config.findings().into_iter().filter_map(with_level).collect();
    findings.sort_by_key(|(level, _)| *level);
    findings
}

/// As `lint` has them.
fn level(kind: &ZoneFindingKind) -> Option<Level> {
    use ZoneFindingKind as Kind;
    Some(match kind {
        Kind::NoCodeFilter { .. } | Kind::AllowsWhenRefused { .. } => return None,
        Kind::Retired(_)
        | Kind::NeverAList { .. }
        | Kind::Misspelled { .. }
        | Kind::NeedsKey
        | Kind::TakesNoKey { .. }
        | Kind::WrongSide { .. } => Level::Error,
        Kind::Unverified | Kind::NothingToAsk | Kind::PartlyRead | Kind::Note(_) | Kind::OneQuestion { .. } => {
            Level::Info
        }
        _ => Level::Warning,
    })
}

/// Where the list stands that this is about: `line 7: `.
fn line(config: &Config, finding: &SettingsFinding) -> String {
    let line = match finding {
        SettingsFinding::List(finding) => config.list_lines.get(finding.index()).copied().flatten(),
        _ => None,
    };
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice | Level::Info => "note",
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
