//! The loopback server, seen through plain sockets.

use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RecordType};
use rdnsbl::testing::{LoopbackServer, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);

async fn start(table: &str) -> LoopbackServer {
    LoopbackServer::start(Table::parse(table).unwrap()).await.unwrap()
}

async fn connect(server: &LoopbackServer) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(server.address()).await.unwrap();
    socket
}

fn message(id: u16, name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    message.set_edns(edns);
    message
}

async fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_535];
    let length = timeout(SOON, socket.recv(&mut buffer)).await.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

async fn ask(server: &LoopbackServer, message: &Message) -> Message {
    let socket = connect(server).await;
    socket.send(&message.to_vec().unwrap()).await.unwrap();
    Message::from_vec(&receive(&socket).await).unwrap()
}

async fn ask_a(server: &LoopbackServer, name: &str) -> Message {
    ask(server, &message(7, name, RecordType::A)).await
}

async fn send_framed(stream: &mut TcpStream, message: &Message) {
    let octets = message.to_vec().unwrap();
    stream.write_u16(octets.len().try_into().unwrap()).await.unwrap();
    stream.write_all(&octets).await.unwrap();
}

async fn receive_framed(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = timeout(SOON, stream.read_u16()).await.unwrap()?;
    let mut octets = vec![0; length.into()];
    stream.read_exact(&mut octets).await?;
    Ok(octets)
}

#[tokio::test]
async fn answers_keep_id_question_case_and_order() {
    let server = start("mixed.example A 127.0.0.9\nmixed.example A 127.0.0.2 ttl=60").await;
    let answer = ask_a(&server, "MiXeD.eXample.").await;
    assert_eq!((answer.metadata.id, answer.metadata.message_type), (7, MessageType::Response));
    assert!(answer.metadata.recursion_available && answer.metadata.recursion_desired && answer.edns.is_some());
    let asked = Name::from_ascii("MiXeD.eXample.").unwrap();
    assert!(answer.queries[0].name.eq_case(&asked) && answer.answers[0].name.eq_case(&asked));
    let shown: Vec<String> = answer.answers.iter().map(|record| format!("{} {}", record.ttl, record.data)).collect();
    assert_eq!(shown, ["3600 127.0.0.9", "60 127.0.0.2"]);
    assert_eq!(server.asked().iter().map(ToString::to_string).collect::<Vec<_>>(), ["mixed.example A"]);
    assert_eq!((server.datagrams(), server.connections()), (1, 0));
}

#[tokio::test]
async fn an_address_of_ones_own() {
    let server = start("a.example A 192.0.2.1").await;
    let at = async |address| {
        let other = LoopbackServer::start_at(address, Table::parse("").unwrap()).await;
        other.map(|server| server.address()).map_err(|error| error.kind())
    };
    assert_eq!(at(server.address()).await, Err(std::io::ErrorKind::AddrInUse));
    assert_eq!(at("0.0.0.0:0".parse().unwrap()).await, Err(std::io::ErrorKind::InvalidInput));
    assert_eq!(at("127.0.0.1:0".parse().unwrap()).await.map(|address| address.ip()), Ok([127, 0, 0, 1].into()));
}

