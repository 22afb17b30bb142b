//! Files that are no configuration, too large, or go round in circles.

use std::io::Write;

use super::{folder, offline, run, text};
use crate::cases::cases;

#[tokio::test]
async fn files_that_are_not_text() {
    let folder = folder("no_text");
    let binary = folder.join("main.cf");
    std::fs::write(&binary, b"smtpd_client_restrictions = \0\x01\x02").unwrap();
    let run = run(&["--offline", "--json", binary.to_str().unwrap(), "others/zones.txt"]).await;
    assert!(run.err.contains("is no text: it holds NUL octets"), "{}", run.err);
    assert_eq!(run.at("/unread/0/why"), "is no text: it holds NUL octets");
    // The other file is checked.
    assert!(run.found().iter().any(|found| found.contains("dead-list")));
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let folder = folder("unreadable");
    let file = |name: &str, octets: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, octets).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let line = "smtpd_client_restrictions = reject_rbl_client relays.ordb.org\n";
    let wide = |order: fn(u16) -> [u8; 2]| line.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let utf_16 = "is UTF-16; convert it: iconv -f UTF-16 -t UTF-8";
    for (path, why) in [
        (file("main.cf", b""), "it is empty"),
        (file("blank.cf", b" \n\n"), "it is empty"),
        (file("le.cf", &wide(u16::to_le_bytes)), utf_16),
        (file("be.cf", &[&[0xfe, 0xff], &wide(u16::to_be_bytes)[..]].concat()), utf_16),
        (file("nul.cf", &[line.as_bytes(), b"a = \0\n"].concat()), "is no text: it holds NUL octets"),
        (folder.to_str().unwrap().to_owned(), "is a folder; name the files in it"),
        (folder.join("none.cf").to_str().unwrap().to_owned(), "there is no such file"),
        ("/dev/zero".to_owned(), "is larger than 64 MB"),
    ] {
        let run = run(&["--offline", &path]).await;
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{path}");
        assert_eq!(run.err, format!("lint: {path}: {why}\n"));
    }
}

/// A pipe, as from `<(postconf -n)`, is read; an included one is not, since it may never end.
#[tokio::test]
async fn pipes() {
    let folder = folder("pipes");
    let pipe = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(folder.join("exim.conf"), ".include pipe\ndeny dnslists = relays.ordb.org\n").unwrap();
    let including = offline(&[folder.join("exim.conf").to_str().unwrap()]).await;
    assert!(including.out.contains("it is no file"), "{}", including.out);
    assert_eq!(including.rules_of("relays.ordb.org"), ["dead-list"]);

    let path = pipe.clone();
    let writing = std::thread::spawn(move || std::fs::write(path, "reject_rbl_client relays.ordb.org\n").unwrap());
    assert_eq!(offline(&[pipe.to_str().unwrap()]).await.found(), ["1 dead-list relays.ordb.org"]);
    writing.join().unwrap();
}

#[tokio::test]
async fn lines_that_end_in_another_way() {
    for end in ["\r\n", "\n", ""] {
        let lines =
            format!("myhostname = a.example\r\nsmtpd_client_restrictions = reject_rbl_client relays.ordb.org{end}");
        assert_eq!(text("postfix", &lines).await.found(), ["2 dead-list relays.ordb.org"], "{lines:?}");
    }
}

/// Texts whose shape could make reading slow: in a debug build each would take minutes, if it took time that grows with the
/// square of its size. Larger texts show it more clearly: `RDNSBL_CASES=3` makes them three times as large.
#[tokio::test]
async fn odd_shapes_take_no_longer() {
    let size = usize::try_from(cases(100_000)).unwrap();
    let many = |part: &str| part.repeat(size / part.len());
    for (kind, lines) in [
        ("postfix", format!("smtpd_client_restrictions = {}", many("reject_rbl_client relays.ordb.org, "))),
        ("postfix", format!("smtpd_client_restrictions =\n{}", many(" check_policy_service unix:a\n"))),
        ("postfix", many("smtpd_client_restrictions = a\nreject_rbl_client a.example\n")),
        ("postfix", many("\"'")),
        ("postfix", many("x='a'\"")),
        ("postfix", format!("a = b{}", many("\n"))),
        ("exim", format!("deny dnslists = a.example{}", many(" : \\\n A"))),
        ("exim", format!("deny dnslists = a.example\n{}", many("a:\n"))),
        ("exim", format!("deny dnslists = a.example\n{}", many(".include A\n"))),
        ("sendmail", many("define(a, (b\n")),
        ("sendmail", many("FEATURE(`dnsbl', `a\n")),
        ("sendmail", format!("FEATURE({})", many(","))),
        ("spamassassin", many("header A eval:check_rbl('a','a.')\n")),
        ("rspamd", many("rbl{")),
        ("rspamd", many("a{")),
        ("rspamd", many("rbl=[")),
        ("rspamd", format!("rbls {{ a {{ rbl = a.example; returncodes {{ {} }} }} }}", many("A=127.0.0.2;"))),
        ("list", many("relays.ordb.org ")),
        ("list", many("#")),
        ("other", many("relays.ordb.org ")),
    ] {
        let run = text(kind, &lines).await;
        assert!(run.code < 2, "{kind} {:?}: {}", lines.get(..40), run.err);
    }
}

