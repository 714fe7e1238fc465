//! Blocks that compiled code leaves before they begin, as an index wraps around in them: on the interpreter, where there is no
//! code that takes them.

use stream_hal_kernels::{FaultKind, Host, KernelFault, Launch, Program, Scratch};

use super::super::access::Checked;
use super::super::floats::FloatState;

/// Runs a block, by its number. A launch that is stopped meanwhile is no fault.
#[cold]
pub(super) fn interpret(
    program: &Program,
    kernel: usize,
    launch: &Launch<'_>,
    block: u64,
    host: &dyn Host,
) -> Result<(), KernelFault> {
    let _floats = FloatState::default_for_kernels();
    let [x, y, _] = launch.grid.map(|side| u64::from(side.max(1)));
    let place = [(block % x) as u32, (block / x % y) as u32, (block / x / y) as u32];
    let mut scratch = Box::<Scratch>::default();
    match program.run_block(kernel, launch, place, &Checked, host, &mut scratch) {
        Err(fault) if fault.kind == FaultKind::Stopped => Ok(()),
        done => done,
    }
}
