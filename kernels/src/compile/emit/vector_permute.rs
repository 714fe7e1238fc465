//! Permutations by tables that an instruction does without an index.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{Machine, View};
use super::select::Select;
use super::vector_codes as codes;
use super::vector_plan::{Input, Plan, Write, view};
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

/// A permutation of two vectors behind each other. Whether there is such an instruction.
pub fn two(s: &mut Select<'_>, ty: Type, index: Value, of: [Value; 2], to: VReg) -> Option<()> {
    let Type::V { bits, lanes } = ty else { return None };
    let lanes = usize::from(lanes);
    let numbers = table(s, index, lanes * 2).filter(|numbers| numbers.len() == lanes)?;
    let start = *numbers.first()?;
    if (1..lanes).contains(&start) && numbers.iter().zip(start..).all(|(&number, want)| number == want) {
        return align(s, ty, of[0], of[1], start as u8, to);
    }
    // Lanes of 16 bytes.
    let size = 128 / usize::from(bits);
    let mixed = |upper: usize| {
        let from = |lane: usize| lane / size * size + upper * size / 2 + lane % size / 2 + lane % 2 * lanes;
        (0..lanes).all(|lane| numbers[lane] == from(lane))
    };
    let row = if mixed(0) { Some(codes::LOWER_MIXED) } else { mixed(1).then_some(codes::UPPER_MIXED) };
    if let Some(row) = row {
        Plan::of(row, ty, &of)?.emit(s, to, Write::All);
        return Some(());
    }
    let (code, immediate) = match pairs(&numbers, bits) {
        Some(immediate) if lanes == 16 => (Code::EVEX_Vshufps_zmm_k1z_zmm_zmmm512b32_imm8, immediate),
        Some(immediate) => (Code::EVEX_Vshufps_ymm_k1z_ymm_ymmm256b32_imm8, immediate),
        None => (Code::EVEX_Vshufi32x4_zmm_k1z_zmm_zmmm512b32_imm8, quarters(&numbers, size)?),
    };
    let view = view(ty);
    let (first, second) = (s.reg(of[0]), s.reg(of[1]));
    let machine = Machine::new(code).def(view, to).reg(view, first).reg(view, second);
    s.push(machine.immediate(immediate));
    Some(())
}

/// The immediate if within each four lanes of 32 bits two are of the first vector and two of the second, everywhere the same.
fn pairs(numbers: &[usize], bits: u8) -> Option<u8> {
    let lanes = numbers.len();
    let fits = |lane: usize| {
        let (side, place) = (numbers[lane] / lanes, numbers[lane] % lanes);
        side == lane % 4 / 2 && place / 4 == lane / 4 && place % 4 == numbers[lane % 4] % 4
    };
    let all = bits == 32 && (0..lanes).all(fits);
    all.then(|| (0..4).map(|lane| (numbers[lane] % 4) << (lane * 2)).sum::<usize>() as u8)
}

/// The immediate if two quarters of 16 bytes are of the first vector and two of the second.
fn quarters(numbers: &[usize], size: usize) -> Option<u8> {
    let lanes = numbers.len();
    let fits = |lane: usize| {
        let start = numbers[lane / size * size];
        numbers[lane] == start + lane % size
            && start.is_multiple_of(size)
            && start / lanes == lane / (lanes / 2)
    };
    let all = lanes == size * 4 && (0..lanes).all(fits);
    let quarter = |part: usize| numbers[part * size] / size % 4;
    all.then(|| (0..4).map(|part| quarter(part) << (part * 2)).sum::<usize>() as u8)
}

fn align(s: &mut Select<'_>, ty: Type, first: Value, second: Value, start: u8, to: VReg) -> Option<()> {
    let inputs = [Input::Register(s.reg(second)), Input::Value(first)];
    Plan::new(codes::ALIGN, ty, &inputs)?.immediate(start).emit(s, to, Write::All);
    Some(())
}
