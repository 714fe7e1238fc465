//! What threads change side by side: atomics of all kinds, graphs, work in stages.

use fastrand::Rng;

use super::check::Argument::{Bytes, Long, Word};
use super::check::{Argument, COUNTS, Check, Run, Samples, check, cover, equal, floats, line, same, words};

pub const CHECKS: &[Check] = &[
    check("atomics", &["atomics_u32", "atomics_u64"], every_kind),
    check("atomics", &["atomics_stack"], stack),
    check("atomics", &["atomics_by_cas"], by_cas),
    check("atomics", &["atomics_claim"], claim),
    check("graph", &["graph_bfs_level", "graph_bfs_queue"], breadth_first),
    check("graph", &["graph_union", "graph_find"], parts),
    check("graph", &["graph_relax", "graph_rank"], shortest_and_ranks),
    check("pipeline", &["pipeline_copies"], copies),
    check("pipeline", &["pipeline_mbarrier"], barrier),
    check("pipeline", &["pipeline_edit_distance"], edit_distance),
    check("pipeline", &["pipeline_sieve", "pipeline_collatz"], numbers),
];

fn every_kind(samples: &Samples) {
    let run = samples.start("atomics");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let values = words(&mut random, count);
        let cells = run.upload(&[0, 0, u32::MAX, 0, u32::MAX, 0, 0, 3, 3, i32::MAX as u32, i32::MIN as u32]);
        let arguments = [Long(cells), Long(run.upload(&values)), Word(count as u32)];
        run.launch("atomics_u32", cover(count, 96), 0, &arguments);
        let all = |start: u32, op: fn(u32, u32) -> u32| values.iter().copied().fold(start, op);
        let signed = values.iter().map(|&value| value as i32);
        let steps = count as u32 % 7;
        let expect = [
            all(0, u32::wrapping_add),
            all(0, u32::wrapping_sub),
            all(u32::MAX, u32::min),
            all(0, u32::max),
            all(u32::MAX, |all, value| all & (value | 0xff00_00ff)),
            all(0, |all, value| all | value & 0x00ff_ff00),
            all(0, |all, value| all ^ value),
            (3 + steps) % 7,
            (3 + 7 - steps) % 7,
            signed.clone().min().unwrap() as u32,
            signed.max().unwrap() as u32,
        ];
        equal(&format!("{count} of 32 bits"), &run.download::<u32>(cells, 11), &expect);

        let values: Vec<u64> = (0..count).map(|_| random.u64(..)).collect();
        let cells = run.upload(&[5, u64::MAX, 0, 0]);
        let arguments = [Long(cells), Long(run.upload(&values)), Word(count as u32)];
        run.launch("atomics_u64", cover(count, 96), 0, &arguments);
        let all = |start: u64, op: fn(u64, u64) -> u64| values.iter().copied().fold(start, op);
        let expect = [
            all(5, u64::wrapping_add),
            all(u64::MAX, u64::min),
            all(0, u64::max),
            all(0, |all, value| all ^ value),
        ];
        equal(&format!("{count} of 64 bits"), &run.download::<u64>(cells, 4), &expect);
    }
}

/// What was popped and what is still there are all the numbers, each once.
fn stack(samples: &Samples) {
    let run = samples.start("atomics");
    for count in COUNTS {
        let head = run.upload(&[u64::from(u32::MAX)]);
        let (next, popped) = (run.zeros::<u32>(count), run.upload(&vec![u32::MAX; count]));
        let arguments = [Long(head), Long(next), Long(popped), Word(count as u32)];
        run.launch("atomics_stack", cover(count, 64), 0, &arguments);
        let state = run.download::<u64>(head, 1)[0];
        assert_eq!(state >> 32, (count + count / 2) as u64, "{count}: pushes and pops");
        let below = run.download::<u32>(next, count);
        let popped = run.download::<u32>(popped, count);
        let mut seen: Vec<u32> = popped.iter().copied().filter(|&number| number != u32::MAX).collect();
        assert_eq!(seen.len(), count / 2);
        let mut at = state as u32;
        while at != u32::MAX {
            seen.push(at);
            at = below[at as usize];
        }
        seen.sort();
        assert_eq!(seen, (0..count as u32).collect::<Vec<u32>>());
    }
}

