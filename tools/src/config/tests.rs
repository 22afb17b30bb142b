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
    assert_eq!((config.mode, config.act_from, config.on_trouble), (Mode::Observe, Stage::Rcpt, OnTrouble::Dunno));
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
        ("mode = \"Observe\"", "1:8: mode: expected `observe` or `enforce`"),
        ("\nmdoe = \"observe\"", "2:1: unknown field `mdoe`"),
        ("[lists]\ndeny = \"x\"", "2:8: lists.deny: expected a sequence"),
        ("mode = \"enforce\"\n[own]\nnames = [\n  \"a\",\n  7\n]", "5:3: own.names: expected a string"),
        ("[lists]\ndeny = [\"bad..example\"]", "2:9: lists.deny: "),
        ("[lists]\ndeny = [{ zone = \"bl.example\", weigth = 3 }]", "2:9: lists.deny: "),
        ("[policy]\npreset = \"exim\"", "2:10: policy.preset: expected rfc, postfix, sendmail or observe"),
        (
            "[policy]\niprev_nonmae = \"pass\"",
            "2:16: policy.iprev_nonmae: no finding \"iprev_nonmae\"; did you mean iprev_no_name?",
        ),
        ("[policy]\niprev_no_name = \"250 2.0.0 fine\"", "2:17: policy.iprev_no_name: "),
        ("[policy]\niprev_no_name = \"class greylist\"", "policy.allowed_classes"),
        ("[policy]\nallowed_classes = [\"permit_all\"]", "2:20: policy.allowed_classes: "),
        ("[policy]\nobserve = [\"x\"]", "2:12: policy.observe: no finding"),
        ("[[policy.all]]\nfindings = []\nreply = \"550 5.7.1 no\"", "3:9: policy.all: expected at least"),
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
    assert_eq!(mistakes("deadline = \"x\"\nwatch = \"x\"\n[exempt]\nnames = [\"a..b\"]").len(), 3);
}

/// Wherever a zone with its key stands by mistake, no message repeats it.
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
fn the_samples_are_correct() {
    for (text, program) in [
        (include_str!("../../contrib/policyd.toml"), For::Policyd),
        (include_str!("../../contrib/milter.toml"), For::Milter),
    ] {
        let config = Config::read(text, program).unwrap();
        assert_eq!((config.mode, config.settings.lists.iter().count()), (Mode::Observe, 0));
        let table: Vec<String> = config.rules.table().collect();
        assert!(table.iter().any(|line| line.starts_with("iprev_no_name") && line.contains("450 4.7.1")), "{table:?}");
        // What is commented out is correct, too.
        let all: Vec<&str> =
            text.lines().map(|line| line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line)).collect();
        // Where a key stands twice, the first counts.
        let (mut keys, mut table, mut once) = (std::collections::HashSet::new(), "", Vec::new());
        for line in all {
            if line.starts_with('[') {
                table = line;
            }
            if line.split_once(" = ").is_none_or(|(key, _)| keys.insert(format!("{table}{key}"))) {
                once.push(line);
            }
        }
        let all = once.join("\n");
        if let Err(mistakes) = Config::read(&all, program) {
            panic!("{mistakes:?} in\n{all}");
        }
    }
}

/// Not a sentence.
fn is_setting(line: &str) -> bool {
    line.starts_with("[[")
        || line.starts_with("reject_")
        || line == "\"\"\""
        || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
}

#[test]
fn keys_of_the_other_daemon_are_mistakes() {
    for (text, program, expected) in [
        ("[milter]\nstrip = true", For::Policyd, "milter: these keys are for rdnsbl-milter"),
        ("instances = 7", For::Milter, "1:13: instances: this key is for rdnsbl-policyd"),
        ("act_from = \"connect\"", For::Milter, "1:12: act_from: a milter cannot say why at connect"),
        ("[policy]\nallowed_classes = [\"greylist\"]", For::Milter, "only rdnsbl-policyd can answer with a class"),
        ("[milter]\nauthserv_id = \"a b\"", For::Milter, "2:15: milter.authserv_id: expected a host name"),
        ("[milter]\ntrusted_relays = [\"x\"]", For::Milter, "2:19: milter.trusted_relays: expected an address"),
    ] {
        let found = Config::read(text, program).unwrap_err()[0].to_string();
        assert!(found.contains(expected), "{text}: {found}");
    }
}
