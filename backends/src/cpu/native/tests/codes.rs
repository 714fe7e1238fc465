//! The kernels of the tests: their PTX, of which only the headers count, and the code they are compiled to.

use std::mem::offset_of;

use iced_x86::{Code as Form, Instruction, MemoryOperand, Register};
use stream_hal_kernels::compile::call::{Call, Form as Lies, What};
use stream_hal_kernels::compile::code::Place;
use stream_hal_kernels::compile::{Code, Context};
use stream_hal_kernels::ir::compute::{Compute, Float};
use stream_hal_kernels::ir::{Mode, Type};

use super::assembler::{Assembler, field};

/// Interpreted, every kernel adds 1000 to the word at the address it gets.
pub const SOURCE: &str = "
.version 7.8
.target sm_80
.address_size 64
";

/// Kernels that are compiled by hand. `plain` is refused.
pub const NAMES: &[&str] = &[
    "mark", "poke", "spin", "halve", "divide", "asks", "gives_up", "lost", "rooms", "needy", "strange",
    "plain", "other", "small", "empty", "blame",
];

pub fn source() -> String {
    let kernel = |name: &&str| {
        let bound = if *name == "small" { ".maxntid 64, 1, 1" } else { "" };
        format!(
            ".visible .entry {name}(.param .u64 at) {bound} {{ .reg .b64 %a; .reg .b32 %r; ld.param.u64 %a, [at]; \
             atom.global.add.u32 %r, [%a], 1000; ret; }}\n"
        )
    };
    let blame = ".visible .entry blame(.param .u64 at) { .reg .b64 %a; .reg .b32 %r; .reg .pred %p; ld.param.u64 %a, [at]; \
        mov.u32 %r, %tid.x; st.global.u32 [%a+16], %r; setp.ne.u32 %p, %r, 37; @%p ret; mul.wide.u32 %a, %r, 1; \
        st.global.u32 [%a+4091], 7; ret; }\n";
    let all = NAMES.iter().map(|name| if *name == "blame" { blame.to_owned() } else { kernel(name) });
    SOURCE.to_owned() + &all.collect::<String>()
}

/// The line of a kernel in the source.
fn line_of(name: &str) -> u32 {
    let line = source().lines().position(|line| line.contains(&format!(" {name}(")));
    line.map_or(0, |line| line as u32 + 1)
}

/// The code of a kernel, if it is compiled.
pub fn code(name: &str, check: bool) -> Option<Code> {
    Some(match name {
        "mark" | "other" | "small" => mark(),
        "empty" => empty(),
        "poke" => poke(check, 12),
        // A store whose address is wild, though it is not the one that the thread to blame has.
        "blame" => poke(false, line_of("blame")),
        "spin" => spin(),
        "halve" => halve(true),
        "divide" => divide(),
        "asks" => asks(),
        "gives_up" => calling(Call::new(What::Trap, 64, 9, false)),
        "lost" => lost(),
        "rooms" => rooms(),
        "needy" => Code { stack_bytes: 1 << 20, ..mark() },
        "strange" => {
            let mut a = Assembler::function();
            a.leave(77);
            a.finish()
        }
        _ => return None,
    })
}

/// The pointer that the kernel got.
fn pointer(a: &mut Assembler) {
    a.load(Register::RBX, field(offset_of!(Context, parameters)));
    a.load(Register::RBX, MemoryOperand::with_base(Register::RBX));
}

/// Adds one to a word for each block.
fn mark() -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    let again = a.label();
    a.here(again);
    let word = MemoryOperand::with_base_index_scale(Register::RBX, Register::RSI, 4);
    let mut add = Instruction::with2(Form::Add_rm32_imm8, word, 1).unwrap();
    add.set_has_lock_prefix(true);
    a.push(Ok(add));
    a.push(Instruction::with1(Form::Inc_rm64, Register::RSI));
    a.push(Instruction::with1(Form::Dec_rm64, Register::RDX));
    a.jump(Form::Jne_rel32_64, again);
    a.leave(0);
    a.finish()
}

