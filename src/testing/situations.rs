//! Lists that break and resolvers that change answers, each as lines of a [`Table`](crate::testing::Table), to test how your own
//! policy reacts.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use crate::base::address::reversed_labels;
use crate::dnsxl::SubjectKind;

/// The condition of a list, or of the resolver in front of it.
///
/// ```
/// use rdnsbl::testing::Situation;
/// use rdnsbl::{Action, Checker, ListSet, ManualClock, Scripted};
/// use std::net::IpAddr;
///
/// let (clock, client) = (ManualClock::new(), IpAddr::from([9, 9, 9, 9]));
/// let dns = Scripted::table(&Situation::Sound.table("bl.example", &[client]), clock.clone())?;
/// let lists = ListSet::builder().deny("bl.example").build()?;
/// let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).build()?;
/// assert_eq!(clock.run(checker.check(client)).advice().action(), Action::Reject);
///
/// dns.situation("bl.example", Situation::ListsEverything, &[client])?;
/// clock.advance(std::time::Duration::from_secs(7_200));
/// assert_eq!(clock.run(checker.check(client)).advice().action(), Action::Pass);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Situation {
    /// It works: it has its test entries (RFC 5782 §5) and lists the given addresses.
    Sound,
    /// A wildcard in 127.0.0.0/8: it lists everything.
    ListsEverything,
    /// A wildcard for addresses only, as rbldnsd makes it of `0.0.0.0/0`: labels that are not addresses do not exist.
    ListsEveryAddress,
    /// Its domain is parked: every name has the address of a web server.
    Parked,
    /// Every question is answered with this refusal code.
    Refuses(Ipv4Addr),
    /// Every question is answered with 127.0.0.1.
    Ambiguous,
    /// It has no entries, not even its test entries.
    Emptied,
    /// Its servers fail: SERVFAIL.
    ServFail,
    /// Its servers do not answer.
    Silent,
    /// The resolver refuses questions about it: REFUSED.
    Refused,
    /// The resolver removes answers in 127.0.0.0/8: for everything that the list holds it returns NODATA.
    Stripped,
}

impl Situation {
    /// Every situation but [`Sound`](Self::Sound). None of them may turn away a client that no list holds.
    pub const DYING: [Self; 10] = [
        Self::ListsEverything,
        Self::ListsEveryAddress,
        Self::Parked,
        Self::Refuses(Ipv4Addr::new(127, 255, 255, 254)),
        Self::Ambiguous,
        Self::Emptied,
        Self::ServFail,
        Self::Silent,
        Self::Refused,
        Self::Stripped,
    ];

    /// The lines of a table for this zone. `listed` are the addresses it holds, or held when it was well: in every other
    /// situation their own entries are replaced too, so that the lines can be given to `set` at any time. Two situations of one
    /// zone in one text are an error.
    #[must_use]
    pub fn table(self, zone: &str, listed: &[IpAddr]) -> String {
        let entries =
            [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), IpAddr::V6(Ipv4Addr::new(127, 0, 0, 2).to_ipv6_mapped())];
        let names: Vec<String> = entries
            .iter()
            .chain(listed)
            .map(|address| format!("{}{zone}", reversed_labels(*address).as_str()))
            .chain([format!("test.{zone}")])
            .collect();
        let (own, others): (String, String) = match self {
            Self::Sound => ("A 127.0.0.2".to_owned(), "NXDOMAIN".to_owned()),
            Self::ListsEverything | Self::ListsEveryAddress => ("A 127.0.0.2".to_owned(), "A 127.0.0.2".to_owned()),
            Self::Parked => ("A 198.51.100.1".to_owned(), "A 198.51.100.1".to_owned()),
            Self::Refuses(code) => (format!("A {code}"), format!("A {code}")),
            Self::Ambiguous => ("A 127.0.0.1".to_owned(), "A 127.0.0.1".to_owned()),
            Self::Emptied => ("NXDOMAIN".to_owned(), "NXDOMAIN".to_owned()),
            Self::ServFail => ("SERVFAIL".to_owned(), "SERVFAIL".to_owned()),
            Self::Silent => ("TIMEOUT".to_owned(), "TIMEOUT".to_owned()),
            Self::Refused => ("REFUSED".to_owned(), "REFUSED".to_owned()),
            Self::Stripped => ("NODATA-NOSOA".to_owned(), "NXDOMAIN".to_owned()),
        };
        let mut table = format!("$SITUATION {zone}\n$SOA {zone} 300 60\n");
        // Writing to a String does not fail.
        for name in &names {
            let _ = writeln!(table, "{name} {own}");
        }
        // Wildcards for addresses are always written, so that one situation replaces another completely.
        let octets = (0..=255_u16).map(|octet| octet.to_string());
        let nibbles = (10..=15_u8).map(|nibble| format!("{nibble:x}"));
        for label in octets.chain(nibbles) {
            let _ = writeln!(table, "*.{label}.{zone} {others}");
        }
        let labels = if self == Self::ListsEveryAddress { "NXDOMAIN" } else { &others };
        let _ = writeln!(table, "*.{zone} {labels}");
        table
    }

    /// Is a listing true in this situation, for this kind of subject?
    #[must_use]
    pub fn is_sound(self, kind: SubjectKind) -> bool {
        self == Self::Sound || (self == Self::ListsEveryAddress && kind == SubjectKind::Domain)
    }
}
