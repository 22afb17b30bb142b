//! What a configuration decides: each context by its own threshold, and what a silent list means.

use super::json;
use super::notations::WORLD;

#[tokio::test]
async fn each_context_decides_by_its_own_threshold() {
    let paste = "postscreen_dnsbl_sites = bl.example, one.example, clean.example*5\npostscreen_dnsbl_threshold = 3\n\
        smtpd_client_restrictions = reject_rbl_client bl.example\n\
        smtpd_recipient_restrictions = permit_dnswl_client wl.example";
    let contexts = |run: &super::Run| -> Vec<String> {
        (0..run.at("/reports/0/contexts").as_array().map_or(0, Vec::len))
            .map(|n| {
                let text = |field: &str| run.text(&format!("contexts/{n}/{field}"));
                [text("name"), text("score/outcome"), text("score/low"), text("score/threshold")].join(" ")
            })
            .collect()
    };
    let run = json(WORLD, &["--list", paste, "203.0.113.7"]).await;
    assert_eq!(contexts(&run), ["postscreen not_listed 2 3", "smtpd allowed 1 1"], "{}", run.err);
    // The one of the worst result.
    assert_eq!(
        (run.text("score/outcome"), run.text("score/threshold"), run.code),
        ("not_listed".into(), "3".into(), 0)
    );
    let rows: Vec<String> =
        (0..5).map(|n| ["context", "list"].map(|field| run.text(&format!("lists/{n}/{field}"))).join(" ")).collect();
    let wanted = [
        "postscreen bl.example",
        "postscreen one.example",
        "postscreen clean.example",
        "smtpd bl.example",
        "smtpd wl.example",
    ];
    assert_eq!(rows, wanted);

    let paste = paste.replace("permit_dnswl_client wl.example", "permit_mynetworks");
    let run = json(WORLD, &["--list", &paste, "203.0.113.7"]).await;
    assert_eq!(contexts(&run), ["postscreen not_listed 2 3", "smtpd listed 1 1"], "{}", run.err);
    assert_eq!((run.text("score/outcome"), run.text("score/threshold"), run.code), ("listed".into(), "1".into(), 1));
    assert_eq!(run.at("/reports/0/score/decided_by").to_string(), "[\"bl.example\"]");
    assert_eq!(run.text("reply/code"), "550");
    // The command line overrides it, for all lists.
    let run = json(WORLD, &["--list", &paste, "--threshold", "2", "203.0.113.7"]).await;
    assert_eq!(contexts(&run), ["postscreen listed 2 2", "smtpd not_listed 1 2"]);
    // One context has no name.
    let run = json(WORLD, &["--list", "smtpd_client_restrictions = reject_rbl_client bl.example", "203.0.113.7"]).await;
    assert!(run.at("/reports/0/contexts").is_null() && run.at("/reports/0/lists/0/context").is_null());
    // Each ACL is one.
    let paste = "acl_check_mail:\n deny dnslists = clean.example\nacl_check_rcpt:\n accept dnslists = wl.example\n deny dnslists = bl.example";
    let run = json(WORLD, &["--list", paste, "203.0.113.7"]).await;
    assert_eq!(contexts(&run), ["acl_check_mail not_listed 0 1", "acl_check_rcpt allowed 1 1"]);
}

#[tokio::test]
async fn thresholds_of_postscreen_count() {
    let sites = "postscreen_dnsbl_sites = bl.example, one.example, clean.example*5";
    let paste = format!("{sites}\npostscreen_dnsbl_threshold = 3");
    let run = json(WORLD, &["--list", &paste, "203.0.113.7"]).await;
    let score = |run: &super::Run| (run.text("score/threshold"), run.text("score/outcome"));
    assert_eq!((score(&run), run.err.as_str()), (("3".to_owned(), "not_listed".to_owned()), ""));
    // The command line overrides it.
    let run = json(WORLD, &["--list", &paste, "--threshold", "2", "203.0.113.7"]).await;
    assert_eq!(score(&run), ("2".to_owned(), "listed".to_owned()));
    let paste = format!("postscreen_dnsbl_allowlist_threshold = -3\n{sites} one.example*-9");
    let run = json(WORLD, &["--list", &paste, "203.0.113.7"]).await;
    assert_eq!(run.text("score/outcome"), "allowed");
    let paste = format!("postscreen_dnsbl_allowlist_threshold = 0\n{sites} one.example*-9");
    let run = json(WORLD, &["--list", &paste, "203.0.113.7"]).await;
    assert_eq!(run.text("score/outcome"), "not_listed");
    let run = json(
        WORLD,
        &["--list", "postscreen_dnsbl_threshold = none\npostscreen_dnsbl_sites = bl.example", "203.0.113.7"],
    );
    assert_eq!(run.await.code, 2);
}

#[tokio::test]
async fn what_a_silent_list_means() {
    for (spec, reply, code) in [
        ("broken.example", "null", 3), // nothing was heard at all
        ("broken.example : clean.example", "null", 0),
        ("+exclude_unknown : broken.example : clean.example", "null", 0),
        ("+defer_unknown : broken.example : clean.example", "451", 3),
        ("+include_unknown : broken.example : clean.example", "550", 1),
        ("+defer_unknown : broken.example : bl.example", "550", 1),
        ("FEATURE(`dnsbl', `broken.example')\nFEATURE(`dnsbl', `clean.example')", "null", 0),
        ("FEATURE(`dnsbl', `broken.example', , `t')\nFEATURE(`dnsbl', `clean.example')", "451", 3),
        ("reject_rbl_client bl.example, permit_dnswl_client broken.example", "450", 3),
    ] {
        let run = json(WORLD, &["--list", spec, "203.0.113.7"]).await;
        let said = if run.at("/reports/0/reply").is_null() { "null".to_owned() } else { run.text("reply/code") };
        assert_eq!((said.as_str(), run.code), (reply, code), "{spec}: {:?}", run.verdicts());
    }
}
