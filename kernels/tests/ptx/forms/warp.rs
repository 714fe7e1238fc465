//! Lanes of a warp together, against models of 32 lanes: random values and random member masks, lanes that come late,
//! at other places or not at all.

use super::super::bench::{Bench, kernel};
use super::{Form, barrier, walk};
use crate::runner;

const SEED: u64 = 11;
/// Threads of a block: three whole warps and one of 19 lanes.
const BLOCK: u32 = 115;
/// Bytes of one lane's input and result.
const IN: u32 = 32;
const OUT: u32 = 12;

/// What one lane has.
#[derive(Clone, Copy, Default)]
pub struct Lane {
    pub a: u64,
    pub b: u32,
    pub c: u32,
    pub p: bool,
    /// Lanes of one class name each other.
    class: u32,
    members: u32,
    delay: u32,
    exits: bool,
}

type Warp = [Lane; 32];

/// Warps of random values, `fill` for the rest: some lanes exit before, others come late.
fn warps(count: usize, seed: u64, mut fill: impl FnMut(&mut fastrand::Rng, usize, u32) -> Lane) -> Vec<Warp> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = Vec::new();
    for number in 0..count {
        let classes = random.u32(1..5);
        let (may_exit, late) = (random.bool(), random.u32(0..4));
        let mut warp: Warp = std::array::from_fn(|lane| fill(&mut random, number, lane as u32));
        for (at, lane) in warp.iter_mut().enumerate() {
            lane.class = random.u32(0..classes);
            lane.exits = may_exit && random.u32(0..8) == 0 || number % 4 == 3 && at >= 19;
            lane.delay = random.u32(0..=late);
        }
        for at in 0..32 {
            let class = warp[at].class;
            let of_class = |lane: &usize| warp[*lane].class == class;
            warp[at].members = (0..32usize).filter(of_class).fold(0, |all, lane| all | 1 << lane);
        }
        all.push(warp);
    }
    all
}

/// Runs `instruction` in two places: classes of even numbers come to the one, those of odd numbers to the other. Its
/// operands are %r1 or %d5 (a), %r2 (b), %r3 (c), %r4 (members), %p1; its results %r9 and %p2.
fn run(instruction: &str, warps: &[Warp], late: bool) -> Vec<[u32; 3]> {
    let wait = "again: setp.eq.u32 %p5, %r20, 0; @%p5 bra go; sub.u32 %r20, %r20, 1; bra again; go:";
    let body = format!(
        "ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u32 %r10, %tid.x; mov.u32 %r11, %ctaid.x;
         mad.lo.u32 %r10, %r11, 128, %r10; mul.wide.u32 %d3, %r10, {IN}; add.u64 %d1, %d1, %d3;
         mul.wide.u32 %d3, %r10, {OUT}; add.u64 %d2, %d2, %d3;
         ld.global.u64 %d5, [%d1]; cvt.u32.u64 %r1, %d5; ld.global.v2.u32 {{%r2, %r3}}, [%d1+8];
         ld.global.v4.u32 {{%r4, %r20, %r21, %r22}}, [%d1+16];
         mov.u32 %r9, 0; setp.ne.u32 %p2, 0, 0; mov.u32 %r8, 1;
         and.b32 %r23, %r22, 1; setp.ne.u32 %p1, %r23, 0; and.b32 %r23, %r22, 2; setp.ne.u32 %p3, %r23, 0;
         @%p3 exit; and.b32 %r23, %r21, 1; setp.ne.u32 %p4, %r23, 0; {}
         @%p4 bra other; {instruction} bra out; other: {instruction} mov.u32 %r8, 2; out:
         selp.u32 %r23, 1, 0, %p2; st.global.u32 [%d2], %r9; st.global.u32 [%d2+4], %r23;
         st.global.u32 [%d2+8], %r8; ret;",
        if late { wait } else { "" }
    );
    let source = kernel("a b", &body);
    let mut results = Vec::new();
    for part in warps.chunks(256) {
        let mut bench = Bench::new(&source);
        let bytes: Vec<u8> = part
            .iter()
            .flatten()
            .flat_map(|lane| {
                let flags = u32::from(lane.p) | u32::from(lane.exits) << 1;
                let words = [lane.b, lane.c, lane.members, lane.delay, lane.class, flags];
                lane.a.to_le_bytes().into_iter().chain(words.into_iter().flat_map(u32::to_le_bytes))
            })
            .collect();
        let input = bench.put(&bytes);
        let output = bench.put(&vec![0; part.len() * 32 * OUT as usize]);
        let blocks = part.len().div_ceil(4) as u32;
        bench.run(blocks, BLOCK, &[input, output]).unwrap_or_else(|fault| panic!("{instruction} {fault}"));
        let words = bench.words(output, part.len() * 32 * 3);
        results.extend(words.chunks(3).map(|word| [word[0], word[1], word[2]]));
    }
    results
}

