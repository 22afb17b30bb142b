//! Which server to ask next, and how: the rules that `Direct` and `Stub` share. No I/O and no clock.

use std::time::Duration;

use crate::dns::{Answer, Failure};
use crate::resolve::failure_rank::{another_server_may_know, rank};
use crate::resolve::servers::MOST_SERVERS;
use crate::resolve::wire::classify::Classified;

/// The attempts to get an answer about one name. Servers are numbered in the order in which they are asked.
pub(super) struct Attempts {
    servers: u8,
    /// The next datagram goes to this server, or to the next one after it that is not out.
    next: u8,
    /// Waits that ended without a response.
    silences: u8,
    asked: ServerSet,
    /// Apart, because most questions have none.
    faults: Option<Box<Faults>>,
}

/// What servers have said instead of an answer.
struct Faults {
    /// Servers that have failed or are asked over TCP; no more datagrams are sent there.
    out: ServerSet,
    /// Servers that are asked without an OPT record.
    without_opt: ServerSet,
    /// The failure that says most, and its server.
    worst: (usize, Answer),
}

/// What has happened.
#[derive(Debug)]
pub(super) enum AttemptEvent {
    /// Nothing has been sent yet.
    Start,
    /// No response has come in time.
    Silence,
    /// What a complete response of this server says.
    Response(usize, Classified),
    /// The response of this server does not fit a datagram.
    Truncated(usize),
    /// This server does not know OPT records (RFC 6891 §7); this is its error.
    RefusedOpt(usize, Answer),
    /// There is no usable response of this server.
    Failed(usize, Answer),
}

/// What to do now.
#[derive(Debug)]
pub(super) enum AttemptAction {
    /// Send a datagram to this server.
    Send(usize),
    /// Ask this server over TCP (RFC 7766 §5, RFC 2181 §9).
    AskOverTcp(usize),
    /// Wait for what is in flight.
    Wait,
    /// The question is answered, or goes on with the next name of a CNAME chain.
    Done(Classified),
}

impl Attempts {
    /// At most [`MOST_SERVERS`] servers are asked, beginning with `first`.
    pub(super) fn new(servers: usize, first: usize) -> Self {
        let small = |number: usize| number.min(MOST_SERVERS) as u8;
        Self { servers: small(servers), next: small(first), silences: 0, asked: ServerSet::default(), faults: None }
    }

    /// What follows from an event.
    pub(super) fn on(&mut self, event: AttemptEvent) -> AttemptAction {
        match event {
            AttemptEvent::Start => self.send(ServerSet::default()),
            // RFC 1035 §4.2.1: the datagram may be lost. Ask the next server, and wait twice as long.
            AttemptEvent::Silence => {
                self.silences = self.silences.saturating_add(1);
                self.send(ServerSet::default())
            }
            AttemptEvent::Response(server, Classified::Answer(answer))
                if answer.failure().is_some_and(another_server_may_know) =>
            {
                self.on(AttemptEvent::Failed(server, answer))
            }
            AttemptEvent::Response(_, classified) => AttemptAction::Done(classified),
            AttemptEvent::Truncated(server) if self.is_out(server) => AttemptAction::Wait,
            AttemptEvent::Truncated(server) => {
                self.note(server, Answer::failed(Failure::Truncated)).out.insert(server);
                AttemptAction::AskOverTcp(server)
            }
            // The same server once more, without an OPT record (RFC 6891 §6.2.2).
            AttemptEvent::RefusedOpt(server, answer) if self.uses_opt(server) => {
                self.note(server, answer).without_opt.insert(server);
                if self.is_out(server) { AttemptAction::Wait } else { AttemptAction::Send(server) }
            }
            AttemptEvent::RefusedOpt(..) => AttemptAction::Wait,
            AttemptEvent::Failed(server, answer) => {
                self.note(server, answer).out.insert(server);
                self.send(self.asked)
            }
        }
    }

