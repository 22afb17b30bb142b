//! Is an address on these DNS blocklists?
//!
//! ```sh
//! cargo run --example dnsbl -- --demo 203.0.113.14 bl.demo dead.demo clean.demo
//! cargo run --example dnsbl -- --server 192.0.2.53:53 192.0.2.1 zen.spamhaus.org=127.0.0.[2..11]
//! ```
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]

mod world;

use std::net::IpAddr;

use rdnsbl::{ListSet, Verdict};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = world::World::from_command_line().await?;
    let usage = "usage: dnsbl [--demo | --server ADDRESS:PORT] CLIENT LIST...";
    let client: IpAddr = world.arguments.next().ok_or(usage)?.parse()?;
    let lists = world.arguments.by_ref().fold(ListSet::builder(), |set, list| set.deny(&list)).build()?;
    let checker = world.checker()?.lists(lists).build()?;

    let report = checker.check(client).await;
    for row in report.lists() {
        println!("{}: {}", row.list(), row.verdict().word());
        if let Verdict::Listed(_, listing) = row.verdict() {
            println!("  {}", listing.reason().map_or("no reason given", |text| text.as_str()));
        } else if !row.advice().is_empty() {
            println!("  {}", row.advice());
        }
    }
    Ok(())
}
