//! One lane for everything: one batch in topological order, cut by barriers.

use smallvec::SmallVec;

use crate::flatten::{Flat, Kind};
use crate::plan::{Batch, Plan, Step};

/// The plan of a flat graph in one lane, host ops included.
///
/// A barrier stands before an op exactly when one of its dependencies stands behind the last
/// barrier; no set of barriers for this order is smaller.
pub(crate) fn cut(flat: Flat) -> Plan {
    // By item: how many ops of the order must be done before whatever follows it may begin.
    let mut reach: Vec<u32> = Vec::with_capacity(flat.len());
    let mut order = Vec::with_capacity(flat.len());
    let mut barriers = Vec::new();
    let mut barrier = 0;
    for (item, (&place, &kind)) in flat.places.iter().zip(&flat.kinds).enumerate() {
        let mut need = 0;
        for &from in flat.dependencies(item) {
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
    Plan { lanes: steps.len() as u32, steps, order, barriers, paths: flat.paths }
}
