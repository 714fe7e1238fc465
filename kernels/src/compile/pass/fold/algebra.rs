//! Identities of integer ops, comparisons and selections.

use super::{Change, Folder, bound};
use crate::compile::ssa::{Op, Type, Value, meaning};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Int, Mode};

/// What an op with at least one argument that is no constant becomes.
pub fn simplify(folder: &mut Folder<'_>, compute: Compute, args: &[Value], ty: Type) -> Option<Change> {
    match compute {
        Compute::Int(op, kind) => int(folder, op, kind, args, ty),
        Compute::Compare(comparison, kind, _) if !kind.float() => compare(folder, comparison, kind, args),
        Compute::Select => select(folder, args, ty),
        Compute::Convert(one) => convert(folder, one, args, ty),
        Compute::Combine if folder.number(args[1]) == Some(0) => Some(Change::Same(args[0])),
        Compute::Combine if folder.number(args[0]) == Some(0) && folder.number(args[2]) == Some(0) => {
            Some(Change::Same(args[1]))
        }
        _ => None,
    }
}

fn other(op: Int, kind: Kind, args: &[Value]) -> Option<Change> {
    Some(Change::Other(Op::Compute(Compute::Int(op, kind)), args.to_vec()))
}

fn int(folder: &mut Folder<'_>, op: Int, kind: Kind, args: &[Value], ty: Type) -> Option<Change> {
    // Narrow kinds in a wide value cut their result, packed ones are two: only whole values are looked at.
    if kind.bits() != ty.bits() || matches!(kind, Kind::U16x2 | Kind::S16x2) {
        return wide(folder, op, kind, args);
    }
    match op {
        Int::Add | Int::MulLow | Int::And | Int::Or | Int::Xor | Int::Min | Int::Max => {
            commutative(folder, op, kind, args, ty)
        }
        Int::Sub => subtract(folder, kind, args, ty),
        Int::Shl | Int::Shr => shift(folder, op, kind, args, ty),
        Int::Div | Int::Rem => divide(folder, op, kind, args, ty),
        Int::MadLow if folder.number(args[2]) == Some(0) => other(Int::MulLow, kind, &args[..2]),
        Int::MadLow if args[..2].iter().any(|&arg| folder.number(arg) == Some(0)) => {
            Some(Change::Same(args[2]))
        }
        Int::MadLow if folder.number(args[1]) == Some(1) => other(Int::Add, kind, &[args[0], args[2]]),
        Int::MadLow if folder.number(args[0]) == Some(1) => other(Int::Add, kind, &args[1..]),
        Int::Not if kind == Kind::Pred => not(folder, args[0]),
        Int::Neg | Int::Not => match folder.made_by(args[0]) {
            Some((Compute::Int(inner, _), [value, ..])) if inner == op => Some(Change::Same(value)),
            _ => None,
        },
        _ => None,
    }
}

/// Products twice as wide as their factors.
fn wide(folder: &mut Folder<'_>, op: Int, kind: Kind, args: &[Value]) -> Option<Change> {
    match op {
        Int::MulWide if args[..2].iter().any(|&arg| folder.number(arg) == Some(0)) => Some(Change::Number(0)),
        Int::MadWide if folder.number(args[2]) == Some(0) => other(Int::MulWide, kind, &args[..2]),
        // Nothing negative: unsigned, which is cheaper to reason about.
        Int::MulWide | Int::MadWide
            if kind == Kind::S32 && args[..2].iter().all(|&arg| plain(folder, arg, kind)) =>
        {
            other(op, Kind::U32, args)
        }
        _ => None,
    }
}

/// Not negative.
fn plain(folder: &Folder<'_>, value: Value, kind: Kind) -> bool {
    folder.most(value) < 1 << (kind.bits() - 1)
}

