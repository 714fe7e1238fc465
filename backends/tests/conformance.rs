//! What every backend that does work must do: order, waits, copies and fills, prepared plans, faults.
//!
//! The same stories run on each configuration of [`world::configurations`].
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use stream_hal_backends::device::Place;
use stream_hal_backends::{Options, in_host_call, open};
use stream_hal_capture::op::{Args, Fill, Rect, Write};
use stream_hal_capture::{Dag, Node, Op};
use stream_hal_scheduler::backend::FaultKind;
use stream_hal_scheduler::clock::stamps;
use stream_hal_scheduler::{Delta, Health, Ticket, Work};
use world::{World, copy, count, each, each_and_decorated, fill, host, tidy};

#[test]
fn a_queue_runs_its_work_in_order_and_counts_it() {
    each_and_decorated(|world| {
        let (queue, at) = (world.queue(), world.words(2));
        for n in 1..=1000 {
            assert_eq!(world.submit(queue, fill(at, n), &[]).value, 2 * u64::from(n) - 1);
            world.submit(queue, copy(at + 4, at, 4), &[]);
            if n % 100 == 0 {
                let ticket = Ticket { queue, value: 2 * u64::from(n) };
                world.backend().wait(ticket);
                assert!(world.backend().completed(queue) >= ticket.value);
                assert_eq!(world.word(at + 4), n);
            }
        }
    });
}

#[test]
fn a_wait_orders_queues() {
    each_and_decorated(|world| {
        let (a, b, at) = (world.queue(), world.queue(), world.words(1));
        let mut last = Ticket { queue: b, value: 0 };
        for n in 0..500 {
            let first = world.submit(a, fill(at, 2 * n), &[last]);
            last = world.submit(b, fill(at, 2 * n + 1), &[first]);
            if n % 50 == 49 {
                world.backend().wait(last);
                assert_eq!(world.word(at), 2 * n + 1);
            }
        }
    });
}

/// Bytes as a sequential program would have them, against the device's.
struct Model {
    at: u64,
    bytes: Vec<u8>,
}

impl Model {
    fn new(world: &World, random: &mut Rng, size: usize) -> Model {
        let bytes: Vec<u8> = (0..size).map(|_| random.u8(..)).collect();
        let at = world.device().alloc(size as u64, Place::Device).unwrap();
        world.device().write(at, &bytes).unwrap();
        Model { at, bytes }
    }

    fn check(&self, world: &World, what: &str) {
        let mut found = vec![0; self.bytes.len()];
        world.device().read(self.at, &mut found).unwrap();
        if found != self.bytes {
            let at = found.iter().zip(&self.bytes).position(|(a, b)| a != b).unwrap();
            panic!("{what}: byte {at} is {} and should be {}", found[at], self.bytes[at]);
        }
    }

    /// A random fill, copy, row copy or staged write, done here and returned as an op with arguments.
    fn step(&mut self, random: &mut Rng) -> (Op, Vec<u8>) {
        let size = self.bytes.len();
        let most = if random.u8(..) < 200 { size.min(64) } else { size };
        let length = random.usize(0..=most);
        match random.u8(0..5) {
            0 | 1 => (self.fill(random, length), vec![]),
            2 => {
                let (to, from) = (random.usize(0..=size - length), random.usize(0..=size - length));
                self.bytes.copy_within(from..from + length, to);
                (copy(self.at + to as u64, self.at + from as u64, length as u64), vec![])
            }
            3 => {
                let to = random.usize(0..=size - length);
                let args: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
                self.bytes[to..to + length].copy_from_slice(&args);
                let place = Args { start: 0, bytes: length as u32 };
                (Op::Write(Write { to: self.at + to as u64, from: 0, args: place }), args)
            }
            _ => self.rows(random),
        }
    }

