//! `testing::check_resolver`: the resolvers of this crate get nothing wrong, and what others get wrong is named.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name as WireName, RData, Record as WireRecord};
use rdnsbl::ManualClock;
use rdnsbl::dns::{Answer, AnswerKind, Failure, Question, Record, Soa, Target, ttl_from_wire};
use rdnsbl::name::Name;
use rdnsbl::remote_text::RemoteText;
use rdnsbl::resolve::wire::{Query, Received, UDP_BUFFER};
use rdnsbl::resolve::{BoxFuture, Direct, Resolve, Stub, Timeouts};
use rdnsbl::testing::{Mismatch, check_resolver};

/// Long before a busy machine counts as a silent server.
fn patient() -> Timeouts {
    Timeouts::default().with_total(Duration::from_secs(2))
}

fn direct(server: SocketAddr) -> Direct {
    Direct::servers([server]).unwrap().with_timeouts(patient())
}

fn named(wrong: &[Mismatch]) -> Vec<&str> {
    wrong.iter().map(|mismatch| mismatch.shape).collect()
}

#[tokio::test]
async fn our_own_resolvers_get_nothing_wrong() {
    let stub = |server| Stub::servers([server]).unwrap().with_timeouts(patient());
    let (direct, stub) = tokio::join!(check_resolver(direct), check_resolver(stub));
    assert_eq!((direct.unwrap(), stub.unwrap()), (vec![], vec![]));
}

/// Takes every failure for a "no", answers `localhost` itself, sends masked names, and has a cache.
struct Careless {
    inner: Direct,
    cache: Arc<Mutex<HashMap<Question, Answer>>>,
}

impl Resolve for Careless {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let (inner, cache) = (self.inner.clone(), Arc::clone(&self.cache));
        Box::pin(async move {
            if question.name.expose() == "localhost." {
                return Answer::records([Record::A([127, 0, 0, 1].into())], Duration::from_secs(86_400));
            }
            if let Some(known) = cache.lock().unwrap().get(&question) {
                return known.clone();
            }
            let Ok(name) = Name::parse(&question.name.to_string()) else { return Answer::failed(Failure::Malformed) };
            let answer = inner.resolve(Question::new(name, question.record_type)).await;
            let answer = match answer.kind() {
                AnswerKind::Failed(Failure::Timeout | Failure::ServFail | Failure::Refused) => answer,
                AnswerKind::Failed(_) => Answer::no_data(None),
                _ => answer,
            };
            cache.lock().unwrap().insert(question, answer.clone());
            answer
        })
    }
}

#[tokio::test]
async fn what_a_careless_resolver_gets_wrong_is_named() {
    let careless = |server| Careless { inner: direct(server), cache: Arc::default() };
    let wrong = check_resolver(careless).await.unwrap();
    let expected = [
        "truncated, and TCP is dead",
        "a CNAME loop",
        "a record of another owner",
        "a record of another type",
        "NXDOMAIN with a record",
        "SERVFAIL with a record",
        "a referral",
        "octets that are not a message",
        "`localhost`",
        "a name with a key",
        "a record that has changed",
    ];
    assert_eq!(named(&wrong), expected);
    let needless: Vec<&Mismatch> = wrong.iter().filter(|mismatch| !mismatch.is_false_answer()).collect();
    assert_eq!(needless.len(), 1, "{needless:?}");
    let shown = wrong[8].to_string();
    assert_eq!(shown, "`localhost`: expected 127.9.9.9 (TTL 30), found 127.0.0.1 (TTL 86400)");
    let shown = wrong[1].to_string();
    assert_eq!(shown, "a CNAME loop: expected CNAME loop, found NODATA (no SOA)");
    assert!(wrong.iter().all(|mismatch| !mismatch.to_string().contains("abcd1234")));
}

/// A resolver over a blocking socket that takes the first datagram, whatever it is.
struct Gullible(SocketAddr);

impl Resolve for Gullible {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let server = self.0;
        Box::pin(async move {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.connect(server).unwrap();
            socket.set_read_timeout(Some(patient().total())).unwrap();
            let query = Query::new(&question).unwrap();
            socket.send(query.octets()).unwrap();
            let mut buffer = [0; 1_500];
            let Ok(length) = socket.recv(&mut buffer) else { return Answer::failed(Failure::Timeout) };
            buffer[..2].copy_from_slice(&query.octets()[..2]);
            match query.read_udp(&buffer[..length]) {
                Received::Answer(answer) => answer,
                Received::NotOurs | Received::AskOverTcp | Received::AskNext(_) => Answer::failed(Failure::Unrelated),
            }
        })
    }
}

/// An adapter over hickory's resolver with the mapping that the documentation of [`Resolve`] calls the safest.
struct Adapter(TokioResolver);

