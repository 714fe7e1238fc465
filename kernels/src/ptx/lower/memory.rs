//! Loads, stores, address spaces, hints and fences.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::operand::{Address, Width};
use super::step::{Done, Step};
use crate::ir::compute::Compute;
use crate::ir::op::Space;
use crate::ir::{Op, Operand, Reg, Type};

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

/// Most bytes of a vector.
const MOST_VECTOR: usize = 32;

/// How an access is ordered with others, and what else its modifiers say.
pub struct Access {
    /// As written.
    pub space: Option<Space>,
    /// Others may touch it meanwhile.
    pub others: bool,
    /// A fence follows.
    pub acquire: bool,
    /// A fence comes before.
    pub release: bool,
    /// Of a vector.
    pub elements: usize,
    /// One more operand, which tells caches what to keep.
    pub policy: bool,
}

/// Takes the modifiers of an access out of the form.
pub fn access(step: &mut S<'_, '_, '_, '_>) -> Access {
    let space = step.form.take_any(SPACES);
    let elements = step.form.take_any(&[("v2", 2), ("v4", 4), ("v8", 8)]).unwrap_or(1);
    let acquire_release = step.form.take("acq_rel");
    let acquire = step.form.take("acquire") | acquire_release;
    let release = step.form.take("release") | acquire_release;
    let strong = ["volatile", "relaxed", "mmio"].iter().any(|word| step.form.others.contains(word));
    for hint in HINTS {
        step.form.take(hint);
    }
    let policy = cache_hints(step);
    Access { space, others: strong || acquire || release, acquire, release, elements, policy }
}

/// Takes what the form tells caches; true if a policy is one of the operands.
pub fn cache_hints(step: &mut S<'_, '_, '_, '_>) -> bool {
    let mut policy = false;
    while let Some(hint) =
        step.form.others.iter().find(|word| word.starts_with("L1::") || word.starts_with("L2::"))
    {
        let hint = *hint;
        policy |= hint == "L2::cache_hint";
        step.form.take(hint);
    }
    policy
}

/// Checks the number of operands and the last one, a policy. It is read and has no effect.
pub fn operands(step: &mut S<'_, '_, '_, '_>, count: usize, policy: bool) -> Done {
    let all = count + usize::from(policy);
    step.count(all, all)?;
    if policy {
        step.source(count, Type::B64)?;
    }
    Ok(())
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

/// The elements of an access; their number must be the form's.
pub fn vector<'m, 'a>(
    step: &S<'_, '_, 'm, 'a>,
    index: usize,
    count: usize,
    ty: Type,
) -> Result<&'m [Written<'a>], Refusal> {
    let written = step.elements(index)?;
    if written.len() != count {
        return step.error(format!("{} elements where {count} are moved", written.len()));
    }
    if count * ty.bytes() as usize > MOST_VECTOR {
        return Err(Refusal::Unsupported);
    }
    Ok(written)
}

/// `ld`, `ldu`
pub fn ld(step: &mut S<'_, '_, '_, '_>) -> Done {
    let access = access(step);
    operands(step, 2, access.policy)?;
    let ty = step.form.ty()?;
    let address = step.address(1)?;
    let space = resolve(step, access.space, &address)?;
    let written = vector(step, 0, access.elements, ty)?;
    if ty == Type::B128 {
        load_wide(step, &access, space, written, &address)?;
    } else {
        load(step, &access, (space, ty), written, &address)?;
    }
    if access.acquire {
        step.emit(Op::Fence);
    }
    Ok(())
}

fn load<'a>(
    step: &mut S<'_, '_, '_, 'a>,
    access: &Access,
    (space, ty): (Space, Type),
    written: &[Written<'a>],
    address: &Address,
) -> Done {
    let mut to: Vec<Option<Reg>> = Vec::with_capacity(written.len());
    for element in written {
        to.push(match element {
            Written::Name("_") => None,
            element => Some(step.target_of(element, ty, Width::Wider)?),
        });
    }
    // A load extends signs to one width only, the widest; the narrower ones take the low bits of it.
    let widths = to.iter().flatten().map(|reg| step.body.registers[reg.0 as usize]);
    let mixed = ty.signed() && widths.clone().min() != widths.max();
    let targets = if mixed { to.clone() } else { Vec::new() };
    if mixed {
        to.iter_mut().flatten().for_each(|reg| *reg = step.body.fresh(64));
    }
    let (address, offset) = (address.base, address.offset);
    let loaded = if mixed { to.clone() } else { Vec::new() };
    step.emit(Op::Load { space, ty, to, address, offset, shared_with_others: access.others });
    for (from, to) in loaded.into_iter().flatten().zip(targets.into_iter().flatten()) {
        let bits = u64::from(step.body.registers[to.0 as usize]);
        let sources = [Operand::Reg(from), Operand::Imm(0), Operand::Imm(bits)];
        step.compute(Compute::Extract, to, &sources)?;
    }
    Ok(())
}

fn load_wide<'a>(
    step: &mut S<'_, '_, '_, 'a>,
    access: &Access,
    space: Space,
    written: &[Written<'a>],
    address: &Address,
) -> Done {
    let mut halves = Vec::with_capacity(4);
    for element in written {
        halves.extend(step.wide_register(element)?);
    }
    let (address, offset) = (address.base, address.offset);
    if let (true, &[low, high]) = (access.others, &halves[..]) {
        // Others must not see half of it: an exchange that puts zero where zero was reads all at once.
        let zero = [Operand::Imm(0); 2];
        let to = Some([low, high]);
        step.emit(Op::AtomicWide { space, to, address, offset, operand: zero, compare: Some(zero) });
        return Ok(());
    }
    let to = halves.into_iter().map(Some).collect();
    step.emit(Op::Load { space, ty: Type::B64, to, address, offset, shared_with_others: access.others });
    Ok(())
}

