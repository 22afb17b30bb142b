//! Hash tables by name and question.

use std::collections::HashMap;

/// Seeded at random for each process, as the standard library's, so that nobody outside can make names collide; and several
/// times cheaper, since a check looks names up a hundred times.
pub(crate) type Table<K, V> = HashMap<K, V, foldhash::quality::RandomState>;