fn by_cas(samples: &Samples) {
    let run = samples.start("atomics");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), count);
        let (largest, product) = (run.upload(&[f32::NEG_INFINITY]), run.upload(&[1_u32]));
        let arguments = [Long(largest), Long(product), Long(run.upload(&values)), Word(count as u32)];
        run.launch("atomics_by_cas", cover(count, 64), 0, &arguments);
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        same(&format!("{count}"), &run.download(largest, 1), &[most]);
        let expect = (0..count as u64).fold(1, |product, i| product * (i + 2) % 1_000_003);
        assert_eq!(run.download::<u32>(product, 1), [expect as u32], "{count}");
    }
}

fn claim(samples: &Samples) {
    let run = samples.start("atomics");
    for [flags, count] in [[1_u32, 1_u32], [7, 33], [40, 5]] {
        let [at, claims] = [flags; 2].map(|flags| run.zeros::<u32>(flags as usize));
        let arguments = [Long(at), Long(claims), Word(flags), Word(count)];
        run.launch("atomics_claim", cover(count as usize, 32), 0, &arguments);
        assert_eq!(run.download::<u32>(claims, flags as usize), vec![1; flags as usize]);
        let owners = run.download::<u32>(at, flags as usize);
        assert!(owners.iter().all(|owner| (1..=count).contains(owner)), "{owners:?}");
    }
}

