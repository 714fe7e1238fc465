//! Calls of the device library: pure ops in place, between the arguments' places in the frame and the results'.

use super::super::ast::Formal;
use super::Refusal;
use super::step::{Done, Step};
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::op::{Guard, Passed, Space};
use crate::ir::{End, Operand, Type};
use crate::libdevice::{External, Kind};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// Whether a declaration is that of the function; if not, words.
pub fn check(external: External, returns: &[Formal<'_>], parameters: &[Formal<'_>]) -> Result<(), String> {
    let row = external.row();
    let fits = |formal: &Formal<'_>, kind: Kind| match formal {
        Formal::Register(ty, _) => kind.is(*ty),
        Formal::Param(variable) => {
            variable.bytes == u64::from(variable.element.bytes()) && kind.is(variable.element)
        }
    };
    let all = |formals: &[Formal<'_>], kinds: &[Kind]| {
        formals.len() == kinds.len() && formals.iter().zip(kinds).all(|(formal, &kind)| fits(formal, kind))
    };
    let kinds: Vec<Kind> = row.parameters().collect();
    if all(returns, row.result().as_slice()) && all(parameters, &kinds) {
        return Ok(());
    }
    Err(format!("{}, declared with other types than \"{}\"", row.name, row.signature))
}

/// The type that a parameter or result has in the frame.
fn held(kind: Kind, passed: Passed) -> Type {
    match kind {
        Kind::Half if passed.bytes == 2 => Type::B16,
        Kind::Half | Kind::Word => Type::B32,
        Kind::Single => Type::F32,
        Kind::Double => Type::F64,
        Kind::Long | Kind::Output(_) | Kind::Array(_) => Type::B64,
    }
}

/// The function's ops, from its arguments' places to its results'.
pub fn call(step: &mut S<'_, '_, '_, '_>, external: External, given: &[Passed], back: &[Passed]) -> Done {
    let row = external.row();
    let (mut sources, mut places) = (Vec::new(), Vec::new());
    for (kind, &passed) in row.parameters().zip(given) {
        let value = step.load(Space::Local, held(kind, passed), Operand::Frame(passed.frame), 0, false);
        match kind {
            Kind::Output(ty) => places.push((Space::Generic, ty, value)),
            Kind::Array(ty) => return fold(step, external, sources[0], (ty, value), back),
            _ => sources.push(value),
        }
    }
    if let (Some(kind), [passed]) = (row.result(), back) {
        places.insert(0, (Space::Local, held(kind, *passed), Operand::Frame(passed.frame)));
    }
    let mut values = Vec::with_capacity(places.len());
    for (output, &(_, ty, _)) in places.iter().enumerate() {
        values.push(step.value(external.compute(output), ty.bits(), &sources)?);
    }
    for ((space, ty, address), value) in places.into_iter().zip(values) {
        step.store(space, ty, address, value);
    }
    Ok(())
}

/// A loop over an array.
fn fold(
    step: &mut S<'_, '_, '_, '_>,
    external: External,
    count: Operand,
    (ty, start): (Type, Operand),
    back: &[Passed],
) -> Done {
    let line = step.place.0;
    let [head, body, after] = std::array::from_fn(|_| step.body.blocks.reserve());
    let (index, sum) = (step.body.fresh(32), step.body.fresh(64));
    let (address, more) = (step.body.fresh(64), step.body.fresh(1));
    step.compute(Compute::Copy, index, &[Operand::Imm(0)])?;
    step.compute(Compute::Copy, sum, &[Operand::Imm(0)])?;
    step.compute(Compute::Copy, address, &[start])?;
    step.body.blocks.start(head, line);
    let compare = Compute::Compare(Comparison::Lt, Type::S32, false);
    step.compute(compare, more, &[Operand::Reg(index), count])?;
    step.body.blocks.end(End::Branch(Guard { reg: more, negated: false }, body, after), line);
    step.body.blocks.start(body, line);
    let element = step.load(Space::Generic, ty, Operand::Reg(address), 0, false);
    step.compute(external.compute(0), sum, &[Operand::Reg(sum), element])?;
    step.int(Int::Add, Type::U32, index, &[Operand::Reg(index), Operand::Imm(1)])?;
    let bytes = Operand::Imm(u64::from(ty.bytes()));
    step.int(Int::Add, Type::U64, address, &[Operand::Reg(address), bytes])?;
    step.body.blocks.end(End::Jump(head), line);
    step.body.blocks.start(after, line);
    let value = step.value(external.compute(1), ty.bits(), &[Operand::Reg(sum)])?;
    match back {
        [passed] => step.store(Space::Local, ty, Operand::Frame(passed.frame), value),
        _ => return Err(Refusal::Unsupported),
    }
    Ok(())
}
