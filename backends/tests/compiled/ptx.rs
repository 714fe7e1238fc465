//! The PTX texts of the interpreter's tests. Those that look at the interpreter itself are not among them.

use crate::bench;

#[path = "../../../kernels/tests/ptx/control.rs"]
mod control;
#[path = "../../../kernels/tests/ptx/directives.rs"]
mod directives;
#[path = "../../../kernels/tests/ptx/externals/mod.rs"]
mod externals;
#[path = "../../../kernels/tests/ptx/faults.rs"]
mod faults;
#[path = "../../../kernels/tests/ptx/forms/mod.rs"]
mod forms;
#[path = "../../../kernels/tests/ptx/limits.rs"]
mod limits;
#[path = "../../../kernels/tests/ptx/mbarriers.rs"]
mod mbarriers;
#[path = "../../../kernels/tests/ptx/memory.rs"]
mod memory;
#[path = "../../../kernels/tests/ptx/printing.rs"]
mod printing;
#[path = "../../../kernels/tests/ptx/progress.rs"]
mod progress;
#[path = "../../../kernels/tests/ptx/table.rs"]
mod table;
#[path = "../../../kernels/tests/ptx/warps.rs"]
mod warps;
