use super::*;

fn mistakes(text: &str) -> Vec<String> {
    match Config::read(text, For::Policyd) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn an_empty_file_observes() {
    let config = Config::read("", For::Policyd).unwrap();
    let usual = config.profile("");
    assert_eq!((usual.mode, usual.act_from, config.on_trouble), (Mode::Observe, Stage::Rcpt, OnTrouble::Dunno));
    assert_eq!(config.deadline, Duration::from_secs(5));
    assert!(!config.recipient_checks && config.header.is_none() && config.settings.lists.iter().next().is_none());
    for recipient in ["postmaster@x.example", "Abuse@x.example", "postmaster"] {
        assert!(config.exempt.recipient(recipient), "{recipient}");
    }
    assert!(!config.exempt.recipient("a@x.example"));
    for mode in ["\"0640\"", "\"640\""] {
        let config = Config::read(&format!("socket_mode = {mode}"), For::Policyd).unwrap();
        assert_eq!(config.fixed.socket_mode, 0o640, "{mode}");
    }
}

/// Each mistake with its place and its key, all of them at once.
#[test]
fn mistakes_have_a_place() {
    for (text, expected) in [
        ("mode = \"Observe\"", "1:8: mode: expected \"observe\" or \"enforce\""),
        ("\nmdoe = \"observe\"", "2:1: mdoe: no such key; the keys here are act_from, connections, "),
        ("[lists]\ndeny = \"x\"", "2:8: lists.deny: expected a list in [ ]"),
        ("mode = \"enforce\"\n[own]\nnames = [\n  \"a\",\n  7\n]", "5:3: own.names: expected a host name"),
        ("[lists]\ndeny = [\"bad..example\"]", "2:14: lists.deny: zone: empty label"),
        ("[lists]\ndeny = [\"bl.example=127.0.0.300\"]", "2:29: lists.deny: codes: "),
        (
            "[lists]\nread = \"\"\"\nreject_rbl_client a.example\n  reject_rbl_client b..example\"\"\"",
            "4:23: lists.read: ",
        ),
        ("[lists]\nread = \"permit_mynetworks\"", "2:8: lists.read: no list is asked here"),
        ("[lists]\ndeny = [{ weight = 3 }]", "2:9: lists.deny: expected a list, such as"),
        (
            "[lists]\ndeny = [{ zone = \"bl.example\", asks = [\"heloo\"] }]",
            "asks: unknown word; expected one of address, ",
        ),
        ("socket_mode = 0660", "1:15: a number has no zeros in front; a mode is a text in quotes"),
        ("[[policy.all]]\nfindings = \"x\"\nreply = \"defer\"", "2:12: policy.all.findings: expected a list in [ ]"),
        (
            "[lists]\ndeny = [{ zone = \"bl.example\", weigth = 3 }]",
            "2:9: lists.deny: unknown key \"weigth\"; did you mean weight?",
        ),
        (
            "[lists]\nallow = [{ zone = \"wl.example\", colour = 3 }]",
            "2:10: lists.allow: unknown key \"colour\"; expected zone, ",
        ),
        (
            "[lists]\ndeny = [{ zone = \"bl.example\", weight = \"x\" }]",
            "2:9: lists.deny: weight: expected a whole number",
        ),
        ("[lists]\nthreshold = 2.5", "2:13: lists.threshold: expected a whole number"),
        ("[lists]\nrecommended = \"yes\"", "2:15: lists.recommended: expected true or false"),
        ("lists = 7", "1:9: lists: expected a table: [lists]"),
        ("[policy]\nlisted = 554", "2:10: policy.listed: expected a rule in quotes"),
        ("[policy]\nall = 7", "2:7: policy.all: expected tables: [[policy.all]]"),
        ("[[policy.all]]\nfindings = [\"listed\"]", "1:1: policy.all: expected findings = "),
        ("[profile]\nx = 7", "2:5: profile.x: expected a table: [profile.x]"),
        ("[profile.x]\nmode = 7", "2:8: profile.x.mode: expected \"observe\" or "),
        ("[profile.x.policy]\nlsted = \"pass\"", "2:1: profile.x.policy.lsted: no finding"),
        ("[exempt]\nfiles = [\"x\"]", "2:10: exempt.files: expected paths of files"),
        ("[exempt]\nfiles = [\"/nowhere/x\"]", "2:10: exempt.files: cannot read /nowhere/x: No such file"),
        ("[policy]\npreset = \"exim\"", "2:10: policy.preset: expected rfc, postfix, sendmail or observe"),
        (
            "[policy]\niprev_nonmae = \"pass\"",
            "2:1: policy.iprev_nonmae: no finding \"iprev_nonmae\"; did you mean iprev_no_name?",
        ),
        (
            "[policy]\niprev_no_name = \"250 2.0.0 fine\"",
            "2:17: policy.iprev_no_name: expected a reply code from 400 to 599 and a blank at octet 1; a rule is pass, defer, ",
        ),
        ("[policy]\niprev_no_name = \"class greylist\"", "policy.allowed_classes"),
        ("[policy]\nallowed_classes = [\"permit_all\"]", "2:20: policy.allowed_classes: "),
        ("[policy]\nobserve = [\"x\"]", "2:12: policy.observe: no finding"),
        ("[[policy.score]]\nthreshold = 1", "1:1: policy.score: expected findings = { FINDING = WEIGHT"),
        (
            "[[policy.score]]\nfindings = { listed = 1, iprev_no_name = 2, iprev_forged = 5 }\nthreshold = 7\nreply = \"defer\"",
            "1:1: policy.score: these findings never add up to 7",
        ),
        (
            "[[policy.score]]\nfindings = { listd = 1 }\nthreshold = 1\nreply = \"defer\"",
            "2:22: policy.score.findings.listd: no finding \"listd\"; did you mean listed?",
        ),
        (
            "[[policy.score]]\nfindings = { listed = 0 }\nthreshold = 1\nreply = \"defer\"",
            "2:23: policy.score.findings.listed: expected a weight, a whole number from 1 to 1000",
        ),
        (
            "[[policy.score]]\nfindings = { listed = 1 }\nthreshold = 0\nreply = \"defer\"",
            "3:13: policy.score.threshold: expected a whole number from 1 on",
        ),
        ("[[policy.all]]\nfindings = []\nreply = \"550 5.7.1 no\"", "1:1: policy.all: expected findings = "),
        ("deadline = \"5\"", "1:12: deadline: "),
        ("deadline = \"0s\"", "1:12: deadline: "),
        ("deadline = 5", "1:12: deadline: expected 100ms to 90s, such as \"5s\""),
        ("watch = true", "1:9: watch: expected \"off\" or "),
        ("socket_mode = 440", "1:15: socket_mode: expected an octal mode"),
        ("watch = \"1s\"", "1:9: watch: "),
        ("header = \"Received\"", "1:10: header: "),
        ("header = \"X-A: b\"", "1:10: header: "),
        ("listen = [\"unix:relative\"]", "1:11: listen: expected unix:/absolute/path or inet:address:port"),
        ("listen = [\"inet:0.0.0.0:10045\"]", "1:11: listen: who can connect"),
        ("metrics = \"0.0.0.0:9845\"", "1:11: metrics: expected a loopback address"),
        ("connections = 0", "1:15: connections: "),
        ("socket_mode = \"rw\"", "1:15: socket_mode: "),
        ("[exempt]\nnetworks = [\"192.0.2.0/33\"]", "2:13: exempt.networks: "),
        ("[exempt]\nsenders = [\"example.org\"]", "2:12: exempt.senders: "),
        ("[resolver]\nservers = [\"dns.example\"]", "2:12: resolver.servers: "),
        ("[lists]\nthreshold = 1\nallow_threshold = 1", " lists: the allow threshold"),
        ("x", "1:2: "),
    ] {
        let found = mistakes(text);
        assert!(matches!(found.as_slice(), [one] if one.contains(expected)), "{text}: {found:?}");
    }
}

/// One mistake hides no other, in any table and of any kind.
#[test]
fn all_mistakes_are_told() {
    let text = "mode = enforce\ndeadline = 5\nmdoe = 1\n[lists]\ndeny = [7, \"a..b\", { zone = 1 }]\nread = \n[exempt]\n\
                names = [\"a..b\", 7]\n[policy]\nlisted = 554\niprev_nonmae = \"pass\"\n[nosuch]\n";
    let found = mistakes(text);
    let places: Vec<String> =
        found.iter().map(|line| line.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(
        places,
        ["1:8", "2:12", "3:1", "5:9", "5:15", "5:20", "6:8", "8:10", "8:18", "10:10", "11:1", "12:2"],
        "{found:#?}"
    );
}

/// A dead list is not a mistake, but it is reported behind mistakes, as a note.
#[test]
fn dead_lists_are_told_beside_mistakes() {
    let lists = "[lists]\ndeny = [\n  \"cn-kr.blackholes.us\", \"bl.example\",\n]\nread = \"\"\"\nreject_rbl_client relays.ordb.org\n\"\"\"\n";
    assert_eq!(mistakes(lists), Vec::<String>::new());
    let found = mistakes(&format!("{lists}nosuch = 1\n"));
    assert!(found[0].starts_with("8:1: lists.nosuch: no such key") && found.len() == 3, "{found:?}");
    assert!(found[1].starts_with("3:3: note: lists: cn-kr.blackholes.us: closed 2007"), "{found:?}");
    assert!(found[2].starts_with("6:1: note: lists: relays.ordb.org: closed 2006"), "{found:?}");
    let config = Config::read(&format!("[lists]\nrecommended = true\n{}", &lists[8..]), For::Policyd).unwrap();
    let lines: Vec<usize> = config.list_lines.iter().flatten().copied().collect();
    assert_eq!(lines, [4, 4, 7]);
    assert_eq!(config.list_lines.len(), config.settings.lists.iter().count());
}

/// A zone with a key at a wrong place is repeated in no message.
#[test]
fn keys_are_never_shown() {
    const KEY: &str = "abcdefghijklmnopqrstuvwxyz";
    for text in [
        "mode = \"KEY.zen.dq.spamhaus.net\"",
        "recipient_checks = \"KEY.zen.dq.spamhaus.net, expected x\"",
        "[lists]\ndeny = \"KEY.zen.dq.spamhaus.net\"",
        "[lists]\ndeny = [\"KEY.zen.dq.spamhaus.net=300.0.0.2\"]",
        "[lists]\ndeny = [\"KEY..zen.dq.spamhaus.net\"]",
        "[lists]\ndeny = [{ zone = \"KEY.zen.dq.spamhaus.net\", x = \"KEY\" }]",
        "[lists]\nread = \"reject_rbl_client KEY..zen.dq.spamhaus.net\"",
        "[policy]\nlisted = \"KEY.zen.dq.spamhaus.net\"",
        "[lists]\ndeny = [\"KEY.zen.dq.spamhaus.net\"",
        "[lists]\n\"KEY.zen.dq.spamhaus.net\" = 3",
        "[policy]\nobserve = [\"KEY.zen.dq.spamhaus.net\"]",
        "[policy]\n\"KEY.zen.dq.spamhaus.net\" = \"reject\"",
        "deny = [KEY.zen.dq.spamhaus.net]",
        "listen = [\"KEY.zen.dq.spamhaus.net\"]",
    ] {
        let found = mistakes(&text.replace("KEY", KEY)).join("\n");
        assert!(!found.is_empty() && !found.contains(KEY), "{text}: {found}");
    }
    let config =
        Config::read(&format!("[lists]\ndeny = [\"{KEY}.zen.dq.spamhaus.net=127.0.0.[2..11]\"]"), For::Policyd)
            .unwrap();
    assert!(!format!("{config:?}").contains(KEY));
}

#[test]
fn lists_in_every_form() {
    let config = Config::read(
        "[lists]\nrecommended = true\ndeny = [\"bl.example=127.0.0.2*2\", { zone = \"dbl.example\", asks = [\"sender\"] }]\n\
         allow = [\"wl.example\", { zone = \"wl2.example\" }]\nread = \"\"\"\nsmtpd_client_restrictions =\n  \
         permit_mynetworks\n  reject_rbl_client old.example\n\"\"\"\n",
        For::Policyd,
    )
    .unwrap();
    let allow = config.settings.lists.iter().filter(|list| list.kind() == rdnsbl::ListKind::Allow).count();
    let names: Vec<String> = config.settings.lists.iter().map(|list| list.zone().to_string()).collect();
    assert!(allow >= 2, "{names:?}");
    for name in ["bl.example", "dbl.example", "wl.example", "wl2.example", "old.example"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert_eq!(config.settings.lists.left_out().len(), 1);
}

#[test]
fn keys_of_the_other_daemon_are_mistakes() {
    for (text, program, expected) in [
        ("[milter]\nstrip = true", For::Policyd, "milter: these keys are for rdnsbl-milter"),
        ("instances = 7", For::Milter, "1:1: instances: no such key"),
        (
            "act_from = \"connect\"",
            For::Milter,
            "1:12: act_from: expected \"helo\", \"mail\" or \"rcpt\" (a milter cannot say why at connect)",
        ),
        ("[policy]\nallowed_classes = [\"greylist\"]", For::Milter, "only rdnsbl-policyd can answer with a class"),
        ("[profile.x]\nmode = \"observe\"", For::Milter, "profile: only rdnsbl-policyd has profiles"),
        ("[milter]\nauthserv_id = \"a b\"", For::Milter, "2:15: milter.authserv_id: expected a host name"),
        ("[milter]\ntrusted_relays = [\"x\"]", For::Milter, "2:19: milter.trusted_relays: expected an address"),
    ] {
        let found = Config::read(text, program).unwrap_err()[0].to_string();
        assert!(found.contains(expected), "{text}: {found}");
    }
}

/// A `policy_context` selects a profile, which takes over what it does not say.
#[test]
fn profiles() {
    let text = "mode = \"enforce\"\n[policy]\npreset = \"observe\"\nlisted = \"reject\"\n[profile.mx2]\nact_from = \"mail\"\n\
                [profile.strict]\nmode = \"observe\"\n[profile.strict.policy]\npreset = \"rfc\"\n";
    let config = Config::read(text, For::Policyd).unwrap();
    let table = |context: &str| config.profile(context).rules.table().collect::<Vec<_>>();
    assert_eq!(table("").len(), 1);
    assert_eq!((table("nosuch"), table("mx2")), (table(""), table("")));
    assert!(table("strict").len() > 1);
    let of = |context: &str| (config.profile(context).mode, config.profile(context).act_from);
    assert_eq!(of("mx2"), (Mode::Enforce, Stage::Mail));
    assert_eq!(of("strict"), (Mode::Observe, Stage::Rcpt));
}

#[test]
fn exempt_networks_from_files() {
    let path = std::env::temp_dir().join(format!("rdnsbl-exempt-{}", std::process::id()));
    let read = |lines: &str| {
        std::fs::write(&path, lines).unwrap();
        let files = format!("[exempt]\nnetworks = [\"198.51.100.1\"]\nfiles = [\"{}\"]", path.display());
        Config::read(&files, For::Policyd).map_err(|mistakes| mistakes[0].to_string())
    };
    let exempt = read("# ours\n192.0.2.0/25 ; office\n\n 2001:db8::/32\tanycast\n").unwrap().exempt;
    for (client, holds) in
        [("192.0.2.127", true), ("192.0.2.128", false), ("2001:db8::1", true), ("198.51.100.1", true)]
    {
        assert_eq!(exempt.network(client.parse().unwrap()), holds, "{client}");
    }
    let wrong = read("192.0.2.0/25\nmail.example\n").unwrap_err();
    assert!(wrong.starts_with("3:10: exempt.files: ") && wrong.contains(", line 2: expected an address or"), "{wrong}");
    std::fs::remove_file(&path).unwrap();
}
