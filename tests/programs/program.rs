//! The examples as programs: a process of the built example, and its output.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Its JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    /// The value at a JSON pointer; null where there is none.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }
}

/// The folder of the built examples, beside this test.
pub(crate) fn examples() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().parent().unwrap().join("examples");
    assert!(folder.join("check").exists(), "build the examples first: cargo build --examples");
    folder
}

/// The example with these arguments.
pub(crate) fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(examples().join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // Whatever is set here, nothing may be logged.
    command.env("RUST_LOG", "trace");
    command
}
