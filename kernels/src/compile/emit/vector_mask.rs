//! Logic on vectors and on masks.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{MASK, Machine, View};
use super::select::{Fold, Select};
use super::vector_codes as codes;
use super::vector_compare as compare;
use super::vector_logic::{self as logic, LEAVES, Tree};
use super::vector_plan::{self as plan, Input, Plan, Write, view};
use crate::compile::ssa::{Inst, Op, Type, Value};
use crate::ir::compute::{Compute, Int};

const A: u8 = LEAVES[0];
const B: u8 = LEAVES[1];

/// A logic op of vectors and all below it that nobody else wants.
pub fn vector(s: &mut Select<'_>, root: Value, to: VReg, write: Write) -> Option<()> {
    let tree = logic::tree(s.function, root, 3, |value| plan::inner(s, value).is_some())?;
    let ty = s.ty(root);
    let Tree { leaves, table, .. } = tree;
    match (table, &leaves[..]) {
        (0, _) => Plan::new(codes::MOVE, ty, &[Input::Splat(0)])?.fold(None).emit(s, to, write),
        (0xff, _) => Plan::new(codes::MOVE, ty, &[Input::Splat(u64::MAX)])?.fold(None).emit(s, to, write),
        (A, [a, ..]) | (B, [_, a, ..]) | (0xaa, [_, _, a]) => {
            Plan::of(codes::MOVE, ty, &[*a])?.fold(Some(Fold::Whole)).emit(s, to, write);
        }
        (table, &[a, b]) if binary(table).is_some() => {
            let (row, swap, commutes) = binary(table)?;
            let plan = Plan::of(row, ty, &if swap { [b, a] } else { [a, b] })?;
            if commutes { plan.commutes() } else { plan }.emit(s, to, write);
        }
        _ => ternary(s, root, &leaves, table, to, write)?,
    }
    Some(())
}

/// The instruction of two sources with this table, whether they change places, and whether they might.
fn binary(table: u8) -> Option<(codes::Row, bool, bool)> {
    Some(match table {
        _ if table == A & B => (codes::AND, false, true),
        _ if table == A | B => (codes::OR, false, true),
        _ if table == A ^ B => (codes::XOR, false, true),
        _ if table == !A & B => (codes::AND_NOT, false, false),
        _ if table == A & !B => (codes::AND_NOT, true, false),
        _ => return None,
    })
}

/// The source that dies is changed, one that is in memory comes last.
fn ternary(
    s: &mut Select<'_>,
    root: Value,
    leaves: &[Value],
    table: u8,
    to: VReg,
    write: Write,
) -> Option<()> {
    let ty = s.ty(root);
    // Fewer than three are filled up with the first: the table does not look at them.
    let count = leaves.len();
    let mut order: Vec<usize> = (0..count).collect();
    let mut memory = None;
    if count > 1 {
        for at in (0..count).rev() {
            memory = plan::memory(s, leaves[at]);
            if memory.is_some() {
                order.retain(|&other| other != at);
                order.push(at);
                break;
            }
        }
    }
    let registers = count - usize::from(memory.is_some());
    let free: Vec<Value> = order[..registers].iter().map(|&at| leaves[at]).collect();
    order.swap(0, s.overwritten(root, &free));
    // With two sources the last one stands twice, or memory last and the first twice.
    let places = match (count, memory.is_some()) {
        (1, _) => [order[0]; 3],
        (2, false) => [order[0], order[1], order[1]],
        (2, true) => [order[0], order[0], order[1]],
        _ => [order[0], order[1], order[2]],
    };
    let mut sources = [0; 3];
    for (place, &leaf) in places.iter().enumerate() {
        sources[leaf] = LEAVES[place];
    }
    let table = logic::compose(table, sources);
    let view = view(ty);
    let first = s.reg(leaves[places[0]]);
    let second = s.reg(leaves[places[1]]);
    let machine = plan::change(codes::TERNARY.of(ty)?, view, to, first, write).reg(view, second);
    let machine = match memory {
        Some(memory) => machine.memory(memory),
        None => machine.reg(view, s.reg(leaves[places[2]])),
    };
    s.push(machine.immediate(table));
    Some(())
}

/// Whether a logic op can leave lanes as they are: it writes a register of its own.
pub fn merges(s: &Select<'_>, root: Value) -> bool {
    let tree = logic::tree(s.function, root, 3, |value| plan::inner(s, value).is_some());
    tree.is_some_and(|tree| tree.leaves.len() == 2 && binary(tree.table).is_some())
}

/// The opcode of masks: of 16 and of 8 lanes.
fn of(ty: Type, sixteen: Code, eight: Code) -> Option<Code> {
    match ty {
        Type::M { lanes: 16 } => Some(sixteen),
        Type::M { lanes: 8 } => Some(eight),
        _ => None,
    }
}

