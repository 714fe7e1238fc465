//! Every pure op that a form of PTX or the device library comes to, and numbers to try them on.

use std::collections::HashSet;

use crate::Module;
use crate::compile::ssa::Type;
use crate::compile::ssa::signature::{self, Slot};
use crate::forms;
use crate::forms::shape::Shape;
use crate::interp::lanes::{Lanes, WARP};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Float, Int};
use crate::ir::{Op, Operand};
use crate::libdevice::{self, External, Kind as Passed};

/// An op and, where a source is immediate, its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    pub compute: Compute,
    pub constants: Vec<Option<u64>>,
    /// Types of its sources, as they are read.
    pub kinds: Vec<Kind>,
    /// Of its result.
    pub result: Type,
}

fn register(ty: Kind) -> String {
    let bits = if ty == Kind::Pred { "pred".to_owned() } else { format!("b{}", ty.bits()) };
    format!(".reg .{bits} %")
}

/// A kernel with one instruction of this form.
fn kernel(form: &str, shape: &Shape, count: usize) -> Option<String> {
    let types: Vec<Kind> = form.split('.').skip(1).filter_map(Kind::named).collect();
    let (mut declared, mut operands) = (String::new(), Vec::new());
    for (at, operand) in shape.operands[..count].iter().enumerate() {
        let ty = operand.kind.ty(&types).or(types.first().copied())?;
        declared += &format!("{}r{at};\n", register(ty));
        let immediate = form.starts_with("lop3") && at == 4;
        let mut text = if immediate { "0x6a".to_owned() } else { format!("%r{at}") };
        if let Some(pair) = operand.pair {
            declared += &format!("{}p{at};\n", register(pair.ty(&types)?));
            text += &format!("|%p{at}");
        }
        operands.push(text);
    }
    Some(format!(
        ".version 8.6\n.target sm_100a\n.address_size 64\n.entry k() {{\n{declared}{form} {};\nret;\n}}\n",
        operands.join(", ")
    ))
}

fn kinds(compute: Compute, count: usize) -> Vec<Kind> {
    let signature = signature::of(compute);
    let own = match compute {
        Compute::Int(_, ty) | Compute::Float(_, ty, _) | Compute::Compare(_, ty, _) => ty,
        Compute::SelectSign(ty, _) => ty,
        Compute::Convert(conversion) => conversion.from,
        _ => Kind::B64,
    };
    let kind = |at: usize| match signature.args[at] {
        Slot::Is(Type::I1) => Kind::Pred,
        Slot::Is(ty) if ty == Type::of_register(own.bits()) => match compute {
            // Amounts.
            Compute::Int(Int::Shl | Int::Shr | Int::SzextClamp | Int::SzextWrap, _) if at == 1 => Kind::B8,
            Compute::Int(Int::BmskClamp | Int::BmskWrap, _) => Kind::B8,
            Compute::Int(Int::Bfe, _) if at > 0 => Kind::B8,
            Compute::Int(Int::Bfi, _) if at > 1 => Kind::B8,
            _ => own,
        },
        Slot::Is(ty) if ty.bits() < own.bits() || own.bits() == 16 => {
            if matches!(compute, Compute::Int(Int::MadWide, _)) { Kind::B32 } else { Kind::B8 }
        }
        Slot::Is(_) => Kind::B64,
        _ => Kind::B32,
    };
    (0..count).map(kind).collect()
}

/// The cases that stand in an IR function.
fn of_function(function: &crate::ir::Function, into: &mut HashSet<Case>) {
    for inst in function.blocks.iter().flat_map(|block| &block.insts) {
        let Op::Compute { compute, to, from } = inst.op else { continue };
        let count = compute.sources();
        let constants = from[..count].iter().map(|operand| match operand {
            Operand::Imm(number) => Some(*number),
            _ => None,
        });
        let result = match signature::of(compute).result {
            Slot::Is(ty) => ty,
            _ => Type::of_register(function.registers[to.0 as usize].into()),
        };
        let kinds = from[..count].iter().zip(kinds(compute, count)).map(|(operand, kind)| match *operand {
            Operand::Reg(reg)
                if matches!(
                    compute,
                    Compute::Extract | Compute::Combine | Compute::Select | Compute::Copy
                ) =>
            {
                match function.registers[reg.0 as usize] {
                    1 => Kind::Pred,
                    16 => Kind::B16,
                    64 => Kind::B64,
                    _ => Kind::B32,
                }
            }
            _ => kind,
        });
        into.insert(Case { compute, constants: constants.collect(), kinds: kinds.collect(), result });
    }
}

/// Those of the table of forms.
pub fn of_forms() -> Vec<Case> {
    let mut found = HashSet::new();
    let families = ["convert", "float", "integer", "logic"];
    let families = forms::families().iter().filter(|family| families.contains(&family.name));
    for row in families.flat_map(|family| family.rows).filter(|row| row.done()) {
        let shape = Shape::new(row.operands);
        for form in row.forms() {
            for count in shape.least..=shape.operands.len() {
                let Some(text) = kernel(&form, &shape, count) else { continue };
                let Ok(module) = Module::parse(&text) else { panic!("{text}") };
                if let Some(function) = module.function("k") {
                    of_function(function, &mut found);
                }
            }
        }
    }
    let mut found: Vec<Case> = found.into_iter().collect();
    found.sort_by_cached_key(|case| format!("{case:?}"));
    found
}

