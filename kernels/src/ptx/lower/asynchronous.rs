//! Copies that need not be waited for, and mbarriers.
//!
//! Copies are done at once, so groups of them are complete when they are committed, and an arrival that waits for copies
//! happens at once as well.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::memory;
use super::operand::{Address, Width};
use super::step::{Done, Step};
use crate::ir::compute::Compute;
use crate::ir::op::{MbarrierKind, Space};
use crate::ir::{Op, Operand, Reg, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// Shared memory of the block as modifier.
const SHARED: &[(&str, Space)] = &[("shared", Space::Shared), ("shared::cta", Space::Shared)];

/// `cp.async…`
pub fn cp(step: &mut S<'_, '_, '_, '_>) -> Done {
    if !step.form.take("async") {
        return Err(Refusal::Unsupported);
    }
    if step.form.take("bulk") {
        return bulk(step);
    }
    if step.form.take("mbarrier") {
        return arrive_after_copies(step);
    }
    if step.form.take("commit_group") || step.form.take("wait_all") {
        return step.count(0, 0);
    }
    if step.form.take("wait_group") {
        step.count(1, 1)?;
        return step.number(0).map(drop);
    }
    copy(step)
}

/// `cp.async.ca` and `cp.async.cg`
fn copy(step: &mut S<'_, '_, '_, '_>) -> Done {
    let all_levels = step.form.take("ca");
    if !all_levels && !step.form.take("cg") {
        return Err(Refusal::Unsupported);
    }
    if step.form.take_any(SHARED).is_none() || !step.form.take("global") {
        return Err(Refusal::Unsupported);
    }
    let policy = memory::cache_hints(step);
    let count = step.operands.len().saturating_sub(usize::from(policy));
    if !(3..=4).contains(&count) {
        return step.error(format!("'cp.async' with {count} operands"));
    }
    memory::operands(step, count, policy)?;
    let bytes = step.number(2)?;
    let sizes: &[u64] = if all_levels { &[4, 8, 16] } else { &[16] };
    if !sizes.contains(&bytes) {
        return step.error(format!("'cp.async' of {bytes} bytes"));
    }
    let (to, from) = (step.address(0)?, step.address(1)?);
    memory::resolve(step, Some(Space::Shared), &to)?;
    memory::resolve(step, Some(Space::Global), &from)?;
    if count == 4 {
        return copy_some(step, &to, &from, bytes);
    }
    let ty = if bytes == 4 { Type::B32 } else { Type::B64 };
    let regs: Vec<Reg> = (0..bytes.div_ceil(8)).map(|_| step.body.fresh(ty.bits())).collect();
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

/// With the number of bytes to read, or a predicate: true reads none. What is not read is zero.
fn copy_some(step: &mut S<'_, '_, '_, '_>, to: &Address, from: &Address, bytes: u64) -> Done {
    let predicate = match *step.written(3)? {
        Written::Not(_) => true,
        Written::Name(name) => matches!(step.body.register(name), Some((_, Type::Pred))),
        _ => false,
    };
    let read = if predicate {
        let (ignore, negated) = step.predicate(3)?;
        let (yes, no) = if negated { (bytes, 0) } else { (0, bytes) };
        step.value(Compute::Select, 32, &[Operand::Imm(yes), Operand::Imm(no), ignore])?
    } else {
        step.source(3, Type::U32)?
    };
    let to = (Space::Shared, to.base, to.offset);
    let from = (Space::Global, from.base, from.offset);
    step.emit(Op::Copy { to, from, read, write: Operand::Imm(bytes), align: bytes as u32 });
    Ok(())
}

/// `cp.async.bulk` between global memory and the block's shared memory, and its groups.
fn bulk(step: &mut S<'_, '_, '_, '_>) -> Done {
    if step.form.take("commit_group") {
        return step.count(0, 0);
    }
    if step.form.take("wait_group") {
        step.form.take("read");
        step.count(1, 1)?;
        return step.number(0).map(drop);
    }
    let spaces: Vec<&str> = step.form.others.iter().copied().filter(|word| *word != "bulk_group").collect();
    match spaces[..] {
        ["shared::cta", "global", "mbarrier::complete_tx::bytes", ..] => copy_in(step),
        ["global", "shared::cta", ..] if step.form.take("bulk_group") => copy_out(step),
        _ => Err(Refusal::Unsupported),
    }
}

fn copy_in(step: &mut S<'_, '_, '_, '_>) -> Done {
    for word in ["shared::cta", "global", "mbarrier::complete_tx::bytes"] {
        step.form.take(word);
    }
    let policy = memory::cache_hints(step);
    memory::operands(step, 4, policy)?;
    let (to, from, barrier) = (step.address(0)?, step.address(1)?, step.address(3)?);
    let bytes = step.source(2, Type::U32)?;
    step.emit(Op::Copy {
        to: (Space::Shared, to.base, to.offset),
        from: (Space::Global, from.base, from.offset),
        read: bytes,
        write: bytes,
        align: 16,
    });
    step.emit(Op::Mbarrier {
        kind: MbarrierKind::Complete,
        to: None,
        space: Space::Shared,
        address: barrier.base,
        offset: barrier.offset,
        value: bytes,
    });
    Ok(())
}

fn copy_out(step: &mut S<'_, '_, '_, '_>) -> Done {
    for word in ["shared::cta", "global"] {
        step.form.take(word);
    }
    let policy = memory::cache_hints(step);
    memory::operands(step, 3, policy)?;
    let (to, from) = (step.address(0)?, step.address(1)?);
    let bytes = step.source(2, Type::U32)?;
    step.emit(Op::Copy {
        to: (Space::Global, to.base, to.offset),
        from: (Space::Shared, from.base, from.offset),
        read: bytes,
        write: bytes,
        align: 16,
    });
    Ok(())
}

/// The mbarrier that an operand names.
fn barrier(
    step: &mut S<'_, '_, '_, '_>,
    index: usize,
    written: Option<Space>,
) -> Result<(Space, Address), Refusal> {
    let address = step.address(index)?;
    let space = memory::resolve(step, written, &address)?;
    Ok((space, address))
}

fn emit(
    step: &mut S<'_, '_, '_, '_>,
    (space, address): &(Space, Address),
    kind: MbarrierKind,
    to: Option<Reg>,
    value: Operand,
) {
    let (address, offset) = (address.base, address.offset);
    step.emit(Op::Mbarrier { kind, to, space: *space, address, offset, value });
}

/// `cp.async.mbarrier.arrive`: without `.noinc` the arrival was not counted on, so it changes nothing.
fn arrive_after_copies(step: &mut S<'_, '_, '_, '_>) -> Done {
    if !step.form.take("arrive") {
        return Err(Refusal::Unsupported);
    }
    let counted = step.form.take("noinc");
    let space = step.form.take_any(SHARED);
    step.count(1, 1)?;
    if step.form.ty()? != Type::B64 {
        return Err(Refusal::Unsupported);
    }
    let at = barrier(step, 0, space)?;
    // An announcement of no bytes only checks the address.
    let (kind, value) = if counted { (MbarrierKind::Arrive, 1) } else { (MbarrierKind::Expect, 0) };
    emit(step, &at, kind, None, Operand::Imm(value));
    Ok(())
}

/// `mbarrier…`
pub fn mbarrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    // `.expect_tx` is an op by itself, or a part of an arrival.
    let arrivals = [("arrive", MbarrierKind::Arrive), ("arrive_drop", MbarrierKind::ArriveDrop)];
    if let Some(kind) = step.form.take_any(&arrivals) {
        return arrive(step, kind);
    }
    let changes = [
        ("init", MbarrierKind::Init),
        ("inval", MbarrierKind::Invalidate),
        ("expect_tx", MbarrierKind::Expect),
        ("complete_tx", MbarrierKind::Complete),
    ];
    if let Some(kind) = step.form.take_any(&changes) {
        return change(step, kind);
    }
    if step.form.take("pending_count") {
        return pending_count(step);
    }
    wait(step)
}

/// Takes order and scope, which shared memory of one block always keeps, and the space.
fn modifiers(step: &mut S<'_, '_, '_, '_>, orders: &[&str]) -> Result<Option<Space>, Refusal> {
    for word in orders.iter().chain(&["relaxed", "cta", "cluster"]) {
        step.form.take(word);
    }
    let space = step.form.take_any(SHARED);
    if step.form.ty()? != Type::B64 {
        return Err(Refusal::Unsupported);
    }
    Ok(space)
}

fn change(step: &mut S<'_, '_, '_, '_>, kind: MbarrierKind) -> Done {
    let space = modifiers(step, &[])?;
    let operands = if kind == MbarrierKind::Invalidate { 1 } else { 2 };
    step.count(operands, operands)?;
    let at = barrier(step, 0, space)?;
    let value = if operands == 2 { step.source(1, Type::U32)? } else { Operand::Imm(0) };
    emit(step, &at, kind, None, value);
    Ok(())
}

fn arrive(step: &mut S<'_, '_, '_, '_>, kind: MbarrierKind) -> Done {
    let expects = step.form.take("expect_tx");
    let incomplete = step.form.take("noComplete");
    let space = modifiers(step, &["release"])?;
    let counted = usize::from(expects || incomplete);
    step.count(2 + counted, 3)?;
    let at = barrier(step, 1, space)?;
    let to = match step.written(0)? {
        Written::Name("_") => None,
        _ => Some(step.target(0, Type::B64)?),
    };
    let count = if step.operands.len() == 3 { step.source(2, Type::U32)? } else { Operand::Imm(1) };
    if expects {
        emit(step, &at, MbarrierKind::Expect, None, count);
    }
    emit(step, &at, kind, to, if expects { Operand::Imm(1) } else { count });
    Ok(())
}

fn pending_count(step: &mut S<'_, '_, '_, '_>) -> Done {
    modifiers(step, &[])?;
    step.count(2, 2)?;
    let to = step.target(0, Type::B32)?;
    let state = step.source(1, Type::B64)?;
    step.compute(Compute::Extract, to, &[state, Operand::Imm(0), Operand::Imm(20)])
}

/// `mbarrier.test_wait` and `mbarrier.try_wait`
fn wait(step: &mut S<'_, '_, '_, '_>) -> Done {
    let parity = step.form.take("parity");
    let (kind, hint) = match (step.form.take("test_wait"), step.form.take("try_wait"), parity) {
        (true, false, false) => (MbarrierKind::Test, 0),
        (true, false, true) => (MbarrierKind::TestParity, 0),
        (false, true, false) => (MbarrierKind::Try, 1),
        (false, true, true) => (MbarrierKind::TryParity, 1),
        _ => return Err(Refusal::Unsupported),
    };
    let space = modifiers(step, &["acquire"])?;
    step.count(3, 3 + hint)?;
    let to = step.target(0, Type::Pred)?;
    let at = barrier(step, 1, space)?;
    let ty = if parity { Type::U32 } else { Type::B64 };
    let written = step.written(2)?;
    let value = step.source_of(written, ty, Width::Exact)?;
    if step.operands.len() == 4 {
        step.source(3, Type::U32)?;
    }
    emit(step, &at, kind, Some(to), value);
    Ok(())
}
