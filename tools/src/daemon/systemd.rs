//! systemd's protocols: sockets that it has opened, and notifications about the daemon's state.

use std::io;

use sd_notify::NotifyState;

/// A listener that systemd has opened.
pub(crate) enum Inherited {
    Unix(std::os::unix::net::UnixListener),
    Inet(std::net::TcpListener),
}

/// The sockets of `LISTEN_FDS`; none if the daemon was not started through a socket unit.
pub(crate) fn sockets() -> io::Result<Vec<Inherited>> {
    let mut given = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..given.len() {
        let socket = match given.take_unix_listener(index) {
            Ok(socket) => socket.map(Inherited::Unix),
            Err(_) => given.take_tcp_listener(index)?.map(Inherited::Inet),
        };
        sockets.extend(socket);
    }
    Ok(sockets)
}

/// Without systemd it does nothing.
pub(crate) fn ready() {
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
    }
}

pub(crate) fn stopping() {
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
}
