//! What a branch does that threads decide differently: who runs apart from the others, where they meet, and which loops they
//! leave in different rounds.

use std::collections::BTreeMap;

use super::{Apart, Solver};
use crate::compile::pass::region::{LEFT, Node, OUTSIDE, Regions, targets};
use crate::compile::ssa::{BlockId, Value};

/// Groups of threads on their way through a region. A group that nobody else has joined yet keeps its number.
#[derive(Default)]
struct Groups {
    /// At nodes of the region, by place.
    inside: BTreeMap<u32, u32>,
    /// At targets outside.
    outside: BTreeMap<BlockId, u32>,
    count: u32,
}

impl Groups {
    fn new_group(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// A group comes to a target. True if it meets another one there.
    fn come(&mut self, place: u32, target: BlockId, group: u32) -> bool {
        let number = match place {
            OUTSIDE => self.outside.entry(target).or_insert(group),
            _ => self.inside.entry(place).or_insert(group),
        };
        let met = *number != group;
        if met {
            self.count += 1;
            *number = self.count;
        }
        met
    }
}

impl Solver<'_> {
    /// Follows threads that go apart at the end of a block.
    pub(super) fn follow_branch(&mut self, regions: &Regions, block: BlockId, apart: Apart) {
        let region = regions.inner[block.0 as usize];
        let targets = targets(self.function, block);
        self.follow(regions, region, &targets, apart);
    }

    /// Follows threads that go to different targets from inside a region, until they are together again.
    fn follow(&mut self, regions: &Regions, region: u32, targets: &[BlockId], apart: Apart) {
        let nodes = &regions.region(region).nodes;
        let end = nodes.len() as u32;
        let mut groups = Groups::default();
        // Threads that end are gone: they do not meet the others again.
        for &target in targets {
            if !self.counts(target) {
                continue;
            }
            let group = groups.new_group();
            if groups.come(regions.place(region, target), target, group) {
                self.meet(target, apart);
            }
        }
        while let Some((&place, &group)) = groups.inside.first_key_value() {
            if place == end || (groups.inside.len() == 1 && groups.outside.is_empty()) {
                break;
            }
            groups.inside.pop_first();
            let node = nodes[place as usize];
            self.run_apart(regions, node, apart);
            for target in regions.successors(self.function, node) {
                if self.counts(target) && groups.come(regions.place(region, target), target, group) {
                    self.meet(target, apart);
                }
            }
        }
        let again = groups.inside.contains_key(&end);
        let Some(parent) = regions.region(region).parent.filter(|_| !groups.outside.is_empty()) else {
            return;
        };
        if again {
            self.leave_in_rounds(regions, region, apart);
            let exits = regions.region(region).exits.clone();
            self.follow(regions, parent, &exits, apart);
        } else if groups.outside.len() > 1 {
            let exits: Vec<BlockId> = groups.outside.into_keys().collect();
            self.follow(regions, parent, &exits, apart);
        }
    }

    /// Whether threads that go to a target may meet others again.
    fn counts(&self, target: BlockId) -> bool {
        target != LEFT && !self.gone[target.0 as usize]
    }

    /// Some threads go on in a loop while others leave it.
    fn leave_in_rounds(&mut self, regions: &Regions, region: u32, apart: Apart) {
        if apart <= self.rounds[region as usize] {
            return;
        }
        self.rounds[region as usize] = apart;
        for &node in &regions.region(region).nodes {
            self.run_apart(regions, node, apart);
        }
        for &exit in &regions.region(region).exits {
            if !self.counts(exit) {
                continue;
            }
            let from = &self.predecessors[exit.0 as usize];
            if from.iter().filter(|&&from| regions.contains(region, from)).count() > 1 {
                self.meet(exit, apart);
            }
        }
        // What the loop made is seen differently from outside.
        for value in 0..self.homes.len() {
            if self.homes[value].is_some_and(|home| regions.contains(region, home)) {
                self.work.extend(self.users.of(Value(value as u32)));
            }
        }
    }

    fn run_apart(&mut self, regions: &Regions, node: Node, apart: Apart) {
        match node {
            Node::Block(block) => {
                let control = &mut self.control[block.0 as usize];
                *control = apart.max(*control);
            }
            Node::Loop(region) => {
                for &node in &regions.region(region).nodes {
                    self.run_apart(regions, node, apart);
                }
            }
        }
    }
}
