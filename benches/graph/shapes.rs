//! The shapes of graphs that are measured.

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Kernel,
    Fill,
    Host,
    Empty,
}

impl Kind {
    /// The same with a fill where there was work for the device.
    pub fn as_fill(self) -> Kind {
        if self == Kind::Kernel { Kind::Fill } else { self }
    }
}

/// Nodes in order of creation, each with what it depends on.
#[derive(Default)]
pub struct Shape {
    pub kinds: Vec<Kind>,
    starts: Vec<usize>,
    edges: Vec<u32>,
}

impl Shape {
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// What a node depends on.
    pub fn dependencies(&self, node: usize) -> &[u32] {
        let end = self.starts.get(node + 1).copied().unwrap_or(self.edges.len());
        &self.edges[self.starts[node]..end]
    }

    /// All edges, from and to.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.len()).flat_map(|to| self.dependencies(to).iter().map(move |&from| (from, to as u32)))
    }

    fn push(&mut self, kind: Kind, dependencies: impl IntoIterator<Item = u32>) {
        self.kinds.push(kind);
        self.starts.push(self.edges.len());
        self.edges.extend(dependencies);
    }
}

/// The shape of this name with about `n` nodes.
pub fn shape(name: &str, n: usize) -> Shape {
    match name {
        "linear" => linear(n),
        "fanout" => fanout(n),
        "diamond" => diamond(n),
        "interleaved" => interleaved(n),
        "mixed" => mixed(n),
        "deps" => deps(16),
        "forkjoin" => forkjoin(n),
        "random" => random(n),
        "reverse" => reverse(n),
        "shuffled" => shuffled(n),
        _ => panic!("there is no shape {name}"),
    }
}

/// All names.
pub const NAMES: &[&str] = &[
    "linear",
    "fanout",
    "diamond",
    "interleaved",
    "mixed",
    "deps",
    "forkjoin",
    "random",
    "reverse",
    "shuffled",
];

fn linear(n: usize) -> Shape {
    let mut shape = Shape::default();
    (0..n as u32).for_each(|i| shape.push(Kind::Kernel, i.checked_sub(1)));
    shape
}

/// A root and the rest behind it.
fn fanout(n: usize) -> Shape {
    let mut shape = Shape::default();
    (0..n).for_each(|i| shape.push(Kind::Kernel, (i > 0).then_some(0)));
    shape
}

/// A root, the rest behind it, and one node behind all of those.
fn diamond(n: usize) -> Shape {
    let mut shape = fanout(n.max(3) - 1);
    let last = shape.len() as u32;
    shape.push(Kind::Kernel, 1..last);
    shape
}

/// A chain in which every 21st node is a host call.
fn interleaved(n: usize) -> Shape {
    let kind = |i: u32| if (i + 1).is_multiple_of(21) { Kind::Host } else { Kind::Kernel };
    let mut shape = Shape::default();
    (0..n as u32).for_each(|i| shape.push(kind(i), i.checked_sub(1)));
    shape
}

/// 60 % kernels, 30 % fills (copies among them elsewhere), 10 % host calls; half of the nodes depend
/// on the one before, the others are roots. The numbers are those of glibc's `srand(42)`.
fn mixed(n: usize) -> Shape {
    let mut random = Glibc::new(42);
    let mut shape = Shape::default();
    for i in 0..n as u32 {
        let kind = match random.next() % 100 {
            0..60 => Kind::Kernel,
            60..90 => Kind::Fill,
            _ => Kind::Host,
        };
        let follows = i > 0 && random.next() % 100 >= 50;
        shape.push(kind, follows.then(|| i - 1));
    }
    shape
}

/// `d` empty roots, and 100 empty nodes behind all of them.
fn deps(d: u32) -> Shape {
    let mut shape = Shape::default();
    (0..d).for_each(|_| shape.push(Kind::Empty, None));
    (0..100).for_each(|_| shape.push(Kind::Empty, 0..d));
    shape
}

/// Blocks in series: a fork into 30 nodes and their join.
fn forkjoin(n: usize) -> Shape {
    let mut shape = Shape::default();
    while shape.len() < n {
        let fork = shape.len() as u32;
        shape.push(Kind::Kernel, fork.checked_sub(1));
        (0..30).for_each(|_| shape.push(Kind::Kernel, [fork]));
        shape.push(Kind::Kernel, fork + 1..fork + 31);
    }
    shape
}

/// Up to two dependencies among the 256 nodes before.
fn random(n: usize) -> Shape {
    let mut random = fastrand::Rng::with_seed(7);
    let mut shape = Shape::default();
    for i in 0..n as u32 {
        let mut before = [0; 2].map(|_| random.u32(i.saturating_sub(256)..i.max(1)));
        before.sort_unstable();
        let count = if i == 0 { 0 } else { 1 + usize::from(before[0] != before[1]) };
        shape.push(Kind::Kernel, before[2 - count..].iter().copied());
    }
    shape
}

/// A chain whose nodes are created last one first.
fn reverse(n: usize) -> Shape {
    let mut shape = Shape::default();
    (0..n as u32).for_each(|i| shape.push(Kind::Kernel, (i + 1 < n as u32).then_some(i + 1)));
    shape
}

/// The random shape with its nodes created in a random order.
fn shuffled(n: usize) -> Shape {
    let plain = random(n);
    let mut place: Vec<u32> = (0..n as u32).collect();
    fastrand::Rng::with_seed(8).shuffle(&mut place);
    let mut node_at = vec![0; n];
    place.iter().enumerate().for_each(|(node, &place)| node_at[place as usize] = node);
    let mut shape = Shape::default();
    for node in node_at {
        shape.push(Kind::Kernel, plain.dependencies(node).iter().map(|&from| place[from as usize]));
    }
    shape
}

/// glibc's additive generator.
struct Glibc {
    state: Vec<u32>,
}

impl Glibc {
    fn new(seed: u32) -> Glibc {
        let mut state = vec![seed];
        for i in 1..31 {
            state.push((u64::from(state[i - 1]) * 16_807 % 0x7fff_ffff) as u32);
        }
        (31..34).for_each(|i| state.push(state[i - 31]));
        let mut glibc = Glibc { state };
        for _ in 0..310 {
            glibc.next();
        }
        glibc
    }

    fn next(&mut self) -> u32 {
        let i = self.state.len();
        let sum = self.state[i - 3].wrapping_add(self.state[i - 31]);
        self.state.push(sum);
        sum >> 1
    }
}

/// The counts that the same generator gave elsewhere: kernels, fills, host calls, edges.
pub fn check() {
    let counts =
        [(100, [58, 33, 9, 49]), (1_000, [599, 291, 110, 494]), (10_000, [5_951, 3_024, 1_025, 4_971])];
    for (n, expect) in counts {
        let shape = mixed(n);
        let count = |kind| shape.kinds.iter().filter(|&&other| other == kind).count();
        let found = [count(Kind::Kernel), count(Kind::Fill), count(Kind::Host), shape.edges.len()];
        assert_eq!(found, expect, "mixed({n})");
    }
    for name in NAMES {
        let shape = shape(name, 1_000);
        assert!(shape.edges().all(|(from, to)| from != to && (from as usize) < shape.len()), "{name}");
    }
}
