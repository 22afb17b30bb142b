//! The resolvers under test, and the tests of a file with each of them.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::future::{FutureExt, join_all};
#[cfg(feature = "direct")]
use rdnsbl::resolve::{Direct, Pacing, QueryCase};
use rdnsbl::resolve::{Resolve, Timeouts};

/// A resolver under test.
pub(super) trait Subject: Resolve + std::fmt::Debug {}
impl<T: Resolve + std::fmt::Debug> Subject for T {}

/// Makes one that asks these servers with these timeouts.
pub(super) type Make = fn(&[SocketAddr], Timeouts) -> Arc<dyn Subject>;

#[cfg(feature = "hickory")]
pub(super) fn stub(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
    Arc::new(rdnsbl::resolve::Stub::servers(servers.iter().copied()).unwrap().with_timeouts(timeouts))
}

#[cfg(feature = "direct")]
fn fixed(servers: &[SocketAddr], timeouts: Timeouts) -> Direct {
    Direct::servers(servers.iter().copied()).unwrap().with_timeouts(timeouts).with_pacing(Pacing::Fixed)
}

#[cfg(feature = "direct")]
pub(super) fn direct(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
    Arc::new(fixed(servers, timeouts))
}

/// The same with random case: the test servers keep it.
#[cfg(feature = "direct")]
pub(super) fn random_case(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
    Arc::new(fixed(servers, timeouts).with_case(QueryCase::Random))
}

const MAKES: &[(&str, Make)] = &[
    #[cfg(feature = "hickory")]
    ("stub", stub),
    #[cfg(feature = "direct")]
    ("direct", direct),
    #[cfg(feature = "direct")]
    ("direct, random case", random_case),
];

/// Runs a test with all resolvers at the same time.
pub(super) async fn with_all<F: Future<Output = ()>>(test: impl Fn(Make) -> F) {
    let run = async |(resolver, make): &(&'static str, Make)| {
        (*resolver, AssertUnwindSafe(test(*make)).catch_unwind().await.is_ok())
    };
    let failed = join_all(MAKES.iter().map(run)).await.into_iter().filter(|(_, passed)| !passed);
    assert_eq!(failed.map(|(resolver, _)| resolver).collect::<Vec<_>>(), [""; 0], "failed");
}

/// Makes tests of functions, one for each resolver.
macro_rules! with_each {
    (alone { $($test:ident)* } together { $($waiting:ident)* }) => {
        #[cfg(feature = "hickory")]
        mod stub {
            $(#[tokio::test] async fn $test() { super::$test($crate::wire_shapes::makes::stub).await; })*
        }

        /// Tests that wait: each with all resolvers at the same time.
        mod together {
            $(#[tokio::test] async fn $waiting() { $crate::wire_shapes::makes::with_all(super::$waiting).await; })*
        }

        #[cfg(feature = "direct")]
        mod direct {
            $(#[tokio::test] async fn $test() { super::$test($crate::wire_shapes::makes::direct).await; })*

            mod random_case {
                $(#[tokio::test] async fn $test() { super::super::$test($crate::wire_shapes::makes::random_case).await; })*
            }
        }
    };
}