fn commutative(folder: &mut Folder<'_>, op: Int, kind: Kind, args: &[Value], ty: Type) -> Option<Change> {
    let (a, b) = (args[0], args[1]);
    if folder.number(a).is_some() && folder.number(b).is_none() {
        return other(op, kind, &[b, a]);
    }
    if a == b && matches!(op, Int::And | Int::Or | Int::Min | Int::Max) {
        return Some(Change::Same(a));
    }
    if a == b && op == Int::Xor {
        return Some(Change::Number(0));
    }
    let ones = bound::of_type(ty);
    let number = folder.number(b)?;
    match (op, number) {
        (Int::Add | Int::Or | Int::Xor, 0) => return Some(Change::Same(a)),
        (Int::MulLow | Int::And, 0) => return Some(Change::Number(0)),
        (Int::MulLow, 1) => return Some(Change::Same(a)),
        (Int::MulLow, n) if n.is_power_of_two() => {
            let by = folder.constant(Type::I32, n.trailing_zeros().into());
            return other(Int::Shl, kind, &[a, by]);
        }
        (Int::And, n) if n == ones || covers(n, folder.most(a)) => return Some(Change::Same(a)),
        (Int::Or, n) if n == ones => return Some(Change::Number(n)),
        (Int::Xor, n) if n == ones => return other(Int::Not, kind, &[a]),
        _ => {}
    }
    associate(folder, op, kind, a, number, ty)
}

/// All bits that a value up to `most` can have.
fn covers(mask: u64, most: u64) -> bool {
    let bits = most.checked_ilog2().map_or(0, |top| top + 1);
    mask.trailing_ones() >= bits
}

/// (x op n) op m = x op (n op m)
fn associate(
    folder: &mut Folder<'_>,
    op: Int,
    kind: Kind,
    a: Value,
    number: u64,
    ty: Type,
) -> Option<Change> {
    let (Compute::Int(inner, of), [x, n, _]) = folder.made_by(a)? else { return None };
    // What is smaller or larger is a question of signs.
    if inner != op || (matches!(op, Int::Min | Int::Max) && of != kind) {
        return None;
    }
    let both = meaning::of(Compute::Int(op, kind), &[folder.number(n)?, number])?;
    let both = folder.constant(ty, both & bound::of_type(ty));
    other(op, kind, &[x, both])
}

fn subtract(folder: &mut Folder<'_>, kind: Kind, args: &[Value], ty: Type) -> Option<Change> {
    if args[0] == args[1] {
        return Some(Change::Number(0));
    }
    if folder.number(args[0]) == Some(0) {
        return other(Int::Neg, kind, &args[1..2]);
    }
    let number = folder.number(args[1])?;
    let negative = folder.constant(ty, number.wrapping_neg() & bound::of_type(ty));
    other(Int::Add, kind, &[args[0], negative])
}

fn shift(folder: &mut Folder<'_>, op: Int, kind: Kind, args: &[Value], ty: Type) -> Option<Change> {
    if folder.number(args[0]) == Some(0) {
        return Some(Change::Number(0));
    }
    let by = folder.number(args[1])?;
    if by == 0 {
        return Some(Change::Same(args[0]));
    }
    let signed = op == Int::Shr && kind.signed();
    if signed && plain(folder, args[0], kind) {
        return other(op, unsigned(kind), args);
    }
    if by >= u64::from(kind.bits()) && !signed {
        return Some(Change::Number(0));
    }
    let (Compute::Int(inner, same), [x, n, _]) = folder.made_by(args[0])? else { return None };
    let sum = folder.number(n)?.checked_add(by).filter(|&sum| sum < u64::from(kind.bits()))?;
    if inner != op || (op == Int::Shr && same.signed() != kind.signed()) {
        return None;
    }
    let _ = ty;
    let sum = folder.constant(Type::I32, sum);
    other(op, kind, &[x, sum])
}

fn unsigned(kind: Kind) -> Kind {
    match kind {
        Kind::S32 => Kind::U32,
        Kind::S64 => Kind::U64,
        other => other,
    }
}

fn divide(folder: &mut Folder<'_>, op: Int, kind: Kind, args: &[Value], ty: Type) -> Option<Change> {
    if kind.signed() {
        let both = args[..2].iter().all(|&arg| plain(folder, arg, kind));
        return if both { other(op, unsigned(kind), args) } else { None };
    }
    let by = folder.number(args[1])?;
    if !by.is_power_of_two() {
        // A remainder of what is smaller anyway.
        return match op {
            Int::Rem if folder.most(args[0]) < by => Some(Change::Same(args[0])),
            Int::Div if folder.most(args[0]) < by => Some(Change::Number(0)),
            _ => None,
        };
    }
    if op == Int::Rem {
        let mask = folder.constant(ty, by - 1);
        return other(Int::And, kind, &[args[0], mask]);
    }
    let by = folder.constant(Type::I32, by.trailing_zeros().into());
    other(Int::Shr, kind, &[args[0], by])
}

