//! Which targets wait at each node while others run: the skeleton of the masked function.

use std::collections::BTreeSet;

use crate::compile::pass::region::{Node, OUTSIDE, Regions, targets};
use crate::compile::ssa::{BlockId, Function};

/// Targets to which some threads may be on their way.
pub(super) type Set = BTreeSet<BlockId>;

/// The skeleton.
pub(super) struct Plan {
    /// For each region and place (one more: the way back to the header), targets that wait while it runs.
    pub(super) deferred: Vec<Vec<Set>>,
    /// For each region: targets outside of it to which threads are on their way while others are still in it. None: all leave
    /// it together.
    pub(super) pending: Vec<Set>,
}

/// Of targets the one that is next in a region, if there is one inside.
pub(super) fn next(regions: &Regions, region: u32, set: &Set) -> Option<(u32, BlockId)> {
    let all = set.iter().map(|&target| (regions.place(region, target), target));
    all.min().filter(|&(place, _)| place != OUTSIDE)
}

impl Plan {
    pub(super) fn new(function: &Function, regions: &Regions, together: &[bool]) -> Plan {
        let deferred = regions.all.iter().map(|region| vec![Set::new(); region.nodes.len() + 1]).collect();
        let mut plan = Plan { deferred, pending: vec![Set::new(); regions.all.len()] };
        plan.region(function, regions, together, 0);
        plan
    }

    /// Plans a region; gives for each way out of it the targets of its threads.
    fn region(&mut self, function: &Function, regions: &Regions, together: &[bool], region: u32) -> Vec<Set> {
        let mut ways = Vec::new();
        let nodes = &regions.region(region).nodes;
        for (place, &node) in (0..).zip(nodes) {
            let waiting = self.deferred[region as usize][place as usize].clone();
            let mut all: Vec<Set> = match node {
                Node::Loop(inner) => {
                    let mut all = self.region(function, regions, together, inner);
                    all.push(self.pending[inner as usize].clone());
                    let pending = &self.pending[inner as usize];
                    all.iter_mut().for_each(|set| set.extend(pending));
                    all
                }
                Node::Block(block) => {
                    let targets = targets(function, block);
                    if together[block.0 as usize] {
                        targets.into_iter().map(|target| Set::from([target])).collect()
                    } else {
                        vec![targets.into_iter().collect()]
                    }
                }
            };
            all.retain(|set| !set.is_empty());
            for mut set in all {
                set.extend(&waiting);
                match next(regions, region, &set) {
                    None => ways.push(set),
                    Some((place, first)) => {
                        set.remove(&first);
                        self.deferred[region as usize][place as usize].extend(set);
                    }
                }
            }
        }
        let outside = |&&target: &&BlockId| regions.place(region, target) == OUTSIDE;
        let all = self.deferred[region as usize].iter().flatten();
        self.pending[region as usize] = all.filter(outside).copied().collect();
        ways
    }

    /// Whether threads that leave a region in different rounds come together again outside.
    pub(super) fn is_left_in_rounds(&self, region: u32) -> bool {
        let pending = &self.pending[region as usize];
        region != 0 && pending.iter().any(|&target| target != crate::compile::pass::region::LEFT)
    }
}
