//! Watches lists, and reports each one that breaks or recovers.
//!
//! ```sh
//! cargo run --example monitor -- --demo bl.demo dead.demo refusing.demo
//! cargo run --example monitor -- bl.spamcop.net psbl.surriel.com
//! ```
#![expect(clippy::print_stdout, reason = "the result is for the terminal")]

mod world;

use std::time::Duration;

use rdnsbl::ListSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = world::World::from_command_line().await?;
    let lists = world.arguments.by_ref().fold(ListSet::builder(), |set, list| set.deny(&list)).build()?;
    let checker = world.checker()?.lists(lists).build()?;

    // Subscribe first: events before that are not delivered.
    let mut events = checker.events();
    // The watch is a future: it runs as long as it is polled, and ends when the task is aborted.
    tokio::spawn(checker.clone().watch(Duration::from_secs(1_800)));
    while let Some(event) = events.next().await {
        println!("{event}");
    }
    Ok(())
}
