//! The small world of the examples in the documentation.

use std::error::Error;
use std::net::IpAddr;

use crate::checker::Checker;
use crate::lists::ListSet;
use crate::testing::{ManualClock, Scripted};

const DNS: &str = "
    7.77.66.45.in-addr.arpa PTR mx.client.test
    mx.client.test          A   45.66.77.7
    7.77.66.45.bl.test      A   127.0.0.2
";

/// A checker with one list, its clock, and a client that the list holds.
#[doc(hidden)]
pub fn doc_world() -> Result<(Checker, ManualClock, IpAddr), Box<dyn Error>> {
    let clock = ManualClock::new();
    let lists = ListSet::builder().deny("bl.test").build()?;
    let checker = Checker::builder_with(Scripted::table(DNS, clock.clone())?, clock.clone()).lists(lists).build()?;
    Ok((checker, clock, IpAddr::from([45, 66, 77, 7])))
}
