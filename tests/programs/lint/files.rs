//! Whole files of each kind of software: which lists are found where, and what is wrong with them.

use super::{folder, offline, run, run_with, text};

/// The administrator who pasted twelve lists from an old page.
#[tokio::test]
async fn a_whole_postfix_configuration() {
    let run = offline(&["postfix/main.cf", "postfix/master.cf"]).await;
    assert_eq!(run.code, 1);
    assert_eq!(
        run.found(),
        [
            "17 dead-list cn-kr.blackholes.us",
            "18 dead-list brazil.blackholes.us",
            "19 dead-list argentina.blackholes.us",
            "21 no-code-filter zen.spamhaus.org",
            "22 no-ipv6",
            "23 dead-list relays.ordb.org",
            "24 dead-list dnsbl.njabl.org",
            "25 only-warns",
            "25 dead-list bl.spamcannibal.org",
            "27 whole-networks dnsbl-2.uceprotect.net",
            "28 bounces-only ips.backscatterer.org",
            // Where a variable is defined, however often it is used.
            "31 dead-list korea.blackholes.us",
            "32 dead-list opm.blitzed.org",
            "36 policy-order",
            "36 no-default-action",
            "38 wrong-subject zen.spamhaus.org",
            "40 opens-when-refused list.dnswl.org",
            "44 never-reached",
            "46 unresolved",
            "49 not-continued",
            "6 misspelt zen.spamhous.org",
            "7 dead-list combined.njabl.org",
        ]
    );
    assert_eq!(run.at("/findings/20/file"), "postfix/master.cf");
    assert_eq!(run.at("/counts/commented_out"), 2);
    assert!(run.at("/counts/left_out").as_u64().unwrap() > 15);
}

#[tokio::test]
async fn what_a_finding_says() {
    let run = run(&["--offline", "postfix/main.cf"]).await;
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "postfix/main.cf:17:23: error: cn-kr.blackholes.us is dead since 2007 and lists every address [dead-list]",
            "    it stopped answering, then listed everything after its name servers changed",
            "      owner",
            "    -> remove it",
            "    source: 2009-10-13,",
            "      https://circleid.com/posts/20091013_unwelcome_afterlife_for_a_long_dead_blacklist",
        ]
    );
    assert!(lines.contains(&"    -> write reject_rbl_client zen.spamhaus.org=127.0.0.[2..11;30]"), "{}", run.out);
    assert_eq!(*lines.last().unwrap(), "1 file, 18 lists: 10 errors, 6 warnings, 4 notes");
}

#[tokio::test]
async fn lists_of_postfix_1() {
    let run = offline(&["postfix-old/main.cf"]).await;
    assert_eq!(run.found(), ["2 dead-list relays.ordb.org", "2 dead-list cn-kr.blackholes.us", "3 no-ipv6"]);
}

#[tokio::test]
async fn postscreen_beside_smtpd() {
    let run = offline(&["postscreen/main.cf"]).await;
    assert_eq!(
        run.found(),
        [
            "4 given-again",
            "7 no-action",
            "9 no-code-filter dbl.spamhaus.org",
            "9 wrong-subject dbl.spamhaus.org",
            "10 opens-when-refused list.dnswl.org",
            "13 asked-twice bl.mailspike.net",
            "13 no-ipv6",
            "14 key-shown zen.dq.spamhaus.net",
            "14 asked-twice zen.dq.spamhaus.net",
        ]
    );
    assert_eq!(run.at("/counts/ignored"), 1);
}

#[tokio::test]
async fn a_whole_sendmail_configuration() {
    let run = offline(&["sendmail/sendmail.mc"]).await;
    assert_eq!(
        run.found(),
        [
            "10 dead-list relays.ordb.org",
            "11 no-code-filter zen.spamhaus.org",
            "12 no-ipv6",
            "14 key-shown zen.dq.spamhaus.net",
            "14 no-code-filter zen.dq.spamhaus.net",
        ]
    );
    assert_eq!((run.at("/counts/ignored"), run.at("/counts/commented_out")), (1.into(), 1.into()));
}

#[tokio::test]
async fn a_whole_exim_configuration() {
    let run = offline(&["exim/exim.conf"]).await;
    assert_eq!(
        run.found(),
        [
            // Where the macro is defined.
            "2 no-code-filter zen.spamhaus.org",
            "2 dead-list dnsbl.njabl.org",
            "17 dead-list relays.ordb.org",
            "17 key-shown zen.dq.spamhaus.net",
            "18 only-warns",
            "18 dead-list cn-kr.blackholes.us",
            // Asked for the null sender only.
            "21 about ips.backscatterer.org",
            "21 no-ipv6",
            "22 unresolved",
            // In the included file.
            "3 unknown-list blackholes.easynet.nl",
        ]
    );
    assert_eq!(run.at("/findings/9/file"), "exim/acl.inc");
    assert_eq!(run.at("/files/1/lists/0/list"), "bl.spamcop.net");
}

