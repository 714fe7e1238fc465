//! Orders, trees and loops of small and of large functions.

use super::*;
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::{End, Target, Type, Value};

/// A function of these edges; a block with several targets branches on a constant.
fn graph(edges: &[&[u32]]) -> Function {
    let mut function = Function::default();
    for _ in edges {
        function.add_block(0);
    }
    let inst = function.add_inst(crate::compile::ssa::Op::Const(0), &[], None, &[Type::I32], 0);
    function.block_mut(BlockId(0)).insts.push(inst);
    let value = function.inst(inst).results[0];
    for (at, targets) in (0..).zip(edges) {
        let to = |&block: &u32| Target::to(BlockId(block));
        function.block_mut(BlockId(at)).end = match targets {
            [] => End::Exit,
            [one] => End::Jump(to(one)),
            more => End::Switch(value, more.iter().map(to).collect()),
        };
    }
    function
}

/// By its meaning: b is cut off from the roots when a is taken away.
fn cut_off(function: &Function, a: BlockId, b: BlockId, post: bool) -> bool {
    let mut seen = vec![false; function.blocks.len()];
    let mut open = if post { vec![b] } else { vec![BlockId(0)] };
    let mut found = false;
    while let Some(at) = open.pop() {
        if at == a || std::mem::replace(&mut seen[at.0 as usize], true) {
            continue;
        }
        let next = successors(function, at);
        found |= if post { next.is_empty() } else { at == b };
        open.extend(next);
    }
    !found
}

#[test]
fn dominance_is_what_it_means() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..300 {
        let count = random.u32(2..9);
        // Block 0 has no way back; the last one ends.
        let edges: Vec<Vec<u32>> = (0..count)
            .map(|at| match at {
                _ if at == count - 1 => Vec::new(),
                _ => (0..random.usize(1..4)).map(|_| random.u32(1..count)).collect(),
            })
            .collect();
        let function = graph(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let order = Order::new(&function);
        let dominators = Dominators::new(&function, &order);
        let post = Dominators::post(&function, &order);
        let live = |block: BlockId| cut_off(&function, BlockId(u32::MAX), block, true);
        for &a in &order.blocks {
            for &b in &order.blocks {
                assert_eq!(
                    dominators.dominates(a, b),
                    cut_off(&function, a, b, false),
                    "{a} {b}\n{function}"
                );
                // Where no end can be reached the virtual exit is a matter of taste.
                if order.blocks.iter().all(|&block| !live(block)) {
                    assert_eq!(post.dominates(a, b), cut_off(&function, a, b, true), "{a} {b}\n{function}");
                }
            }
        }
        let frontiers = frontiers(&function, &order, &dominators);
        let back = predecessors(&function, &order);
        for &a in &order.blocks {
            for &b in &order.blocks {
                let at_end = back[b.0 as usize].iter().any(|&from| dominators.dominates(a, from))
                    && (a == b || !dominators.dominates(a, b));
                assert_eq!(frontiers[a.0 as usize].contains(&b), at_end, "{a} {b}\n{function}");
            }
        }
    }
}

#[test]
fn orders_put_ways_in_first() {
    let function = graph(&[&[1, 4], &[2], &[3, 1], &[4], &[]]);
    let order = Order::new(&function);
    assert_eq!(order.blocks, [0, 1, 2, 3, 4].map(BlockId));
    let function = graph(&[&[2], &[], &[1]]);
    assert_eq!(Order::new(&function).blocks, [0, 2, 1].map(BlockId));
}

#[test]
fn loops_nest() {
    let function = graph(&[&[1], &[2, 6], &[3], &[4, 3], &[5, 2], &[1], &[]]);
    let order = Order::new(&function);
    let loops = Loops::new(&function, &order, &Dominators::new(&function, &order));
    assert!(loops.reducible);
    let seen: Vec<_> =
        loops.all.iter().map(|one| (one.header.0, one.depth, one.parent, one.blocks.len())).collect();
    assert_eq!(seen, [(1, 1, None, 5), (2, 2, Some(0), 3), (3, 3, Some(1), 1)]);
    assert_eq!((loops.depth(BlockId(5)), loops.depth(BlockId(3)), loops.depth(BlockId(6))), (1, 3, 0));
    assert!(loops.contains(1, BlockId(3)) && !loops.contains(1, BlockId(5)));
    let tangled = graph(&[&[1, 2], &[2], &[1, 3], &[]]);
    let order = Order::new(&tangled);
    assert!(!Loops::new(&tangled, &order, &Dominators::new(&tangled, &order)).reducible);
}

#[test]
fn values_live_up_to_their_last_use() {
    let function = parse(
        "function f
        b0:
        v0: i32 = const 1
        v1: i32 = const 2
        jump b1(v0)
        b1(v2: i32):
        v3: i32 = add.u32 v2, v1
        v4: i1 = compare.lt.u32 v3, v2
        branch v4, b1(v3), b2
        b2:
        v5: i32 = not.b32 v3
        exit",
    );
    let live = Liveness::new(&function, &Order::new(&function));
    assert_eq!(live.live_in, [vec![], vec![Value(1)], vec![Value(3)]]);
    assert_eq!(live.live_out, [vec![Value(1)], vec![Value(1), Value(3)], vec![]]);
}

#[test]
fn resumes_are_roots() {
    let function = parse("function f\nresumes b0, b1\nb0:\nyield 1\nb1:\njump b2\nb2:\nexit");
    let order = Order::new(&function);
    assert_eq!(order.blocks.len(), 3);
    let dominators = Dominators::new(&function, &order);
    assert!(!dominators.dominates(BlockId(0), BlockId(2)) && dominators.dominates(BlockId(1), BlockId(2)));
}

#[test]
fn large_functions_take_no_time_and_no_stack() {
    let count = 30_000u32;
    // A ladder with loops of all lengths.
    let edges: Vec<Vec<u32>> = (0..count)
        .map(|at| match at {
            _ if at + 2 >= count => {
                if at + 1 < count {
                    vec![at + 1]
                } else {
                    Vec::new()
                }
            }
            _ if at % 3 == 2 => vec![at + 1, at - at % 64 + 1],
            _ => vec![at + 1, at + 2],
        })
        .collect();
    let function = graph(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let start = std::time::Instant::now();
    let order = Order::new(&function);
    let dominators = Dominators::new(&function, &order);
    let _ = Dominators::post(&function, &order);
    let _ = frontiers(&function, &order, &dominators);
    let _ = Loops::new(&function, &order, &dominators);
    let _ = Liveness::new(&function, &order);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
