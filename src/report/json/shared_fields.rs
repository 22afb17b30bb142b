//! Fields that several JSON forms share.

use std::time::Duration;

use serde::ser::SerializeMap;

use crate::dns::ExtendedError;

/// Adds the resolver's extended error, if there is one.
pub(super) fn extended<M: SerializeMap>(error: Option<ExtendedError>, map: &mut M) -> Result<(), M::Error> {
    error.map_or(Ok(()), |error| map.serialize_entry("ede", &error))
}

/// Whole seconds.
pub(super) fn seconds(ttl: Option<Duration>) -> Option<u64> {
    ttl.map(|ttl| ttl.as_secs())
}