/// Lists of neighbours in both directions.
struct Graph {
    starts: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Graph {
    /// Some nodes, of which those with the same rest by `parts` may be joined.
    fn some(random: &mut Rng, nodes: usize, edges: usize, parts: usize) -> Graph {
        let mut lists = vec![Vec::new(); nodes];
        for _ in 0..edges {
            let a = random.usize(..nodes);
            let b = random.usize(..nodes) / parts * parts + a % parts;
            if a != b && b < nodes {
                lists[a].push(b as u32);
                lists[b].push(a as u32);
            }
        }
        let mut starts = vec![0];
        lists.iter().for_each(|list| starts.push(starts[starts.len() - 1] + list.len() as u32));
        Graph { starts, neighbours: lists.concat() }
    }

    fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    fn of(&self, node: usize) -> std::ops::Range<usize> {
        self.starts[node] as usize..self.starts[node + 1] as usize
    }

    fn neighbours(&self, node: usize) -> impl Iterator<Item = usize> {
        self.neighbours[self.of(node)].iter().map(|&node| node as usize)
    }

    /// The struct that kernels take by value.
    fn upload(&self, run: &Run<'_>) -> Argument {
        let mut bytes = run.upload(&self.starts).to_le_bytes().to_vec();
        bytes.extend(run.upload(&self.neighbours).to_le_bytes());
        bytes.extend((self.nodes() as u64).to_le_bytes());
        Bytes(bytes)
    }

    /// How far each node is from the first, in edges of the given lengths.
    fn distances(&self, lengths: &[u32]) -> Vec<u32> {
        let mut distances = vec![u32::MAX; self.nodes()];
        distances[0] = 0;
        for _ in 0..self.nodes() {
            for node in (0..self.nodes()).filter(|&node| distances[node] != u32::MAX).collect::<Vec<_>>() {
                for at in self.of(node) {
                    let other = self.neighbours[at] as usize;
                    distances[other] = distances[other].min(distances[node] + lengths[at]);
                }
            }
        }
        distances
    }
}

const GRAPHS: [[usize; 3]; 4] = [[1, 0, 1], [33, 40, 1], [100, 120, 3], [150, 900, 2]];

fn breadth_first(samples: &Samples) {
    let run = samples.start("graph");
    for (seed, [nodes, edges, parts]) in GRAPHS.into_iter().enumerate() {
        let graph = Graph::some(&mut Rng::with_seed(seed as u64), nodes, edges, parts);
        let argument = graph.upload(&run);
        let expect = graph.distances(&vec![1; graph.neighbours.len()]);
        let mut first = vec![u32::MAX; nodes];
        first[0] = 0;

        let (levels, changed) = (run.upload(&first), run.zeros::<u32>(1));
        for level in 0.. {
            run.write_value(changed, 0_u32);
            let arguments = [argument.clone(), Long(levels), Word(level), Long(changed)];
            run.launch("graph_bfs_level", cover(nodes, 64), 0, &arguments);
            if run.download::<u32>(changed, 1) == [0] {
                break;
            }
        }
        equal(&format!("{nodes} nodes"), &run.download::<u32>(levels, nodes), &expect);

        let (levels, next_count) = (run.upload(&first), run.zeros::<u32>(1));
        let (mut queue, mut next) = (run.zeros::<u32>(nodes), run.zeros::<u32>(nodes));
        let (mut queued, mut level) = (1, 0);
        while queued > 0 {
            run.write_value(next_count, 0_u32);
            let lists = [Long(levels), Long(queue), Word(queued), Long(next), Long(next_count), Word(level)];
            let arguments = [std::slice::from_ref(&argument), &lists].concat();
            run.launch("graph_bfs_queue", cover(queued as usize, 32), 0, &arguments);
            queued = run.download::<u32>(next_count, 1)[0];
            (queue, next) = (next, queue);
            level += 1;
        }
        equal(&format!("{nodes} nodes, by a queue"), &run.download::<u32>(levels, nodes), &expect);
    }
}

/// Every node's root is the least node of its part, together with its part however the parts were joined.
fn parts(samples: &Samples) {
    let run = samples.start("graph");
    for (seed, [nodes, edges, parts]) in GRAPHS.into_iter().enumerate() {
        let graph = Graph::some(&mut Rng::with_seed(seed as u64), nodes, edges, parts);
        let parents = run.upload(&(0..nodes as u32).collect::<Vec<u32>>());
        let roots = run.zeros::<u32>(nodes);
        run.launch("graph_union", cover(nodes, 64), 0, &[graph.upload(&run), Long(parents)]);
        run.launch("graph_find", cover(nodes, 64), 0, &[Long(parents), Long(roots), Word(nodes as u32)]);
        let mut expect: Vec<u32> = (0..nodes as u32).collect();
        for _ in 0..nodes {
            for node in 0..nodes {
                let least = graph.neighbours(node).map(|other| expect[other]).min();
                expect[node] = least.unwrap_or(u32::MAX).min(expect[node]);
            }
        }
        equal(&format!("{nodes} nodes"), &run.download::<u32>(roots, nodes), &expect);
    }
}

fn shortest_and_ranks(samples: &Samples) {
    let run = samples.start("graph");
    for (seed, [nodes, edges, parts]) in GRAPHS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let graph = Graph::some(&mut random, nodes, edges, parts);
        let argument = graph.upload(&run);
        let lengths: Vec<u32> = graph.neighbours.iter().map(|_| random.u32(1..1000)).collect();
        let mut first = vec![u32::MAX; nodes];
        first[0] = 0;
        let (at_lengths, distances, changed) =
            (run.upload(&lengths), run.upload(&first), run.upload(&[1_u32]));
        while run.download::<u32>(changed, 1) == [1] {
            run.write_value(changed, 0_u32);
            let arguments = [argument.clone(), Long(at_lengths), Long(distances), Long(changed)];
            run.launch("graph_relax", cover(nodes, 64), 0, &arguments);
        }
        equal(&format!("{nodes} nodes"), &run.download::<u32>(distances, nodes), &graph.distances(&lengths));

        let mut ranks = vec![1.0 / nodes as f32; nodes];
        let (mut from, mut to) = (run.upload(&ranks), run.zeros::<f32>(nodes));
        for _ in 0..4 {
            run.launch("graph_rank", cover(nodes, 48), 0, &[argument.clone(), Long(from), Long(to)]);
            (from, to) = (to, from);
            let rank = |node: usize| {
                let parts = graph.neighbours(node).map(|other| ranks[other] / graph.of(other).len() as f32);
                0.85_f32.mul_add(parts.fold(0.0, |sum, part| sum + part), 0.15 / nodes as f32)
            };
            ranks = (0..nodes).map(rank).collect();
        }
        same(&format!("{nodes} nodes"), &run.download(from, nodes), &ranks);
    }
}