/// Lanes that do the step together, ascending, and the values of all.
pub struct Team<'a> {
    lanes: Vec<usize>,
    warp: &'a Warp,
}

impl Team<'_> {
    fn mask(&self, which: impl Fn(&Lane) -> bool) -> u32 {
        let lanes = self.lanes.iter().filter(|&&lane| which(&self.warp[lane]));
        lanes.fold(0, |all, lane| all | 1 << lane)
    }

    fn all(&self) -> u32 {
        self.mask(|_| true)
    }
}

/// Compares every lane that is left with `expect`, which gives %r9 and %p2. Without a mask those of one place are a
/// team, and none may be late.
fn check(
    instruction: &str,
    warps: &[Warp],
    masked: bool,
    expect: impl Fn(&Team<'_>, usize) -> (u32, bool),
) -> bool {
    let results = run(instruction, warps, masked);
    for (number, warp) in warps.iter().enumerate() {
        for lane in (0..32).filter(|&lane| !warp[lane].exits) {
            let mine = |other: &Lane| match masked {
                true => other.class == warp[lane].class,
                false => other.class % 2 == warp[lane].class % 2,
            };
            let lanes = (0..32).filter(|&other| mine(&warp[other]) && !warp[other].exits).collect();
            let team = Team { lanes, warp };
            let (d, p) = expect(&team, lane);
            let want = [d, u32::from(p), 1 + warp[lane].class % 2];
            let got = results[number * 32 + lane];
            assert_eq!(
                got,
                want,
                "{instruction} lane {lane} of {:#x} (seed {SEED}, warp {number})",
                team.all()
            );
        }
    }
    true
}

fn any(random: &mut fastrand::Rng) -> Lane {
    Lane { a: random.u64(..), b: random.u32(..), c: random.u32(..), p: random.bool(), ..Lane::default() }
}

#[test]
fn every_form() {
    walk("warp", |form| match form.opcode.as_str() {
        "activemask" => {
            let warps = warps(64, SEED, |random, _, _| any(random));
            check("activemask.b32 %r9;", &warps, false, |team, _| (team.all(), false))
        }
        "bar" if form.has("warp") => warp_barrier(),
        "bar" | "barrier" => barrier::check(form),
        "elect" => elect(form),
        "match" => matching(form),
        "redux" if form.has("f32") => reduce_floats(form),
        "redux" => reduce(form),
        "setmaxnreg" => {
            let warps = warps(4, SEED, |random, _, _| any(random));
            let text = format!("{} 64; mov.u32 %r9, %r2;", form.text);
            check(&text, &warps, false, |team, lane| (team.warp[lane].b, false))
        }
        "shfl" => shuffle(form),
        "vote" => vote(form),
        _ => false,
    });
}

/// Lane by lane as the manual has it; `None`: the value's own lane.
fn source_lane(mode: &str, lane: u32, b: u32, c: u32) -> Option<u32> {
    let (b, clamp, segment) = (i64::from(b & 31), c & 31, c >> 8 & 31);
    let lane64 = i64::from(lane);
    let last = i64::from((lane & segment) | (clamp & !segment & 31));
    let (source, valid) = match mode {
        "up" => (lane64 - b, lane64 - b >= last),
        "down" => (lane64 + b, lane64 + b <= last),
        "bfly" => (lane64 ^ b, lane64 ^ b <= last),
        _ => {
            let source = i64::from(lane & segment) | (b & i64::from(!segment & 31));
            (source, source <= last)
        }
    };
    valid.then_some(source as u32)
}

/// Every clamp and segment mask, with random distances.
fn shuffle(form: &Form) -> bool {
    let mode = form.one_of(&["up", "down", "bfly", "idx"]).unwrap();
    let masked = form.has("sync");
    let members = if masked { ", %r4" } else { "" };
    let cases = warps(1024, SEED, |random, number, _| Lane {
        c: (number as u32 >> 5) << 8 | number as u32 & 31 | random.u32(..) & 0xffff_e0e0,
        ..any(random)
    });
    let expect = |team: &Team<'_>, lane: usize| {
        let Lane { b, c, .. } = team.warp[lane];
        let source = source_lane(mode, lane as u32, b, c);
        // From a lane that is not there comes what PTX does not define: here the lane's own.
        let from = source.map_or(lane, |source| source as usize);
        let other = &team.warp[from];
        let near = runner::STRANGERS_GIVE && !other.exits && other.class % 2 == team.warp[lane].class % 2;
        let from = if near || team.lanes.contains(&from) { from } else { lane };
        (team.warp[from].a as u32, source.is_some())
    };
    check(&format!("{} %r9|%p2, %r1, %r2, %r3{members};", form.text), &cases, masked, expect);
    let alone = |team: &Team<'_>, lane: usize| (expect(team, lane).0, false);
    check(&format!("{} %r9, %r1, %r2, %r3{members};", form.text), &cases[..64], masked, alone);
    // The usual distances within a whole warp, as immediates.
    let whole = warps(8, SEED, |random, _, _| any(random));
    for (b, c) in [(1, 0), (16, 31), (2, 0x1c1f), (4, 0x181f), (31, 31)] {
        let text = format!("{} %r9|%p2, %r1, {b}, {c}{members};", form.text);
        check(&text, &whole, masked, |team, lane| {
            let mut warp = *team.warp;
            warp.iter_mut().for_each(|lane| (lane.b, lane.c) = (b, c));
            expect(&Team { lanes: team.lanes.clone(), warp: &warp }, lane)
        });
    }
    true
}

