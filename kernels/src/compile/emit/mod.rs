//! From vector code to machine code: selection, registers, encoding. README.md says how an op is selected.

mod address;
mod allocate;
mod assemble;
mod atomic;
mod copies;
mod encode;
mod flow;
mod frame;
mod lane_loop;
mod lanes;
mod layout;
pub mod machine;
mod memory;
mod pool;
mod scalar;
mod scalar_divide;
pub mod select;
mod vector;
mod vector_codes;
mod vector_compare;
mod vector_convert;
mod vector_float;
mod vector_integer;
mod vector_logic;
mod vector_mask;
mod vector_permute;
mod vector_plan;
mod vector_select;
mod vector_special;
mod walk;

use std::time::{Duration, Instant};

use super::call::Call;
use super::ssa::{Function, Op};
use super::{Code, Refusal, Target};

/// Machine code for a function of the vectors stage whose critical edges are split. What depends on the kernel and not on
/// its vector code (gangs, frames, shared memory) is left zero.
pub fn emit(function: &Function, target: &Target) -> Result<Code, Refusal> {
    in_steps(function, target, None).map(|(code, _)| code)
}

/// The same, with how long selection, registers and encoding took, and by the quick way to registers or not; for benches.
#[doc(hidden)]
pub fn in_steps(
    function: &Function,
    target: &Target,
    quick: Option<bool>,
) -> Result<(Code, [Duration; 3]), Refusal> {
    let start = Instant::now();
    let selected = walk::run(function, target)?;
    let selection = start.elapsed();
    let quick = quick.unwrap_or(selected.nodes.len() > allocate::MANY);
    let output =
        allocate::run(&selected, quick).map_err(|error| Refusal::new(0, format!("registers: {error}")))?;
    let registers = start.elapsed() - selection;
    let frame = frame::Frame::new(&output, selected.scratch_bytes);
    let assembled = assemble::run(&selected, &output, &frame)
        .map_err(|error| Refusal::new(0, format!("cannot be encoded: {error}")))?;
    let code = Code {
        bytes: assembled.bytes,
        sites: assembled.sites,
        calls: calls(function),
        instructions: assembled.instructions,
        stack_bytes: frame.stack_bytes(),
        ..Code::default()
    };
    Ok((code, [selection, registers, start.elapsed() - selection - registers]))
}

/// What the function calls, with the forms of arguments and results.
fn calls(function: &Function) -> Vec<Call> {
    let mut calls = function.calls.clone();
    for inst in function.blocks.iter().flat_map(|block| &block.insts).map(|&id| function.inst(id)) {
        if let Op::Call(number) = inst.op
            && let (Some((call, _)), Some(to)) =
                (function.call_of(inst, number), calls.get_mut(number as usize))
        {
            *to = call;
        }
    }
    calls
}