fn copies(samples: &Samples) {
    let run = samples.start("pipeline");
    for (seed, count) in [1, 63, 64, 65, 300].into_iter().enumerate() {
        let values = words(&mut Rng::with_seed(seed as u64), 4 * count);
        let sums = run.zeros::<u32>(4 * 64);
        let arguments = [Long(run.upload(&values)), Long(sums), Word(count as u32)];
        run.launch("pipeline_copies", line(1, 64), 0, &arguments);
        let mut expect = vec![0_u32; 4 * 64];
        for (at, value) in values.iter().enumerate() {
            let lane = 63 - at / 4 % 64;
            expect[4 * lane + at % 4] = expect[4 * lane + at % 4].wrapping_add(*value);
        }
        equal(&format!("{count}"), &run.download::<u32>(sums, 4 * 64), &expect);
    }
}

fn barrier(samples: &Samples) {
    let run = samples.start("pipeline");
    for rounds in [1, 2, 9] {
        let mut values = words(&mut Rng::with_seed(rounds), 128);
        let at = run.upload(&values);
        run.launch("pipeline_mbarrier", line(1, 128), 0, &[Long(at), Word(rounds as u32)]);
        for _ in 0..rounds {
            let next =
                |lane: usize| values[(lane + 37) % 128].wrapping_mul(3).wrapping_add(values[127 - lane]);
            values = (0..128).map(next).collect();
        }
        equal(&format!("{rounds} rounds"), &run.download::<u32>(at, 128), &values);
    }
}

fn edit_distance(samples: &Samples) {
    let run = samples.start("pipeline");
    let pairs = [
        ["kitten", "sitting"],
        ["", "abc"],
        ["same", "same"],
        ["interpreter", "compilers translate"],
        ["a", ""],
        ["0123456789012345678901234567890123456789012345678901234567890ab", "yx0123456789"],
    ];
    let mut starts = vec![0];
    pairs.iter().flatten().for_each(|word| starts.push(starts[starts.len() - 1] + word.len() as u32));
    let letters: Vec<u8> = pairs.iter().flatten().flat_map(|word| word.bytes()).collect();
    let distances = run.zeros::<u32>(pairs.len());
    let arguments = [Long(run.upload(&letters)), Long(run.upload(&starts)), Long(distances)];
    run.launch("pipeline_edit_distance", line(pairs.len() as u32, 64), 0, &arguments);
    let distance = |[a, b]: &[&str; 2]| {
        let mut row: Vec<u32> = (0..=b.len() as u32).collect();
        for (i, one) in a.bytes().enumerate() {
            let before = row.clone();
            row[0] = i as u32 + 1;
            for (j, other) in b.bytes().enumerate() {
                let changed = before[j] + u32::from(one != other);
                row[j + 1] = changed.min(before[j + 1] + 1).min(row[j] + 1);
            }
        }
        row[b.len()]
    };
    let expect: Vec<u32> = pairs.iter().map(distance).collect();
    assert_eq!(expect[..3], [3, 3, 0]);
    equal("pairs", &run.download::<u32>(distances, pairs.len()), &expect);
}

fn numbers(samples: &Samples) {
    let run = samples.start("pipeline");
    for limit in [4_u32, 100, 5000] {
        let length = limit.div_ceil(32) as usize;
        let crossed = run.zeros::<u32>(length);
        run.launch("pipeline_sieve", line(1, 40), 0, &[Long(crossed), Word(limit)]);
        let got = run.download::<u32>(crossed, length);
        for number in 2..limit {
            let prime = (2..number).take_while(|d| d * d <= number).all(|d| number % d != 0);
            assert_eq!(got[number as usize / 32] >> (number % 32) & 1 == 0, prime, "{number}");
        }
        let longest = run.zeros::<u64>(1);
        let count = limit.min(300);
        run.launch("pipeline_collatz", cover(count as usize, 64), 0, &[Long(longest), Word(count)]);
        let steps = |start: u64| {
            let next = |&number: &u64| {
                let next = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
                (number != 1).then_some(next)
            };
            std::iter::successors(Some(start), next).count() as u64 - 1
        };
        let expect = (1..=u64::from(count)).map(|start| steps(start) << 32 | start).max();
        assert_eq!(run.download::<u64>(longest, 1), [expect.unwrap()], "{count}");
    }
}
