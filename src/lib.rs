//! The runtime: what an application holds.
