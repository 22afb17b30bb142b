//! The traits of the standard library that public types promise.

use std::borrow::Borrow;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use rdnsbl::check::helo::HeloReport;
use rdnsbl::check::iprev::ClientName;
use rdnsbl::check::mail_domain::MailDomainReport;
use rdnsbl::dns::{Evidence, ExtendedError, RrSet};
use rdnsbl::dnsxl::score::{ContextScore, Counts, Score};
use rdnsbl::dnsxl::{
    CodeFilter, CodePattern, CodeTest, Health, ListId, OnNoAnswer, Part, ProblemKind, Profile, Skipped, SubjectKind,
};
use rdnsbl::inquiry::dialogue::ClientTrust;
use rdnsbl::inquiry::{QuestionId, SettingsFinding};
use rdnsbl::lists::catalogue::{Catalogue, Date, Entry};
use rdnsbl::lists::{Merge, Mistakes, Retired, Unreachable, ZoneFinding};
use rdnsbl::name::{Key, NameError};
use rdnsbl::policy::{Advice, Cause, Reply, Rule, Stage, UnusedRule};
use rdnsbl::remote_text::RemoteText;
use rdnsbl::report::{Completeness, Exchange, ListReport, LogLine, ResolverFault, Row, Source};
use rdnsbl::template::{Template, TemplateError};
use rdnsbl::{
    Action, Answer, Checker, CheckerBuilder, Dialogue, Failure, Finding, Helo, Inquiry, Iprev, Limits, ListKind,
    ListSet, ListSpec, MailDomain, Name, Outcome, OwnIdentity, Policy, Question, Record, RecordType, Report, Settings,
    SharedState, Soa, SpecialPurpose, Stats, Subject, Summary, UnknownReason, Verdict,
};

/// Checks at compile time that each type has these traits.
macro_rules! promises {
    ($($type:ty: $($first:path),+;)*) => {$({
        fn promised<T: $($first +)+>() {}
        promised::<$type>();
    })*};
}

#[test]
fn words_are_keys_and_are_shown() {
    promises! {
        Action: Copy, Ord, Hash, Display, Default;
        Stage: Copy, Ord, Hash, Display;
        Finding: Copy, Ord, Hash, Display, FromStr;
        Failure: Copy, Ord, Hash, Display;
        UnknownReason: Copy, Ord, Hash, Display, From<Failure>;
        ListKind: Copy, Ord, Hash, Display;
        Part: Copy, Ord, Hash, Display;
        SubjectKind: Copy, Ord, Hash, Display;
        OnNoAnswer: Copy, Ord, Hash, Display;
        ProblemKind: Copy, Ord, Hash, Display;
        Skipped: Copy, Ord, Hash, Display;
        RecordType: Copy, Ord, Hash, Display;
        ExtendedError: Copy, Ord, Hash, Display;
        Date: Copy, Ord, Hash, Display, FromStr;
        QuestionId: Copy, Ord, Hash;
        Health: Copy, Eq, Hash, Display, Default;
        Outcome: Copy, Eq, Hash, Display;
        Completeness: Copy, Eq, Hash, Display;
        ResolverFault: Copy, Eq, Hash, Display;
        ClientTrust: Copy, Eq, Hash, Display, Default;
        Helo: Copy, Eq, Display;
        Source: Copy, Eq, Hash, Display;
        SpecialPurpose: Copy, Eq, Hash, Default;
        Merge: Copy, Eq, Hash, Default;
        Retired: Copy, Eq, Hash, Default;
        Mistakes: Copy, Eq, Hash, Default;
    }
}

