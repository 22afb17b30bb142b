//! The `check` example from outside: its options, exit codes and forms. It asks loopback servers only.
//!
//! `cargo test` builds the example first; `cargo test --test check_cli` alone does not.
#![cfg(all(feature = "hickory", feature = "serde", feature = "idna", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

mod bad_input;
mod demo;
mod facts;
mod forms;
mod knowledge;
mod lists;
mod notations;
mod peers;
mod policies;
mod probe;
mod resolvers;

use std::path::PathBuf;
use std::process::Stdio;

use rdnsbl::testing::{LoopbackServer, Table};
use serde_json::Value;

/// What a run left behind.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// Everything it said.
    fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// The value at a JSON pointer; null where there is none.
    fn at(&self, pointer: &str) -> Value {
        let document: Value = serde_json::from_str(&self.out).unwrap();
        document.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// A value of the only report, as text.
    fn text(&self, pointer: &str) -> String {
        match self.at(&format!("/reports/0/{pointer}")) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// The verdict of each list, with why or what, in order.
    fn verdicts(&self) -> Vec<String> {
        self.verdicts_of(0)
    }

    /// The same of another report.
    fn verdicts_of(&self, report: usize) -> Vec<String> {
        let lists = self.at(&format!("/reports/{report}/lists"));
        let word = |value: &Value| value.as_str().map(|word| format!("/{word}")).unwrap_or_default();
        let verdict = |list: &Value| {
            let field = |name: &str| list.get(name).cloned().unwrap_or_default();
            format!("{}{}{}", field("verdict").as_str().unwrap(), word(&field("why")), word(&field("problem")))
        };
        lists.as_array().unwrap().iter().map(verdict).collect()
    }
}

/// The built example beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(format!("check{}", std::env::consts::EXE_SUFFIX))
}

fn command(arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program());
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // Whatever is set here, nothing may be logged.
    command.env("RUST_LOG", "trace");
    command
}

/// Runs it without a server of its own.
async fn run(arguments: &[&str]) -> Run {
    let output = command(arguments).output().await.unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn serve(table: &str) -> LoopbackServer {
    LoopbackServer::start(Table::parse(table).unwrap()).await.unwrap()
}

/// Runs it against a server.
async fn ask(server: &LoopbackServer, arguments: &[&str]) -> Run {
    let address = server.address().to_string();
    run(&[&["--resolver", &address], arguments].concat()).await
}

/// Runs it against a world, as JSON, special-purpose addresses included.
async fn json(table: &str, arguments: &[&str]) -> Run {
    let server = serve(table).await;
    ask(&server, &[&["--json", "--special"], arguments].concat()).await
}
