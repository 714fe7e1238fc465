//! Every lane-wise op on vectors: each kind of operand, each use of a mask, edge values and random ones, against the
//! meaning of the op.

use stream_hal_kernels::compile::ssa::edit::Builder;
use stream_hal_kernels::compile::ssa::eval::World;
use stream_hal_kernels::compile::ssa::verify::{Stage, verify};
use stream_hal_kernels::compile::ssa::{Access, End, Function, Op, Type, Value, meaning};
use stream_hal_kernels::compile::{Code, Context, Target, emit};
use stream_hal_kernels::ir::compute::{Comparison, Compute, Int};
use stream_hal_kernels::ir::op::Space;
use stream_hal_kernels::ir::{Type as Kind, compute::Float};

use super::numbers;
use super::process::process;

/// Where things are in memory, in bytes: arguments, what was there before, a mask, two numbers to compare, a scalar each.
const ARG: i64 = 64;
const OLD: i64 = 4 * ARG;
const MASK: i64 = 5 * ARG;
const LEFT: i64 = 6 * ARG;
const RIGHT: i64 = 7 * ARG;
const OUT: i64 = 8 * ARG;

/// How an argument comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Register,
    Memory,
    Broadcast,
    Constant,
}

/// What becomes of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// It is stored.
    Whole,
    /// Where the mask is set; else what was there.
    Merge,
    /// Where the mask is set; else zero.
    Zero,
    /// Where the mask is not set.
    Flip,
    /// The same with the mask inverted.
    Not,
    /// Where a comparison is false.
    Compare,
    /// Where the mask is set; else the first argument.
    First,
    /// The same of the last one.
    Last,
}

const STYLES: [Style; 8] = [
    Style::Whole,
    Style::Merge,
    Style::Zero,
    Style::Flip,
    Style::Not,
    Style::Compare,
    Style::First,
    Style::Last,
];

/// An op on so many lanes.
#[derive(Clone, Debug)]
pub struct Case {
    pub op: Op,
    pub lanes: u8,
    /// Types of its arguments and its result.
    pub args: Vec<Type>,
    pub result: Type,
    /// What its arguments are read as.
    pub kinds: Vec<Kind>,
    /// Its result may be any NaN if it is one.
    pub nan: Option<Kind>,
}

/// One way of using an op, and where its result is.
struct Variant {
    forms: Vec<Form>,
    style: Style,
    constants: Vec<u64>,
}

pub fn access(bytes: u32, offset: i64) -> Access {
    Access { space: Space::Generic, bytes: bytes as u8, signed: false, ordered: false, offset }
}

/// The address of the memory that [`run_code`] is given.
pub fn base(b: &mut Builder<'_>) -> Value {
    let context = b.op(Op::Context, &[], Type::I64);
    let parameters = load(b, context, Type::I64, std::mem::offset_of!(Context, parameters) as i64);
    load(b, parameters, Type::I64, 0)
}

fn load(b: &mut Builder<'_>, base: Value, ty: Type, offset: i64) -> Value {
    b.op(Op::Load(access(ty.bits() / 8, offset)), &[base], ty)
}

fn scalar(ty: Type) -> Type {
    if ty.bits() == 64 { Type::I64 } else { Type::I32 }
}

fn mask_at(b: &mut Builder<'_>, base: Value, lanes: u8, offset: i64) -> Value {
    let bits = load(b, base, Type::I32, offset);
    b.op(Op::BitsMask, &[bits], Type::M { lanes })
}

/// An argument at its place in memory: of masks the bits.
fn argument(b: &mut Builder<'_>, base: Value, ty: Type, place: usize, form: Form, constant: u64) -> Value {
    let offset = place as i64 * ARG;
    match (ty, form) {
        (Type::M { .. }, Form::Constant) => b.constant(ty, constant),
        (Type::M { lanes }, _) => mask_at(b, base, lanes, offset),
        (_, Form::Register | Form::Memory) => load(b, base, ty, offset),
        (_, Form::Broadcast) => {
            let one = load(b, base, scalar(ty), offset);
            b.op(Op::Broadcast, &[one], ty)
        }
        (_, Form::Constant) => b.constant(ty, constant),
    }
}