impl Adapter {
    fn new(server: SocketAddr) -> Self {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        let servers = vec![NameServerConfig::new(server.ip(), true, connections.into())];
        let config = ResolverConfig::from_parts(None, vec![], servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        (options.cache_size, options.use_hosts_file, options.edns0) = (0, ResolveHosts::Never, true);
        (options.timeout, options.attempts) = (patient().total() / 2, 1);
        Self(builder.build().unwrap())
    }
}

impl Resolve for Adapter {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let resolver = self.0.clone();
        Box::pin(async move {
            let mut name = WireName::from_ascii(question.name.expose()).unwrap();
            name.set_fqdn(true);
            let kind = question.record_type.to_string().parse().unwrap();
            match resolver.lookup(name, kind).await {
                Ok(lookup) if lookup.message().response_code != ResponseCode::NoError => {
                    Answer::failed(Failure::Contradiction)
                }
                Ok(lookup) => records(lookup.answers(), &question),
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => negative(&none),
                Err(NetError::Dns(DnsError::ResponseCode(code))) => Answer::failed(match code {
                    ResponseCode::ServFail => Failure::ServFail,
                    ResponseCode::Refused => Failure::Refused,
                    other => Failure::Rcode(other.into()),
                }),
                Err(NetError::Timeout) => Answer::failed(Failure::Timeout),
                Err(_) => Answer::failed(Failure::Malformed),
            }
        })
    }
}

/// Records of the end of the CNAME chain.
fn records(answers: &[WireRecord], question: &Question) -> Answer {
    let target = |name: &WireName| Target::from_labels(name.iter());
    let owner = answers.iter().rfind(|record| !matches!(record.data, RData::CNAME(_))).map(|record| &record.name);
    let found = answers.iter().filter(|record| Some(&record.name) == owner).filter_map(|record| {
        Some(match &record.data {
            RData::A(address) => Record::A(address.0),
            RData::AAAA(address) => Record::Aaaa(address.0),
            RData::PTR(name) => Record::Ptr(target(&name.0)),
            RData::MX(mx) => Record::Mx { preference: mx.preference, exchange: target(&mx.exchange) },
            RData::TXT(txt) => Record::Txt(RemoteText::clean(&txt.txt_data.concat())),
            _ => return None,
        })
    });
    let ttl = answers.iter().map(|record| ttl_from_wire(record.ttl)).min().unwrap_or_default();
    let answer = Answer::records(found, ttl);
    match owner.map(target) {
        Some(Target::Name(owner)) if owner.expose() != question.name.expose() => answer.with_owner(owner),
        _ => answer,
    }
}

/// "No records" counts only with the SOA record of a zone.
fn negative(none: &NoRecords) -> Answer {
    let zone = none.soa.as_ref().map(|soa| (Target::from_labels(soa.name.iter()), soa));
    let Some((Target::Name(zone), soa)) = zone else { return Answer::failed(Failure::Unrelated) };
    let soa = Some(Soa::new(zone, ttl_from_wire(soa.ttl.min(soa.data.minimum))));
    if none.response_code == ResponseCode::NXDomain { Answer::nx_domain(soa) } else { Answer::no_data(soa) }
}

#[tokio::test]
async fn what_an_adapter_over_hickorys_resolver_cannot_know() {
    let wrong = check_resolver(Adapter::new).await.unwrap();
    let (false_answers, needless): (Vec<Mismatch>, _) = wrong.into_iter().partition(Mismatch::is_false_answer);
    assert_eq!(named(&false_answers), ["`localhost`"]);
    // On a busy machine hickory's resolver sometimes gives up, which is no mistake.
    let gave_up = |mismatch: &Mismatch| matches!(mismatch.found.kind(), AnswerKind::Failed(Failure::Timeout));
    let needless: Vec<Mismatch> = needless.into_iter().filter(|mismatch| !gave_up(mismatch)).collect();
    assert_eq!(named(&needless), ["NXDOMAIN without SOA", "NODATA without SOA"]);
}

/// A resolver over blocking sockets with `resolve::wire`, as its documentation says.
struct Blocking(SocketAddr);

impl Blocking {
    fn ask(&self, question: &Question) -> std::io::Result<Answer> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(self.0)?;
        socket.set_read_timeout(Some(patient().total()))?;
        let mut query = Query::new(question)?;
        let mut buffer = [0; UDP_BUFFER];
        socket.send(query.octets())?;
        loop {
            let length = socket.recv(&mut buffer)?;
            let received = match query.read_udp(&buffer[..length]) {
                Received::AskOverTcp => self.ask_over_tcp(&query)?,
                received => received,
            };
            match received {
                Received::NotOurs => continue,
                Received::AskOverTcp => panic!("never over TCP"),
                Received::AskNext(next) => query = next,
                Received::Answer(answer) => return Ok(answer),
            }
            socket.send(query.octets())?;
        }
    }

    fn ask_over_tcp(&self, query: &Query) -> std::io::Result<Received> {
        let mut stream = TcpStream::connect(self.0)?;
        stream.write_all(&query.octets_for_tcp())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut message)?;
        Ok(query.read_tcp(&message))
    }
}

impl Resolve for Blocking {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let answer = self.ask(&question).unwrap_or_else(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Answer::failed(Failure::Timeout),
            _ => Answer::failed(Failure::Network),
        });
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn a_resolver_with_wire_gets_nothing_wrong() {
    assert_eq!(ManualClock::new().run(Box::pin(check_resolver(Blocking))).unwrap(), []);
}

#[test]
fn a_resolver_may_block_and_needs_no_runtime() {
    let wrong = ManualClock::new().run(Box::pin(check_resolver(Gullible))).unwrap();
    let expected = ["truncated, then TCP", "an unfinished CNAME chain", "a forged response first"];
    assert_eq!(named(&wrong), expected);
    assert_eq!(wrong.iter().filter(|mismatch| mismatch.is_false_answer()).count(), 1);
}
