//! Does the reverse DNS of an address lead back to it (RFC 8601 §3)?
//!
//! ```sh
//! cargo run --example iprev -- --demo 203.0.113.8
//! cargo run --example iprev -- 192.0.2.1
//! ```
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]

mod world;

use std::net::IpAddr;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = world::World::from_command_line().await?;
    let client: IpAddr =
        world.arguments.next().ok_or("usage: iprev [--demo | --server ADDRESS:PORT] CLIENT")?.parse()?;
    let checker = world.checker()?.build()?;

    let verdict = checker.iprev(client).await;
    println!("{client} {} (sendmail: {})", verdict.rfc8601(), verdict.client_resolve());
    for name in verdict.names().into_iter().flat_map(|names| names.all()) {
        println!("  {} {:?}", name.name(), name.forward());
    }
    Ok(())
}