/// The function that computes all variants one behind the other.
fn function(case: &Case, variants: &[Variant]) -> Function {
    let mut function = Function { name: "vector".into(), ..Function::default() };
    let entry = function.add_block(0);
    let mut b = Builder::new(&mut function, entry, 1);
    let base = base(&mut b);
    let table: Vec<Value> = (0..)
        .zip(&case.args)
        .map(|(place, &ty)| argument(&mut b, base, ty, place, Form::Register, 0))
        .collect();
    let old = match case.result {
        Type::M { lanes } => mask_at(&mut b, base, lanes, OLD),
        ty => load(&mut b, base, ty, OLD),
    };
    let mask = mask_at(&mut b, base, case.lanes, MASK);
    for (number, variant) in (0..).zip(variants) {
        let args: Vec<Value> = (0..)
            .zip(&case.args)
            .zip(variant.forms.iter().zip(&variant.constants))
            .map(|((place, &ty), (&form, &constant))| match form {
                Form::Register => table[place],
                _ => argument(&mut b, base, ty, place, form, constant),
            })
            .collect();
        let result = b.op(case.op.clone(), &args, case.result);
        let result = styled(&mut b, case, variant.style, result, old, mask, &args, base);
        store(&mut b, base, result, OUT + number * ARG);
    }
    let zero = b.constant(Type::I32, 0);
    b.end(End::Return(zero));
    function
}

pub fn store(b: &mut Builder<'_>, base: Value, value: Value, offset: i64) {
    let ty = b.function.ty(value);
    let value = match ty {
        Type::M { .. } => b.op(Op::MaskBits, &[value], Type::I32),
        _ => value,
    };
    let bytes = b.function.ty(value).bits() / 8;
    b.effect(Op::Store(access(bytes, offset)), &[base, value], None);
}

/// The result as the style has it.
#[allow(clippy::too_many_arguments)]
fn styled(
    b: &mut Builder<'_>,
    case: &Case,
    style: Style,
    result: Value,
    old: Value,
    mask: Value,
    args: &[Value],
    base: Value,
) -> Value {
    match style {
        Style::Whole => result,
        Style::Merge => b.select(mask, result, old),
        Style::Zero => {
            let zero = b.constant(case.result, 0);
            b.select(mask, result, zero)
        }
        Style::Flip => b.select(mask, old, result),
        Style::Not => {
            let not = b.not(mask);
            b.select(not, old, result)
        }
        Style::Compare => {
            let ty = Type::v32(case.lanes);
            let (left, right) = (load(b, base, ty, LEFT), load(b, base, ty, RIGHT));
            let less = b.compare(Comparison::Lt, Kind::S32, left, right);
            b.select(less, old, result)
        }
        Style::First => b.select(mask, result, args[0]),
        Style::Last => b.select(mask, result, args[args.len() - 1]),
    }
}

/// All forms of operands, each with some styles: over all cases every pair is there.
fn variants(case: &Case, random: &mut fastrand::Rng) -> Vec<Variant> {
    let count = case.args.len();
    let mut all = vec![vec![Form::Register; count]];
    for place in 0..count {
        for form in [Form::Memory, Form::Broadcast, Form::Constant] {
            let mut forms = vec![Form::Register; count];
            forms[place] = form;
            all.push(forms);
        }
    }
    if count > 1 {
        all.push(vec![Form::Memory; count]);
        all.push(vec![Form::Constant; count]);
    }
    let fits = |style: &Style| match style {
        Style::First => case.args[0] == case.result,
        Style::Last => case.args[count - 1] == case.result,
        _ => true,
    };
    let mut variants = Vec::new();
    for forms in all {
        let plain = forms.iter().all(|&form| form == Form::Register);
        for &style in STYLES.iter().filter(|style| fits(style)) {
            if !plain && style != Style::Whole && random.u8(..4) != 0 {
                continue;
            }
            let constants = case
                .kinds
                .iter()
                .zip(&case.args)
                .map(|(&kind, &ty)| numbers::one(random, kind, ty))
                .collect();
            variants.push(Variant { forms: forms.clone(), style, constants });
        }
    }
    variants
}