#[tokio::test]
async fn a_whole_spamassassin_configuration() {
    let run = offline(&["spamassassin/local.cf"]).await;
    assert_eq!(
        run.found(),
        ["6 dead-list dnsbl.njabl.org", "12 switched-off", "15 dead-list relays.ordb.org"],
        "{}",
        run.out
    );
}

#[tokio::test]
async fn rules_of_rspamd_and_what_they_include() {
    let run = offline(&["rspamd/local.d/rbl.conf"]).await;
    assert_eq!(
        run.found(),
        [
            "9 dead-list ix.dnsbl.manitu.net",
            // Not that of a rule that is switched off. Outside the folder of rspamd:
            "13 unresolved",
            "1 dead-list relays.ordb.org",
        ]
    );
    assert_eq!(run.at("/findings/2/file"), "rspamd/local.d/more.conf");
}

/// A pattern of rspamd stands for all files that fit, in the order of their names.
#[tokio::test]
async fn rspamd_includes_by_pattern() {
    let folder = folder("pattern").join("rspamd");
    std::fs::create_dir_all(folder.join("rbl.d")).unwrap();
    let rule = |zone: &str| format!("r {{ rbl = \"{zone}\"; checks = [\"from\"]; ipv6 = false; }}\n");
    for (file, text) in [
        ("rbl.d/20-b.conf", rule("relays.ordb.org")),
        ("rbl.d/10-a.conf", rule("dnsbl.njabl.org")),
        ("rbl.d/10-a.conf.bak", rule("opm.blitzed.org")),
        (
            "rbl.conf",
            ".include(try=true; glob=true) \"$LOCAL_CONFDIR/rbl.d/*.conf\"\n.include(glob=true) \"$CONFDIR/*.none\"\n\
             .include(glob=true) \"/etc/host*\"\n.include(glob=true) \"$CONFDIR/*/x.conf\"\n"
                .to_owned(),
        ),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let run = offline(&[folder.join("rbl.conf").to_str().unwrap()]).await;
    let found: Vec<String> = run.found().into_iter().filter(|finding| !finding.contains("no-ipv6")).collect();
    let outside = found.iter().filter(|finding| *finding == "3 unresolved").count();
    assert!(outside > 0, "{found:?}");
    assert_eq!(found[outside..], ["4 unresolved", "1 dead-list dnsbl.njabl.org", "1 dead-list relays.ordb.org"]);
}

#[tokio::test]
async fn files_that_are_not_read_are_named() {
    for (file, kind, found) in [
        (
            "others/zones.txt",
            "a list of zones",
            &["4 dead-list bl.spamcannibal.org", "5 misspelt zen.spamhous.org"][..],
        ),
        ("others/dns-list.ini", "Haraka", &["1 not-read", "4 dead-list dnsbl.njabl.org"]),
        ("others/main.cf.j2", "template", &["1 not-read", "2 dead-list relays.ordb.org"]),
        ("others/setup.sh", "shell", &["1 not-read", "3 dead-list list.dsbl.org"]),
    ] {
        let run = offline(&[file]).await;
        assert_eq!(run.at("/files/0/kind"), kind);
        assert_eq!(run.found(), found, "{file}");
    }
}

/// A rule that is switched off asks nobody, so its dead list does no harm.
#[tokio::test]
async fn rules_that_are_switched_off() {
    let rule = |more: &str| format!("rbls {{\n a {{ rbl = \"ix.dnsbl.manitu.net\"; {more} }}\n}}\n");
    assert_eq!(text("rspamd", &rule("")).await.found(), ["2 dead-list ix.dnsbl.manitu.net"]);
    let off = text("rspamd", &rule("enabled = false;")).await;
    assert_eq!((off.found().len(), off.at("/counts/left_out")), (0, 1.into()), "{}", off.out);
    let rule = "header A eval:check_rbl('a', 'combined.njabl.org.')\nscore A 0\n";
    assert_eq!(text("spamassassin", rule).await.found(), ["1 switched-off"]);
}

/// Debian splits Exim's configuration: a macro of one part is known in the others.
#[tokio::test]
async fn the_parts_of_an_exim_configuration() {
    let folder = folder("split").join("exim4");
    let acl = folder.join("conf.d/acl");
    std::fs::create_dir_all(&acl).unwrap();
    std::fs::write(folder.join("exim4.conf.localmacros"), "LISTS = bl.spamcop.net : relays.ordb.org\n").unwrap();
    std::fs::write(acl.join("30_check_rcpt"), "acl_check_rcpt:\n  deny\n    dnslists = LISTS\n").unwrap();
    let names = [folder.join("exim4.conf.localmacros"), acl.join("30_check_rcpt")];
    let run = offline(&names.each_ref().map(|name| name.to_str().unwrap())).await;
    assert_eq!(run.rules_of("relays.ordb.org"), ["dead-list"], "{}", run.out);
    assert_eq!(run.at("/counts/lists"), 2);
    assert!(run.at("/findings/0/file").as_str().unwrap().ends_with("localmacros"), "{}", run.out);
}

/// A zone with a dot in front, as programs join it with an address.
#[tokio::test]
async fn zones_in_a_program() {
    let run = text("other", "zone = \"ip_reverse + '.dnsbl.sorbs.net'\"\n").await;
    assert_eq!(run.rules_of("dnsbl.sorbs.net"), ["dead-list"]);
    assert_eq!(run.at("/counts/other_names"), 0);
}

/// Lists of Exim that only the running server knows are named; lists inside of expansions are looked up.
#[tokio::test]
async fn expansions_of_exim() {
    let lines = "deny dnslists = ${readfile{/etc/exim/rbls}{:}}\ndeny dnslists = DQS_KEY.zen.dq.spamhaus.net\n\
                 deny condition = ${lookup dnsdb{a=$sender_host_address.dnsbl.sorbs.net}}\n\
                 deny dnslists = ${if eq{$acl_c_x}{1}{relays.ordb.org:a.example}} : list.dsbl.org\n";
    let run = text("exim", lines).await;
    let wanted = [
        "1 unresolved",
        "2 unresolved",
        "3 dead-list dnsbl.sorbs.net",
        "4 unresolved",
        "4 dead-list relays.ordb.org",
        "4 dead-list list.dsbl.org",
    ];
    assert_eq!(run.found(), wanted, "{}", run.out);
    assert_eq!(
        run.at("/findings/0/message"),
        "\"${readfile{/etc/exim/rbls}{:}}\" is not followed: a variable in place of a list domain"
    );
}

/// Parts of a configuration that ask no list.
#[tokio::test]
async fn files_without_a_list() {
    for (kind, text) in [
        (
            "exim",
            "# a comment: more\nbegin routers\ndnslookup:\n  driver = dnslookup\n  domains = !+local_domains : *\n",
        ),
        (
            "postfix",
            "# a comment\nmyhostname = mail.example.org\nmynetworks = 127.0.0.0/8 [::1]/128\nalias_maps = hash:/x\n",
        ),
        ("sendmail", "divert(-1)\ndnl\nOSTYPE(`linux')dnl\nDAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl\nMAILER(`smtp')\n"),
        ("spamassassin", "report_safe 0\nclear_headers\nif (version >= 4)\nbody X /dnsbl/\nendif\nreport Spam\n"),
        ("rspamd", "actions {\n  reject = 15;\n  list [ { a = 1; }, 2 ]\n}\n"),
        ("list", "# nothing yet\n\n"),
    ] {
        let run = run_with(&["--offline", "--json", "--as", kind, "-"], text.as_bytes()).await;
        assert_eq!((run.code, run.found()), (0, Vec::new()), "{text}");
        assert_eq!(run.at("/counts/lists"), 0);
    }
}

/// The kind comes from the content where no name tells; comments tell nothing.
#[tokio::test]
async fn the_kind_of_standard_input() {
    for (text, kind) in [
        ("# http://example.org/ dnslists\nsmtpd_client_restrictions = permit\n", "Postfix"),
        ("submission/inet/smtpd_client_restrictions = reject_rbl_client relays.ordb.org\n", "Postfix"),
        ("smtp      inet  n       -       y       -       -       smtpd\n", "Postfix"),
        ("reject_rbl_client zen.spamhaus.org,\nreject_rbl_client bl.spamcop.net\n", "Postfix"),
        ("# smtpd_\nbegin acl\nacl_check_rcpt:\n  accept\n", "Exim"),
        ("deny dnslists = zen.spamhaus.org\n", "Exim"),
        ("dnl comment\nFEATURE(`dnsbl', `zen.spamhaus.org')dnl\n", "sendmail"),
        ("header\tX\teval:check_rbl('a', 'zen.spamhaus.org.')\n", "SpamAssassin"),
        ("rbls { zen { rbl = \"zen.spamhaus.org\"; } }\n", "rspamd"),
        ("zen.spamhaus.org\nbl.spamcop.net=127.0.0.2\n", "a list of zones"),
        ("zen.spamhaus.org=127.0.0.[2..11]*3, list.dnswl.org*-2\n", "a list of zones"),
        ("#!/bin/sh\nexit\n", "shell"),
        ("check {\n  dnsbl {\n    zen.spamhaus.org {}\n  }\n}\n", "maddy"),
        ("The quick brown fox.\n", "unknown"),
    ] {
        let run = run_with(&["--offline", "--json", "-"], text.as_bytes()).await;
        assert_eq!(run.at("/files/0/kind"), kind, "{text}");
        assert_eq!(run.at("/files/0/file"), "<stdin>");
    }
}

#[tokio::test]
async fn parameters_of_services_from_postconf() {
    let text =
        "submission/inet/smtpd_client_restrictions = permit_sasl_authenticated,reject_rbl_client,relays.ordb.org\n";
    let run = run_with(&["--offline", "--json", "-"], text.as_bytes()).await;
    assert_eq!(run.found(), ["1 dead-list relays.ordb.org"]);
    assert_eq!(run.at("/files/0/lists/0/context"), "submission");
}
