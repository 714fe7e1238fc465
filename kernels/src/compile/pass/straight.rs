//! Blocks that do nothing are passed by, and one that only one jump leads to becomes part of who jumps.

use crate::compile::ssa::edit;
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{End, Function, Target};

/// Makes control flow as straight as it is, without a change of what is done.
pub fn run(function: &mut Function) {
    pass_by(function);
    edit::join_blocks(function);
}

/// Edges to a block that only jumps on go where it goes.
fn pass_by(function: &mut Function) {
    let order = Order::new(function);
    let goes: Vec<Option<Target>> = function.blocks.iter().map(passes).collect();
    for &block in &order.blocks {
        let mut end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
        end.targets_mut(|target| {
            // A ring of such blocks has no end: so many steps are enough for all others.
            for _ in 0..goes.len() {
                let Some(next) = &goes[target.block.0 as usize] else { break };
                *target = next.clone();
            }
        });
        function.block_mut(block).end = end;
    }
}

fn passes(block: &crate::compile::ssa::Block) -> Option<Target> {
    match &block.end {
        End::Jump(to) if block.insts.is_empty() && block.params.is_empty() => Some(to.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::{parse, same};
    use crate::compile::ssa::verify::{Stage, verify};

    #[test]
    fn what_does_nothing_goes() {
        let mut function = parse(
            "function f
            b0:
            v0: i1 = const 1
            v1: i32 = const 2
            jump b1
            b1:
            v2: i32 = not.b32 v1
            branch v0, b2, b3
            b2:
            jump b4(v1)
            b3:
            jump b4(v2)
            b4(v3: i32):
            jump b5
            b5:
            v4: i32 = not.b32 v3
            exit",
        );
        run(&mut function);
        verify(&function, Stage::Threads).unwrap();
        same(
            &function,
            "function f
            b0:
            v0: i1 = const 1
            v1: i32 = const 2
            v2: i32 = not.b32 v1
            branch v0, b4(v1), b4(v2)
            b4(v3: i32):
            v4: i32 = not.b32 v3
            exit",
        );
    }

    #[test]
    fn a_ring_stays() {
        let mut function = parse("function f\nb0:\njump b1\nb1:\njump b2\nb2:\njump b1");
        run(&mut function);
        verify(&function, Stage::Threads).unwrap();
    }
}
