//! Where the compiler makes no code for the machine.

use std::convert::Infallible;

use stream_hal_kernels::compile::{Code, Refusal};
use stream_hal_kernels::{self as kernels, KernelFault};
use stream_hal_scheduler::backend::Fault;

use super::super::code::LoadedKernel;
use super::super::execute::Site;
use super::super::sync::Engine;

/// There is none.
pub(in super::super) struct Native(Infallible);

impl Native {
    pub(super) fn new(_: Code) -> Result<Native, Refusal> {
        Err(Refusal::new(0, "no machine code is run here"))
    }

    pub(super) fn pace(&self) -> u64 {
        match self.0 {}
    }
}

pub(in super::super) fn run(
    native: &Native,
    _: &LoadedKernel,
    _: &kernels::Launch<'_>,
    _: &Site<'_>,
) -> Result<(), Fault> {
    match native.0 {}
}

pub(in super::super) fn abandon(_: &Engine) {}

pub(in super::super) fn name_neighbour(_: &Engine, _: &mut KernelFault) {}
