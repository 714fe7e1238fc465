//! Trees of logic ops with up to three leaves, as one table of three bits.

use smallvec::SmallVec;

use crate::compile::ssa::{Function, Inst, Op, Value};
use crate::ir::Compute;
use crate::ir::compute::Int;

/// What a table's three sources are by themselves.
pub const LEAVES: [u8; 3] = [0xf0, 0xcc, 0xaa];

/// A function of up to three values, bit by bit. Bit `a·4 + b·2 + c` of the table is the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The values; all different.
    pub leaves: SmallVec<[Value; 3]>,
    /// Of those that are not there it does not depend.
    pub table: u8,
}

/// What an inst computes bit by bit of its arguments, as a function of their tables.
fn apply(function: &Function, inst: &Inst, args: &[u8]) -> Option<u8> {
    let Op::Compute(Compute::Int(op, _)) = inst.op else { return None };
    Some(match (op, args) {
        (Int::And, [a, b]) => a & b,
        (Int::Or, [a, b]) => a | b,
        (Int::Xor, [a, b]) => a ^ b,
        (Int::Not, [a]) => !a,
        (Int::Lop3, [a, b, c, ..]) => compose(function.constant(*inst.args.get(3)?)? as u8, [*a, *b, *c]),
        _ => return None,
    })
}

/// The table of a function of three functions.
pub fn compose(table: u8, [a, b, c]: [u8; 3]) -> u8 {
    (0..8).fold(0, |result, bit| {
        let index = (a >> bit & 1) << 2 | (b >> bit & 1) << 1 | c >> bit & 1;
        result | (table >> index & 1) << bit
    })
}

/// How many sources an op of logic has; the table of `lop3` is none.
fn sources(inst: &Inst) -> Option<usize> {
    match inst.op {
        Op::Compute(Compute::Int(Int::And | Int::Or | Int::Xor, _)) => Some(2),
        Op::Compute(Compute::Int(Int::Not, _)) => Some(1),
        Op::Compute(Compute::Int(Int::Lop3, _)) => Some(3),
        _ => None,
    }
}

/// The largest tree of at most `most` leaves below a value, or the value's op alone. `inner` says which values nobody else wants.
pub fn tree(function: &Function, root: Value, most: usize, inner: impl Fn(Value) -> bool) -> Option<Tree> {
    let ty = function.ty(root);
    let logic = |value: Value| function.maker(value).filter(|inst| sources(inst).is_some());
    logic(root)?;
    let mut inside: SmallVec<[Value; 4]> = SmallVec::from_slice(&[root]);
    let mut leaves = frontier(function, &inside);
    while let Some(next) = leaves.iter().copied().find(|&leaf| {
        let grows = logic(leaf).is_some() && inner(leaf) && function.ty(leaf) == ty && inside.len() < 4;
        let mut more = inside.clone();
        more.push(leaf);
        grows && frontier(function, &more).len() <= most
    }) {
        inside.push(next);
        leaves = frontier(function, &inside);
    }
    let table = evaluate(function, root, &inside, &leaves)?;
    Some(Tree { leaves: leaves.as_slice().into(), table })
}

/// The different sources of these ops that are none of them, in the order they are met.
fn frontier(function: &Function, inside: &[Value]) -> SmallVec<[Value; 6]> {
    let mut found = SmallVec::new();
    for inst in inside.iter().filter_map(|&value| function.maker(value)) {
        for &arg in inst.args.iter().take(sources(inst).unwrap_or(0)) {
            if !inside.contains(&arg) && !found.contains(&arg) {
                found.push(arg);
            }
        }
    }
    found
}

fn evaluate(function: &Function, value: Value, inside: &[Value], leaves: &[Value]) -> Option<u8> {
    if !inside.contains(&value) {
        return Some(LEAVES[leaves.iter().position(|&leaf| leaf == value)?]);
    }
    let inst = function.maker(value)?;
    let args: SmallVec<[u8; 3]> = inst
        .args
        .iter()
        .take(sources(inst)?)
        .map(|&arg| evaluate(function, arg, inside, leaves))
        .collect::<Option<_>>()?;
    apply(function, inst, &args)
}
