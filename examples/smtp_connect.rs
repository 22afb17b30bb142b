//! The connect stage of a mail server: one deadline for all questions, and no check outlives its client.
//!
//! `cargo run --example smtp_connect -- --demo 127.0.0.1:2525 203.0.113.14 bl.demo`, then `nc 127.0.0.1 2525`.
//! Every connection is treated as if it came from the given client; a real server takes the address of its peer.
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]
mod world;
use rdnsbl::{Action, Checker, ListSet};
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = world::World::from_command_line().await?;
    let usage = "usage: smtp_connect [--demo] LISTEN CLIENT LIST...";
    let (listen, client) = world.arguments.next().zip(world.arguments.next()).ok_or(usage)?;
    let lists = world.arguments.by_ref().fold(ListSet::builder(), |set, list| set.deny(&list)).build()?;
    let checker = world.checker()?.lists(lists).build()?;
    let (client, listener) = (client.parse()?, tokio::net::TcpListener::bind(listen).await?);
    println!("listening on {}", listener.local_addr()?);
    loop {
        tokio::spawn(greet(listener.accept().await?.0, checker.clone(), client));
    }
}

async fn greet(mut stream: TcpStream, checker: Checker, client: std::net::IpAddr) -> std::io::Result<()> {
    let mut first = [0; 1];
    let report = tokio::select! {
        report = checker.check(client).within(std::time::Duration::from_secs(5)) => report,
        // The client hung up, or spoke before the greeting. The check is dropped, which cancels it.
        _ = stream.peek(&mut first) => {
            println!("{client} did not wait for the greeting");
            return Ok(());
        }
    };
    let greeting = match report.advice().reply() {
        None => "220 mx.example ESMTP\r\n".to_owned(),
        Some(reply) if reply.action() == Action::Reject => format!("554 {}\r\n", reply.text()),
        Some(reply) => format!("421 {}\r\n", reply.text()),
    };
    stream.write_all(greeting.as_bytes()).await
}