/// A logic op of masks. A comparison that is and-ed with a mask takes it as its own.
pub fn mask(s: &mut Select<'_>, root: Value, to: VReg) -> Option<()> {
    let ty = s.ty(root);
    let inst = s.function.maker(root)?;
    if let Op::Compute(Compute::Int(Int::And, _)) = inst.op {
        for (compare, other) in [(inst.args[1], inst.args[0]), (inst.args[0], inst.args[1])] {
            if let Some(plan) = comparison(s, compare, false) {
                let other = s.reg(other);
                plan.emit(s, to, Write::Zero(other));
                return Some(());
            }
        }
    }
    // Not every function of two masks is an instruction: then it is the op alone.
    let all = logic::tree(s.function, root, 2, |value| plan::inner(s, value).is_some())?;
    let tree = if is_instruction(&all) { all } else { logic::tree(s.function, root, 2, |_| false)? };
    let Tree { leaves, table, .. } = tree;
    let (code, sources): (_, &[Value]) = match (table, &leaves[..]) {
        (0 | 0xff, _) => return constant(s, ty, table, to),
        (0x0f, &[a]) => {
            if let Some(plan) = comparison(s, a, true) {
                plan.emit(s, to, Write::All);
                return Some(());
            }
            (of(ty, Code::VEX_Knotw_kr_kr, Code::VEX_Knotb_kr_kr)?, &[a])
        }
        (A, &[a, ..]) | (B, &[_, a]) => (of(ty, Code::VEX_Kmovw_kr_km16, Code::VEX_Kmovb_kr_km8)?, &[a]),
        (table, &[a, b]) => {
            let (code, swap) = mask_code(ty, table)?;
            (code, if swap { &[b, a] } else { &[a, b] })
        }
        _ => return None,
    };
    let mut machine = Machine::new(code).def(View::K, to);
    for &source in sources {
        machine = machine.reg(View::K, s.reg(source));
    }
    s.push(machine);
    Some(())
}

/// Whether a function of masks is one.
fn is_instruction(tree: &Tree) -> bool {
    let known = matches!(tree.table, 0 | 0xff | A | B | 0x0f);
    known && (tree.table != 0x0f || tree.leaves.len() == 1)
        || mask_code(Type::M { lanes: 16 }, tree.table).is_some()
}

/// A value with itself: none or all.
fn constant(s: &mut Select<'_>, ty: Type, table: u8, to: VReg) -> Option<()> {
    let code = match table {
        0 => of(ty, Code::VEX_Kxorw_kr_kr_kr, Code::VEX_Kxorb_kr_kr_kr)?,
        0xff => of(ty, Code::VEX_Kxnorw_kr_kr_kr, Code::VEX_Kxnorb_kr_kr_kr)?,
        _ => return None,
    };
    s.push(Machine::new(code).def(View::K, to).again(0).again(0));
    Some(())
}

/// The instruction of two masks with this table, and whether they change places.
fn mask_code(ty: Type, table: u8) -> Option<(Code, bool)> {
    let and_not = of(ty, Code::VEX_Kandnw_kr_kr_kr, Code::VEX_Kandnb_kr_kr_kr)?;
    Some(match table {
        _ if table == A & B => (of(ty, Code::VEX_Kandw_kr_kr_kr, Code::VEX_Kandb_kr_kr_kr)?, false),
        _ if table == A | B => (of(ty, Code::VEX_Korw_kr_kr_kr, Code::VEX_Korb_kr_kr_kr)?, false),
        _ if table == A ^ B => (of(ty, Code::VEX_Kxorw_kr_kr_kr, Code::VEX_Kxorb_kr_kr_kr)?, false),
        _ if table == !(A ^ B) => (of(ty, Code::VEX_Kxnorw_kr_kr_kr, Code::VEX_Kxnorb_kr_kr_kr)?, false),
        _ if table == !A & B => (and_not, false),
        _ if table == A & !B => (and_not, true),
        _ => return None,
    })
}

/// A comparison that nobody else wants, or its opposite.
pub fn comparison(s: &Select<'_>, value: Value, invert: bool) -> Option<Plan> {
    match plan::inner(s, value)? {
        inst @ Inst { op: Op::Compute(Compute::Compare(comparison, kind, _)), .. } => {
            compare::plan(s, inst, *comparison, *kind, invert)
        }
        _ => None,
    }
}

/// A mask to be used once here, or its opposite if that costs nothing.
pub fn opposite(s: &mut Select<'_>, mask: Value) -> Option<VReg> {
    if let Some(Inst { op: Op::Compute(Compute::Int(Int::Not, _)), args, .. }) =
        s.function.maker(s.origin(mask))
    {
        let bare = args[0];
        return Some(s.reg(bare));
    }
    let plan = comparison(s, mask, true)?;
    let register = s.fresh(MASK);
    plan.emit(s, register, Write::All);
    Some(register)
}