/// Those of the device library.
pub fn of_library() -> Vec<Case> {
    let mut found = Vec::new();
    for (name, signature) in libdevice::list() {
        let external = External::named(name).unwrap();
        let row = external.row();
        let ty = |kind: Passed| match kind {
            Passed::Half => Some(Kind::F16),
            Passed::Word => Some(Kind::B32),
            Passed::Long => Some(Kind::B64),
            Passed::Single => Some(Kind::F32),
            Passed::Double => Some(Kind::F64),
            Passed::Output(_) | Passed::Array(_) => None,
        };
        if signature.ends_with(']') {
            continue;
        }
        let kinds: Vec<Kind> = row.parameters().filter_map(ty).collect();
        let results = row.result().and_then(ty).into_iter().chain(row.parameters().filter_map(|kind| {
            let Passed::Output(ty) = kind else { return None };
            Some(ty)
        }));
        for (output, result) in results.enumerate() {
            let compute = external.compute(output);
            let constants = vec![None; kinds.len()];
            let result = Type::of_register(result.bits());
            found.push(Case { compute, constants, kinds: kinds.clone(), result });
        }
    }
    found
}

const SINGLES: &[u32] = &[
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc1_2345,
    0x7f80_0001,
    0xffbf_ffff,
    0x7fff_ffff,
    1,
    0x8000_0001,
    0x007f_ffff,
    0x807f_fffe,
    0x0080_0000,
    0x8080_0001,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0x4eff_ffff,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5f00_0000,
    0xdf00_0000,
    0x5eff_ffff,
    0x5f80_0000,
    0x5f7f_ffff,
    0x3f00_0000,
    0x3fc0_0000,
    0xbf00_0000,
    0xc020_0000,
    0x477f_e000,
    0x477f_f000,
    0x3380_0000,
    0x3300_0000,
    0x3880_0000,
    0x387f_ffff,
    0x7e80_0000,
    0x7e80_0001,
    0xfe90_0000,
    0x42fe_0000,
    0xc300_0000,
    0x437f_8000,
    0x4780_0000,
    0x3f80_8000,
    0x3f81_8000,
    0x3f80_0001,
    0x3f80_1000,
];

const HALVES: &[u16] = &[
    0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfd01, 0x7c01, 0x7fff, 1, 0x8001, 0x03ff, 0x83fe,
    0x0400, 0x8401, 0x7bff, 0xfbff, 0x3800, 0x3e00, 0x7f80, 0xff80, 0x7f81, 0xffc1, 0x7f7f, 0x0080, 0x007f,
    0x3f80, 0x3c01, 0x1400,
];

const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    3,
    7,
    10,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
    0xffff_8000,
    0xffff_7fff,
    0xff80,
    0xff7f,
    0x8000_0001,
];

/// A number of a type: an edge, or any.
pub fn number(random: &mut fastrand::Rng, kind: Kind) -> u64 {
    let edge = random.u8(..) < 110;
    let bits = match kind.half().unwrap_or(kind) {
        Kind::Pred => random.u64(..2),
        Kind::F32 if edge => u64::from(SINGLES[random.usize(..SINGLES.len())]),
        Kind::F32 if random.bool() => {
            u64::from(((random.f32() - 0.5) * 2f32.powi(random.i32(-20..20))).to_bits())
        }
        Kind::F64 if edge => {
            let single = f64::from(f32::from_bits(SINGLES[random.usize(..SINGLES.len())])).to_bits();
            // Around it, and at the ends of the wider range.
            match random.u8(..8) {
                0 => single + 1,
                1 => single ^ 1 << 63,
                2 => single.wrapping_sub(1),
                3 => [1, 0x7ff << 52 | 1, (0x7ff << 52) - 1, 1 << 52, (1 << 52) - 1][random.usize(..5)],
                4 => (0x41df_ffff_ffc0_0000u64).wrapping_add(random.u64(..4) << 20),
                _ => single,
            }
        }
        Kind::F64 if random.bool() => ((random.f64() - 0.5) * 2f64.powi(random.i32(-70..70))).to_bits(),
        Kind::F16 | Kind::Bf16 if edge => u64::from(HALVES[random.usize(..HALVES.len())]),
        Kind::B8 if edge => random.u64(..70),
        _ if edge => NUMBERS[random.usize(..NUMBERS.len())],
        Kind::B32 | Kind::U32 | Kind::S32 | Kind::B64 | Kind::U64 | Kind::S64 if random.bool() => {
            random.u64(..) >> random.u32(..64)
        }
        _ => random.u64(..),
    };
    let width = kind.half().unwrap_or(kind).bits();
    let bits = bits & u64::MAX >> (64 - width);
    match kind.half() {
        Some(half) => bits | number(random, half) << width,
        None => bits,
    }
}

/// The same in all lanes.
pub fn numbers(random: &mut fastrand::Rng, kind: Kind) -> Lanes {
    let mut lanes = [0; WARP];
    lanes.iter_mut().for_each(|lane| *lane = number(random, kind));
    lanes
}

/// What need not be bit by bit what the interpreter has.
pub fn approximate(compute: Compute) -> bool {
    use Float::{Cos, Ex2, Lg2, Rsqrt, Sin, Tanh};
    match compute {
        Compute::Float(op, ty, _) => {
            matches!(op, Ex2 | Lg2 | Sin | Cos | Tanh) || (op == Rsqrt && ty != Kind::F64)
        }
        _ => false,
    }
}
