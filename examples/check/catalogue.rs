//! What is known about real lists: what they are about, what their codes mean, which entries they document.
//!
//! One row a zone, with its source. A zone without a row is taken by RFC 5782 alone. Codes in 127.255.255.0/24 are refusals for
//! every zone and stand in no row.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rdnsbl::Name;
use rdnsbl::dnsxl::{Disposition, Kind, Profile, SubjectKind, TestEntry, TestPoints};

use Disposition::{Allow, Deny, Neutral, Refusal, Test};
use SubjectKind::{Domain, Ipv4, Ipv6};

/// What is known about one zone.
#[derive(Clone, Copy)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    about: &'static [SubjectKind],
    codes: &'static [Code],
    bits: &'static [(u8, Disposition, &'static str)],
    closed: bool,
    entry: Option<Entry>,
    absent: Option<Ipv4Addr>,
}

/// A code or pattern of codes, what it is for, and the operator's word for it. The first that matches counts.
type Code = (&'static str, Disposition, &'static str);

/// The entry that the operator documents as always there.
#[derive(Clone, Copy)]
enum Entry {
    /// 127.0.0.2 (RFC 5782 §5).
    V4,
    /// 127.0.0.2 and `::FFFF:7F00:2`.
    Both,
    /// A domain.
    Domain(&'static str),
}

const IP4: &[SubjectKind] = &[Ipv4];
const IP6: &[SubjectKind] = &[Ipv6];
const IP: &[SubjectKind] = &[Ipv4, Ipv6];
const DOMAIN: &[SubjectKind] = &[Domain];
const ALL: &[SubjectKind] = &[Ipv4, Ipv6, Domain];
/// The one code of a list that has no others.
const LISTED: &[Code] = &[("127.0.0.2", Deny, "listed")];

impl Zone {
    /// A zone of which nothing is known but what it is about.
    pub(crate) const fn new(name: &'static str, about: &'static [SubjectKind]) -> Self {
        Self { name, about, codes: &[], bits: &[], closed: false, entry: None, absent: None }
    }

    pub(crate) const fn codes(self, codes: &'static [Code]) -> Self {
        Self { codes, ..self }
    }

    /// Codes that are sums of bits (RFC 5782 §2.3).
    const fn bits(self, bits: &'static [(u8, Disposition, &'static str)]) -> Self {
        Self { bits, ..self }
    }

    /// The operator says that other codes are no listings.
    const fn closed(self) -> Self {
        Self { closed: true, ..self }
    }

    const fn entry(self, entry: Entry) -> Self {
        Self { entry: Some(entry), ..self }
    }

    /// With the entries of RFC 5782 §5 for both families.
    pub(crate) const fn with_rfc_entries(self) -> Self {
        self.entry(Entry::Both)
    }

    /// 127.0.0.1 is listed for reasons of the list's own; this address is not.
    const fn absent(self, address: Ipv4Addr) -> Self {
        Self { absent: Some(address), ..self }
    }

    /// As the library wants it. An error is a mistake in this table.
    pub(crate) fn profile(&self) -> Result<Profile, Box<dyn Error>> {
        let mut profile = Profile::new().lists(self.about.iter().copied());
        for (pattern, disposition, meaning) in self.codes {
            profile = profile.code(pattern.parse()?, *disposition, meaning);
        }
        for (bit, disposition, meaning) in self.bits {
            profile = profile.bit(*bit, *disposition, meaning);
        }
        if self.closed {
            profile = profile.closed();
        }
        let absent = |points: TestPoints| match self.absent {
            Some(address) => points.absent(TestEntry::Address(address.into())),
            None => points,
        };
        let v4 = TestPoints::documented(TestEntry::Address(Ipv4Addr::new(127, 0, 0, 2).into()));
        let v6 = TestPoints::documented(TestEntry::Address(IpAddr::V6(TEST_V6)));
        Ok(match self.entry {
            Some(Entry::V4) => profile.test_points(Ipv4, absent(v4)),
            Some(Entry::Both) => profile.test_points(Ipv4, absent(v4)).test_points(Ipv6, v6),
            Some(Entry::Domain(name)) => {
                let entry = TestEntry::Domain(Name::parse(name)?);
                profile.test_points(Domain, TestPoints::documented(entry))
            }
            None => profile.test_points(Ipv4, absent(TestPoints::default())),
        })
    }
}