/// Numbers of the lanes of a value in memory.
pub fn lanes(memory: &[u64], ty: Type, place: i64) -> Vec<u64> {
    let at = place as usize / 8;
    match ty {
        Type::V { bits: 64, lanes } => memory[at..at + lanes as usize].to_vec(),
        Type::V { lanes, .. } => {
            (0..lanes as usize).map(|lane| memory[at + lane / 2] >> (lane % 2 * 32) & 0xffff_ffff).collect()
        }
        Type::M { lanes } => (0..lanes).map(|lane| memory[at] >> lane & 1).collect(),
        _ => vec![memory[at]],
    }
}

pub fn put(memory: &mut [u64], ty: Type, place: i64, numbers: &[u64]) {
    let at = place as usize / 8;
    match ty {
        Type::V { bits: 64, .. } => memory[at..at + numbers.len()].copy_from_slice(numbers),
        Type::V { .. } => {
            for (lane, &number) in numbers.iter().enumerate() {
                let (word, shift) = (at + lane / 2, lane % 2 * 32);
                memory[word] = memory[word] & !(0xffff_ffff << shift) | (number & 0xffff_ffff) << shift;
            }
        }
        _ => memory[at] = (0..).zip(numbers).map(|(lane, &bit)| (bit & 1) << lane).sum(),
    }
}

/// How often each function runs, with other numbers.
const ROUNDS: usize = 40;

/// Compiles and runs all variants of a case.
pub fn check(case: &Case, target: &Target, random: &mut fastrand::Rng) {
    let variants = variants(case, random);
    let function = function(case, &variants);
    verify(&function, Stage::Vectors).unwrap_or_else(|what| panic!("{what}\n{function}"));
    let code = emit::emit(&function, target).unwrap_or_else(|refusal| panic!("{case:?}: {refusal:?}"));
    let words = (OUT + variants.len() as i64 * ARG) as usize / 8;
    for round in 0..ROUNDS {
        let mut memory = vec![0x5a5a_5a5a_5a5a_5a5a; words];
        for (place, (&ty, &kind)) in case.args.iter().zip(&case.kinds).enumerate() {
            let numbers: Vec<u64> = (0..case.lanes).map(|_| numbers::one(random, kind, ty)).collect();
            put(&mut memory, ty, place as i64 * ARG, &numbers);
        }
        if round == 0 {
            // Every edge value meets every other one somewhere; here the first of them do.
            numbers::edges(case, &mut memory, put);
        }
        let old: Vec<u64> = (0..case.lanes).map(|_| random.u64(..)).collect();
        put(&mut memory, case.result, OLD, &old);
        for place in [LEFT, RIGHT] {
            let small: Vec<u64> = (0..case.lanes).map(|_| random.u64(..4)).collect();
            put(&mut memory, Type::v32(case.lanes), place, &small);
        }
        memory[MASK as usize / 8] = random.u64(..);
        run_code(&function, &code, &mut memory);
        compare(case, &variants, &memory);
    }
}

/// Runs code over memory.
pub fn run_code(function: &Function, code: &Code, memory: &mut [u64]) {
    let mut world = World::new([32, 1, 1], 0);
    let pointer = world.pointer(0);
    world.set_parameters(&[pointer]);
    world.global = memory.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(process().run(function, code, &mut world).left, 0, "{function}");
    for (word, bytes) in memory.iter_mut().zip(world.global.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    }
}

