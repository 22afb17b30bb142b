//! A million requests to the policy daemon.

use std::time::Duration;

use crate::kit::{namespace, request};
use crate::{daemon, world};

const REQUESTS: usize = 1_000_000;
const CONNECTIONS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and a release build"]
async fn a_million_requests() {
    if !namespace::entered("million::a_million_requests") {
        return;
    }
    let dns = namespace::dns(&world::table(Duration::ZERO, 1)).await;
    let daemon = daemon(&dns, env!("CARGO_BIN_EXE_rdnsbl-policyd"), None);
    let mut memory = vec![daemon.memory()];
    // Where all that is allocated once is there, the first half, and the second half.
    for part in [0..REQUESTS / 100, REQUESTS / 100..REQUESTS / 2, REQUESTS / 2..REQUESTS] {
        std::thread::scope(|threads| {
            for connection in 0..CONNECTIONS {
                let (daemon, part) = (&daemon, part.clone());
                threads.spawn(move || {
                    let mut client = daemon.connect();
                    for number in part.skip(connection).step_by(CONNECTIONS) {
                        let known = world::client(number);
                        let instance = format!("i{number}");
                        let request = request(
                            "RCPT",
                            &known.address.to_string(),
                            &[("instance", &instance), ("helo_name", &known.name)],
                        );
                        let action = client.ask(&request);
                        assert!(
                            number >= world::CLIENTS || action.starts_with("554 ") == known.is_listed,
                            "{number}: {action}"
                        );
                    }
                });
            }
        });
        memory.push(daemon.memory());
    }
    for (name, memory) in ["idle", "start", "middle", "end"].iter().zip(&memory) {
        println!("million.memory.{name} {:.1} MiB", *memory as f64 / 1024.0);
    }
    // More clients than any cache holds: what is kept has a bound.
    assert!(memory[3] < memory[2] * 11 / 10, "{memory:?}");
}
