//! Whether a plan keeps every edge of its DAG: a second opinion that shares no code with the planner.
//!
//! Each step gets a vector clock from its lane's order and its waits. An edge within a step needs a
//! barrier between its ends; any other needs the clock of the later step to show the earlier one.

use std::collections::{BTreeMap, HashMap};

use stream_hal_capture::{Dag, Op};

use crate::plan::{Batch, Path, Place, Plan, Step};

/// What a plan lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// Nothing orders these two ops, though an edge does.
    #[error("nothing orders node {} (path {}) before node {} (path {})", .0.node.0, .0.path, .1.node.0, .1.path)]
    Edge(Place, Place),
    /// The op does not appear exactly once.
    #[error("node {} (path {}) appears {count} times", .place.node.0, .place.path)]
    Count {
        /// The op.
        place: Place,
        /// How often.
        count: usize,
    },
    /// A child graph node without a path, or a path that leads nowhere.
    #[error("the path of node {} in path {} is wrong", .0.node.0, .0.parent)]
    Path(Path),
    /// A step is not as the plan's own rules say.
    #[error("step {step}: {what}")]
    Step {
        /// Its index.
        step: usize,
        /// The rule.
        what: &'static str,
    },
    /// The DAG has a cycle.
    #[error("the graph has a cycle")]
    Cycle,
}

/// Looks for a gap in a plan of a DAG.
pub fn check(dag: &Dag, plan: &Plan) -> Result<(), Gap> {
    let clocks = check_steps(plan)?;
    let graph = Expanded::new(dag, plan)?;
    let mut needs: Vec<Needs> = vec![Needs::new(); graph.places.len()];
    for vertex in graph.sorted()? {
        let mut own = Needs::new();
        for &from in &graph.before[vertex] {
            match graph.places[from] {
                Some(place) => clocks.require(&mut own, place),
                None => needs[from].values().for_each(|&place| clocks.require(&mut own, place)),
            }
        }
        match graph.places[vertex] {
            None => needs[vertex] = own,
            Some(place) => {
                if let Some(&lost) = own.values().find(|&&from| !clocks.is_before(plan, from, place)) {
                    return Err(Gap::Edge(plan.order[lost as usize], plan.order[place as usize]));
                }
            }
        }
    }
    Ok(())
}

/// By lane, the last place there that something depends on. Of two places of a lane the later says
/// all: whatever waits for it waits for the earlier too.
type Needs = BTreeMap<u32, u32>;

struct Clocks {
    /// By place: its step.
    step: Vec<usize>,
    /// By step: lane and signal.
    signals: Vec<(u32, u32)>,
    /// By step: how far each lane is done when it begins.
    begins: Vec<Vec<u32>>,
}

impl Clocks {
    fn require(&self, needs: &mut Needs, place: u32) {
        let (lane, signal) = self.signals[self.step[place as usize]];
        let last = needs.entry(lane).or_insert(place);
        if (signal, place) > (self.signals[self.step[*last as usize]].1, *last) {
            *last = place;
        }
    }

    fn is_before(&self, plan: &Plan, from: u32, to: u32) -> bool {
        let (first, second) = (self.step[from as usize], self.step[to as usize]);
        if first == second {
            return plan
                .barriers
                .iter()
                .skip(plan.barriers.partition_point(|&b| b <= from))
                .any(|&b| b <= to);
        }
        let (lane, signal) = self.signals[first];
        self.begins[second][lane as usize] >= signal
    }
}

/// The plan's own rules: ranges, signals, waits on what has been signalled before.
fn check_steps(plan: &Plan) -> Result<Clocks, Gap> {
    let lanes = plan.lanes as usize;
    let mut clocks =
        Clocks { step: vec![usize::MAX; plan.order.len()], signals: Vec::new(), begins: Vec::new() };
    // By lane, by value: how far each lane is done when it is reached.
    let mut reached: Vec<Vec<Vec<u32>>> = vec![vec![vec![0; lanes]]; lanes];
    for (i, step) in plan.steps.iter().enumerate() {
        let rule = |holds: bool, what| if holds { Ok(()) } else { Err(Gap::Step { step: i, what }) };
        let (Step::Batch(batch) | Step::Host(batch)) = step;
        rule(batch.lane < plan.lanes, "its lane is not the plan's")?;
        rule(!batch.nodes.is_empty() && batch.nodes.end as usize <= plan.order.len(), "its range is wrong")?;
        rule(!matches!(step, Step::Host(_)) || batch.nodes.len() == 1, "a host step has one op")?;
        let own = &reached[batch.lane as usize];
        rule(batch.signal as usize == own.len(), "its signal is not the next of its lane")?;
        let mut begin = own[own.len() - 1].clone();
        for wait in &batch.waits {
            let known = reached.get(wait.lane as usize).and_then(|lane| lane.get(wait.value as usize));
            rule(known.is_some() && wait.lane != batch.lane, "it waits for what no earlier step signals")?;
            let known = known.into_iter().flatten();
            begin.iter_mut().zip(known).for_each(|(have, &new)| *have = new.max(*have));
        }
        let mut end = begin.clone();
        end[batch.lane as usize] = batch.signal;
        reached[batch.lane as usize].push(end);
        claim(&mut clocks, batch, i)?;
        clocks.begins.push(begin);
    }
    let step = plan.steps.len();
    let is_sorted = plan.barriers.is_sorted_by(|a, b| a < b);
    if !is_sorted || plan.barriers.last().is_some_and(|&b| b as usize >= plan.order.len()) {
        return Err(Gap::Step { step, what: "the barriers are not ascending places" });
    }
    if clocks.step.contains(&usize::MAX) {
        return Err(Gap::Step { step, what: "a place belongs to no step" });
    }
    Ok(clocks)
}