/// The opposite of a comparison of integers, and not not x.
fn not(folder: &mut Folder<'_>, value: Value) -> Option<Change> {
    match folder.made_by(value)? {
        (Compute::Int(Int::Not, _), [x, ..]) => Some(Change::Same(x)),
        (Compute::Compare(comparison, kind, ftz), [a, b, _]) => {
            let opposite = Compute::Compare(opposite(comparison, kind.float())?, kind, ftz);
            Some(Change::Other(Op::Compute(opposite), vec![a, b]))
        }
        _ => None,
    }
}

fn opposite(comparison: Comparison, float: bool) -> Option<Comparison> {
    use Comparison::{Eq, Equ, Ge, Geu, Gt, Gtu, Le, Leu, Lt, Ltu, Nan, Ne, Neu, Num};
    Some(match (comparison, float) {
        (Eq, false) => Ne,
        (Ne, false) => Eq,
        (Lt, false) => Ge,
        (Ge, false) => Lt,
        (Gt, false) => Le,
        (Le, false) => Gt,
        (Eq, true) => Neu,
        (Neu, true) => Eq,
        (Ne, true) => Equ,
        (Equ, true) => Ne,
        (Lt, true) => Geu,
        (Geu, true) => Lt,
        (Le, true) => Gtu,
        (Gtu, true) => Le,
        (Gt, true) => Leu,
        (Leu, true) => Gt,
        (Ge, true) => Ltu,
        (Ltu, true) => Ge,
        (Num, true) => Nan,
        (Nan, true) => Num,
        _ => return None,
    })
}

fn compare(folder: &mut Folder<'_>, comparison: Comparison, kind: Kind, args: &[Value]) -> Option<Change> {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    let (a, b) = (args[0], args[1]);
    if a == b {
        return Some(Change::Number(matches!(comparison, Eq | Le | Ge).into()));
    }
    if folder.number(a).is_some() {
        let turned = match comparison {
            Lt => Gt,
            Le => Ge,
            Gt => Lt,
            Ge => Le,
            same => same,
        };
        return Some(Change::Other(Op::Compute(Compute::Compare(turned, kind, false)), vec![b, a]));
    }
    let number = folder.number(b)?;
    if let Some(change) = of_selection(folder, comparison, kind, a, number) {
        return Some(change);
    }
    // With signs only where nothing is negative.
    if kind.bits() < 32 || (kind.signed() && !(plain(folder, a, kind) && plain(folder, b, kind))) {
        return None;
    }
    let most = folder.most(a);
    let known = match comparison {
        Lt if most < number => true,
        Lt if number == 0 => false,
        Le if most <= number => true,
        Gt if most <= number => false,
        Ge if most < number => false,
        Ge if number == 0 => true,
        Eq if most < number => false,
        Ne if most < number => true,
        _ => return None,
    };
    Some(Change::Number(known.into()))
}

/// A comparison of what one of two numbers was selected into.
fn of_selection(
    folder: &mut Folder<'_>,
    comparison: Comparison,
    kind: Kind,
    a: Value,
    number: u64,
) -> Option<Change> {
    let (Compute::Select, [x, y, condition]) = folder.made_by(a)? else { return None };
    let (x, y) = (folder.number(x)?, folder.number(y)?);
    let compare = Compute::Compare(comparison, kind, false);
    let results = (meaning::of(compare, &[x, number])?, meaning::of(compare, &[y, number])?);
    Some(match results {
        (1, 0) => Change::Same(condition),
        (0, 1) => Change::Other(Op::Compute(Compute::Int(Int::Not, Kind::Pred)), vec![condition]),
        (same, _) => Change::Number(same),
    })
}

