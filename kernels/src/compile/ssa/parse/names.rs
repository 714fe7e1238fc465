//! Ops by their names.

use super::text::Parsed;
use crate::compile::call::{Call, What};
use crate::compile::ssa::print::name;
use crate::compile::ssa::{Access, Op};
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode, Rounding};
use crate::ir::matrix::{BitOp, Element, Family, Layout, Product, Shape};
use crate::ir::op::{Reduction, Runtime, Shuffle, Space, Special, Vote};
use crate::ir::{Type as Kind, matrix};
use crate::libdevice::External;
use crate::memory::AtomicOp;

/// Variants by their names.
macro_rules! all {
    ($ty:ident: $($name:ident)*) => {
        &[$($ty::$name),*]
    };
}

const INTS: &[Int] = all!(Int:
    Add AddSat Sub SubSat AddCarry CarryOut SubBorrow BorrowOut MulLow MulHigh MulWide MadLow MadHigh
    MadHighSat MadWide Mul24Low Mul24High Mad24Low Mad24High Mad24HighSat Sad Div Rem Neg Abs Min Max
    MinRelu MaxRelu And Or Xor Not CNot Shl Shr Popc Clz Brev Fns Bfind BfindShift Bfe Bfi BmskClamp
    BmskWrap SzextClamp SzextWrap Lop3 ShfLeftWrap ShfLeftClamp ShfRightWrap ShfRightClamp Prmt PrmtMode
    Dp4a Dp2a
);

const FLOATS: &[Float] = all!(Float:
    Add Sub Mul Fma Div DivApprox Rcp Sqrt Rsqrt RcpGross RsqrtGross Ex2 Lg2 Sin Cos Tanh Neg Abs Min Max
    MinNan MaxNan MinXorSign MaxXorSign MinNanXorSign MaxNanXorSign CopySign IsFinite IsInfinite IsNumber
    IsNan IsNormal IsSubnormal
);

const COMPARISONS: &[Comparison] = all!(Comparison:
    Eq Ne Lt Le Gt Ge Equ Neu Ltu Leu Gtu Geu Num Nan
);

const ATOMICS: &[AtomicOp] = all!(AtomicOp:
    Add AddFloat AddHalf MinHalf MaxHalf AddBrain MinBrain MaxBrain And Or Xor Exchange CompareExchange
    MinSigned MaxSigned MinUnsigned MaxUnsigned IncrementWrap DecrementWrap
);

const SPECIALS: &[Special] = all!(Special:
    LaneId WarpId NWarpId LaneMaskEq LaneMaskLe LaneMaskLt LaneMaskGe LaneMaskGt Clock ClockHigh Clock64
    GlobalTimer GlobalTimerLow GlobalTimerHigh SmId NSmId GridId DynamicSharedSize TotalSharedSize
    AggregateSharedSize
);

const SPACES: &[Space] =
    &[Space::Generic, Space::Global, Space::Shared, Space::Local, Space::Param, Space::Const];
const SHUFFLES: &[Shuffle] = &[Shuffle::Up, Shuffle::Down, Shuffle::Butterfly, Shuffle::Index];
const VOTES: &[Vote] = &[Vote::All, Vote::Any, Vote::Uniform, Vote::Ballot];
const REDUCTIONS: &[Reduction] = all!(Reduction:
    Add Min Max MinNan MaxNan And Or Xor Popc
);
const RUNTIMES: &[Runtime] =
    &[Runtime::Vprintf, Runtime::AssertFail, Runtime::Malloc, Runtime::Free, Runtime::SetConditional];

/// The one of this name.
fn find<T: Copy + std::fmt::Debug>(all: &[T], text: &str) -> Parsed<T> {
    all.iter().copied().find(|one| name(one) == text).ok_or_else(|| format!("`{text}` is unknown"))
}

fn number<T: std::str::FromStr>(text: &str) -> Parsed<T> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn kind(text: &str) -> Parsed<Kind> {
    Kind::named(text).ok_or_else(|| format!("`{text}` is no type"))
}

fn special(text: &str) -> Parsed<Special> {
    let Some((family, at)) = text.split_once('.') else { return find(SPECIALS, text) };
    Ok(match family {
        "tid" => Special::Tid(number(at)?),
        "ntid" => Special::NTid(number(at)?),
        "ctaid" => Special::CtaId(number(at)?),
        "nctaid" => Special::NCtaId(number(at)?),
        "reservedshared" => Special::ReservedShared(number(at)?),
        "workspace" => Special::Workspace(number(at)?),
        _ => return Err(format!("`{text}` is unknown")),
    })
}

