//! Can the domain of a sender take mail (RFC 5321 §5.1, RFC 7505)?
//!
//! ```sh
//! cargo run --example sender -- --demo '<someone@dangling.demo>'
//! cargo run --example sender -- someone@example.org
//! ```
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]

mod world;

use rdnsbl::PathRole;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = world::World::from_command_line().await?;
    let path = world.arguments.next().ok_or("usage: sender [--demo | --server ADDRESS:PORT] PATH")?;
    let checker = world.checker()?.build()?;

    let report = checker.mail_domain(PathRole::Sender, &path).await;
    println!("{path}: {}", report.verdict().word());
    for host in report.hosts() {
        println!("  {} {:?} {:?}", host.target(), host.state(), host.addresses());
    }
    Ok(())
}
