//! Divergent control flow becomes masks: partial linearisation.
//!
//! Regions (`region`) are walked from outside in, their nodes in order. A branch that threads decide together stays; behind
//! another one its targets run one after the other, and a target that has to wait is *deferred*: whoever comes next
//! carries it along until its turn comes (`plan`). So each block runs when all that might lead to it is done, and no
//! block is there twice.
//!
//! A block's mask is that of the block before it which all of its threads came through, if all of those come back
//! together; else that of its only edge; else a variable, to which each edge adds its threads. Parameters of blocks are
//! variables too: an edge writes them for its threads. Variables become values in the end (`variable`), and a first write
//! of a variable in its scope is no select: nobody has to keep anything.
//!
//! A loop that threads leave in different rounds runs as long as any of them stays. The mask is a parameter of its header,
//! and a value that is wanted outside is *kept*: written on an edge that leaves the loop, for all
//! threads that are there: those that stay will write again. One that all
//! threads leave together has neither. Of conditions that leave a loop those that all threads share get an exit of their
//! own (`exits`).
//!
//! Where a mask may be empty, a branch skips all that the block alone leads to, if that is worth it: always before
//! loops, so that a loop runs with threads only, and its condition means something.

mod body;
mod cost;
mod edge;
mod emit;
mod exits;
mod plan;
mod settle;
mod variable;

use crate::compile::Shape as Launch;
use crate::compile::pass::blocking::Threads;
use crate::compile::pass::range::Ranges;
use crate::compile::pass::region::Regions;
use crate::compile::pass::shape::{Apart, Shapes};
use crate::compile::pass::{cycle, dce, straight};
use crate::compile::ssa::Function;

/// From the threads to the masked stage.
pub fn run(function: &mut Function, launch: &Launch, lanes: u8) {
    cycle::run(function);
    if let Some(regions) = Regions::new(function) {
        run_known(function, launch, lanes, Threads { regions, shapes: None });
    }
}

/// The same where it is known what `blocking` found.
pub fn run_known(function: &mut Function, launch: &Launch, lanes: u8, known: Threads) {
    let shapes_of = |function: &Function, regions: &Regions| {
        let ranges = Ranges::new(function, launch);
        Shapes::of_threads(function, regions, launch, lanes, &ranges)
    };
    let Threads { mut regions, shapes } = known;
    let mut shapes = shapes.unwrap_or_else(|| shapes_of(function, &regions));
    if exits::run(function, &regions, &shapes) {
        let Some(new) = Regions::new(function) else { return };
        shapes = shapes_of(function, &new);
        regions = new;
    }
    let together: Vec<bool> = shapes.ends.iter().map(|&apart| apart == Apart::Never).collect();
    let plan = plan::Plan::new(function, &regions, &together);
    let marks = emit::run(function, &regions, &plan, &shapes, &together);
    settle::run(function, &marks, launch, lanes);
    dce::run(function);
    straight::run(function);
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