/// Writes 7 eight bytes behind the place it gets, as block 3, for threads from 34 on. The access may be checked.
fn poke(check: bool, line: u32) -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    a.note(offset_of!(Context, block), 3);
    a.note(offset_of!(Context, thread), 32);
    let (fixup, fine) = (a.label(), a.label());
    if check {
        let buffer = offset_of!(Context, buffer);
        let word = MemoryOperand::with_base_displ(Register::RBX, 8);
        a.push(Instruction::with2(Form::Lea_r64_m, Register::RAX, word));
        a.push(Instruction::with2(Form::Mov_rm64_r64, field(buffer), Register::RAX));
        a.call(0);
        a.two(Form::Test_rm32_r32, Register::EAX, Register::EAX);
        a.jump(Form::Je_rel32_64, fine);
        a.leave_with_eax();
    }
    a.here(fine);
    a.push(Instruction::with2(Form::Mov_r32_imm32, Register::EAX, 7));
    let place = Place::Near { base: Some(3), index: None, scale: 1, displacement: 8, step: 0 };
    a.site(fixup, line, 4, place);
    let word = MemoryOperand::with_base_displ(Register::RBX, 8);
    a.push(Instruction::with2(Form::Mov_rm32_r32, word, Register::EAX));
    a.leave(0);
    a.here(fixup);
    a.note(offset_of!(Context, fault_thread), 0);
    a.note(offset_of!(Context, fault_mask), 0xfffc);
    a.note(offset_of!(Context, fault_mask) + 4, 0);
    a.leave(1);
    let mut call = Call::new(What::Check { bytes: 4, align: 4, write: true }, 1, 12, false);
    call.arguments = vec![Lies::Scalar(64)];
    Code { calls: vec![call], ..a.finish() }
}

/// Runs until it is stopped.
fn spin() -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    a.push(Instruction::with2(Form::Mov_rm32_imm32, MemoryOperand::with_base(Register::RBX), 1));
    let again = a.label();
    a.here(again);
    a.push(Ok(Instruction::with(Form::Pause)));
    a.load(Register::RAX, field(offset_of!(Context, stop)));
    a.push(Instruction::with2(Form::Cmp_rm32_imm8, MemoryOperand::with_base(Register::RAX), 0));
    a.jump(Form::Je_rel32_64, again);
    a.leave(3);
    a.finish()
}

/// An empty kernel.
fn empty() -> Code {
    let mut a = Assembler::function();
    let again = a.label();
    a.here(again);
    a.push(Instruction::with1(Form::Dec_rm64, Register::RDX));
    a.jump(Form::Jne_rel32_64, again);
    a.leave(0);
    a.finish()
}

/// Halves the float at the pointer, then asks the runtime to halve the next one.
fn halve(flush: bool) -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    let (word, next) =
        (MemoryOperand::with_base(Register::RBX), MemoryOperand::with_base_displ(Register::RBX, 4));
    let buffer = offset_of!(Context, buffer);
    a.note(buffer + 8, 0.5f32.to_bits());
    a.push(Instruction::with2(Form::Movss_xmm_xmmm32, Register::XMM0, word));
    a.push(Instruction::with2(Form::Mulss_xmm_xmmm32, Register::XMM0, field(buffer + 8)));
    a.push(Instruction::with2(Form::Movss_xmmm32_xmm, word, Register::XMM0));
    a.push(Instruction::with2(Form::Mov_r32_rm32, Register::EAX, next));
    a.push(Instruction::with2(Form::Mov_rm32_r32, field(buffer), Register::EAX));
    a.call(0);
    a.push(Instruction::with2(Form::Mov_r32_rm32, Register::EAX, field(buffer)));
    a.push(Instruction::with2(Form::Mov_rm32_r32, next, Register::EAX));
    a.leave(0);
    let product = Compute::Float(Float::Mul, Type::F32, Mode::default());
    let mut call = Call::new(What::Compute(product), 1, 9, false);
    call.arguments = vec![Lies::Scalar(32); 2];
    call.results = vec![Lies::Scalar(32)];
    Code { flush, calls: vec![call], ..a.finish() }
}

