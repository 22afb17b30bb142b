//! Tests that count or limit what their whole process holds: each runs in a process of its own.

use std::process::Command;

/// Set in the process that runs one test alone.
const ALONE: &str = "RDNSBL_TEST_ALONE";

/// Runs the body of a test alone: this program runs itself again, with that test only. `test` is its whole name.
pub(crate) fn alone(test: &str, body: impl Future<Output = ()>) {
    if std::env::var_os(ALONE).is_some() {
        return tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(body);
    }
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test]).env(ALONE, "").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("test result: ok. 1 passed"), "{out}{err}");
}

/// How many descriptors this process holds.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