/// Each result is what the op's meaning says.
fn compare(case: &Case, variants: &[Variant], memory: &[u64]) {
    let mask = lanes(memory, Type::M { lanes: case.lanes }, MASK);
    let old = lanes(memory, case.result, OLD);
    let word = Type::v32(case.lanes);
    let (left, right) = (lanes(memory, word, LEFT), lanes(memory, word, RIGHT));
    for (number, variant) in (0..).zip(variants) {
        let args: Vec<Vec<u64>> = (0..)
            .zip(&case.args)
            .map(|(place, &ty)| {
                let numbers = lanes(memory, ty, place as i64 * ARG);
                match variant.forms[place] {
                    Form::Broadcast if !matches!(ty, Type::M { .. }) => vec![numbers[0]; numbers.len()],
                    Form::Constant => match ty {
                        Type::M { .. } => {
                            (0..case.lanes).map(|lane| variant.constants[place] >> lane & 1).collect()
                        }
                        _ => vec![variant.constants[place]; numbers.len()],
                    },
                    _ => numbers,
                }
            })
            .collect();
        let have = lanes(memory, case.result, OUT + number * ARG);
        for lane in 0..case.lanes as usize {
            let sources: Vec<u64> = args.iter().map(|numbers| numbers[lane]).collect();
            let inside = match variant.style {
                Style::Whole => true,
                Style::Merge | Style::Zero | Style::First | Style::Last | Style::Not => mask[lane] == 1,
                Style::Flip => mask[lane] == 0,
                Style::Compare => left[lane] as i32 >= right[lane] as i32,
            };
            let outside = match variant.style {
                Style::Zero => 0,
                Style::First => sources[0],
                Style::Last => sources[sources.len() - 1],
                _ => old[lane],
            };
            let want = if inside { wanted(case, &sources) } else { Some(outside) };
            let Some(want) = want else { continue };
            let nan = case
                .nan
                .filter(|_| inside)
                .is_some_and(|kind| numbers::is_nan(want, kind) && numbers::is_nan(have[lane], kind));
            let estimate = Op::Compute(Compute::Float(Float::RcpGross, Kind::F32, Default::default()));
            let root = Op::Compute(Compute::Float(Float::RsqrtGross, Kind::F32, Default::default()));
            let close =
                inside && (case.op == estimate || case.op == root) && numbers::is_estimate(have[lane], want);
            assert!(
                have[lane] == want || nan || close,
                "{:?} {:?} {:?} lane {lane} of {:x?}: {:#x} instead of {want:#x}",
                case.op,
                variant.forms,
                variant.style,
                sources,
                have[lane]
            );
        }
    }
}

/// What an op gives, if the compiler's contract says so.
fn wanted(case: &Case, sources: &[u64]) -> Option<u64> {
    if let Op::Compute(Compute::Convert(conversion)) = &case.op
        && !numbers::converts(conversion, sources[0])
    {
        return None;
    }
    if let Op::Scale(kind) = case.op {
        // Of NaN with an infinite power nothing is said.
        let infinite = if kind == Kind::F32 { 0x7f80_0000 } else { 0x7ff0 << 48 };
        let sign = 1 << (kind.bits() - 1);
        if numbers::is_nan(sources[0], kind) && sources[1] & !sign == infinite {
            return None;
        }
    }
    if let Op::Bound(kind) = case.op {
        let bits = kind.bits();
        let (quiet, sign) = (1 << if bits == 32 { 22 } else { 51 }, 1 << (bits - 1));
        let signals = numbers::is_nan(sources[0], kind) && sources[0] & quiet == 0;
        if signals || numbers::is_nan(sources[1], kind) || sources[1] & sign != 0 {
            return None;
        }
    }
    let sources: Vec<u64> = match case.op {
        // Of lanes of 64 bits the low halves count.
        Op::Compute(Compute::Int(Int::MulWide, _)) => {
            sources.iter().map(|source| source & 0xffff_ffff).collect()
        }
        _ => sources.to_vec(),
    };
    let result = meaning::of_op(&case.op, &sources).unwrap_or_else(|| panic!("{case:?} has no meaning"));
    // Fewer bits than a register are zero above.
    Some(if case.result.bits() == 32 { result & 0xffff_ffff } else { result })
}

/// The float kind of a result whose NaN may be any.
pub fn any_nan(op: &Op) -> Option<Kind> {
    match op {
        Op::Compute(Compute::Float(Float::Neg | Float::Abs | Float::CopySign, ..)) => None,
        Op::Compute(Compute::Float(_, kind, _)) => Some(*kind),
        Op::Compute(Compute::Convert(conversion)) if conversion.to.float() => Some(conversion.to),
        Op::Scale(kind) | Op::Bound(kind) | Op::Exponent(kind) | Op::Mantissa(kind) => Some(*kind),
        _ => None,
    }
}
