//! A DAG with all its children inlined, as one list in topological order with its dependencies.
//!
//! A child becomes an empty node that its roots depend on, its own nodes, and an empty node that
//! depends on its leaves; so a child with many edges around it costs their sum, not their product.

use std::collections::HashMap;

use stream_hal_capture::csr::Csr;
use stream_hal_capture::dag::{self, Dag};
use stream_hal_capture::{Node, Op};

use crate::plan::{Error, MAX_NODES, Path, Place};

/// What a planner needs to know of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Device,
    Host,
    Empty,
}

/// The nodes in topological order.
#[derive(Default)]
pub(crate) struct Flat {
    pub places: Vec<Place>,
    pub kinds: Vec<Kind>,
    /// The dependencies of item `i` are `dependencies[starts[i]..starts[i + 1]]`, all below `i`.
    starts: Vec<u32>,
    dependencies: Vec<u32>,
    pub paths: Vec<Path>,
    pub has_host: bool,
}

impl Flat {
    /// Inlines all children.
    pub fn new(dag: &Dag) -> Result<Flat, Error> {
        if dag.child(0).is_none() {
            return Flat::plain(dag);
        }
        let nodes = inlined(dag)?;
        let mut flat = Flat { starts: vec![0], ..Flat::default() };
        flat.places.reserve_exact(nodes);
        flat.kinds.reserve_exact(nodes);
        flat.starts.reserve_exact(nodes);
        flat.dependencies.reserve(dag.edge_count());
        let mut frames = vec![Frame::new(dag, 0, None)?];
        while let Some(frame) = frames.last_mut() {
            match frame.next() {
                Some(at) => {
                    if let Some(inner) = flat.enter(frame, at)? {
                        frames.push(inner);
                    }
                }
                None => {
                    let done = frames.pop().expect("the loop runs while there is a frame");
                    flat.leave(&done, frames.last_mut());
                }
            }
        }
        Ok(flat)
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// What an item depends on.
    #[inline]
    pub fn dependencies(&self, item: usize) -> &[u32] {
        &self.dependencies[self.starts[item] as usize..self.starts[item + 1] as usize]
    }

    /// A DAG without children: its own arrays are the flat ones, in another order if need be.
    fn plain(dag: &Dag) -> Result<Flat, Error> {
        let csr = dag.csr();
        let kinds = csr.nodes.iter().map(|&node| kind(dag, node)).collect::<Result<Vec<_>, _>>()?;
        let mut flat = Flat { has_host: kinds.contains(&Kind::Host), ..Flat::default() };
        let place = |&node: &Node| Place { path: 0, node };
        if dag.is_ordered() {
            flat.places = csr.nodes.iter().map(place).collect();
            (flat.kinds, flat.starts, flat.dependencies) = (kinds, csr.offsets, csr.dependencies);
            return Ok(flat);
        }
        let order = sorted(dag, &csr)?;
        // By position: the item.
        let mut items = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&at, item)| items[at as usize] = item);
        flat.places = order.iter().map(|&at| place(&csr.nodes[at as usize])).collect();
        flat.kinds = order.iter().map(|&at| kinds[at as usize]).collect();
        flat.starts = Vec::with_capacity(order.len() + 1);
        flat.dependencies = Vec::with_capacity(csr.dependencies.len());
        flat.starts.push(0);
        for at in order {
            let from = csr.dependencies(at as usize).iter().map(|&from| items[from as usize]);
            flat.dependencies.extend(from);
            flat.starts.push(flat.dependencies.len() as u32);
        }
        Ok(flat)
    }

    /// Takes one node; gives the frame of the child if it is a child graph node.
    fn enter<'a>(&mut self, frame: &mut Frame<'a>, at: u32) -> Result<Option<Frame<'a>>, Error> {
        let node = frame.csr.nodes[at as usize];
        let op = frame.dag.op(node).map_err(|_| Error::NoChild(node))?;
        let before = self.dependencies.len();
        for &from in frame.csr.dependencies(at as usize) {
            self.dependencies.push(frame.items[from as usize]);
            if let Some(inner) = &mut frame.inner {
                inner.is_inside[from as usize] = true;
            }
        }
        if before == self.dependencies.len()
            && let Some(inner) = &frame.inner
        {
            self.dependencies.push(inner.entry);
        }
        let place = Place { path: frame.path, node };
        let item = match op {
            Op::Graph { graph, .. } => {
                let child = frame.dag.child(*graph).ok_or(Error::NoChild(node))?;
                let entry = self.push(place, Kind::Empty)?;
                self.paths.push(Path { parent: frame.path, node });
                let inner = Inner { entry, node, at, is_inside: vec![false; child.len()] };
                return Frame::new(child, self.paths.len() as u32, Some(inner)).map(Some);
            }
            _ => {
                let kind = kind(frame.dag, node)?;
                self.has_host |= kind == Kind::Host;
                self.push(place, kind)?
            }
        };
        frame.items[at as usize] = item;
        Ok(None)
    }

    /// Ends a child: one empty item after its leaves stands for it from now on.
    fn leave(&mut self, frame: &Frame<'_>, parent: Option<&mut Frame<'_>>) {
        let (Some(inner), Some(parent)) = (&frame.inner, parent) else { return };
        let before = self.dependencies.len();
        for (&item, is_inside) in frame.items.iter().zip(&inner.is_inside) {
            if !is_inside {
                self.dependencies.push(item);
            }
        }
        if before == self.dependencies.len() {
            self.dependencies.push(inner.entry);
        }
        let exit = self.add(Place { path: parent.path, node: inner.node }, Kind::Empty);
        parent.items[inner.at as usize] = exit;
    }

    fn push(&mut self, place: Place, kind: Kind) -> Result<u32, Error> {
        if self.kinds.len() >= MAX_NODES as usize || self.dependencies.len() > u32::MAX as usize / 2 {
            return Err(Error::Full);
        }
        Ok(self.add(place, kind))
    }

    #[inline]
    fn add(&mut self, place: Place, kind: Kind) -> u32 {
        self.places.push(place);
        self.kinds.push(kind);
        self.starts.push(self.dependencies.len() as u32);
        self.kinds.len() as u32 - 1
    }
}