/// `st`
pub fn st(step: &mut S<'_, '_, '_, '_>) -> Done {
    if step.form.take("bulk") {
        return st_bulk(step);
    }
    let access = access(step);
    operands(step, 2, access.policy)?;
    let ty = step.form.ty()?;
    let address = step.address(0)?;
    let space = resolve(step, access.space, &address)?;
    if space == Space::Param {
        return step.error("a kernel's parameters cannot be written");
    }
    let written = vector(step, 1, access.elements, ty)?;
    let mut from = Vec::with_capacity(written.len());
    for element in written {
        match ty {
            Type::B128 => from.extend(step.wide_register(element)?.map(Operand::Reg)),
            _ => from.push(step.source_of(element, ty, Width::Wider)?),
        }
    }
    if access.release {
        step.emit(Op::Fence);
    }
    let Address { base: address, offset, .. } = address;
    if let (Type::B128, true, &[low, high]) = (ty, access.others, &from[..]) {
        let operand = [low, high];
        step.emit(Op::AtomicWide { space, to: None, address, offset, operand, compare: None });
        return Ok(());
    }
    let ty = if ty == Type::B128 { Type::B64 } else { ty };
    step.emit(Op::Store { space, ty, from, address, offset, shared_with_others: access.others });
    Ok(())
}

/// `st.bulk`: zeros.
fn st_bulk(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.take("weak");
    let space = step.form.take_any(&[("shared::cta", Space::Shared), ("shared", Space::Shared)]);
    step.count(3, 3)?;
    if step.number(2)? != 0 {
        return step.error("'st.bulk' writes zeros only");
    }
    let address = step.address(0)?;
    let write = step.source(1, Type::U64)?;
    let to = (resolve(step, space, &address)?, address.base, address.offset);
    let from = (Space::Shared, Operand::Imm(0), 0);
    step.emit(Op::Copy { to, from, read: Operand::Imm(0), write, align: 8 });
    Ok(())
}

/// `membar` and `fence`, those between proxies included: all see the same memory here.
pub fn fence(step: &mut S<'_, '_, '_, '_>) -> Done {
    let tensors = |word: &&str| word.starts_with("tensormap");
    if step.form.others.iter().any(tensors) {
        return Err(Refusal::Unsupported);
    }
    let words = [
        "cta",
        "gl",
        "sys",
        "gpu",
        "sc",
        "acq_rel",
        "acquire",
        "release",
        "cluster",
        "sync_restrict::shared::cta",
        "sync_restrict::shared::cluster",
        "mbarrier_init",
        "proxy",
        "alias",
        "async",
        "async::generic",
        "global",
        "shared::cta",
        "shared::cluster",
        "async.global",
    ];
    for word in words {
        step.form.take(word);
    }
    step.count(0, 0)?;
    step.emit(Op::Fence);
    Ok(())
}

/// `cvta` and `cvta.to`
pub fn cvta(step: &mut S<'_, '_, '_, '_>) -> Done {
    let from_generic = step.form.take("to");
    let space = step.form.take_any(SPACES).ok_or(Refusal::Unsupported)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    if ty.bits() != 64 {
        // 32 bits do not hold a generic address.
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

/// `isspacep`. A block is its own cluster.
pub fn isspacep(step: &mut S<'_, '_, '_, '_>) -> Done {
    let space = if step.form.take("const") {
        Space::Const
    } else if step.form.take("shared::cluster") {
        Space::Shared
    } else {
        step.form.take_any(SPACES).ok_or(Refusal::Unsupported)?
    };
    step.count(2, 2)?;
    let to = step.target(0, Type::Pred)?;
    let address = step.source(1, Type::U64)?;
    step.emit(Op::IsSpace { space, to, address });
    Ok(())
}

/// `prefetch`, `prefetchu`, `applypriority`, `discard`: caches are not ours to fill.
pub fn hint(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.take_any(SPACES);
    let cached = ["L1", "L2"].iter().any(|level| step.form.take(level));
    let hinted = step.form.others.iter().any(|word| word.starts_with("L2::evict"));
    cache_hints(step);
    if !cached && !hinted {
        return Err(Refusal::Unsupported);
    }
    let sized = matches!(step.form.opcode, "applypriority" | "discard");
    step.count(1 + usize::from(sized), 1 + usize::from(sized))?;
    if sized && step.number(1)? != 128 {
        return step.error("the size must be 128");
    }
    step.address(0).map(drop)
}

/// `createpolicy`: a number that nobody reads.
pub fn createpolicy(step: &mut S<'_, '_, '_, '_>) -> Done {
    let kinds = [("fractional", (1, 2)), ("range", (4, 4)), ("cvt", (2, 2))];
    let (least, most) = step.form.take_any(&kinds).ok_or(Refusal::Unsupported)?;
    step.form.take("global");
    step.form.take("L2");
    cache_hints(step);
    step.count(least, most)?;
    if step.form.ty()? != Type::B64 {
        return Err(Refusal::Unsupported);
    }
    for index in 1..step.operands.len() {
        match (least, index) {
            (4, 1) => drop(step.address(1)?),
            (4, _) => drop(step.source(index, Type::U32)?),
            (1, _) => drop(step.source(index, Type::F32)?),
            _ => drop(step.source(index, Type::B64)?),
        }
    }
    let to = step.target(0, Type::B64)?;
    step.compute(Compute::Copy, to, &[Operand::Imm(0)])
}