    /// To the next server in order that is neither out nor in `unwanted`.
    fn send(&mut self, unwanted: ServerSet) -> AttemptAction {
        let (servers, next, out) = (usize::from(self.servers), usize::from(self.next), self.out());
        let mut order = (0..servers).map(|step| (next + step) % servers);
        let Some(server) = order.find(|at| !out.contains(*at) && !unwanted.contains(*at)) else {
            return AttemptAction::Wait;
        };
        self.next = ((server + 1) % servers) as u8;
        self.asked.insert(server);
        AttemptAction::Send(server)
    }

    /// Keeps the failure that says most. Of two equal ones, that of the earlier server in the list, whichever came first.
    fn note(&mut self, server: usize, answer: Answer) -> &mut Faults {
        let order = |(server, answer): &(usize, Answer)| (rank(answer), std::cmp::Reverse(*server));
        let none = ServerSet::default();
        let new = (server, answer);
        match &mut self.faults {
            Some(faults) => {
                if order(&new) > order(&faults.worst) {
                    faults.worst = new;
                }
                faults
            }
            first => first.insert(Box::new(Faults { out: none, without_opt: none, worst: new })),
        }
    }

    fn out(&self) -> ServerSet {
        self.faults.as_ref().map_or(ServerSet::default(), |faults| faults.out)
    }

    /// Are no more datagrams sent to this server?
    pub(super) fn is_out(&self, server: usize) -> bool {
        self.out().contains(server)
    }

    /// Are no more datagrams sent to any server?
    pub(super) fn is_over(&self) -> bool {
        self.out() == ServerSet::first(self.servers.into())
    }

    /// Has this server a question with an OPT record, as far as this round knows?
    pub(super) fn uses_opt(&self, server: usize) -> bool {
        self.faults.as_ref().is_none_or(|faults| !faults.without_opt.contains(server))
    }

    /// How long to wait for a response: each wait is twice the one before.
    pub(super) fn wait(&self, first: Duration) -> Duration {
        first.saturating_mul(1 << self.silences.min(16))
    }

    /// The failure that says most; a timeout when there was no response at all.
    pub(super) fn take_failure(&mut self) -> Answer {
        self.faults.take().map_or(Answer::failed(Failure::Timeout), |faults| faults.worst.1)
    }
}

/// Some of the servers, which are at most 64.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct ServerSet(u64);

impl ServerSet {
    fn bit(server: usize) -> u64 {
        1 << (server % MOST_SERVERS)
    }

    fn insert(&mut self, server: usize) {
        self.0 |= Self::bit(server);
    }

    fn contains(self, server: usize) -> bool {
        self.0 & Self::bit(server) != 0
    }

