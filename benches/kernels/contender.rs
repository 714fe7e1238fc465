//! What every contender can do: make a row ready, run it, give its results.

use crate::case::{Case, Data};

/// One of those that are compared.
pub trait Source {
    /// Builds the kernels of a row and gives it its buffers, or says why it cannot.
    fn prepare(&self, case: &Case) -> Result<Ready, String>;
}

/// A row that can run, and what building it cost in nanoseconds of the process.
pub struct Ready {
    pub run: Box<dyn Run>,
    pub build_ns: f64,
}

/// A row of one contender.
pub trait Run {
    /// Gives the buffers their first values again.
    fn reset(&mut self);

    /// Runs all launches of the row in order, so many times, and waits for the last.
    fn run(&mut self, repeats: usize);

    /// The buffers that the row writes.
    fn results(&mut self) -> Vec<Data>;
}
