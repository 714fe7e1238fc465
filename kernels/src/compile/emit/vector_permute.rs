//! Permutations by tables that an instruction does without an index.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{Machine, View};
use super::select::Select;
use super::vector_codes as codes;
use super::vector_plan::{Input, Plan, Write};
use crate::compile::ssa::{Inst, Op, Type, Value};

/// The numbers of a table, each below `count`; `None` if the value is none.
fn table(s: &Select<'_>, index: Value, count: usize) -> Option<Vec<usize>> {
    let Some(Inst { op: Op::Table(table), .. }) = s.function.maker(s.origin(index)) else { return None };
    let numbers = s.function.tables.get(*table as usize)?;
    Some(numbers.iter().map(|&number| number as usize % count).collect())
}

/// A permutation of one vector. Whether there is such an instruction.
pub fn one(s: &mut Select<'_>, ty: Type, index: Value, from: Value, to: VReg) -> Option<()> {
    let Type::V { bits, lanes } = ty else { return None };
    let lanes = usize::from(lanes);
    let numbers = table(s, index, lanes).filter(|numbers| numbers.len() == lanes)?;
    if let Some(immediate) = within(&numbers) {
        Plan::of(codes::WITHIN, ty, &[from])?.immediate(immediate).emit(s, to, Write::All);
        return Some(());
    }
    if (0..lanes).all(|lane| numbers[lane] == (lane + numbers[0]) % lanes) {
        align(s, ty, from, from, numbers[0] as u8, to)?;
        return Some(());
    }
    // Quarters of 64 bytes.
    let (size, code) = match bits {
        64 => (2, Code::EVEX_Vshufi64x2_zmm_k1z_zmm_zmmm512b64_imm8),
        _ => (4, Code::EVEX_Vshufi32x4_zmm_k1z_zmm_zmmm512b32_imm8),
    };
    let whole = (0..lanes).all(|lane| numbers[lane] == numbers[lane / size * size] + lane % size);
    if !whole || lanes != size * 4 || numbers.iter().step_by(size).any(|number| number % size != 0) {
        return None;
    }
    let immediate = (0..4).map(|part| (numbers[part * size] / size) << (part * 2)).sum::<usize>() as u8;
    let from = s.reg(from);
    let machine = Machine::new(code).def(View::Z, to).reg(View::Z, from).reg(View::Z, from);
    s.push(machine.immediate(immediate));
    Some(())
}

/// The immediate of a permutation that is the same one within each four lanes.
fn within(numbers: &[usize]) -> Option<u8> {
    let same = (0..numbers.len())
        .all(|lane| numbers[lane] / 4 == lane / 4 && numbers[lane] % 4 == numbers[lane % 4]);
    same.then(|| (0..4).map(|lane| numbers[lane] << (lane * 2)).sum::<usize>() as u8)
}

/// Of two vectors behind each other the lanes from one on.
pub fn two(s: &mut Select<'_>, ty: Type, index: Value, [first, second]: [Value; 2], to: VReg) -> Option<()> {
    let Type::V { lanes, .. } = ty else { return None };
    let lanes = usize::from(lanes);
    let numbers = table(s, index, lanes * 2)?;
    let start = *numbers.first()?;
    let in_a_row = numbers.iter().zip(start..).all(|(&number, want)| number == want);
    if !in_a_row || start == 0 || start >= lanes {
        return None;
    }
    align(s, ty, first, second, start as u8, to)
}

fn align(s: &mut Select<'_>, ty: Type, first: Value, second: Value, start: u8, to: VReg) -> Option<()> {
    let inputs = [Input::Register(s.reg(second)), Input::Value(first)];
    Plan::new(codes::ALIGN, ty, &inputs)?.immediate(start).emit(s, to, Write::All);
    Some(())
}
