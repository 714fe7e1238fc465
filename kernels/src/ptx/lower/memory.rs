//! Loads, stores, atomics, fences and address spaces.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::operand::{Address, Width};
use super::step::{Done, Step};
use crate::ir::compute::Compute;
use crate::ir::op::Space;
use crate::ir::{Op, Operand, Reg, Type};
use crate::memory::AtomicOp;

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// State spaces as modifiers.
const SPACES: &[(&str, Space)] = &[
    ("global", Space::Global),
    ("const", Space::Global),
    ("shared", Space::Shared),
    ("shared::cta", Space::Shared),
    ("local", Space::Local),
    ("param", Space::Param),
    ("param::entry", Space::Param),
    ("param::func", Space::Param),
];

/// Modifiers that change nothing here: caches, scopes (one device, coherent), weak accesses.
const HINTS: &[&str] = &[
    "weak", "cta", "gpu", "sys", "cluster", "nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "unified",
    "relaxed", "volatile", "mmio", "noftz",
];

/// How an access is ordered with others.
struct Access {
    space: Option<Space>,
    others: bool,
    acquire: bool,
    release: bool,
    elements: usize,
}

fn access(step: &mut S<'_, '_, '_, '_>) -> Result<Access, Refusal> {
    let space = step.form.take_any(SPACES);
    let elements = step.form.take_any(&[("v2", 2), ("v4", 4), ("v8", 8)]).unwrap_or(1);
    let acquire_release = step.form.take("acq_rel");
    let acquire = step.form.take("acquire") | acquire_release;
    let release = step.form.take("release") | acquire_release;
    let strong = ["volatile", "relaxed", "mmio"].iter().any(|word| step.form.others.contains(word));
    for hint in HINTS {
        step.form.take(hint);
    }
    while let Some(hint) =
        step.form.others.iter().find(|word| word.starts_with("L1::") || word.starts_with("L2::"))
    {
        let hint = *hint;
        // A cache hint with a policy operand would need it read.
        if hint == "L2::cache_hint" {
            return Err(Refusal::Unsupported);
        }
        step.form.take(hint);
    }
    Ok(Access { space, others: strong || acquire || release, acquire, release, elements })
}

/// The space of an access: the modifier's, the variable's, or generic.
pub fn resolve(
    step: &S<'_, '_, '_, '_>,
    written: Option<Space>,
    address: &Address,
) -> Result<Space, Refusal> {
    match (written, address.space) {
        (Some(Space::Param), Some(space @ (Space::Local | Space::Param))) => Ok(space),
        (Some(Space::Param), None) => Ok(if step.body.kernel { Space::Param } else { Space::Local }),
        (Some(written), Some(named)) if written != named => step.error("the variable is not in that space"),
        (Some(space), _) | (None, Some(space)) => Ok(space),
        (None, None) => Ok(Space::Generic),
    }
}

/// `ld`, `ldu`
pub fn ld(step: &mut S<'_, '_, '_, '_>) -> Done {
    let access = access(step)?;
    step.form.takes(0)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    let address = step.address(1)?;
    let space = resolve(step, access.space, &address)?;
    let written = step.elements(0)?;
    if written.len() != access.elements {
        return step.error(format!("{} elements where {} are read", written.len(), access.elements));
    }
    let mut to: Vec<Option<Reg>> = Vec::with_capacity(written.len());
    for element in &written {
        to.push(match element {
            Written::Name("_") => None,
            element => Some(step.target_of(element, ty, Width::Wider)?),
        });
    }
    let Address { base, offset, .. } = address;
    step.emit(Op::Load { space, ty, to, address: base, offset, shared_with_others: access.others });
    if access.acquire {
        step.emit(Op::Fence);
    }
    Ok(())
}

/// `st`
pub fn st(step: &mut S<'_, '_, '_, '_>) -> Done {
    let access = access(step)?;
    step.form.takes(0)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    let address = step.address(0)?;
    let space = resolve(step, access.space, &address)?;
    if space == Space::Param {
        return step.error("a kernel's parameters cannot be written");
    }
    let written = step.elements(1)?;
    if written.len() != access.elements {
        return step.error(format!("{} elements where {} are written", written.len(), access.elements));
    }
    let from = written
        .iter()
        .map(|element| step.source_of(element, ty, Width::Wider))
        .collect::<Result<Vec<Operand>, _>>()?;
    if access.release {
        step.emit(Op::Fence);
    }
    let Address { base, offset, .. } = address;
    step.emit(Op::Store { space, ty, from, address: base, offset, shared_with_others: access.others });
    Ok(())
}

fn atomic_op(step: &mut S<'_, '_, '_, '_>, ty: Type) -> Result<AtomicOp, Refusal> {
    let words = ["add", "and", "or", "xor", "exch", "cas", "min", "max", "inc", "dec"];
    let word = words.into_iter().find(|word| step.form.take(word)).ok_or(Refusal::Unsupported)?;
    let bits = ty.bits();
    let integer = !ty.float() && matches!(bits, 32 | 64);
    Ok(match word {
        "add" if matches!(ty, Type::F32 | Type::F64) => AtomicOp::AddFloat,
        "exch" if integer => AtomicOp::Exchange,
        "cas" if integer || ty == Type::B16 => AtomicOp::CompareExchange,
        _ if !integer => return Err(Refusal::Unsupported),
        "add" => AtomicOp::Add,
        "and" => AtomicOp::And,
        "or" => AtomicOp::Or,
        "xor" => AtomicOp::Xor,
        "min" if ty.signed() => AtomicOp::MinSigned,
        "max" if ty.signed() => AtomicOp::MaxSigned,
        "min" => AtomicOp::MinUnsigned,
        "max" => AtomicOp::MaxUnsigned,
        "inc" if ty == Type::U32 => AtomicOp::IncrementWrap,
        "dec" if ty == Type::U32 => AtomicOp::DecrementWrap,
        _ => return Err(Refusal::Unsupported),
    })
}

