//! The `check` example from outside: its options, exit codes and forms.

mod bad_input;
mod contexts;
mod demo;
mod facts;
mod forms;
mod keys;
mod knowledge;
mod lists;
mod notations;
mod peers;
mod policies;
mod probe;
mod resolvers;

use rdnsbl::testing::{LoopbackServer, Table};
use serde_json::Value;

use crate::program::{self, Run};

impl Run {
    /// Everything it said.
    fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
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

fn command(arguments: &[&str]) -> tokio::process::Command {
    program::command("check", arguments)
}

/// Runs it without a server of its own.
async fn run(arguments: &[&str]) -> Run {
    Run::of(command(arguments).output().await.unwrap())
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