fn vote(form: &Form) -> bool {
    let masked = form.has("sync");
    let ballot = form.has("ballot");
    let target = if ballot { "%r9" } else { "%p2" };
    for not in ["", "!"] {
        let cases = warps(200, SEED, |random, number, _| {
            // Votes that agree are rare otherwise.
            let p = match number % 3 {
                0 => random.bool(),
                1 => random.u32(0..32) != 0,
                _ => random.u32(0..32) == 0,
            };
            Lane { p, ..any(random) }
        });
        let text = format!("{} {target}, {not}%p1{};", form.text, if masked { ", %r4" } else { "" });
        check(&text, &cases, masked, |team, _| {
            let (all, yes) = (team.all(), team.mask(|lane| lane.p != (not == "!")));
            match form.one_of(&["all", "any", "uni"]) {
                None => (yes, false),
                Some("all") => (0, yes == all),
                Some("any") => (0, yes != 0),
                _ => (0, yes == all || yes == 0),
            }
        });
    }
    true
}

fn matching(form: &Form) -> bool {
    let wide = form.has("b64");
    let all = form.has("all");
    let value = if wide { "%d5" } else { "%r1" };
    let cases = warps(200, SEED, |random, number, _| {
        let few = if number % 3 == 0 { 1 } else { 3 };
        let high = u64::from(random.u32(0..few)) << 32;
        Lane { a: high | u64::from(random.u32(0..few)), ..any(random) }
    });
    let seen = |lane: &Lane| if wide { lane.a } else { lane.a & 0xffff_ffff };
    let expect = |team: &Team<'_>, lane: usize| {
        let mine = seen(&team.warp[lane]);
        let same = team.mask(|other| seen(other) == mine);
        let agree = same == team.all();
        if all { (if agree { same } else { 0 }, agree) } else { (same, false) }
    };
    let name = &form.text;
    if all {
        check(&format!("{name} %r9|%p2, {value}, %r4;"), &cases, true, expect);
    }
    let alone = |team: &Team<'_>, lane: usize| (expect(team, lane).0, false);
    check(&format!("{name} %r9, {value}, %r4;"), &cases, true, alone)
}