/// Whether a DAG is flat as it lies.
pub(crate) fn is_plain(dag: &Dag) -> bool {
    dag.child(0).is_none() && dag.is_ordered()
}

/// The kind of a node that is no child graph.
#[inline]
pub(crate) fn kind(dag: &Dag, node: Node) -> Result<Kind, Error> {
    match dag.op(node) {
        Err(_) | Ok(Op::Graph { .. }) => Err(Error::NoChild(node)),
        Ok(Op::Empty) => Ok(Kind::Empty),
        Ok(Op::Host(_)) => Ok(Kind::Host),
        Ok(_) => Ok(Kind::Device),
    }
}

/// A DAG on the way of being taken in. Its nodes are known by their position.
struct Frame<'a> {
    dag: &'a Dag,
    path: u32,
    csr: Csr,
    /// Positions in topological order; `None` where they are already.
    order: Option<Vec<u32>>,
    taken: usize,
    /// By position: the item.
    items: Vec<u32>,
    /// For a child.
    inner: Option<Inner>,
}

struct Inner {
    entry: u32,
    /// The child graph node, and its position in the parent.
    node: Node,
    at: u32,
    /// By position: something in the child depends on it.
    is_inside: Vec<bool>,
}

impl<'a> Frame<'a> {
    fn new(dag: &'a Dag, path: u32, inner: Option<Inner>) -> Result<Frame<'a>, Error> {
        let csr = dag.csr();
        let order = if dag.is_ordered() { None } else { Some(sorted(dag, &csr)?) };
        let items = vec![0; csr.len()];
        Ok(Frame { dag, path, csr, order, taken: 0, items, inner })
    }

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let at = self.taken;
        self.taken += 1;
        match &self.order {
            None => (at < self.items.len()).then_some(at as u32),
            Some(order) => order.get(at).copied(),
        }
    }
}

fn sorted(dag: &Dag, csr: &Csr) -> Result<Vec<u32>, Error> {
    let order = dag.order().map_err(|error| match error {
        dag::Error::Cycle(node) => Error::Cycle(node),
        _ => Error::Full,
    })?;
    if csr.len() == dag.bound() as usize {
        return Ok(order.into_iter().map(|node| node.0).collect());
    }
    let mut positions = vec![0; dag.bound() as usize];
    for (node, at) in csr.nodes.iter().zip(0..) {
        positions[node.0 as usize] = at;
    }
    Ok(order.into_iter().map(|node| positions[node.0 as usize]).collect())
}

/// How many items there will be. Children may be shared, so that a small graph inlines to more than
/// memory holds; each distinct one is counted once.
fn inlined(dag: &Dag) -> Result<usize, Error> {
    let mut sizes: HashMap<*const Dag, u64> = HashMap::new();
    let mut stack = vec![(dag, false)];
    while let Some((dag, children_known)) = stack.pop() {
        if sizes.contains_key(&(dag as *const Dag)) {
            continue;
        }
        if !children_known {
            stack.push((dag, true));
            stack.extend(children(dag).map(|child| (child, false)));
            continue;
        }
        let inner = children(dag)
            .map(|child| sizes.get(&(child as *const Dag)).map_or(0, |size| size.saturating_add(1)));
        let size = inner.fold(dag.len() as u64, u64::saturating_add);
        sizes.insert(dag, size);
    }
    let size = sizes[&(dag as *const Dag)];
    if size > u64::from(MAX_NODES) { Err(Error::Full) } else { Ok(size as usize) }
}

fn children(dag: &Dag) -> impl Iterator<Item = &Dag> {
    dag.nodes().filter_map(|node| match dag.op(node) {
        Ok(Op::Graph { graph, .. }) => dag.child(*graph).map(|child| &**child),
        _ => None,
    })
}