/// `atom` and `red`
pub fn atom(step: &mut S<'_, '_, '_, '_>) -> Done {
    let returns = step.form.opcode == "atom";
    let access = access(step)?;
    let ty = step.form.ty()?;
    let op = atomic_op(step, ty)?;
    step.form.takes(0)?;
    if access.elements != 1 {
        return Err(Refusal::Unsupported);
    }
    let first = usize::from(returns);
    let sources = if op == AtomicOp::CompareExchange { 2 } else { 1 };
    step.count(first + 1 + sources, first + 1 + sources)?;
    let to = match (returns, step.written(0)?) {
        (false, _) | (true, Written::Name("_")) => None,
        _ => Some(step.target(0, ty)?),
    };
    let address = step.address(first)?;
    let space = resolve(step, access.space, &address)?;
    let (compare, operand) = if sources == 2 {
        (step.source(first + 1, ty)?, step.source(first + 2, ty)?)
    } else {
        (Operand::Imm(0), step.source(first + 1, ty)?)
    };
    let Address { base, offset, .. } = address;
    step.emit(Op::Atomic { space, op, bytes: ty.bytes(), to, address: base, offset, operand, compare });
    Ok(())
}

/// `membar` and `fence`
pub fn fence(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words =
        ["cta", "gl", "sys", "gpu", "sc", "acq_rel", "acquire", "release", "cluster", "sync_restrict"];
    for word in words {
        step.form.take(word);
    }
    step.form.takes(0)?;
    step.count(0, 0)?;
    step.emit(Op::Fence);
    Ok(())
}

/// `cvta` and `cvta.to`
pub fn cvta(step: &mut S<'_, '_, '_, '_>) -> Done {
    let from_generic = step.form.take("to");
    let space = step.form.take_any(SPACES).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    if ty.bits() != 64 {
        return Err(Refusal::Unsupported);
    }
    let to = step.target(0, ty)?;
    let address = step.source(1, ty)?;
    let space = match space {
        Space::Param if !step.body.kernel => Space::Local,
        space => space,
    };
    if space == Space::Global {
        return step.compute(Compute::Copy, to, &[address]);
    }
    step.emit(match from_generic {
        true => Op::FromGeneric { space, to, address },
        false => Op::ToGeneric { space, to, address },
    });
    Ok(())
}

/// `isspacep`
pub fn isspacep(step: &mut S<'_, '_, '_, '_>) -> Done {
    let constant = step.form.others.contains(&"const");
    let space = step.form.take_any(SPACES).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(2, 2)?;
    let to = step.target(0, Type::Pred)?;
    let address = step.source(1, Type::U64)?;
    if constant {
        // Constants are global memory, and answer so.
        return step.compute(Compute::Copy, to, &[Operand::Imm(0)]);
    }
    step.emit(Op::IsSpace { space, to, address });
    Ok(())
}

/// `prefetch`, `prefetchu`, `discard`, `applypriority`: hints.
pub fn hint(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.count(1, 2)?;
    step.address(0).map(drop)
}

/// `cp.async`: copied at once; groups are complete when they are committed.
pub fn cp(step: &mut S<'_, '_, '_, '_>) -> Done {
    if !step.form.take("async") {
        return Err(Refusal::Unsupported);
    }
    if step.form.take("commit_group") || step.form.take("wait_group") || step.form.take("wait_all") {
        return step.form.takes(0);
    }
    let cached = step.form.take("ca") | step.form.take("cg");
    let to_shared = step.form.take("shared") | step.form.take("shared::cta");
    if !cached || !to_shared || !step.form.take("global") {
        return Err(Refusal::Unsupported);
    }
    for hint in ["L2::64B", "L2::128B", "L2::256B"] {
        step.form.take(hint);
    }
    step.form.takes(super::form::kind::OTHER).and(step.form.takes(0))?;
    if step.operands.len() != 3 {
        return Err(Refusal::Unsupported);
    }
    let (to, from) = (step.address(0)?, step.address(1)?);
    let (ty, elements) = match step.number(2)? {
        4 => (Type::B32, 1),
        8 => (Type::B64, 1),
        16 => (Type::B64, 2),
        _ => return step.error("'cp.async' copies 4, 8 or 16 bytes"),
    };
    let regs: Vec<Reg> = (0..elements).map(|_| step.body.fresh(ty.bits())).collect();
    step.emit(Op::Load {
        space: Space::Global,
        ty,
        to: regs.iter().copied().map(Some).collect(),
        address: from.base,
        offset: from.offset,
        shared_with_others: false,
    });
    step.emit(Op::Store {
        space: Space::Shared,
        ty,
        from: regs.into_iter().map(Operand::Reg).collect(),
        address: to.base,
        offset: to.offset,
        shared_with_others: false,
    });
    Ok(())
}
