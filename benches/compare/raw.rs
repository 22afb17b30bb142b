//! The floor: the same datagrams through one socket, many per system call, and nothing done with them.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg, setsockopt, sockopt::RcvBuf};

const BATCH: usize = 32;

/// Asks all of it, `window` at a time.
pub(crate) fn run(server: SocketAddr, questions: &[Vec<u8>], window: usize) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let _ = setsockopt(&socket, RcvBuf, &(1 << 20));
    let descriptor = socket.as_raw_fd();
    let mut buffers = vec![[0_u8; 1232]; BATCH];
    let mut headers: MultiHeaders<SockaddrStorage> = MultiHeaders::preallocate(BATCH, None);
    let mut sending: MultiHeaders<SockaddrStorage> = MultiHeaders::preallocate(BATCH, None);
    let (mut sent, mut settled) = (0, 0);
    while settled < questions.len() {
        while sent < questions.len() && sent + BATCH <= settled + window {
            let batch = &questions[sent..questions.len().min(sent + BATCH)];
            let slices: Vec<[IoSlice<'_>; 1]> = batch.iter().map(|question| [IoSlice::new(question)]).collect();
            let nowhere = vec![None; batch.len()];
            sent += sendmmsg(descriptor, &mut sending, &slices, &nowhere, [], MsgFlags::empty()).unwrap().count();
        }
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        match recvmmsg(descriptor, &mut headers, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None) {
            Ok(messages) => settled += messages.count(),
            Err(_) => settled = sent, // lost
        }
    }
}