    fn fill(&mut self, random: &mut Rng, length: usize) -> Op {
        let element = 1usize << random.u8(0..3);
        let width = length / element;
        let to = random.usize(0..=self.bytes.len() - width * element);
        let value = random.u32(..);
        for at in 0..width {
            let place = to + at * element;
            self.bytes[place..place + element].copy_from_slice(&value.to_le_bytes()[..element]);
        }
        let (to, width) = (self.at + to as u64, width as u64);
        Op::Fill(Fill { to, pitch: 0, width, height: 1, value, element_bytes: element as u8 })
    }

    /// Rows from the lower half to the upper.
    fn rows(&mut self, random: &mut Rng) -> (Op, Vec<u8>) {
        let half = self.bytes.len() / 2;
        let (width, height, depth) = (random.usize(1..20), random.usize(1..4), random.usize(1..3));
        let (pitch, slice) = (width + random.usize(0..9), 100 + random.usize(0..9));
        if slice * depth > half {
            return (Op::Empty, vec![]);
        }
        for line in 0..height * depth {
            let from = line / height * slice + line % height * pitch;
            self.bytes.copy_within(from..from + width, half + from);
        }
        let rect = Rect {
            to: self.at + half as u64,
            to_pitch: pitch as u64,
            to_slice: slice as u64,
            from: self.at,
            from_pitch: pitch as u64,
            from_slice: slice as u64,
            width_bytes: width as u64,
            height: height as u64,
            depth: depth as u64,
        };
        let args = rect.encode().to_vec();
        (Op::CopyRect(Args { start: 0, bytes: args.len() as u32 }), args)
    }
}

#[test]
fn fills_and_copies_do_what_a_sequential_program_does() {
    each_and_decorated(|world| {
        for seed in 0..20 {
            let mut random = Rng::with_seed(seed);
            let mut model = Model::new(world, &mut random, 1 + 300 * seed as usize);
            let queue = world.queue();
            for step in 0..200 {
                let (op, args) = model.step(&mut random);
                let work = Work::Ops { ops: &[op], args: &args, waits: &[] };
                let ticket = world.backend().submit(queue, work).unwrap();
                if step % 20 == 19 {
                    world.backend().wait(ticket);
                    model.check(world, &format!("seed {seed} step {step} {op}"));
                }
            }
        }
    });
}

#[test]
fn large_fills_and_copies_are_whole() {
    each_and_decorated(|world| {
        let (mut random, queue) = (Rng::with_seed(9), world.queue());
        let mut model = Model::new(world, &mut random, 9_000_001);
        let (at, size) = (model.at, model.bytes.len());
        let mut last = Ticket { queue, value: 0 };
        for (to, from, length) in [(4_500_003, 1, 4_400_000), (100, 5, 3_000_000), (5, 100, 3_000_000)] {
            last = world.submit(queue, copy(at + to as u64, at + from as u64, length as u64), &[]);
            model.bytes.copy_within(from..from + length, to);
        }
        let value = 0x0102_0304;
        let filled = Fill { to: at + 3, pitch: 0, width: 1_500_000, height: 1, value, element_bytes: 2 };
        world.submit(queue, Op::Fill(filled), &[last]);
        model.bytes[3..3_000_003].chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&[4, 3]));
        let whole = Fill { to: at + size as u64 - 2_000_000, width: 2_000_000, element_bytes: 1, ..filled };
        last = world.submit(queue, Op::Fill(whole), &[]);
        model.bytes[size - 2_000_000..].fill(4);
        world.backend().wait(last);
        model.check(world, "large");
        let pitched = Fill { to: at, pitch: 7, width: 1, height: 1000, value: 255, element_bytes: 4 };
        world.backend().wait(world.submit(queue, Op::Fill(pitched), &[]));
        (0..1000).for_each(|row| model.bytes[row * 7..row * 7 + 4].copy_from_slice(&[255, 0, 0, 0]));
        model.check(world, "pitched");
    });
}