#[tokio::test]
async fn every_kind_of_no() {
    let server = start(
        "$SOA bl.example 300 60\na.b.bl.example A 127.0.0.2\nr.example REFUSED\nx.example RCODE 23
         l.example CNAME m.example\nm.example CNAME l.example",
    )
    .await;
    let code = |answer: &Message| answer.metadata.response_code;
    let answer = ask_a(&server, "x.bl.example.").await;
    assert_eq!((code(&answer), answer.authorities.len()), (ResponseCode::NXDomain, 1));
    assert_eq!(answer.authorities[0].name.to_ascii(), "bl.example.");
    let answer = ask_a(&server, "b.bl.example.").await;
    assert_eq!((code(&answer), answer.authorities.len()), (ResponseCode::NoError, 1));
    assert_eq!(code(&ask_a(&server, "r.example.").await), ResponseCode::Refused);
    assert_eq!(u16::from(code(&ask_a(&server, "x.example.").await)), 23);
    assert_eq!(ask_a(&server, "l.example.").await.answers.len(), 2); // the loop as it is
    let mut chaos = message(7, "version.bind.", RecordType::TXT);
    chaos.queries[0].query_class = DNSClass::CH;
    assert_eq!(code(&ask(&server, &chaos).await), ResponseCode::Refused);
    server.set("f.bl.example REFERRAL").unwrap();
    let answer = ask_a(&server, "f.bl.example.").await;
    let authority: Vec<RecordType> = answer.authorities.iter().map(|record| record.record_type()).collect();
    assert_eq!((code(&answer), answer.answers.len(), authority), (ResponseCode::NoError, 0, vec![RecordType::NS]));
    server.set("r.example A 127.0.0.2").unwrap();
    assert_eq!(ask_a(&server, "r.example.").await.answers.len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let long = "x".repeat(250);
    let text = format!("\"{long}\" \"{long}\" \"{long}\" \"{long}\" \"{long}\"");
    let server =
        start(&format!("big.example TXT {text}\ntc.example TC\ntc.example A 127.0.0.2\ndead.example TRUNCATED")).await;
    let questions = [message(1, "big.example.", RecordType::TXT), message(2, "tc.example.", RecordType::A)];
    for question in &questions {
        let answer = ask(&server, question).await;
        assert!(answer.metadata.truncation && answer.answers.is_empty());
    }
    assert!(ask_a(&server, "dead.example.").await.metadata.truncation);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    for question in &questions {
        send_framed(&mut stream, question).await;
    }
    for id in [1, 2] {
        let answer = Message::from_vec(&receive_framed(&mut stream).await.unwrap()).unwrap();
        assert_eq!((answer.metadata.id, answer.metadata.truncation, answer.answers.len()), (id, false, 1));
    }
    send_framed(&mut stream, &message(3, "dead.example.", RecordType::A)).await;
    assert!(receive_framed(&mut stream).await.is_err());
    assert_eq!(server.connections(), 1);
    // Without EDNS 512 octets are the limit.
    server.set(&format!("medium.example TXT \"{long}\" \"{long}\"")).unwrap();
    let mut medium = message(4, "medium.example.", RecordType::TXT);
    assert!(!ask(&server, &medium).await.metadata.truncation);
    medium.edns = None;
    let answer = ask(&server, &medium).await;
    assert!(answer.metadata.truncation && answer.edns.is_none());
}

#[tokio::test]
async fn garbage_in_garbage_out_and_silence() {
    let server = start("m.example MALFORMED\ns.example TIMEOUT\nok.example A 127.0.0.2").await;
    let socket = connect(&server).await;
    for octets in [&b""[..], b"x", &[0xff; 11], &[0xff; 600]] {
        socket.send(octets).await.unwrap();
    }
    socket.send(&message(5, "s.example.", RecordType::A).to_vec().unwrap()).await.unwrap();
    socket.send(&message(6, "m.example.", RecordType::A).to_vec().unwrap()).await.unwrap();
    let garbage = receive(&socket).await;
    assert_eq!(garbage[..2], [0, 6]);
    assert!(Message::from_vec(&garbage).is_err());
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(&[0, 3, 1, 2, 3]).await.unwrap();
    send_framed(&mut stream, &message(8, "ok.example.", RecordType::A)).await;
    let answer = Message::from_vec(&receive_framed(&mut stream).await.unwrap()).unwrap();
    assert_eq!((answer.metadata.id, answer.answers.len()), (8, 1));
    assert_eq!(server.datagrams(), 6);
}

#[tokio::test]
async fn delayed_answers_delay_no_others() {
    let server = start("*.slow.example A 127.0.0.2 after=1s\nfast.example A 127.0.0.3").await;
    let socket = connect(&server).await;
    let begun = Instant::now();
    for id in 0..100_u16 {
        let slow = message(id, &format!("{id}.slow.example."), RecordType::A);
        socket.send(&slow.to_vec().unwrap()).await.unwrap();
    }
    socket.send(&message(100, "fast.example.", RecordType::A).to_vec().unwrap()).await.unwrap();
    assert_eq!(Message::from_vec(&receive(&socket).await).unwrap().metadata.id, 100);
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(Message::from_vec(&receive(&socket).await).unwrap().metadata.id);
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..100));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn stops_when_dropped() {
    let server = start("").await;
    let address = server.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    drop(server);
    // The connection and both sockets are closed as soon as the runtime gets to it.
    assert_eq!(timeout(SOON, stream.read(&mut [0; 8])).await.unwrap().unwrap_or(0), 0);
    let free = async {
        while UdpSocket::bind(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, free).await.unwrap();
}
