//! A DAG's dependencies as three arrays, to be read from front to back.

use crate::dag::{Dag, Node};

/// For each node its dependencies, as positions in the list of nodes.
///
/// Nodes stand in creation order. Unless nodes were removed, a node's position is its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csr {
    /// The nodes, oldest first.
    pub nodes: Vec<Node>,
    /// `dependencies[offsets[i]..offsets[i + 1]]` are those of `nodes[i]`. One longer than `nodes`.
    pub offsets: Vec<u32>,
    /// Positions in `nodes`, for each node in the order its edges were added.
    pub dependencies: Vec<u32>,
}

impl Csr {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The positions of what the node at `position` depends on.
    #[inline]
    pub fn dependencies(&self, position: usize) -> &[u32] {
        &self.dependencies[self.offsets[position] as usize..self.offsets[position + 1] as usize]
    }

    /// A node's position.
    pub fn position(&self, node: Node) -> Option<u32> {
        self.nodes.binary_search(&node).ok().map(|position| position as u32)
    }
}

/// Linear in nodes and edges.
pub(crate) fn csr(dag: &Dag) -> Csr {
    let nodes: Vec<Node> = dag.nodes().collect();
    let whole = nodes.len() == dag.bound() as usize;
    if whole && let Some((offsets, dependencies)) = captured(dag) {
        return Csr { nodes, offsets, dependencies };
    }
    let mut positions = vec![0u32; dag.bound() as usize];
    for (&node, position) in nodes.iter().zip(0..) {
        positions[node.0 as usize] = position;
    }
    let (offsets, dependencies) = gathered(dag, nodes.len(), &positions);
    Csr { nodes, offsets, dependencies }
}

/// When each node's edges were added after those of all older nodes, as a capture does, the edges lie
/// as they are wanted. `None` when they do not.
fn captured(dag: &Dag) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut offsets = Vec::with_capacity(dag.len() + 1);
    let mut dependencies = Vec::with_capacity(dag.edge_count());
    for (from, to, _) in dag.edges() {
        let to = to.0 as usize;
        if to + 1 < offsets.len() {
            return None;
        }
        offsets.resize(to + 1, dependencies.len() as u32);
        dependencies.push(from.0);
    }
    offsets.resize(dag.len() + 1, dependencies.len() as u32);
    Some((offsets, dependencies))
}

fn gathered(dag: &Dag, len: usize, positions: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0u32; len + 1];
    for (_, to, _) in dag.edges() {
        offsets[positions[to.0 as usize] as usize + 1] += 1;
    }
    for i in 0..len {
        offsets[i + 1] += offsets[i];
    }
    // Each offset runs to the end of its node's part, which is where the next node's began.
    let mut dependencies = vec![0u32; dag.edge_count()];
    for (from, to, _) in dag.edges() {
        let offset = &mut offsets[positions[to.0 as usize] as usize];
        dependencies[*offset as usize] = positions[from.0 as usize];
        *offset += 1;
    }
    offsets.rotate_right(1);
    offsets[0] = 0;
    (offsets, dependencies)
}