/// `global.4.signed.ordered`, and what is left of it.
fn access<'t>(parts: &'t [&'t str]) -> Parsed<(Access, &'t [&'t str])> {
    let [space, bytes, rest @ ..] = parts else { return Err("an access without bytes".to_owned()) };
    let (space, bytes) = (find(SPACES, space)?, number(bytes)?);
    let mut access = Access { space, bytes, signed: false, ordered: false, offset: 0 };
    let mut rest = rest;
    while let [flag, behind @ ..] = rest {
        match *flag {
            "signed" => access.signed = true,
            "ordered" => access.ordered = true,
            _ => break,
        }
        rest = behind;
    }
    Ok((access, rest))
}

/// The space of an access a lane, if it is there, its bytes, and what follows.
fn lanes<'p, 't>(parts: &'p [&'t str]) -> Parsed<(Space, u8, &'p [&'t str])> {
    Ok(match *parts {
        [bytes, ref rest @ ..] if bytes.starts_with(|sign: char| sign.is_ascii_digit()) => {
            (Space::Generic, number(bytes)?, rest)
        }
        [space, bytes, ref rest @ ..] => (find(SPACES, space)?, number(bytes)?, rest),
        _ => return Err("an access has bytes".to_owned()),
    })
}

/// An op without its address parts and numbers.
pub fn op(text: &str) -> Parsed<Op> {
    if let Some(op) = plain(text) {
        return Ok(op);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let with_access = |make: fn(Access) -> Op| {
        let (access, rest) = access(&parts[1..])?;
        if rest.is_empty() { Ok(make(access)) } else { Err(format!("`{}` is unknown", rest.join("."))) }
    };
    Ok(match *parts {
        ["load", ..] => return with_access(Op::Load),
        ["store", ..] => return with_access(Op::Store),
        ["atomic", ..] => match access(&parts[1..])? {
            (access, [op]) => Op::Atomic { access, op: find(ATOMICS, op)?, align: access.bytes },
            (access, [op, align]) => Op::Atomic { access, op: find(ATOMICS, op)?, align: number(align)? },
            _ => return Err("an atomic has one op".to_owned()),
        },
        ["special", ..] => Op::Special(special(&parts[1..].join("."))?),
        ["barrierreduce", op] => Op::BarrierReduce { op: find(REDUCTIONS, op)?, negated: false },
        ["barrierreduce", op, "not"] => Op::BarrierReduce { op: find(REDUCTIONS, op)?, negated: true },
        ["shuffle", mode] => Op::Shuffle(find(SHUFFLES, mode)?),
        ["vote", mode] => Op::Vote { mode: find(VOTES, mode)?, negated: false },
        ["vote", mode, "not"] => Op::Vote { mode: find(VOTES, mode)?, negated: true },
        ["match", how] => Op::Match { all: how == "all" },
        ["reduce", op, ty] => Op::Reduce(find(REDUCTIONS, op)?, kind(ty)?),
        ["canonical", ty] => Op::Canonical(kind(ty)?),
        ["scale", ty] => Op::Scale(kind(ty)?),
        ["bound", ty] => Op::Bound(kind(ty)?),
        ["exponent", ty] => Op::Exponent(kind(ty)?),
        ["mantissa", ty] => Op::Mantissa(kind(ty)?),
        ["isspace", space] => Op::IsSpace(find(SPACES, space)?),
        ["togeneric", space] => Op::ToGeneric(find(SPACES, space)?),
        ["fromgeneric", space] => Op::FromGeneric(find(SPACES, space)?),
        ["runtime", name] => Op::Runtime(find(RUNTIMES, name)?),
        ["matrix", ..] => Op::Matrix(Box::new(product(&parts[1..])?)),
        ["total", slot] => Op::Total(number(slot)?),
        ["restore", slot] => Op::Restore(number(slot)?),
        ["save", slot] => Op::Save(number(slot)?),
        ["frame", at] => Op::Frame(number(at)?),
        ["argument", at] => Op::Argument(number(at)?),
        ["table", at] => Op::Table(number(at)?),
        ["lane", lane] => Op::Extract(number(lane)?),
        ["half", half] => Op::Half(number(half)?),
        ["gather", ref rest @ ..] => {
            let (space, bytes, _) = lanes(rest)?;
            Op::Gather { space, bytes, scale: 1, offset: 0 }
        }
        ["scatter", ref rest @ ..] => {
            let (space, bytes, _) = lanes(rest)?;
            Op::Scatter { space, bytes, scale: 1, offset: 0 }
        }
        ["atomiclanes", ref rest @ ..] => {
            let (space, bytes, rest) = lanes(rest)?;
            let op = find(ATOMICS, rest.first().ok_or("an atomic has an op")?)?;
            Op::AtomicLanes { space, bytes, scale: 1, offset: 0, op, locked: rest.get(1) == Some(&"locked") }
        }
        ["call", at] => Op::Call(number(at)?),
        ["prefetch", writes] => Op::Prefetch(writes == "true"),
        _ => Op::Compute(compute(text)?),
    })
}

fn plain(text: &str) -> Option<Op> {
    const PLAIN: &[Op] = &[
        Op::Fence,
        Op::WarpBarrier,
        Op::Barrier,
        Op::ActiveMask,
        Op::Trap,
        Op::NoTarget,
        Op::Entered,
        Op::Any,
        Op::Count,
        Op::Context,
        Op::Broadcast,
        Op::Join,
        Op::MaskBits,
        Op::BitsMask,
        Op::MaskAny,
        Op::MaskAll,
        Op::Permute,
        Op::Permute2,
        Op::Poll,
    ];
    if text == "const" {
        return Some(Op::Const(0));
    }
    PLAIN.iter().find(|op| name(op) == text).cloned()
}

/// `m16n8k16`-like parts of a product's name.
fn product(parts: &[&str]) -> Parsed<Product> {
    let [family, shape, row, column, a, b, c, d, rest @ ..] = parts else {
        return Err("a product has eight parts".to_owned());
    };
    let layout = |text: &str| find(&[Layout::Row, Layout::Col], text);
    let element = |text: &str| Element::named(text).ok_or_else(|| format!("`{text}` is no element"));
    let mut product = Product {
        family: find(&[Family::Mma, Family::Wmma], family)?,
        shape: Shape::named(shape).ok_or("no shape")?,
        elements: [element(a)?, element(b)?, element(c)?, element(d)?],
        layouts: [layout(row)?, layout(column)?],
        rounding: Rounding::Nearest,
        satfinite: false,
        bits: None,
    };
    for part in rest {
        match *part {
            "satfinite" => product.satfinite = true,
            "xor" => product.bits = Some(BitOp::Xor),
            "and" => product.bits = Some(BitOp::And),
            "popc" => {}
            rounding => product.rounding = find(&[Rounding::Zero, Rounding::Down, Rounding::Up], rounding)?,
        }
    }
    Ok(product)
}

fn mode(parts: &[&str]) -> Parsed<Mode> {
    let mut mode = Mode::default();
    for part in parts {
        match *part {
            "rz" => mode.rounding = Rounding::Zero,
            "rm" => mode.rounding = Rounding::Down,
            "rp" => mode.rounding = Rounding::Up,
            "rna" => mode.rounding = Rounding::Away,
            "ftz" => mode.ftz = true,
            "sat" => mode.sat = true,
            "relu" => mode.relu = true,
            other => return Err(format!("`{other}` is no mode")),
        }
    }
    Ok(mode)
}

/// A pure op.
pub fn compute(text: &str) -> Parsed<Compute> {
    if text.starts_with("__nv_") {
        let (function, output) = text.split_once('#').unwrap_or((text, "0"));
        let external = External::named(function).ok_or_else(|| format!("`{function}` is unknown"))?;
        return Ok(external.compute(number(output)?));
    }
    let parts: Vec<&str> = text.split('.').collect();
    Ok(match *parts {
        ["copy"] => Compute::Copy,
        ["select"] => Compute::Select,
        ["extract"] => Compute::Extract,
        ["combine"] => Compute::Combine,
        ["spread", ty] => Compute::Spread(kind(ty)?),
        ["selectsign", ty] => Compute::SelectSign(kind(ty)?, false),
        ["selectsign", "ftz", ty] => Compute::SelectSign(kind(ty)?, true),
        ["compare", op, ty] => Compute::Compare(find(COMPARISONS, op)?, kind(ty)?, false),
        ["compare", op, "ftz", ty] => Compute::Compare(find(COMPARISONS, op)?, kind(ty)?, true),
        ["convert", ref modes @ .., to, from] => {
            let (integral, modes) = first(modes, "integral");
            let (finite, modes) = first(modes, "finite");
            let (to, from) = (kind(to)?, kind(from)?);
            Compute::Convert(Conversion { to, from, mode: mode(modes)?, integral, finite })
        }
        [op, ref modes @ .., ty] => {
            let ty = kind(ty)?;
            match ty.float() {
                true => Compute::Float(find(FLOATS, op)?, ty, mode(modes)?),
                false if modes.is_empty() => Compute::Int(find(INTS, op)?, ty),
                false => return Err(format!("`{text}` is unknown")),
            }
        }
        _ => return Err(format!("`{text}` is unknown")),
    })
}

fn first<'t>(parts: &'t [&'t str], word: &str) -> (bool, &'t [&'t str]) {
    match parts {
        [one, rest @ ..] if *one == word => (true, rest),
        _ => (false, parts),
    }
}

/// `what, N lanes, masked @line`
pub fn call(text: &str) -> Parsed<Call> {
    let (text, line) = text.rsplit_once(" @").unwrap_or((text, "0"));
    let (text, masked) = match text.strip_suffix(", masked") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (what_text, lanes) = text.rsplit_once(", ").ok_or("no lanes")?;
    let lanes = number(lanes.trim_end_matches(" lanes"))?;
    let parts: Vec<&str> = what_text.split(' ').collect();
    let what = match *parts {
        ["compute", name] => What::Compute(compute(name)?),
        ["special", name] => What::Special(special(name)?),
        ["runtime", name] => What::Runtime(find(RUNTIMES, name)?),
        ["atomic", op, bytes] => What::Atomic(find(ATOMICS, op)?, number(bytes)?),
        ["shuffle", mode] => What::Shuffle(find(SHUFFLES, mode)?),
        ["vote", mode, negated] => What::Vote(find(VOTES, mode)?, negated == "true"),
        ["match", all] => What::Match(all == "true"),
        ["reduce", op, ty] => What::Reduce(find(REDUCTIONS, op)?, kind(ty)?),
        ["matrix", name] => {
            let product: matrix::Product = product(&name.split('.').collect::<Vec<_>>())?;
            What::Matrix(Box::new(product))
        }
        ["check", bytes, align, write] => {
            What::Check { bytes: number(bytes)?, align: number(align)?, write: write == "true" }
        }
        ["trap"] => What::Trap,
        ["notarget"] => What::NoTarget,
        _ => return Err(format!("`{what_text}` is unknown")),
    };
    Ok(Call::new(what, lanes, number(line)?, masked))
}

/// Every pure op with one of these types, for tests.
#[cfg(test)]
pub fn all_computes() -> Vec<Compute> {
    let kinds: Vec<Kind> = KINDS.iter().filter_map(|text| Kind::named(text)).collect();
    let modes =
        [Mode::default(), Mode { ftz: true, ..Mode::default() }, Mode { sat: true, ..Mode::default() }];
    let mut all = vec![Compute::Copy, Compute::Select, Compute::Extract, Compute::Combine];
    for &ty in &kinds {
        all.extend(INTS.iter().filter(|_| !ty.float()).map(|&op| Compute::Int(op, ty)));
        let floats = FLOATS.iter().filter(|_| ty.float());
        all.extend(floats.flat_map(|&op| modes.map(|mode| Compute::Float(op, ty, mode))));
        all.extend(COMPARISONS.iter().flat_map(|&op| [false, true].map(|ftz| Compute::Compare(op, ty, ftz))));
        all.extend([Compute::Spread(ty), Compute::SelectSign(ty, false), Compute::SelectSign(ty, true)]);
        for &from in &kinds {
            for (integral, finite) in [(false, false), (true, false), (false, true)] {
                let conversion = |mode| Conversion { to: ty, from, mode, integral, finite };
                all.extend(modes.map(|mode| Compute::Convert(conversion(mode))));
            }
        }
    }
    let externals = crate::libdevice::list().filter_map(|(name, _)| External::named(name));
    all.extend(externals.map(|external| external.compute(0)));
    all.retain(|&compute| crate::interp::meaning(compute).is_some());
    all
}

/// Names of types that ops are tried with.
#[cfg(test)]
const KINDS: &[&str] = &[
    "pred", "b8", "u8", "s8", "b16", "u16", "s16", "u16x2", "s16x2", "b32", "u32", "s32", "b64", "u64",
    "s64", "f16", "f16x2", "bf16", "bf16x2", "f32", "f64", "f32x2", "tf32", "e4m3", "e5m2",
];