#[test]
fn values_are_compared_and_converted() {
    promises! {
        Name: Clone, Ord, Hash, Display, Debug, FromStr;
        Key: Clone, Eq, Debug;
        ListId: Clone, Ord, Hash, Display, AsRef<str>, Borrow<str>;
        RemoteText: Clone, Ord, Hash, Display, AsRef<str>;
        Template: Clone, Eq, Hash, Display, FromStr, AsRef<str>;
        Rule: Clone, Eq, Hash, Display, FromStr, From<Action>;
        Policy: Clone, Eq, Display, Default, FromStr;
        Reply: Clone, Eq, Hash, Display;
        Cause: Clone, Eq, Hash, Display;
        Advice: Clone, Eq, Hash, Default;
        Subject: Clone, Ord, Hash, Display, From<IpAddr>, From<Name>;
        Dialogue: Clone, Eq, Hash, Default, From<IpAddr>, From<Ipv4Addr>, From<Ipv6Addr>, From<SocketAddr>, From<Name>;
        Question: Clone, Ord, Hash, Display;
        Record: Clone, Ord, Hash, Display, From<IpAddr>, From<Ipv4Addr>, From<Ipv6Addr>;
        Soa: Clone, Eq, Hash;
        Answer: Clone, Eq, Display;
        RrSet: Clone, Eq, Debug;
        Evidence: Clone, Eq, Display;
        CodePattern: Clone, Eq, Hash, Display, FromStr;
        CodeFilter: Clone, Eq, Hash, Display, From<CodePattern>, From<CodeTest>;
        CodeTest: Clone, Eq, Hash, Display, From<CodePattern>;
        ListSpec: Clone, Eq, Display, FromStr;
        ListSet: Clone, Eq, Default;
        Settings: Clone, Eq, Default;
        OwnIdentity: Clone, Eq, Hash, Default;
        Limits: Copy, Eq, Hash, Default;
        Profile: Clone, Eq, Default;
        Catalogue: Clone, Eq;
        Entry: Clone, Eq, Display;
        ZoneFinding: Clone, Eq, Display;
        Unreachable: Clone, Eq, Hash, Display;
        UnusedRule: Clone, Eq, Hash, Display;
        SettingsFinding: Clone, Eq, Display;
    }
    fn iterates<'a, T: 'a>()
    where
        &'a T: IntoIterator<Item = &'a ListSpec>,
    {
    }
    iterates::<ListSet>();
}

#[test]
fn results_are_values() {
    promises! {
        Report: Clone, Display, Debug;
        LogLine<'_>: Copy, Display;
        Row<'_>: Copy, Eq;
        Summary: Copy, Eq, Hash;
        Score: Copy, Eq, Hash;
        ContextScore: Clone, Eq, Hash;
        Counts: Copy, Eq, Hash, Default;
        ListReport: Clone, Eq;
        Exchange: Clone, Eq, Display;
        Verdict: Clone, Eq;
        Iprev: Clone, Eq;
        ClientName: Clone, Eq;
        HeloReport: Clone, Eq;
        MailDomain: Clone, Eq;
        MailDomainReport: Clone, Eq;
        Stats: Copy, Eq, Default;
        Checker: Clone, Debug;
        CheckerBuilder: Send;
        Inquiry: Debug, Send;
        SharedState: Clone, Debug, Default;
    }
}

#[test]
fn errors_are_errors() {
    promises! {
        rdnsbl::Error: Error, Send, Sync;
        rdnsbl::ListSetError: Error, Clone, Send, Sync;
        NameError: Error, Clone, Eq, Send, Sync;
        TemplateError: Error, Clone, Eq, Send, Sync;
        rdnsbl::UnknownWord: Error, Clone, Eq, Send, Sync;
        rdnsbl::dnsxl::SpecError: Error, Clone, Eq, Send, Sync;
        rdnsbl::dnsxl::PatternError: Error, Clone, Eq, Send, Sync;
    }
}

#[test]
fn words_are_shown_as_they_are() {
    let shown = [
        Action::Defer.to_string(),
        Stage::Mail.to_string(),
        ListKind::Allow.to_string(),
        Part::Helo.to_string(),
        OnNoAnswer::Defer.to_string(),
        Source::Memory.to_string(),
        Helo::MxOnly.to_string(),
        format!("{:>5}", ListKind::Deny),
    ];
    assert_eq!(shown, ["defer", "mail", "allow", "helo", "defer", "memory", "mx_only", " deny"]);
}