/// RFC 5782 §5.
const TEST_V6: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, 2);

/// What is known about this zone. A zone sold by key is known by its name without the key, and a list that Spamhaus sells is the
/// list it gives away.
pub(crate) fn find(zone: &Name) -> Option<&'static Zone> {
    let name = zone.without_key().to_string();
    let row = |name: &str| ZONES.iter().find(|row| row.name == name);
    row(&name).or_else(|| row(&format!("{}.spamhaus.org", name.strip_suffix(".dq.spamhaus.net")?)))
}

/// The lists that are asked unless others are named: long-lived, free for small users, with documented codes.
pub(crate) const DEFAULT: &[(Kind, &str)] = &[
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

/// https://uribl.com/refused.shtml; http://www.uribl.com/about.shtml: grey "can and probably will cause False Positives", red is
/// "automated in nature, so please use at your own risk".
const URIBL_REFUSES: Code = ("127.0.0.1", Refusal, "query refused");

/// Every zone of which a source tells codes, and that is alive by the last report.
pub(crate) const ZONES: &[Zone] = &[
    // --- Spamhaus: https://docs.spamhaus.com/datasets/docs/source/10-data-type-documentation/datasets/040-zones.html
    Zone::new("zen.spamhaus.org", IP).entry(Entry::Both).codes(&[
        ("127.0.0.2", Deny, "SBL"),
        ("127.0.0.3", Deny, "CSS"),
        ("127.0.0.[4..7]", Deny, "XBL"),
        ("127.0.0.9", Deny, "DROP"),
        ("127.0.0.10", Deny, "PBL, entry of the provider"),
        ("127.0.0.11", Deny, "PBL, entry of Spamhaus"),
        ("127.0.0.30", Deny, "BCL"),
    ]),
    Zone::new("sbl.spamhaus.org", IP).entry(Entry::Both).codes(&[
        ("127.0.0.2", Deny, "SBL"),
        ("127.0.0.3", Deny, "CSS"),
        ("127.0.0.9", Deny, "DROP"),
        ("127.0.0.30", Deny, "BCL"),
    ]),
    Zone::new("xbl.spamhaus.org", IP).entry(Entry::Both).codes(&[("127.0.0.[4..7]", Deny, "XBL")]),
    Zone::new("pbl.spamhaus.org", IP)
        .entry(Entry::Both)
        .codes(&[("127.0.0.10", Deny, "PBL, entry of the provider"), ("127.0.0.11", Deny, "PBL, entry of Spamhaus")]),
    // "Abused legit" names are good names in bad hands: Spamhaus' own lines for Postfix count 127.0.1.[2..99].
    // The entry: Luzilla's collector_test.go; INVALID stays the absent one.
    Zone::new("dbl.spamhaus.org", DOMAIN).entry(Entry::Domain("dbltest.com")).codes(&[
        ("127.0.1.2", Deny, "spam domain"),
        ("127.0.1.4", Deny, "phishing domain"),
        ("127.0.1.5", Deny, "malware domain"),
        ("127.0.1.6", Deny, "botnet C&C domain"),
        ("127.0.1.102", Neutral, "abused legit spam"),
        ("127.0.1.103", Neutral, "abused redirector"),
        ("127.0.1.104", Neutral, "abused legit phishing"),
        ("127.0.1.105", Neutral, "abused legit malware"),
        ("127.0.1.106", Neutral, "abused legit botnet C&C"),
        ("127.0.1.255", Refusal, "asked about an address"),
    ]),
    Zone::new("authbl.dq.spamhaus.net", IP4).codes(&[("127.0.0.20", Deny, "AuthBL")]),
    Zone::new("zrd.dq.spamhaus.net", DOMAIN).codes(&[("127.0.2.[2..24]", Deny, "first seen within 24 hours")]),
    // --- Lists of addresses
    // https://domaincare.io/blacklists/spamcop
    Zone::new("bl.spamcop.net", IP4).entry(Entry::V4).codes(LISTED),
    // http://www.barracudacentral.org/rbl/how-to-use; who asks must be registered
    Zone::new("b.barracudacentral.org", IP4).entry(Entry::V4).codes(LISTED),
    // https://domaincare.io/blacklists/psbl
    Zone::new("psbl.surriel.com", IP4).entry(Entry::V4).codes(LISTED),
    // SpamAssassin rules/20_mailspike.cf; rspamd conf/modules.d/rbl.conf
    Zone::new("bl.mailspike.net", IP4).codes(&[
        ("127.0.0.2", Deny, "part of a spam wave"),
        ("127.0.0.10", Deny, "worst reputation"),
        ("127.0.0.11", Deny, "very bad reputation"),
        ("127.0.0.12", Deny, "bad reputation"),
        ("127.0.0.13", Deny, "suspicious reputation"),
    ]),
    // The same sources; a list of both kinds
    Zone::new("rep.mailspike.net", IP4).codes(&[
        ("127.0.0.10", Deny, "worst reputation"),
        ("127.0.0.11", Deny, "very bad reputation"),
        ("127.0.0.12", Deny, "bad reputation"),
        ("127.0.0.[13..16]", Neutral, "neutral reputation"),
        ("127.0.0.17", Allow, "possibly legitimate"),
        ("127.0.0.18", Allow, "good reputation"),
        ("127.0.0.19", Allow, "very good reputation"),
        ("127.0.0.20", Allow, "excellent reputation"),
    ]),
    // http://blocklist.de/de/rbldns.html; its entry for 127.0.0.2 answers 127.0.0.15
    Zone::new("bl.blocklist.de", IP4).entry(Entry::V4).codes(&[
        ("127.0.0.2", Deny, "amavis"),
        ("127.0.0.3", Deny, "apacheddos"),
        ("127.0.0.4", Deny, "asterisk"),
        ("127.0.0.5", Deny, "badbot"),
        ("127.0.0.6", Deny, "ftp"),
        ("127.0.0.7", Deny, "imap"),
        ("127.0.0.8", Deny, "ircbot"),
        ("127.0.0.9", Deny, "mail"),
        ("127.0.0.10", Deny, "pop3"),
        ("127.0.0.11", Deny, "regbot"),
        ("127.0.0.12", Deny, "rfi-attack"),
        ("127.0.0.13", Deny, "sasl"),
        ("127.0.0.14", Deny, "ssh"),
        ("127.0.0.15", Deny, "w00tw00t"),
        ("127.0.0.16", Deny, "portflood"),
        ("127.0.0.17", Deny, "sql-injection"),
        ("127.0.0.18", Deny, "webmin"),
        ("127.0.0.19", Deny, "trigger-spam"),
        ("127.0.0.20", Deny, "manual"),
        ("127.0.0.21", Deny, "bruteforcelogin"),
        ("127.0.0.22", Deny, "mysql"),
    ]),
    // Debian's /etc/hopm/reference.conf; https://dronebl.org/docs/howtouse
    Zone::new("dnsbl.dronebl.org", IP).codes(&[
        ("127.0.0.2", Test, "sample data"),
        ("127.0.0.3", Deny, "IRC spam drone"),
        ("127.0.0.5", Deny, "bottler"),
        ("127.0.0.6", Deny, "unknown worm or spambot"),
        ("127.0.0.7", Deny, "DDoS drone"),
        ("127.0.0.8", Deny, "open SOCKS proxy"),
        ("127.0.0.9", Deny, "open HTTP proxy"),
        ("127.0.0.10", Deny, "ProxyChain"),
        ("127.0.0.11", Deny, "web page proxy"),
        ("127.0.0.12", Deny, "open DNS resolver"),
        ("127.0.0.13", Deny, "automated dictionary attacks"),
        ("127.0.0.14", Deny, "open WINGATE proxy"),
        ("127.0.0.15", Deny, "compromised router or gateway"),
        ("127.0.0.16", Deny, "autorooting worms"),
        ("127.0.0.17", Deny, "botnet address"),
        ("127.0.0.18", Deny, "possibly compromised DNS or MX host"),
        ("127.0.0.19", Deny, "abused VPN service"),
        ("127.0.0.255", Deny, "uncategorized threat"),
    ]),
    // Debian's /etc/hopm/reference.conf; here 127.0.0.1 is a listing
    Zone::new("rbl.efnetrbl.org", IP4).codes(&[
        ("127.0.0.1", Deny, "open proxy"),
        ("127.0.0.2", Deny, "spamtrap666"),
        ("127.0.0.3", Deny, "spamtrap50"),
        ("127.0.0.4", Deny, "TOR"),
        ("127.0.0.5", Deny, "drones or flooding"),
    ]),
    Zone::new("tor.efnetrbl.org", IP4).codes(&[("127.0.0.1", Deny, "TOR")]),
    // https://spamrats.com/communigate-configuration.php: any other answer is not a listing
    Zone::new("dyna.spamrats.com", IP4).closed().codes(&[("127.0.0.36", Deny, "RATS-Dyna")]),
    // https://docs.hetrixtools.com (SPFBL): for scores, not for rejecting at SMTP time
    Zone::new("dnsbl.spfbl.net", ALL).codes(&[
        ("127.0.0.2", Deny, "bad reputation"),
        ("127.0.0.3", Deny, "suspected or misconfigured"),
        ("127.0.0.4", Deny, "not a mail server"),
    ]),
    // https://nordspam.com/usage, which documents the entry
    Zone::new("bl.nordspam.com", IP).entry(Entry::V4).codes(LISTED),
    // https://github.com/wraps-team/wraps/pull/115; its entry for 127.0.0.2 answers 127.0.0.99
    Zone::new("bl.suomispam.net", IP).codes(&[("127.0.0.99", Test, "test entry")]),
    // https://www.suped.com/learn/blocklists/gbudb-truncate-dnsbl
    Zone::new("truncate.gbudb.net", IP4).codes(LISTED),
    // rspamd conf/modules.d/rbl.conf
    Zone::new("bip.virusfree.cz", IP).codes(&[("127.0.0.2", Deny, "botnet")]),
    Zone::new("bl.spameatingmonkey.net", IP4).codes(LISTED),
    Zone::new("bl.ipv6.spameatingmonkey.net", IP6),
    // https://github.com/wraps-team/wraps/pull/115
    Zone::new("dnsrbl.swinog.ch", IP4).codes(LISTED),
    Zone::new("dnsbl.kempt.net", IP4).codes(LISTED),
    Zone::new("bl.scientificspam.net", IP4).codes(LISTED),
    Zone::new("dnsbl.zapbl.net", IP4).codes(LISTED),
    Zone::new("bl.0spam.org", IP4).codes(LISTED),
    Zone::new("rbl.0spam.org", IP4).codes(LISTED),
    // --- Abusix, sold by key: https://docs.abusix.com/docs/guardian-mail/production-zones
    Zone::new("black.mail.abusix.zone", IP).codes(ABUSIX_BLACK),
    Zone::new("combined.mail.abusix.zone", IP).entry(Entry::V4).codes(&[
        ("127.0.0.2", Deny, "trap hit"),
        ("127.0.0.3", Deny, "low reputation"),
        ("127.0.0.4", Deny, "exploit"),
        ("127.0.0.11", Deny, "generic reverse DNS"),
        ("127.0.0.12", Deny, "no reverse DNS"),
        ("127.0.0.200", Deny, "listed by hand"),
    ]),
    Zone::new("dynamic.mail.abusix.zone", IP4)
        .entry(Entry::V4)
        .codes(&[("127.0.0.11", Deny, "generic reverse DNS"), ("127.0.0.12", Deny, "no reverse DNS")]),
    // --- Lists of domains
    // SpamAssassin rules/25_uribl.cf. Click trackers and disposable mailboxes are described, not accused.
    Zone::new("multi.surbl.org", &[Domain, Ipv4]).codes(&[("127.0.0.1", Refusal, "query blocked")]).bits(&[
        (4, Neutral, "DM disposable mail domain"),
        (8, Deny, "PH phishing"),
        (16, Deny, "MW malware"),
        (32, Neutral, "CT click tracker"),
        (64, Deny, "ABUSE"),
        (128, Deny, "CR cracked"),
    ]),
    Zone::new("multi.uribl.com", DOMAIN).codes(&[URIBL_REFUSES]).bits(&[
        (2, Deny, "black"),
        (4, Neutral, "grey"),
        (8, Neutral, "red"),
    ]),
    Zone::new("black.uribl.com", DOMAIN).codes(&[URIBL_REFUSES, ("127.0.0.2", Deny, "black")]),
    Zone::new("grey.uribl.com", DOMAIN).codes(&[URIBL_REFUSES]),
    Zone::new("red.uribl.com", DOMAIN).codes(&[URIBL_REFUSES]),
    // rspamd conf/modules.d/rbl.conf
    Zone::new("fresh15.spameatingmonkey.net", DOMAIN).bits(&[(2, Deny, "registered in the last 15 days")]),
    Zone::new("uribl.spameatingmonkey.net", DOMAIN).bits(&[(2, Deny, "SEM-URI")]),
    // https://github.com/wraps-team/wraps/pull/115
    Zone::new("rhsbl.scientificspam.net", DOMAIN).codes(&[("127.0.1.2", Test, "the code of TEST")]),
    // https://nordspam.com/usage
    Zone::new("dbl.nordspam.com", DOMAIN),
    // --- Lists of both kinds
    // Haraka config/dns-list.ini; github.com/rspamd/rspamd/issues/1662: it lists 127.0.0.1. What is absent instead must be an
    // address that sends no mail: the first of TEST-NET-1 (RFC 5737).
    Zone::new("hostkarma.junkemailfilter.com", ALL).absent(Ipv4Addr::new(192, 0, 2, 1)).codes(&[
        ("127.0.0.1", Allow, "whitelist"),
        ("127.0.0.2", Deny, "blacklist"),
        ("127.0.0.3", Neutral, "yellowlist"),
        ("127.0.0.4", Neutral, "brownlist"),
        ("127.0.0.5", Neutral, "do not blacklist"),
        ("127.0.1.1", Neutral, "sends QUIT"),
        ("127.0.1.2", Neutral, "sends no QUIT"),
        ("127.0.1.3", Neutral, "sends QUIT at times"),
        ("127.0.2.1", Neutral, "known for up to 2 days"),
        ("127.0.2.2", Neutral, "known for up to 10 days"),
        ("127.0.2.3", Neutral, "known for 11 days or more"),
    ]),
    // --- Allow lists
    // https://www.dnswl.org; rspamd commit 5f5a126a4: who is over quota gets 127.0.10.3 for every question.
    Zone::new("list.dnswl.org", IP).codes(DNSWL),
    Zone::new("dwl.dnswl.org", DOMAIN).codes(DNSWL),
    // SpamAssassin rules/20_mailspike.cf
    Zone::new("wl.mailspike.net", IP4).codes(&[
        ("127.0.0.17", Allow, "average reputation"),
        ("127.0.0.18", Allow, "good reputation"),
        ("127.0.0.19", Allow, "very good reputation"),
        ("127.0.0.20", Allow, "excellent reputation"),
    ]),
    // https://spfbl.net/dnswl/
    Zone::new("dnswl.spfbl.net", ALL)
        .codes(&[("127.0.0.4", Allow, "corporate sender"), ("127.0.0.5", Allow, "shared sending service")]),
    Zone::new("white.uribl.com", DOMAIN).codes(&[URIBL_REFUSES]),
    // SpamAssassin rules/20_dnsbl_tests.cf
    Zone::new("sa-accredit.habeas.com", IP4).codes(&[("127.0.0.[2..255]", Allow, "safe")]),
    Zone::new("sa-trusted.bondedsender.org", IP4).codes(&[("127.0.0.[2..255]", Allow, "certified")]),
    // http://www.isipp.com/codelist.php: a code for everything that is known about a sender; only one vouches
    Zone::new("iadb.isipp.com", IP4).closed().codes(&[
        ("127.0.0.[1;2]", Neutral, "in the database"),
        ("127.0.1.255", Allow, "vouched for"),
        ("127.2.255.2", Neutral, "publishes a Sender ID record"),
        ("127.2.255.101", Neutral, "participates in Habeas SWE"),
    ]),
];

const ABUSIX_BLACK: &[Code] =
    &[("127.0.0.2", Deny, "trap hit"), ("127.0.0.3", Deny, "low reputation"), ("127.0.0.200", Deny, "listed by hand")];

/// The third octet is a category, the fourth the trust.
const DNSWL: &[Code] = &[
    ("127.0.0.255", Refusal, "over quota"),
    ("127.0.10.[0..255]", Refusal, "what is answered to everything over quota"),
    ("127.0.[2..15;20].0", Neutral, "trust none"),
    ("127.0.[2..15;20].1", Allow, "trust low"),
    ("127.0.[2..15;20].2", Allow, "trust medium"),
    ("127.0.[2..15;20].3", Allow, "trust high"),
];
