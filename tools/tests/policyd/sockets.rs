//! Sockets: left over, taken, forbidden, and those of systemd.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::kit::{Client, Daemon, POLICY, Scratch, rcpt};

/// Why the daemon does not start with this socket.
fn refused(mut command: Command, scratch: &Scratch, socket: &str) -> String {
    let keys = format!("listen = [\"unix:{socket}\"]\n[resolver]\nservers = [\"127.0.0.1:9\"]\n");
    let output = command.arg("--config").arg(scratch.write("config.toml", &keys)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_socket_that_cannot_be_made() {
    let scratch = Scratch::new("unmade");
    let program = env!("CARGO_BIN_EXE_rdnsbl-policyd");
    // An existing file is kept.
    let file = scratch.write("file", "ours");
    let error = refused(Command::new(program), &scratch, file.to_str().unwrap());
    let shown = file.display();
    assert_eq!(error, format!("cannot start: unix:{shown}: there is a file that is no socket\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "ours");

    let error = refused(Command::new(program), &scratch, "/nowhere/socket");
    assert!(error.starts_with("cannot start: unix:/nowhere/socket: No such file or directory"), "{error}");

    let directory = scratch.join("closed");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o555)).unwrap();
    // Root may write to any directory.
    let is_root = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap() == "0\n";
    let command = if is_root {
        let copy = scratch.join("program");
        fs::copy(program, &copy).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        command
    } else {
        Command::new(program)
    };
    let socket = directory.join("socket");
    let error = refused(command, &scratch, socket.to_str().unwrap());
    assert!(error.starts_with(&format!("cannot start: unix:{}: Permission denied", socket.display())), "{error}");
}

/// The socket of a killed daemon is replaced; the socket of a running one is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_left_over_socket_is_replaced() {
    let scratch = Scratch::new("left");
    drop(UnixListener::bind(scratch.join("socket")).unwrap());
    let keys = format!("listen = [\"unix:{}\"]\nsocket_mode = \"0600\"", scratch.join("socket").display());
    let daemon = Daemon::start(env!("CARGO_BIN_EXE_rdnsbl-policyd"), scratch, &keys, POLICY).await;
    let mode = std::fs::metadata(daemon.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = Command::new(env!("CARGO_BIN_EXE_rdnsbl-policyd"))
        .arg("--config")
        .arg(daemon.scratch.join("config.toml"))
        .output()
        .unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.starts_with("cannot start: unix:") && error.contains("another process listens there"), "{error}");
    assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
}

/// Runs the daemon with this socket as the first of `LISTEN_FDS`.
async fn activated(socket: OwnedFd, scratch: Scratch) -> Daemon {
    let mut command = Command::new("sh");
    let script = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --config \"$1\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_rdnsbl-policyd")]).arg(scratch.join("config.toml")).stdin(socket);
    // What systemd has opened goes before `listen`.
    Daemon::start_by(command, scratch, "mode = \"enforce\"\nlisten = [\"unix:/nowhere/policy\"]", POLICY).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_systemd() {
    let scratch = Scratch::new("activated");
    let listener = UnixListener::bind(scratch.join("socket")).unwrap();
    let mut daemon = activated(listener.into(), scratch).await;
    assert!(daemon.ask(&rcpt("203.0.113.14")).starts_with("554 "));
    daemon.signal("TERM");
    assert!(daemon.wait().success());
    assert!(daemon.socket().exists(), "the socket is systemd's");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let daemon = activated(listener.into(), Scratch::new("activated")).await;
    assert!(Client::tcp(&address).ask(&rcpt("203.0.113.14")).starts_with("554 "));
    assert!(daemon.log().contains(&format!("listening on inet:{address}")));
}
