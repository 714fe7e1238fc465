//! One lane for everything: one batch in topological order, cut by barriers.

use smallvec::SmallVec;
use stream_hal_capture::Dag;

use crate::flatten::{self, Flat, Kind};
use crate::plan::{Batch, Error, Place, Plan, Step};

/// The plan of a flat graph in one lane, host ops included.
pub(crate) fn cut(flat: Flat) -> Result<Plan, Error> {
    let items = (0..flat.len()).map(|i| Ok((flat.places[i], flat.kinds[i], flat.dependencies(i))));
    let plan = cut_items(items, flat.len())?;
    Ok(Plan { paths: flat.paths, ..plan })
}

/// The same for a DAG that is flat as it lies: without children, in creation order.
pub(crate) fn cut_plain(dag: &Dag) -> Result<Plan, Error> {
    let csr = dag.csr();
    let items = (0..csr.len()).map(|i| {
        let node = csr.nodes[i];
        let kind = flatten::kind(dag, node)?;
        Ok((Place { path: 0, node }, kind, csr.dependencies(i)))
    });
    cut_items(items, csr.len())
}

/// A barrier stands before an op exactly when one of its dependencies stands behind the last
/// barrier; no set of barriers for this order is smaller.
#[inline]
fn cut_items<'a>(
    items: impl Iterator<Item = Result<(Place, Kind, &'a [u32]), Error>>,
    count: usize,
) -> Result<Plan, Error> {
    // By item: how many ops of the order must be done before whatever follows it may begin.
    let mut reach: Vec<u32> = Vec::with_capacity(count);
    let mut order = Vec::with_capacity(count);
    let mut barriers = Vec::new();
    let mut barrier = 0;
    for item in items {
        let (place, kind, dependencies) = item?;
        let mut need = 0;
        for &from in dependencies {
            need = need.max(reach[from as usize]);
        }
        if kind == Kind::Empty {
            reach.push(need);
            continue;
        }
        if need > barrier {
            barrier = order.len() as u32;
            barriers.push(barrier);
        }
        order.push(place);
        reach.push(order.len() as u32);
    }
    let ops = order.len() as u32;
    let steps = match ops {
        0 => Vec::new(),
        _ => vec![Step::Batch(Batch { lane: 0, nodes: 0..ops, waits: SmallVec::new(), signal: 1 })],
    };
    Ok(Plan { lanes: steps.len() as u32, steps, order, barriers, paths: Vec::new() })
}
