//! The samples and the page about settings have every key, and are correct.

use super::*;

const SAMPLES: [(&str, For); 2] = [
    (include_str!("../../contrib/policyd.toml"), For::Policyd),
    (include_str!("../../contrib/milter.toml"), For::Milter),
];

#[test]
fn the_samples_observe_and_ask_no_list() {
    for (text, program) in SAMPLES {
        let config = Config::read(text, program).unwrap();
        assert_eq!((config.profile("").mode, config.settings.lists.iter().count()), (Mode::Observe, 0));
        let table: Vec<String> = config.profile("").rules.table().collect();
        assert!(table.iter().any(|line| line.starts_with("iprev_no_name") && line.contains("450 4.7.1")), "{table:?}");
    }
}

/// With every setting that is commented out, and with every default said.
#[test]
fn the_samples_are_correct_as_a_whole() {
    for (text, program) in SAMPLES {
        let all = with_comments(text);
        let config = Config::read(&all, program).unwrap_or_else(|mistakes| panic!("{mistakes:?} in\n{all}"));
        let observed: Vec<_> = config.settings.lists.iter().filter(|list| list.only_observed()).collect();
        assert_eq!(observed.len(), 1, "{observed:?}");
        let findings = config.findings();
        // What is known about a list is told whatever the configuration says.
        let is_note = |finding: &SettingsFinding| matches!(finding, SettingsFinding::List(finding) if finding.kind().word() == "note");
        assert!(findings.iter().all(is_note), "{findings:?}");
    }
}

/// Every key that a table takes stands in it, in the sample of each daemon.
#[test]
fn the_samples_have_every_key() {
    for (text, program) in SAMPLES {
        let all = with_comments(text);
        let tables = [
            "",
            "[own]",
            "[exempt]",
            "[lists]",
            "[resolver]",
            "[milter]",
            "[[policy.all]]",
            "[[policy.score]]",
            "[profile.mx2]",
        ];
        let mut seen = 0;
        for table in tables.iter().filter(|table| table.is_empty() || all.contains(*table)) {
            let (_, after) = all.split_once(&format!("{table}\n")).unwrap();
            let part = after.lines().take_while(|line| !line.starts_with('[')).collect::<Vec<_>>().join("\n");
            for key in keys(table, program) {
                let is_there = part.lines().any(|line| line.starts_with(&format!("{key} = ")));
                assert!(is_there || all.contains(&format!("[{key}")), "{key} in {table}");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
        for key in ["preset", "strict", "several", "observe"] {
            assert!(all.contains(&format!("\n{key} = ")), "{key}");
        }
    }
}

/// The keys that a table takes, besides findings.
fn keys(table: &str, program: For) -> Vec<String> {
    let unknown = Config::read(&format!("{table}\nnosuch = 1"), program).unwrap_err();
    let unknown = unknown.iter().map(ToString::to_string).find(|text| text.contains("no such key")).unwrap();
    let (_, keys) = unknown.split_once("the keys here are ").unwrap();
    keys.split(", ").map(str::to_owned).collect()
}

/// The page has every key, and each default that it states is one.
#[test]
fn the_page_is_correct() {
    // A package does not hold the page.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/daemon-settings.md");
    let Ok(page) = std::fs::read_to_string(path) else { return };
    for program in [For::Policyd, For::Milter] {
        let (mut defaults, mut documented, mut table) = (String::new(), Vec::new(), "");
        for line in page.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                table = if title.starts_with('`') { title.trim_matches('`') } else { "" };
                if table != "[milter]" || program == For::Milter {
                    defaults += &format!("{table}\n");
                }
            }
            let Some(row) = line.strip_prefix("| `") else { continue };
            let cells: Vec<&str> = row.split(" | ").collect();
            let key = cells[0].trim_matches('`');
            let is_other = if program == For::Milter { row.contains("policyd alone:") } else { table == "[milter]" };
            if !is_other {
                documented.push(format!("{table}{key}"));
                if cells[1].starts_with('`') {
                    defaults += &format!("{key} = {}\n", cells[1].trim_matches('`'));
                }
            }
        }
        let said = Config::read(&defaults, program).unwrap_or_else(|mistakes| panic!("{mistakes:?} in\n{defaults}"));
        assert_eq!(format!("{said:?}"), format!("{:?}", Config::read("", program).unwrap()));
        let tables = ["", "[resolver]", "[own]", "[exempt]", "[lists]", "[milter]"];
        for table in tables.iter().filter(|table| **table != "[milter]" || program == For::Milter) {
            for key in keys(table, program) {
                let name = format!("{table}{key}");
                let is_table = page.contains(&format!("## `[{key}]`")) || page.contains(&format!("`[{key}."));
                assert!(is_table || documented.contains(&name), "{name}: {documented:?}");
            }
        }
        for finding in rdnsbl::Finding::ALL {
            assert!(documented.contains(&finding.word().to_owned()), "{finding}");
        }
        for key in ["preset", "strict", "several", "observe", "allowed_classes"] {
            let name = format!("[policy]{key}");
            assert_eq!(documented.contains(&name), key != "allowed_classes" || program == For::Policyd, "{name}");
        }
    }
}

/// The sample with the settings that are commented out: there no single blank stands behind `#`.
fn with_comments(text: &str) -> String {
    let is_setting = |rest: &&str| !rest.starts_with(' ') || rest.starts_with("  ");
    let text = text.replace("\"/etc/rdnsbl/exempt\"", "\"/dev/null\"");
    text.lines().map(|line| line.strip_prefix('#').filter(is_setting).unwrap_or(line).to_owned() + "\n").collect()
}
