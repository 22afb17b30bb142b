//! Whole checks while descriptors are short.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rdnsbl::resolve::{Direct, Timeouts};
use rdnsbl::{Checker, ListSet, Verdict};

use crate::alone::{alone, descriptors};
use crate::kit::answering::{Answering, listed, nx};

/// The truth about a list's question: clients 8.8.x.N are listed when N is a multiple of 7.
fn tell(question: &[u8]) -> Vec<u8> {
    if !question.windows(5).any(|octets| matches!(octets, b"\x018\x018\x02" | b"\x018\x018\x05")) {
        return nx(question);
    }
    let label = &question[13..13 + usize::from(question[12])];
    let number: u8 = std::str::from_utf8(label).unwrap().parse().unwrap();
    if number.is_multiple_of(7) { listed(question, 2) } else { nx(question) }
}

/// A server that truncates answers about `8.8.x.N` with even N over UDP. It reserves descriptors for itself before they run out.
fn start() -> Answering {
    let (address, listener) = loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            break (address, listener);
        }
    };
    let aside: Vec<File> = (0..8).map(|_| File::open("/dev/null").unwrap()).collect();
    let aside = Arc::new(Mutex::new(aside));
    std::thread::spawn(move || {
        loop {
            match listener.accept() {
                Ok((mut stream, _)) => {
                    std::thread::spawn(move || {
                        let mut length = [0; 2];
                        while stream.read_exact(&mut length).is_ok() {
                            let mut question = vec![0; u16::from_be_bytes(length).into()];
                            if stream.read_exact(&mut question).is_err() {
                                return;
                            }
                            let answer = tell(&question);
                            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                            if stream.write_all(&[&length[..], &answer].concat()).is_err() {
                                return;
                            }
                        }
                    });
                }
                Err(_) => {
                    aside.lock().unwrap().pop();
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    });
    Answering::start_at(address, |came, _| {
        let cut = came.octets[12] > 0 && came.octets[12 + usize::from(came.octets[12])] % 2 == 0;
        let mut answer = tell(&came.octets);
        if cut {
            answer = came.octets.clone();
            answer[2..4].copy_from_slice(&[0x83, 0x80]);
        }
        vec![answer]
    })
}

async fn all_are_right(servers: [SocketAddr; 2]) -> Direct {
    let timeouts = Timeouts::default().with_resend(Duration::from_secs(8)).with_total(Duration::from_secs(20));
    let direct = Direct::servers(servers).unwrap().with_timeouts(timeouts);
    let lists = ListSet::builder().deny("bl.test").deny("other.test").build().unwrap();
    let budget = Duration::from_secs(30);
    let checker = Checker::builder(direct.clone()).lists(lists).budget(budget).build().unwrap();
    let checks = (0..1_000_u32).map(|number| {
        let [.., high, low] = number.to_be_bytes();
        let check = checker.check(IpAddr::from([8, 8, high, low]));
        async move { (low, check.await) }
    });
    for (low, report) in join_all(checks).await {
        for list in report.lists() {
            let right = match low % 7 {
                0 => matches!(list.verdict(), Verdict::Listed { .. }),
                _ => matches!(list.verdict(), Verdict::NotListed { .. }),
            };
            assert!(right, "{low} {:?}", list.verdict());
        }
    }
    direct
}

#[test]
fn whole_checks_with_few_descriptors() {
    alone("descriptors_checks::whole_checks_with_few_descriptors", few_descriptors());
}

async fn few_descriptors() {
    let servers = [start(), start()];
    let addresses = [servers[0].address, servers[1].address];
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let limit = |most: usize| setrlimit(Resource::RLIMIT_NOFILE, most.try_into().unwrap(), hard).unwrap();

    limit(256);
    let begun = Instant::now();
    drop(all_are_right(addresses).await);
    let took = begun.elapsed();

    // Fewer than a pool has ports. A truncated answer needs a TCP connection; its descriptor is taken from the pool.
    limit(descriptors() + 24);
    let direct = all_are_right(addresses).await;
    assert!(direct.stats().sockets < 100, "{:?}", direct.stats());
    assert!(direct.stats().tcp > 0);
    assert!(begun.elapsed() - took < 10 * took + Duration::from_secs(20), "{took:?} {:?}", begun.elapsed());
    limit(soft.try_into().unwrap());
}
