//! What lanes of a warp do together, over plain numbers.

use super::Outcome;
use crate::compile::ssa::Op;
use crate::interp::lanes::WARP;
use crate::ir::Type as Kind;
use crate::ir::op::{Reduction, Shuffle, Vote};

/// Numbers of a warp's lanes.
pub type Lanes = [u64; WARP];

/// The results of a warp op of the lanes `among`, given its arguments. Lanes that name different members do it apart.
pub fn exchange(op: &Op, args: &[Lanes], among: u32) -> Outcome<Vec<Lanes>> {
    let count = match op {
        Op::WarpBarrier => return Ok(Vec::new()),
        Op::ActiveMask => return Ok(vec![[among.into(); WARP]]),
        Op::Shuffle(mode) => return Ok(shuffle(*mode, args, among)),
        Op::Vote { .. } | Op::Match { all: false } | Op::Reduce(..) => 1,
        Op::Match { all: true } => 2,
        _ => return Err("no warp op".to_owned()),
    };
    let mut results = vec![[0; WARP]; count];
    let mut left = among;
    while left != 0 {
        let named = args[1][left.trailing_zeros() as usize];
        let part =
            lanes(left).filter(|&lane| args[1][lane] == named).fold(0, |part, lane| part | 1u32 << lane);
        left &= !part;
        // A guess of all lanes is right wherever nobody wrote which.
        if named as u32 & part != part {
            return Err(format!("the members {named:#x} are named by {part:#x}"));
        }
        let made = agree(op, &args[0], part);
        for (result, made) in results.iter_mut().zip(made) {
            lanes(part).for_each(|lane| result[lane] = made[lane]);
        }
    }
    Ok(results)
}

fn lanes(mask: u32) -> impl Iterator<Item = usize> {
    (0..WARP).filter(move |&lane| mask >> lane & 1 == 1)
}

/// What lanes find that take part together.
fn agree(op: &Op, values: &Lanes, among: u32) -> [Lanes; 2] {
    let whole = u64::from(among);
    let with = |value: u64| {
        lanes(among).filter(|&lane| values[lane] == value).fold(0, |all, lane| all | 1u64 << lane)
    };
    let one = match op {
        Op::Vote { mode, negated } => {
            let ballot = with(u64::from(!negated));
            match mode {
                Vote::Ballot => ballot,
                Vote::All => u64::from(ballot == whole),
                Vote::Any => u64::from(ballot != 0),
                Vote::Uniform => u64::from(ballot == 0 || ballot == whole),
            }
        }
        Op::Match { all: true } => {
            let same = lanes(among).all(|lane| with(values[lane]) == whole);
            return [[if same { whole } else { 0 }; WARP], [u64::from(same); WARP]];
        }
        Op::Match { .. } => return [std::array::from_fn(|lane| with(values[lane])), [0; WARP]],
        Op::Reduce(op, ty) => {
            let reduce = |a, b| crate::interp::exchange::reduce(*op, *ty, a, b);
            let reduced = lanes(among).map(|lane| values[lane] as u32).reduce(reduce).unwrap_or(0);
            // One value alone is made canonical as a result of two is.
            u64::from(if *ty == Kind::F32 { reduce(reduced, reduced) } else { reduced })
        }
        _ => 0,
    };
    [[one; WARP]; 2]
}

fn shuffle(mode: Shuffle, args: &[Lanes], among: u32) -> Vec<Lanes> {
    let (mut values, mut valid) = (args[0], [0; WARP]);
    for lane in 0..WARP {
        let (from, in_range) = crate::interp::exchange::source_lane(
            mode,
            lane as u32,
            args[1][lane] as u32,
            args[2][lane] as u32,
        );
        if among >> from & 1 == 1 {
            values[lane] = args[0][from as usize];
        }
        valid[lane] = u64::from(in_range);
    }
    vec![values, valid]
}

/// The reduction of predicates at a barrier.
pub fn of_barrier(op: Reduction, values: &[bool]) -> u64 {
    let trues = values.iter().filter(|&&value| value).count();
    match op {
        Reduction::Popc => trues as u64,
        Reduction::And => u64::from(trues == values.len()),
        _ => u64::from(trues > 0),
    }
}
