//! The three servers, each with the rules of its preset.

use std::net::IpAddr;
use std::sync::Arc;

use rdnsbl::resolve::Direct;
use rdnsbl::testing::LoopbackServer;
use rdnsbl::{Action, Checker, Dialogue, Finding, ListSet, Policy, SpecialPurpose};

use crate::kit::Scratch;
use crate::kit::exim::Exim;
use crate::kit::postfix::Postfix;
use crate::kit::sendmail::Sendmail;
use crate::kit::smtp::Smtp;
use crate::situation::Situation;

const POSTFIX: &str = "smtpd_peername_lookup = yes
inet_interfaces = 127.0.0.1, [::1]
inet_protocols = all
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination,
  reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname,
  reject_rbl_client bl.example=127.0.0.[2..11],
  reject_rhsbl_sender dbl.example=127.0.1.[2..99],
  reject_unknown_client_hostname, reject_unknown_helo_hostname, reject_unknown_sender_domain
";

const EXIM: &str = "  deny dnslists = bl.example=127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,127.0.0.8,127.0.0.9,127.0.0.10,127.0.0.11
  deny dnslists = dbl.example=127.0.1.2/$sender_address_domain
  deny !verify = reverse_host_lookup
  deny !verify = sender
";

const SENDMAIL: &str = "FEATURE(`delay_checks')dnl
FEATURE(`require_rdns')dnl
FEATURE(`enhdnsbl', `bl.example', `\"550 5.7.1 listed\"', `', `127.0.0.2.', `127.0.0.3.', `127.0.0.4.', `127.0.0.5.')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Port=PORT, Addr=::1')dnl
define(`confTO_RESOLVER_RETRANS', `2s')dnl
define(`confTO_RESOLVER_RETRY', `2')dnl
";

pub struct Server {
    pub name: &'static str,
    process: Process,
    checker: Checker,
}

/// A running server.
pub enum Process {
    Postfix(Postfix),
    Exim(Exim),
    /// With the directory of its milter.
    Sendmail(Sendmail, Scratch),
}

/// A reply of SMTP.
pub struct Reply(pub String);

impl Reply {
    /// The first refusal of a whole session, or the last reply before its end.
    fn of_session(session: &str) -> Self {
        let is_reply = |line: &&str| {
            line.get(..3).is_some_and(|code| code.parse::<u16>().is_ok()) && line.as_bytes().get(3) == Some(&b' ')
        };
        let replies = || session.lines().filter(is_reply);
        let refusal = replies().find(|line| line.starts_with(['4', '5']));
        Self(refusal.or_else(|| replies().rfind(|line| line.starts_with("250 "))).unwrap().to_owned())
    }

    pub fn class(&self) -> &str {
        &self.0[..1]
    }

    /// The enhanced code of a refusal.
    pub fn enhanced(&self) -> Option<&str> {
        let is_enhanced = |word: &&str| {
            word.split('.').count() == 3 && word.bytes().all(|octet| octet == b'.' || octet.is_ascii_digit())
        };
        self.0.split(' ').nth(1).filter(is_enhanced).filter(|_| self.class() != "2")
    }
}

impl Server {
    pub fn postfix(dns: &Arc<LoopbackServer>) -> Self {
        let process = Process::Postfix(Postfix::start_with(POSTFIX, "[::1]:PORT inet n - y - - smtpd"));
        Self::new("postfix", process, dns, POSTFIX, Policy::postfix())
    }

    pub fn exim(dns: &Arc<LoopbackServer>) -> Self {
        // Exim refuses malformed HELO arguments, and takes a list that does not answer for one that lists nobody.
        let policy =
            Policy::rfc().strict().on(Finding::HeloMalformed, Action::Reject).on(Finding::ListsUndecided, Action::Pass);
        Self::new("exim", Process::Exim(Exim::looking_up("*", EXIM)), dns, EXIM, policy)
    }

    pub fn sendmail(dns: &Arc<LoopbackServer>) -> Self {
        let no_milter = Scratch::new("no-milter");
        let server = Sendmail::start_with(SENDMAIL, "files dns", "", no_milter.path());
        Self::new("sendmail", Process::Sendmail(server, no_milter), dns, SENDMAIL, Policy::sendmail())
    }

    fn new(name: &'static str, process: Process, dns: &Arc<LoopbackServer>, lists: &str, policy: Policy) -> Self {
        let lists = ListSet::builder().read(lists).build().unwrap();
        let checker = Checker::builder(Direct::servers([dns.address()]).unwrap())
            .lists(lists)
            .policy(policy)
            .special_purpose(SpecialPurpose::Ask)
            .build()
            .unwrap();
        Self { name, process, checker }
    }

    pub async fn asks(&self, situation: &Situation) -> Reply {
        self.process.asks(situation.client, &situation.helo, &situation.sender).await
    }

    /// What the library says.
    pub async fn judges(&self, situation: &Situation) -> Reply {
        let dialogue =
            Dialogue::from(situation.client).helo(&situation.helo).mail_from(format!("<{}>", situation.sender));
        let report = self.checker.check(&dialogue).await;
        Reply(report.advice().reply().map_or_else(|| "250 2.1.5 Ok".to_owned(), ToString::to_string))
    }
}

impl Process {
    /// What the server says to this client: its first refusal, or its reply to RCPT.
    pub async fn asks(&self, client: IpAddr, helo: &str, sender: &str) -> Reply {
        let (sender, recipient) = (format!("<{sender}>"), "<root@mx.example>");
        let address = match self {
            Self::Postfix(server) => server.address(),
            Self::Sendmail(server, _) => server.address(),
            Self::Exim(server) => {
                let session = server.session_saying(&client.to_string(), helo, &sender, recipient);
                return Reply::of_session(&session);
            }
        };
        let mut smtp = Smtp::connect_from(client, address).await;
        let mut reply = String::new();
        for command in [format!("EHLO {helo}"), format!("MAIL FROM:{sender}"), format!("RCPT TO:{recipient}")] {
            reply = smtp.command(&command);
            if !reply.starts_with('2') {
                break;
            }
        }
        Reply(reply)
    }
}
