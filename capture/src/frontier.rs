//! A frontier: the nodes that the next op of a stream depends on, each once, in the order they came.

use std::collections::HashSet;

use smallvec::SmallVec;

use crate::dag::Node;

/// Up to this many nodes a repeat is looked for one by one.
const FEW: usize = 16;

/// A list of nodes without repeats. Adding n nodes takes O(n) steps.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    nodes: SmallVec<[Node; 4]>,
    /// All of `nodes`, once they are more than [`FEW`].
    seen: Option<HashSet<Node>>,
}

impl Frontier {
    /// The nodes, in the order they were added.
    #[inline]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// This node alone.
    #[inline]
    pub fn reset(&mut self, node: Node) {
        match self.nodes.as_mut_slice() {
            [only] => *only = node,
            _ => self.replace(&[node]),
        }
    }

    /// These nodes alone.
    pub fn replace(&mut self, nodes: &[Node]) {
        self.nodes.clear();
        self.seen = None;
        self.merge(nodes);
    }

    /// These nodes too.
    pub fn merge(&mut self, nodes: &[Node]) {
        for &node in nodes {
            self.insert(node);
        }
    }

    /// Whether the node is among them.
    pub fn contains(&self, node: Node) -> bool {
        match &self.seen {
            Some(seen) => seen.contains(&node),
            None => self.nodes.contains(&node),
        }
    }

    fn insert(&mut self, node: Node) {
        let repeat = match &mut self.seen {
            Some(seen) => !seen.insert(node),
            None => self.nodes.contains(&node),
        };
        if repeat {
            return;
        }
        self.nodes.push(node);
        if self.nodes.len() > FEW && self.seen.is_none() {
            self.seen = Some(self.nodes.iter().copied().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stand_once_in_the_order_they_came() {
        for length in [0, 1, 2, FEW as u32, FEW as u32 + 1, 1000] {
            let mut frontier = Frontier::default();
            for _ in 0..2 {
                frontier.merge(&(0..length).rev().map(Node).collect::<Vec<_>>());
            }
            let expect: Vec<Node> = (0..length).rev().map(Node).collect();
            assert_eq!(frontier.nodes(), expect, "{length} nodes");
            assert_eq!((0..2 * length).filter(|&i| frontier.contains(Node(i))).count(), length as usize);
            frontier.reset(Node(7));
            assert_eq!(frontier.nodes(), [Node(7)]);
            assert!(!frontier.contains(Node(1)));
        }
    }
}
