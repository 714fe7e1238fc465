//! Maps and sets of the compiler's own numbers: nobody from outside chooses the keys, so hashes need be quick only, and the
//! same in each run.

use foldhash::fast::FixedState;

/// A map.
pub type Map<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A set.
pub type Set<K> = std::collections::HashSet<K, FixedState>;
