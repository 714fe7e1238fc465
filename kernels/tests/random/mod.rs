//! Random kernels against an evaluator that knows nothing but one thread at a time.
//!
//! `grow::kernel(seed)` makes a whole kernel as a tree of statements (`tree`): arithmetic of all widths, nested loops and branches
//! that lanes do not agree on, switches, early exits, calls (nested, recursive, by address), memory of all spaces, atomics, and
//! what threads do together: barriers of all kinds, votes, shuffles, matches, reductions. `lower` and `meet` turn it into lines;
//! `text` prints these as PTX; `thread` and `block` walk each thread through them and stop it where it needs others.
//! Anything that runs PTX is checked by `trial::search(seeds, runner)`: the runner gets a `Case` (text, shape, buffers) and gives
//! back what its buffers hold. All bytes must be equal. A kernel that fails is made small by `shrink` and told with its seed.
//!
//! Every tree means something, so that any statement may be dropped. A tree says how each branch goes (`Way`); where threads
//! have parted without knowing who is where, warp operations and barriers become nothing. Where they know, a register holds
//! the mask, made by ballots. Nothing that PTX leaves undefined has an influence: a shuffle from a lane that is not there is
//! thrown away, divisors are not zero, NaNs become one NaN before they are seen as bits, and shared memory is only read
//! between two barriers.
//!
//! To add an instruction: a row in `integer_forms` or `float_forms`. To add a statement: a variant of `Stmt`, a row in `grow`, its lines
//! in `lower` or `meet`; if it needs a new kind of line, what that prints in `text` and does in `thread`.

mod block;
mod float_forms;
mod forms;
mod grow;
mod integer_forms;
mod lines;
mod lower;
mod meet;
pub mod mild;
mod shrink;
mod text;
mod thread;
pub mod tree;
pub mod trial;

pub use block::Outcome;
pub use grow::kernel;