fn divide() -> Code {
    let mut a = Assembler::function();
    let fixup = a.label();
    a.two(Form::Xor_r32_rm32, Register::ECX, Register::ECX);
    a.two(Form::Xor_r32_rm32, Register::EDX, Register::EDX);
    a.note(offset_of!(Context, block), 0);
    a.note(offset_of!(Context, thread), 5);
    a.note(offset_of!(Context, fault_thread), 0);
    a.note(offset_of!(Context, fault_mask), 1);
    a.note(offset_of!(Context, fault_mask) + 4, 0);
    a.site(fixup, 21, 4, Place::Unknown);
    a.push(Instruction::with1(Form::Div_rm32, Register::ECX));
    a.leave(0);
    a.here(fixup);
    a.leave(1);
    a.finish()
}

/// Makes a call, and leaves with what it says.
fn calling(call: Call) -> Code {
    let mut a = Assembler::function();
    a.note(offset_of!(Context, thread), 64);
    a.call(0);
    a.leave_with_eax();
    Code { calls: vec![call], ..a.finish() }
}

/// Adds 5 to 37 by the runtime and stores the sum.
fn asks() -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    let buffer = offset_of!(Context, buffer);
    a.note(buffer, 37);
    a.note(buffer + 8, 5);
    a.call(0);
    a.push(Instruction::with2(Form::Mov_r32_rm32, Register::EAX, field(buffer)));
    let word = MemoryOperand::with_base(Register::RBX);
    a.push(Instruction::with2(Form::Mov_rm32_r32, word, Register::EAX));
    a.leave(0);
    let sum = Compute::Int(stream_hal_kernels::ir::compute::Int::Add, Type::U32);
    let mut call = Call::new(What::Compute(sum), 1, 9, false);
    call.arguments = vec![Lies::Scalar(32); 2];
    call.results = vec![Lies::Scalar(32)];
    Code { calls: vec![call], ..a.finish() }
}

/// A call that nobody knows.
fn lost() -> Code {
    let mut a = Assembler::function();
    a.call(7);
    a.leave_with_eax();
    a.finish()
}

/// Writes into the last bytes of shared memory, frames and local memory, and stores the sizes it sees.
fn rooms() -> Code {
    let mut a = Assembler::function();
    pointer(&mut a);
    let last = |a: &mut Assembler, start: usize, bytes: i64| {
        a.load(Register::RAX, field(start));
        let word = MemoryOperand::with_base_displ(Register::RAX, bytes - 4);
        a.push(Instruction::with2(Form::Mov_rm32_imm32, word, 1));
    };
    last(&mut a, offset_of!(Context, shared), 5000 + 3000);
    last(&mut a, offset_of!(Context, frames), 3 * 640);
    last(&mut a, offset_of!(Context, local), 48 * 160);
    for (at, from) in [
        (0, offset_of!(Context, shared_bytes)),
        (4, offset_of!(Context, local_stride)),
        (8, offset_of!(Context, dynamic_shared_bytes)),
        (12, offset_of!(Context, grid) + 4),
    ] {
        a.push(Instruction::with2(Form::Mov_r32_rm32, Register::EAX, field(from)));
        let word = MemoryOperand::with_base_displ(Register::RBX, at);
        a.push(Instruction::with2(Form::Mov_rm32_r32, word, Register::EAX));
    }
    a.leave(0);
    Code { shared_bytes: 5000, frame_bytes: 640, gangs: 3, local_bytes: 160, ..a.finish() }
}