fn claim(clocks: &mut Clocks, batch: &Batch, step: usize) -> Result<(), Gap> {
    for place in batch.nodes.clone() {
        if clocks.step[place as usize] != usize::MAX {
            return Err(Gap::Step { step, what: "its range is another step's too" });
        }
        clocks.step[place as usize] = step;
    }
    clocks.signals.push((batch.lane, batch.signal));
    Ok(())
}

/// The DAG and its children as one graph: a vertex per node, one more where a child begins. A child
/// graph node's own vertex is where it ends.
struct Expanded {
    /// By vertex: the place of an op; `None` for what only orders.
    places: Vec<Option<u32>>,
    before: Vec<Vec<usize>>,
}

impl Expanded {
    fn new(dag: &Dag, plan: &Plan) -> Result<Expanded, Gap> {
        let mut places: HashMap<Place, Vec<u32>> = HashMap::new();
        for (i, &place) in plan.order.iter().enumerate() {
            places.entry(place).or_default().push(i as u32);
        }
        let mut graph = Expanded { places: Vec::new(), before: Vec::new() };
        // By path: the DAG, its first vertex, and where it begins.
        let mut dags: Vec<(&Dag, usize, Option<usize>)> = vec![(dag, 0, None)];
        graph.add_nodes(dag, 0, &mut places)?;
        for (i, &path) in plan.paths.iter().enumerate() {
            let &(parent, first, _) = dags.get(path.parent as usize).ok_or(Gap::Path(path))?;
            let Ok(Op::Graph { graph: child, .. }) = parent.op(path.node) else {
                return Err(Gap::Path(path));
            };
            let child = parent.child(*child).ok_or(Gap::Path(path))?;
            let entry = graph.add(None);
            let exit = first + path.node.0 as usize;
            graph.before[entry] = std::mem::replace(&mut graph.before[exit], vec![entry]);
            let start = graph.places.len();
            graph.add_nodes(child, i as u32 + 1, &mut places)?;
            for node in child.nodes() {
                let vertex = start + node.0 as usize;
                graph.before[exit].push(vertex);
                graph.before[vertex].push(entry);
            }
            dags.push((child, start, Some(entry)));
        }
        graph.check_paths(&dags)?;
        match places.into_iter().next() {
            Some((place, found)) => Err(Gap::Count { place, count: found.len() }),
            None => Ok(graph),
        }
    }

    fn add(&mut self, place: Option<u32>) -> usize {
        self.places.push(place);
        self.before.push(Vec::new());
        self.places.len() - 1
    }

    /// A vertex per creation number; those of removed nodes order nothing.
    fn add_nodes(&mut self, dag: &Dag, path: u32, places: &mut HashMap<Place, Vec<u32>>) -> Result<(), Gap> {
        let start = self.places.len();
        (0..dag.bound()).for_each(|_| {
            self.add(None);
        });
        for node in dag.nodes() {
            let vertex = start + node.0 as usize;
            self.before[vertex] = dag.dependencies(node).map(|from| start + from.0 as usize).collect();
            if matches!(dag.op(node), Ok(Op::Empty | Op::Graph { .. })) {
                continue;
            }
            let place = Place { path, node };
            let found = places.remove(&place).unwrap_or_default();
            if found.len() != 1 {
                return Err(Gap::Count { place, count: found.len() });
            }
            self.places[vertex] = Some(found[0]);
        }
        Ok(())
    }

    /// Each child graph node has its path.
    fn check_paths(&self, dags: &[(&Dag, usize, Option<usize>)]) -> Result<(), Gap> {
        let begins: std::collections::HashSet<usize> = dags.iter().filter_map(|dag| dag.2).collect();
        for (parent, &(dag, start, _)) in dags.iter().enumerate() {
            for node in dag.nodes().filter(|&node| matches!(dag.op(node), Ok(Op::Graph { .. }))) {
                let before = &self.before[start + node.0 as usize];
                if !before.first().is_some_and(|entry| begins.contains(entry)) {
                    return Err(Gap::Path(Path { parent: parent as u32, node }));
                }
            }
        }
        Ok(())
    }

    fn sorted(&self) -> Result<Vec<usize>, Gap> {
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); self.before.len()];
        for (to, before) in self.before.iter().enumerate() {
            before.iter().for_each(|&from| after[from].push(to));
        }
        let mut missing: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..missing.len()).filter(|&vertex| missing[vertex] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            for &to in &after[order[at]] {
                missing[to] -= 1;
                if missing[to] == 0 {
                    order.push(to);
                }
            }
            at += 1;
        }
        if order.len() == missing.len() { Ok(order) } else { Err(Gap::Cycle) }
    }
}
