//! The command `stream-hal`.
fn main() {}
