//! A checker for programs without async: each call returns when the answer is there.
//!
//! ```
//! # #[cfg(feature = "hickory")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rdnsbl::{Checker, ListSet, blocking, resolve::Direct};
//!
//! # let server: std::net::SocketAddr = "127.0.0.1:1".parse()?;
//! let lists = ListSet::builder().deny("bl.example").build()?;
//! let timeouts = rdnsbl::resolve::Timeouts::default().with_total(std::time::Duration::from_millis(50));
//! let resolver = Direct::servers([server])?.with_timeouts(timeouts);
//! let checker = blocking::Checker::new(Checker::builder(resolver).lists(lists).build()?)?;
//! let report = checker.check("8.8.4.4".parse::<std::net::IpAddr>()?); // at most the checker's budget
//! println!("{report}");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "hickory"))]
//! # fn main() {}
//! ```

use std::io;
use std::net::IpAddr;

use tokio::runtime::{Builder, Runtime};

use crate::check::helo::HeloReport;
use crate::check::iprev::Iprev;
use crate::check::mail_domain::{MailDomainReport, PathRole};
use crate::inquiry::dialogue::Dialogue;
use crate::report::{HealthReport, Report};

/// A [`Checker`](crate::Checker) with a small runtime of its own. Share it between threads; their calls run at the same time.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// # let blocking = rdnsbl::blocking::Checker::new(checker)?;
/// assert_eq!(blocking.iprev(client).rfc8601(), "pass");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checker {
    checker: crate::Checker,
    runtime: Runtime,
}

impl Checker {
    /// Gives a checker a runtime of its own.
    ///
    /// # Errors
    /// When the system gives no event queue to the runtime.
    pub fn new(checker: crate::Checker) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { checker, runtime })
    }

    /// Checks a whole dialogue: see [`Checker::check`](crate::Checker::check).
    ///
    /// # Panics
    /// Inside an async runtime: await the [`Checker`](crate::Checker) itself there.
    pub fn check(&self, dialogue: impl Into<Dialogue>) -> Report {
        self.runtime.block_on(self.checker.check(dialogue))
    }

    /// Checks a client's reverse DNS alone.
    ///
    /// # Panics
    /// Inside an async runtime.
    pub fn iprev(&self, client: IpAddr) -> Iprev {
        self.runtime.block_on(self.checker.iprev(client))
    }

    /// Checks an argument of HELO or EHLO alone.
    ///
    /// # Panics
    /// Inside an async runtime.
    pub fn helo(&self, argument: &str, client: Option<IpAddr>) -> HeloReport {
        self.runtime.block_on(self.checker.helo(argument, client))
    }

    /// Checks the domain of a sender's or recipient's path alone.
    ///
    /// # Panics
    /// Inside an async runtime.
    pub fn mail_domain(&self, role: PathRole, path: &str) -> MailDomainReport {
        self.runtime.block_on(self.checker.mail_domain(role, path))
    }

    /// Asks for the test entries of every list now.
    ///
    /// # Panics
    /// Inside an async runtime.
    pub fn probe(&self) -> Vec<HealthReport> {
        self.runtime.block_on(self.checker.probe())
    }

    /// The checker itself, for settings and numbers.
    #[must_use]
    pub fn get(&self) -> &crate::Checker {
        &self.checker
    }
}