fn select(folder: &mut Folder<'_>, args: &[Value], ty: Type) -> Option<Change> {
    let (a, b, condition) = (args[0], args[1], args[2]);
    if a == b {
        return Some(Change::Same(a));
    }
    if let Some(number) = folder.number(condition) {
        return Some(Change::Same(if number == 0 { b } else { a }));
    }
    let (x, y) = (folder.number(a), folder.number(b));
    if x.is_some() && x == y {
        return Some(Change::Same(a));
    }
    if ty == Type::I1 {
        let logic = |op, args: &[Value]| other(op, Kind::Pred, args);
        match (x, y) {
            (Some(1), Some(0)) => return Some(Change::Same(condition)),
            (Some(0), Some(1)) => return logic(Int::Not, &[condition]),
            (Some(1), None) => return logic(Int::Or, &[condition, b]),
            (None, Some(0)) => return logic(Int::And, &[condition, a]),
            _ => {}
        }
    }
    // What was selected by the same condition before.
    let of = |value: Value| match folder.made_by(value)? {
        (Compute::Select, [yes, no, same]) => (same == condition).then_some((yes, no)),
        _ => None,
    };
    let again = |a: Value, b: Value| Some(Change::Other(Op::Compute(Compute::Select), vec![a, b, condition]));
    match (of(a), of(b)) {
        (Some((yes, _)), _) => return again(yes, b),
        (_, Some((_, no))) => return again(a, no),
        _ => {}
    }
    match folder.made_by(condition)? {
        (Compute::Int(Int::Not, _), [opposite, ..]) => {
            Some(Change::Other(Op::Compute(Compute::Select), vec![b, a, opposite]))
        }
        _ => None,
    }
}

fn convert(folder: &mut Folder<'_>, one: Conversion, args: &[Value], ty: Type) -> Option<Change> {
    if one.to.float() || one.from.float() || one.mode != Mode::default() {
        return None;
    }
    let whole = folder.function.ty(args[0]);
    if one.to.bits() == 32 && one.from.bits() == 64 && whole == Type::I64 && ty == Type::I32 {
        return low_half(folder, one, args[0]);
    }
    // Extension of a value that is extended already.
    let keeps = folder.most(args[0]) < 1 << (one.from.bits() - u32::from(one.from.signed())).min(63);
    if keeps && whole == ty && folder.most(args[0]) <= bits(one.to) {
        return Some(Change::Same(args[0]));
    }
    if keeps && one.from.signed() && one.from.bits() == 32 && one.to.bits() == 64 {
        let plain = Conversion { from: Kind::U32, to: Kind::U64, ..one };
        return Some(Change::Other(Op::Compute(Compute::Convert(plain)), args.to_vec()));
    }
    None
}

/// The low half of what is made of numbers of 32 bits, without the high one.
fn low_half(folder: &mut Folder<'_>, cut: Conversion, value: Value) -> Option<Change> {
    let (compute, args) = folder.made_by(value)?;
    match compute {
        Compute::Convert(_) if is_short(folder, value) => Some(Change::Same(args[0])),
        Compute::Int(Int::MulWide, _) if is_short(folder, value) => other(Int::MulLow, Kind::U32, &args[..2]),
        Compute::Int(op @ (Int::Add | Int::Sub | Int::And | Int::Or | Int::Xor), _)
            if args[..2].iter().all(|&arg| folder.number(arg).is_some() || is_short(folder, arg)) =>
        {
            let args = [args[0], args[1]]
                .map(|arg| folder.make(Op::Compute(Compute::Convert(cut)), &[arg], Type::I32));
            other(op, if matches!(op, Int::Add | Int::Sub) { Kind::U32 } else { Kind::B32 }, &args)
        }
        _ => None,
    }
}

/// Whether a number of 64 bits is made of numbers of 32 by one op.
fn is_short(folder: &Folder<'_>, value: Value) -> bool {
    let Some((compute, args)) = folder.made_by(value) else { return false };
    let is_short = |arg: &Value| folder.function.ty(*arg) == Type::I32;
    match compute {
        Compute::Convert(to) => {
            to.from.bits() == 32 && to.to.bits() == 64 && !to.from.float() && is_short(&args[0])
        }
        Compute::Int(Int::MulWide, kind) => kind.bits() == 32 && args[..2].iter().all(is_short),
        _ => false,
    }
}

fn bits(kind: Kind) -> u64 {
    u64::MAX >> (64 - kind.bits())
}
