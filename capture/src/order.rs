//! A topological order of a DAG: creation order where that is one, else as close to it as edges allow.

use crate::dag::{Dag, Error, Node};

/// All nodes, each after what it depends on. Of the nodes that could come next it is always the one
/// created first. Linear: the queue's steps are bounded by the six levels of [`Ready`].
pub(crate) fn order(dag: &Dag) -> Result<Vec<Node>, Error> {
    if dag.is_ordered() {
        return Ok(dag.nodes().collect());
    }
    let (mut waiting, dependents) = (waiting(dag), Dependents::new(dag));
    let mut ready = Ready::new(dag.bound());
    for node in dag.nodes().filter(|node| waiting[node.0 as usize] == 0) {
        ready.insert(node.0);
    }
    let mut order = Vec::with_capacity(dag.len());
    while let Some(next) = ready.take_first() {
        order.push(Node(next));
        for &after in dependents.of(next) {
            let waits = &mut waiting[after as usize];
            *waits -= 1;
            if *waits == 0 {
                ready.insert(after);
            }
        }
    }
    if order.len() == dag.len() { Ok(order) } else { Err(Error::Cycle(on_cycle(dag, &waiting))) }
}

/// For each node how many dependencies it waits for.
fn waiting(dag: &Dag) -> Vec<u32> {
    let mut waiting = vec![0u32; dag.bound() as usize];
    for (_, to, _) in dag.edges() {
        waiting[to.0 as usize] += 1;
    }
    waiting
}

/// What depends on each node, side by side: following petgraph's lists costs a cache miss an edge.
struct Dependents {
    /// Those of node `i` are `nodes[ends[i - 1]..ends[i]]`.
    ends: Vec<u32>,
    nodes: Vec<u32>,
}

impl Dependents {
    fn new(dag: &Dag) -> Dependents {
        let mut ends = vec![0u32; dag.bound() as usize + 1];
        for (from, ..) in dag.edges() {
            ends[from.0 as usize + 1] += 1;
        }
        for i in 1..ends.len() {
            ends[i] += ends[i - 1];
        }
        // Each start runs to the end of its part.
        let mut nodes = vec![0u32; dag.edge_count()];
        for (from, to, _) in dag.edges() {
            let end = &mut ends[from.0 as usize];
            nodes[*end as usize] = to.0;
            *end += 1;
        }
        Dependents { ends, nodes }
    }

    fn of(&self, node: u32) -> &[u32] {
        let start = (node as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.nodes[start as usize..self.ends[node as usize] as usize]
    }
}

/// A node on a cycle. Every node that still waits has a dependency that still waits, so going back
/// from one to the next must come to a node for the second time.
fn on_cycle(dag: &Dag, waiting: &[u32]) -> Node {
    let waits = |node: &Node| waiting[node.0 as usize] > 0;
    let mut seen = vec![false; waiting.len()];
    let mut node = dag.nodes().find(waits).unwrap_or(Node(0));
    while !std::mem::replace(&mut seen[node.0 as usize], true) {
        node = dag.dependencies(node).find(waits).unwrap_or(node);
    }
    node
}

/// A set of numbers that gives the smallest one first. One bit a number, and above each level one bit
/// for every 64 of it that says whether any is set.
struct Ready {
    levels: Vec<Vec<u64>>,
}

impl Ready {
    /// An empty set for numbers below `bound`.
    fn new(bound: u32) -> Ready {
        let mut levels = Vec::new();
        let mut size = bound as usize;
        while levels.is_empty() || size > 1 {
            size = size.div_ceil(64).max(1);
            levels.push(vec![0; size]);
        }
        Ready { levels }
    }

    fn insert(&mut self, number: u32) {
        let mut at = number as usize;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            let was_empty = *word == 0;
            *word |= 1 << (at % 64);
            if !was_empty {
                return;
            }
            at /= 64;
        }
    }

    fn take_first(&mut self) -> Option<u32> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            if level[at] == 0 {
                return None;
            }
            at = at * 64 + level[at].trailing_zeros() as usize;
        }
        let first = at as u32;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            *word &= !(1 << (at % 64));
            if *word != 0 {
                break;
            }
            at /= 64;
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_smallest_number_comes_first() {
        for bound in [1, 2, 64, 65, 4096, 4097, 300_000] {
            let mut random = fastrand::Rng::with_seed(u64::from(bound));
            let (mut ready, mut model) = (Ready::new(bound), BTreeSet::new());
            for _ in 0..2000 {
                if random.bool() {
                    let number = random.u32(..bound);
                    ready.insert(number);
                    model.insert(number);
                } else {
                    assert_eq!(ready.take_first(), model.pop_first(), "bound {bound}");
                }
            }
        }
        assert_eq!(Ready::new(0).take_first(), None);
    }
}