/// Comments in an old character set are no reason to give up.
#[tokio::test]
async fn octets_that_are_no_utf_8() {
    let folder = folder("latin");
    let path = folder.join("main.cf");
    std::fs::write(&path, b"# gr\xfc\xdfe\nsmtpd_client_restrictions = reject_rbl_client relays.ordb.org\n").unwrap();
    let found = offline(&[path.to_str().unwrap()]).await;
    assert_eq!(found.found(), ["2 dead-list relays.ordb.org"]);
    // It would change other octets, too.
    assert_eq!(run(&["--offline", "--fix", path.to_str().unwrap()]).await.out, "");
}

#[tokio::test]
async fn too_large_a_file_is_refused() {
    let path = folder("large").join("main.cf");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    let run = run(&["--offline", path.to_str().unwrap()]).await;
    assert_eq!(run.code, 3);
    assert!(run.err.contains("is larger than 64 MB"), "{}", run.err);
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn circles_end() {
    let circle = "a = $b\nb = $a reject_rbl_client relays.ordb.org\nsmtpd_client_restrictions = $a\n";
    assert!(text("postfix", circle).await.rules_of("relays.ordb.org").contains(&"dead-list".to_owned()));
    let growing: String = (0..30).map(|n| format!("v{n} = $v{0} $v{0} $v{0}\n", n + 1)).collect();
    let run = text("postfix", &format!("{growing}smtpd_client_restrictions = $v0\n")).await;
    assert!(run.code != 2);
    let macros = "A = B : B\nB = A : A\ndeny dnslists = A : relays.ordb.org\n";
    assert_eq!(text("exim", macros).await.rules_of("relays.ordb.org"), ["dead-list"]);

    let folder = folder("circles");
    std::fs::write(folder.join("exim.conf"), ".include one.inc\nbegin acl\n").unwrap();
    std::fs::write(folder.join("one.inc"), ".include exim.conf\n.include one.inc\n.include two.inc\n").unwrap();
    std::fs::write(folder.join("two.inc"), "deny dnslists = relays.ordb.org\n").unwrap();
    let run = offline(&[folder.join("exim.conf").to_str().unwrap()]).await;
    assert_eq!(run.found(), ["1 dead-list relays.ordb.org"], "{}", run.out);
    assert_eq!(run.at("/files").as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn many_includes_end() {
    let folder = folder("many");
    for n in 0..150 {
        std::fs::write(folder.join(format!("{n}.conf")), format!(".include {}.conf\n", n + 1)).unwrap();
    }
    let run = run(&["--offline", "--json", "--as", "exim", folder.join("0.conf").to_str().unwrap()]).await;
    assert_eq!(run.at("/files").as_array().unwrap().len(), 101);
    assert!(run.out.contains("too many files are included"), "{}", run.out);
}

/// Lists beyond the limit are counted.
#[tokio::test]
async fn too_many_lists_are_counted() {
    let mut zones = Vec::new();
    for n in 0..10_100 {
        writeln!(zones, "l{n}.example").unwrap();
    }
    let run = super::run_with(&["--offline", "--json", "--as", "list", "-"], &zones).await;
    assert_eq!((run.at("/counts/lists"), run.at("/counts/too_many")), (10_000.into(), 100.into()));
}

/// A name in a message cannot control a terminal or forge a line.
#[tokio::test]
async fn control_characters_are_not_repeated() {
    let lines = "smtpd_client_restrictions = reject_rbl_client a.ex\x1b[31mample, permit, \
                 reject_rbl_client b\x1b]0;x\x07.example\n";
    let run = super::run_with(&["--offline", "--verbose", "--as", "postfix", "-"], lines.as_bytes()).await;
    assert!(run.out.bytes().all(|octet| octet == b'\n' || (0x20..0x7f).contains(&octet)), "{:?}", run.out);
}