fn elect(form: &Form) -> bool {
    let cases = warps(100, SEED, |random, _, _| any(random));
    check(&format!("{} %r9|%p2, %r4;", form.text), &cases, true, |team, lane| {
        (team.lanes[0] as u32, team.lanes[0] == lane)
    });
    check(&format!("{} _|%p2, %r4;", form.text), &cases, true, |team, lane| (0, team.lanes[0] == lane))
}

fn reduce(form: &Form) -> bool {
    let signed = form.has("s32");
    let op = form.words[1].as_str();
    let cases = warps(200, SEED, |random, number, _| {
        let bits = [32, 32, 8, 31][number % 4];
        Lane { a: (random.u64(..) as i32 >> (32 - bits)) as u64, ..any(random) }
    });
    check(&format!("{} %r9, %r1, %r4;", form.text), &cases, true, |team, _| {
        let words = team.lanes.iter().map(|&lane| team.warp[lane].a as u32);
        let numbers = words.map(|word| if signed { i64::from(word as i32) } else { i64::from(word) });
        let result = match op {
            "add" => numbers.sum(),
            "min" => numbers.min().unwrap(),
            "max" => numbers.max().unwrap(),
            "and" => numbers.fold(-1, |a, b| a & b),
            "or" => numbers.fold(0, |a, b| a | b),
            _ => numbers.fold(0, |a, b| a ^ b),
        };
        (result as u32, false)
    })
}

fn reduce_floats(form: &Form) -> bool {
    let special = [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0xffff_ffff, 1, 0x8000_0001];
    let cases = warps(300, SEED, |random, number, _| {
        let odd = random.u32(0..16) < [0, 2, 15, 16][number % 4];
        let bits =
            if odd { special[random.usize(..8)] } else { random.f32().to_bits() ^ random.u32(..) << 31 };
        Lane { a: u64::from(bits), ..any(random) }
    });
    check(&format!("{} %r9, %r1, %r4;", form.text), &cases, true, |team, _| {
        // As integers in the order of the floats; zeros have an order as well.
        let mut keys = Vec::new();
        let mut nan = false;
        for &lane in &team.lanes {
            let bits = team.warp[lane].a as u32 & if form.has("abs") { 0x7fff_ffff } else { u32::MAX };
            match f32::from_bits(bits).is_nan() {
                true => nan = true,
                false if bits >> 31 == 1 => keys.push(-i64::from(bits & 0x7fff_ffff) - 1),
                false => keys.push(i64::from(bits)),
            }
        }
        let best = if form.has("min") { keys.iter().min() } else { keys.iter().max() };
        let result = match best {
            Some(&key) if !(nan && form.has("NaN")) => {
                if key < 0 {
                    (-(key + 1)) as u32 | 0x8000_0000
                } else {
                    key as u32
                }
            }
            _ => 0x7fff_ffff,
        };
        (result, false)
    })
}

/// What a lane wrote before the barrier, another lane of its class reads behind it.
fn warp_barrier() -> bool {
    let mut cases = warps(200, SEED, |random, _, _| any(random));
    for warp in &mut cases {
        for lane in 0..32 {
            let mine = |other: &usize| warp[*other].class == warp[lane].class && !warp[*other].exits;
            let next = (1..=32).map(|step| (lane + step) % 32).find(mine).unwrap_or(lane);
            warp[lane].b = next as u32;
        }
    }
    let text = "{ .shared .u32 all[128]; .reg .b32 %m<4>; mov.u32 %m1, all; mov.u32 %m2, %tid.x;
        and.b32 %m2, %m2, 96; mad.lo.u32 %m1, %m2, 4, %m1; mov.u32 %m2, %laneid; mad.lo.u32 %m3, %m2, 4, %m1;
        st.shared.u32 [%m3], %r1; bar.warp.sync %r4; mad.lo.u32 %m3, %r2, 4, %m1; ld.shared.u32 %r9, [%m3]; }";
    check(text, &cases, true, |team, lane| {
        let next = team.warp[lane].b as usize;
        (team.warp[next].a as u32, false)
    })
}