/// A chain of copies from word to word, one further each: the last word is the first after `n` launches.
fn shift_chain(world: &World, words: u64) -> (Dag, u64) {
    let at = world.words(words);
    let mut dag = Dag::new();
    let mut before: Vec<Node> = vec![];
    for n in (1..words).rev() {
        before = vec![dag.add(copy(at + 4 * n, at + 4 * (n - 1), 4), &before).unwrap()];
    }
    (dag, at)
}

#[test]
fn a_prepared_plan_runs_a_thousand_times_without_a_wait() {
    each_and_decorated(|world| {
        let (dag, at) = shift_chain(world, 8);
        let (_, prepared) = world.prepare(&dag, 1);
        let queue = world.queue();
        let mut last = Ticket { queue, value: 0 };
        for n in 1..=1000 {
            world.submit(queue, fill(at, n), &[]);
            last = world.launch(queue, &prepared, vec![], &[last]);
        }
        world.backend().wait(last);
        let found: Vec<u32> = (0..8).map(|n| world.word(at + 4 * n)).collect();
        assert_eq!(found, [1000, 1000, 999, 998, 997, 996, 995, 994]);
    });
}

/// Layers of fills and copies over several lanes, large enough to be shared between threads.
#[test]
fn lanes_of_a_plan_keep_the_order_of_its_edges() {
    each_and_decorated(|world| {
        for seed in 0..6 {
            let (mut random, words) = (Rng::with_seed(seed), 20_000u64);
            let columns: Vec<u64> = (0..4).map(|_| world.words(words)).collect();
            let mut dag = Dag::new();
            let mut tips: Vec<Vec<Node>> = vec![vec![]; 4];
            let mut expected = [0u32; 4];
            for n in 0..40 {
                let (to, from) = (random.usize(0..4), random.usize(0..4));
                let fills =
                    Fill { to: columns[to], pitch: 0, width: words, height: 1, value: n, element_bytes: 4 };
                let copies = random.bool() && to != from;
                let op = if copies { copy(columns[to], columns[from], words * 4) } else { Op::Fill(fills) };
                expected[to] = if copies { expected[from] } else { n };
                let mut after = tips[to].clone();
                after.extend(tips[from].first().filter(|_| copies));
                after.sort();
                after.dedup();
                let node = dag.add(op, &after).unwrap();
                tips[to] = vec![node];
                // Who reads a column comes before who writes it next.
                if copies {
                    tips[from].push(node);
                }
            }
            let (_, prepared) = world.prepare(&dag, 4);
            let queue = world.queue();
            world.launch(queue, &prepared, vec![], &[]);
            let last = world.launch(queue, &prepared, vec![], &[]);
            world.backend().wait(last);
            for (column, value) in columns.iter().zip(expected) {
                assert_eq!(world.word(*column), value, "seed {seed}");
                assert_eq!(world.word(column + words * 4 - 4), value, "seed {seed}");
            }
        }
    });
}

#[test]
fn changes_take_effect_when_their_launch_begins() {
    each(|world| {
        let at = world.words(3);
        let mut dag = Dag::new();
        let first = dag.add(fill(at, 1), &[]).unwrap();
        let args = dag.push_args(&[7, 0, 0, 0]).unwrap();
        dag.add(Op::Write(Write { to: at + 4, from: 0, args }), &[first]).unwrap();
        let (_, prepared) = world.prepare(&dag, 1);
        let queue = world.queue();
        let values = || [0, 4, 8].map(|offset| world.word(at + offset));
        let run = |deltas| world.backend().wait(world.launch(queue, &prepared, deltas, &[]));
        let delta = |place, op, args: &[u8], enabled| Delta { place, op, args: args.to_vec(), enabled };
        run(vec![]);
        assert_eq!(values(), [1, 7, 0]);
        let longer = Write { to: at + 4, from: 0, args: Args { start: 0, bytes: 8 } };
        run(vec![delta(1, Op::Write(longer), &[5, 0, 0, 0, 6, 0, 0, 0], true)]);
        assert_eq!(values(), [1, 5, 6]);
        world.device().write(at, &[9; 12]).unwrap();
        run(vec![delta(0, fill(at, 2), &[], false)]);
        assert_eq!(values(), [0x0909_0909, 5, 6]);
        run(vec![delta(0, fill(at, 3), &[], true), delta(0, fill(at, 4), &[], true)]);
        assert_eq!(values(), [4, 5, 6]);
        world.backend().patch(&prepared, &[delta(0, fill(at, 8), &[], true)]).unwrap();
        run(vec![]);
        assert_eq!(values(), [8, 5, 6]);
        let outside = vec![delta(2, Op::Empty, &[], true)];
        assert!(
            world
                .backend()
                .submit(queue, Work::Exec { prepared: &prepared, deltas: outside, waits: &[] })
                .is_err()
        );
    });
}