    /// The first so many servers.
    fn first(many: usize) -> Self {
        Self(u64::MAX.checked_shr(MOST_SERVERS.saturating_sub(many) as u32).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events in short, for two servers, 0 and 1.
    fn event(text: &str) -> AttemptEvent {
        let (word, server) = text.split_at(text.len() - 1);
        let server = server.parse().unwrap_or_default();
        let failed = Answer::failed;
        match word {
            "star" => AttemptEvent::Start,
            "silenc" => AttemptEvent::Silence,
            "nxdomain" => AttemptEvent::Response(server, Classified::Answer(Answer::nx_domain(None))),
            "loop" => AttemptEvent::Response(server, Classified::Answer(failed(Failure::CnameLoop))),
            "servfail" => AttemptEvent::Response(server, Classified::Answer(failed(Failure::ServFail))),
            "refused" => AttemptEvent::Response(server, Classified::Answer(failed(Failure::Refused))),
            "truncated" => AttemptEvent::Truncated(server),
            "tcp-dead" => AttemptEvent::Failed(server, failed(Failure::Truncated)),
            "no-opt" => AttemptEvent::RefusedOpt(server, failed(Failure::Rcode(1))),
            "network" => AttemptEvent::Failed(server, failed(Failure::Network)),
            other => panic!("{other}"),
        }
    }

    fn action(action: &AttemptAction) -> String {
        match action {
            AttemptAction::Send(server) => format!("udp{server}"),
            AttemptAction::AskOverTcp(server) => format!("tcp{server}"),
            AttemptAction::Wait => "wait".to_owned(),
            AttemptAction::Done(_) => "done".to_owned(),
        }
    }

    #[test]
    fn the_rules() {
        for (servers, first, events, actions, failure) in [
            (2, 0, "start nxdomain0", "udp0 done", "timeout"),
            (2, 0, "start loop0", "udp0 done", "timeout"),
            // Silence: in order, round and round, and late answers count.
            (2, 0, "start silence silence silence nxdomain0", "udp0 udp1 udp0 udp1 done", "timeout"),
            (3, 1, "start silence silence silence", "udp1 udp2 udp0 udp1", "timeout"),
            // Fail-over: at once, and each server once.
            (2, 0, "start servfail0 refused1", "udp0 udp1 wait", "servfail"),
            (2, 0, "start refused0 servfail1", "udp0 udp1 wait", "servfail"),
            (2, 1, "start refused1 servfail0", "udp1 udp0 wait", "servfail"),
            (2, 0, "start servfail0 silence silence", "udp0 udp1 udp1 udp1", "servfail"),
            (2, 0, "start silence servfail0 silence", "udp0 udp1 wait udp1", "servfail"),
            (2, 0, "start network0 silence", "udp0 udp1 udp1", "network"),
            // A failed server that is asked no more has failed once.
            (2, 0, "start servfail0 servfail0 servfail1", "udp0 udp1 wait wait", "servfail"),
            // TCP: the same server, and no more datagrams to it.
            (1, 0, "start truncated0 silence tcp-dead0", "udp0 tcp0 wait wait", "truncated"),
            (2, 0, "start truncated0 silence tcp-dead0", "udp0 tcp0 udp1 wait", "truncated"),
            (2, 0, "start truncated0 tcp-dead0 servfail1", "udp0 tcp0 udp1 wait", "servfail"),
            (1, 0, "start truncated0 truncated0", "udp0 tcp0 wait", "truncated"),
            // OPT records: once without.
            (1, 0, "start no-opt0 nxdomain0", "udp0 udp0 done", "rcode"),
            (1, 0, "start no-opt0 no-opt0 silence", "udp0 udp0 wait udp0", "rcode"),
            (2, 0, "start no-opt0 servfail0 no-opt1 nxdomain1", "udp0 udp0 udp1 udp1 done", "servfail"),
        ] {
            let mut attempts = Attempts::new(servers, first);
            let taken: Vec<String> = events.split(' ').map(|text| action(&attempts.on(event(text)))).collect();
            assert_eq!(taken.join(" "), actions, "{events}");
            assert_eq!(attempts.take_failure().failure().unwrap().word(), failure, "{events}");
        }
    }

    #[test]
    fn waits_double_and_all_servers_fail() {
        let mut attempts = Attempts::new(2, 0);
        let wait = |attempts: &Attempts| attempts.wait(Duration::from_millis(400)).as_millis();
        for expected in [400, 800, 1_600] {
            assert_eq!(wait(&attempts), expected);
            attempts.on(AttemptEvent::Silence);
        }
        for server in 0..2 {
            assert!(!attempts.is_over());
            attempts.on(AttemptEvent::Failed(server, Answer::failed(Failure::Network)));
        }
        assert!(attempts.is_over() && attempts.is_out(1));
        // More servers than a set holds.
        let mut many = Attempts::new(1_000, 0);
        for server in 0..MOST_SERVERS {
            assert!(!many.is_over(), "{server}");
            many.on(AttemptEvent::Failed(server, Answer::failed(Failure::Network)));
        }
        assert!(many.is_over());
    }
}
