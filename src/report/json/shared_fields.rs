//! Fields that several JSON forms share.

use std::time::Duration;

use serde::ser::SerializeMap;

use crate::dns::ExtendedError;

/// Adds the resolver's extended error, if there is one.
pub(super) fn extended<M: SerializeMap>(said: Option<ExtendedError>, map: &mut M) -> Result<(), M::Error> {
    said.map_or(Ok(()), |said| map.serialize_entry("ede", &said))
}

/// Whole seconds.
pub(super) fn seconds(ttl: Option<Duration>) -> Option<u64> {
    ttl.map(|ttl| ttl.as_secs())
}