#[test]
fn a_fault_breaks_its_context_and_no_other() {
    each_and_decorated(|world| {
        let (other, at) = (Health::new(), world.words(2));
        let (bad, good) = (world.queue(), world.queue_of(&other));
        let wild = world.submit(bad, fill(16, 1), &[]);
        let dropped = world.submit(bad, fill(at, 1), &[]);
        let kept = world.submit(good, fill(at + 4, 2), &[dropped]);
        world.backend().wait(kept);
        let fault = world.health.fault().expect("address 16 is never mapped");
        assert_eq!(fault.kind, FaultKind::IllegalAddress);
        assert!(fault.what.contains("0x10"), "{}", fault.what);
        assert_eq!([world.word(at), world.word(at + 4)], [0, 2]);
        assert!(other.is_whole());
        assert!(world.backend().completed(bad) >= wild.value);
    });
}

#[test]
fn a_fault_in_a_plan_names_its_op() {
    each(|world| {
        let at = world.words(1);
        let mut dag = Dag::new();
        let first = dag.add(fill(at, 1), &[]).unwrap();
        let second = dag.add(copy(at, 1 << 56, 4), &[first]).unwrap();
        dag.add(fill(at, 3), &[second]).unwrap();
        let (_, prepared) = world.prepare(&dag, 1);
        let queue = world.queue();
        world.backend().wait(world.launch(queue, &prepared, vec![], &[]));
        assert!(world.health.fault().unwrap().what.contains("op 1 of a graph"));
        assert_eq!(world.word(at), 1);
    });
}

#[test]
fn queues_are_closed_and_opened_again_with_their_values_going_on() {
    each(|world| {
        let at = world.words(1);
        let mut old: Vec<Ticket> = vec![];
        for round in 0..2000 {
            let queue = world.queue();
            let base = world.backend().completed(queue);
            let before = old.last().map(std::slice::from_ref).unwrap_or_default();
            let ticket = world.submit(queue, fill(at, round), before);
            assert_eq!(ticket.value, base + 1);
            old.push(ticket);
            world.backend().close_queue(queue);
            if round % 100 == 0 {
                old.iter().for_each(|&ticket| world.backend().wait(ticket));
            }
        }
        old.iter().for_each(|&ticket| world.backend().wait(ticket));
        assert_eq!(world.word(at), 1999);
        let queue = world.queue();
        let closed = world.backend();
        closed.close_queue(queue);
        assert!(closed.submit(queue, Work::Ops { ops: &[], args: &[], waits: &[] }).is_err());
    });
}

#[test]
fn host_functions_run_in_order_and_know_where_they_are() {
    each_and_decorated(|world| {
        let (a, b, counter) = (world.queue(), world.queue(), AtomicU64::new(0));
        assert!(!in_host_call());
        let mut last = Ticket { queue: b, value: 0 };
        for _ in 0..100 {
            let first = world.submit(a, host(count, &counter), &[last]);
            last = world.submit(b, host(count, &counter), &[first]);
        }
        world.backend().wait(last);
        assert_eq!(counter.load(Ordering::SeqCst), 200);
        assert!(!in_host_call());
    });
}

