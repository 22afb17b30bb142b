//! A UDP responder on a thread of its own that answers octets with octets and remembers who asked what.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// One datagram as it came.
#[derive(Clone, Debug)]
pub struct Came {
    pub from: SocketAddr,
    pub octets: Vec<u8>,
}

impl Came {
    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.octets[0], self.octets[1]])
    }
}

/// A running responder; it stops when dropped.
pub struct Answering {
    pub address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    /// `behave` gets the question and the number of earlier ones, and returns what to send back.
    pub fn start(behave: impl Fn(&Came, usize) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), behave)
    }

    pub fn start_at(at: SocketAddr, behave: impl Fn(&Came, usize) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind(at).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let (came, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (all, stopped) = (Arc::clone(&came), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let one = Came { from, octets: buffer[..length].to_vec() };
                let before = {
                    let mut all = all.lock().unwrap();
                    all.push(one.clone());
                    all.len() - 1
                };
                for answer in behave(&one, before) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Self { address, came, stop, thread: Some(thread) }
    }

    /// Everything that came, in order.
    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// NXDOMAIN.
pub fn nx(question: &[u8]) -> Vec<u8> {
    let mut octets = question.to_vec();
    octets[2..4].copy_from_slice(&[0x81, 0x83]);
    octets
}

/// One address record, 127.0.0.`last`.
pub fn listed(question: &[u8], last: u8) -> Vec<u8> {
    let mut octets = question[..question.len() - 11].to_vec();
    octets[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    octets.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, last]);
    octets
}
