//! A thousand messages, fifty at a time, each of a client of its own.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::kit::postfix::Postfix;
use crate::kit::smtp::Smtp;
use crate::world::{CLIENTS, Client, SOURCE};

const AT_ONCE: usize = 50;

#[derive(Default)]
pub struct Load {
    /// From the connection to the last reply, in order once measured.
    times: Vec<Duration>,
    pub wrong: usize,
}

impl Load {
    pub fn run(&mut self, runtime: &Handle, server: SocketAddr, clients: impl Iterator<Item = Client> + Send) {
        let clients = Mutex::new(clients);
        let measured = Mutex::new(Vec::new());
        std::thread::scope(|threads| {
            for _ in 0..AT_ONCE {
                threads.spawn(|| {
                    loop {
                        let next = clients.lock().unwrap().next();
                        let Some(client) = next else { return };
                        let start = Instant::now();
                        let reply = runtime.block_on(message(server, &client));
                        let wanted = if client.is_listed { "554 5.7.1 " } else { "250 2.0.0 " };
                        measured.lock().unwrap().push((start.elapsed(), reply.starts_with(wanted)));
                    }
                });
            }
        });
        let measured = measured.into_inner().unwrap();
        assert_eq!(measured.len(), CLIENTS);
        self.wrong += measured.iter().filter(|(_, right)| !right).count();
        self.times.extend(measured.into_iter().map(|(time, _)| time));
        self.times.sort_unstable();
    }

    pub fn messages(&self) -> usize {
        self.times.len()
    }

    pub fn percentile(&self, part: usize) -> Duration {
        self.times[self.times.len() * part / 100]
    }
}

/// The reply to the message, or the refusal.
async fn message(server: SocketAddr, client: &Client) -> String {
    let mut smtp = Smtp::connect_from(client.address.into(), server).await;
    let mut reply = String::new();
    for command in [
        &format!("EHLO {}", client.name),
        "MAIL FROM:<a@good.example>",
        "RCPT TO:<root@mx.example>",
        "DATA",
        "Subject: x\r\n\r\nx\r\n.",
    ] {
        reply = smtp.command(command);
        if !reply.starts_with(['2', '3']) {
            break;
        }
    }
    reply
}

/// How long Postfix' own `smtp-source` takes for as many messages of one client. It ends with an error when one is refused.
pub fn smtp_source(postfix: &Postfix) -> Duration {
    let server = format!("{SOURCE}:{}", postfix.address().port());
    let start = Instant::now();
    let messages = CLIENTS.to_string();
    let at_once = AT_ONCE.to_string();
    let arguments = [
        "-s",
        &at_once,
        "-m",
        &messages,
        "-M",
        "source.client.example",
        "-f",
        "a@good.example",
        "-t",
        "root@mx.example",
        &server,
    ];
    let output = postfix.command("usr/sbin/smtp-source").args(arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    start.elapsed()
}