#[test]
fn time_stamps_are_set_in_order() {
    each_and_decorated(|world| {
        let queue = world.queue();
        let [first, second] = [0, 1].map(|_| stamps().allocate().unwrap());
        for stamp in [first, second, Op::NO_STAMP] {
            world.submit(queue, Op::EventRecord { event: 1, stamp }, &[]);
        }
        let last = world.submit(queue, Op::EventWait { event: 1 }, &[]);
        world.backend().wait(last);
        assert!(0 < stamps().get(first) && stamps().get(first) <= stamps().get(second));
        [first, second].into_iter().for_each(|stamp| stamps().release(stamp));
    });
}

#[test]
fn what_cannot_run_is_refused() {
    each(|world| {
        let queue = world.queue();
        let graph = Op::Graph { graph: 0, nodes: 0 };
        let refused = |ops: &[Op]| world.backend().submit(queue, Work::Ops { ops, args: &[], waits: &[] });
        assert!(refused(&[graph]).is_err());
        assert!(world.backend().submit(40_000, Work::Ops { ops: &[], args: &[], waits: &[] }).is_err());
        assert_eq!(refused(&[]).unwrap().value, 1, "an empty submission is one");
    });
    assert!(open("nothing", &Options::default()).is_err());
}

/// Programs of several queues with random waits: the order of submission is one legal order, and no
/// other can be seen since every op waits for the last one on the bytes it touches.
#[test]
fn random_programs_on_several_queues_do_what_one_thread_does() {
    each_and_decorated(|world| {
        for seed in 0..30 {
            let mut random = Rng::with_seed(seed);
            let queues: Vec<u32> = (0..5).map(|_| world.queue()).collect();
            let mut models: Vec<_> = (0..3).map(|_| Model::new(world, &mut random, 500)).collect();
            let mut last = [Ticket { queue: queues[0], value: 0 }; 3];
            for step in 0..300 {
                let (which, queue) = (random.usize(0..3), queues[random.usize(0..5)]);
                let (op, args) = models[which].step(&mut random);
                let mut waits = vec![last[which]];
                if random.bool() {
                    waits.push(last[random.usize(0..3)]);
                }
                let work = Work::Ops { ops: &[op], args: &args, waits: &tidy(queue, &waits) };
                last[which] = world.backend().submit(queue, work).unwrap();
                if random.u8(..) < 10 {
                    world.backend().wait(last[which]);
                    models[which].check(world, &format!("seed {seed} step {step}"));
                }
            }
            for (ticket, model) in last.into_iter().zip(&models) {
                world.backend().wait(ticket);
                model.check(world, &format!("seed {seed}"));
            }
            queues.into_iter().for_each(|queue| world.backend().close_queue(queue));
        }
    });
}

#[test]
fn null_takes_everything_and_reaches_every_ticket() {
    let world = World::new(open("null", &Options::default()).unwrap());
    let (a, b, at) = (world.queue(), world.queue(), world.words(2));
    let first = world.submit(a, fill(at, 5), &[]);
    let second = world.submit(b, fill(at, 6), &[first]);
    let (dag, _) = shift_chain(&world, 100);
    let (_, prepared) = world.prepare(&dag, 4);
    let mut last = second;
    for _ in 0..10 {
        last = world.launch(b, &prepared, vec![], &[last]);
    }
    let stamp = stamps().allocate().unwrap();
    let end = world.submit(a, Op::EventRecord { event: 1, stamp }, &[last]);
    world.backend().wait(end);
    assert_eq!((end.value, world.backend().completed(b)), (2, 11));
    assert_ne!(stamps().get(stamp), 0);
    assert_eq!(world.word(at), 0, "null does nothing");
    world.backend().close_queue(a);
    world.backend().wait(end);
}
