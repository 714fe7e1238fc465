//! Block barriers against what they promise: who is behind one sees what all wrote before it, and a reduction counts
//! the threads that came.

use super::super::bench::{Bench, kernel};
use super::Form;

const SEED: u64 = 12;
const ROUNDS: u32 = 3;

/// The number of a team's barrier, and how many threads it is for.
#[derive(Clone, Copy)]
struct Meeting {
    id: u32,
    count: Option<u32>,
}

/// One block: warps of two teams, each with a barrier of its own.
struct Plan {
    threads: u32,
    /// The team of each warp; all of one team unless barriers have counts.
    teams: Vec<usize>,
    meetings: [Meeting; 2],
    /// Threads that exit at once.
    exited: Vec<bool>,
}

impl Plan {
    fn random(random: &mut fastrand::Rng, counted: bool) -> Plan {
        let warps = random.u32(1..7);
        // Where warps are counted, whole ones must be there.
        let threads = if counted { warps * 32 } else { warps * 32 - random.u32(0..32) };
        let split = random.u32(0..warps);
        let teams: Vec<usize> = (0..warps).map(|warp| usize::from(counted && warp >= split)).collect();
        let first = random.u32(0..16);
        let meetings = [0, 1].map(|team| {
            let warps = teams.iter().filter(|&&of| of == team).count() as u32;
            Meeting { id: (first + team as u32 * 7) % 16, count: counted.then_some(warps * 32) }
        });
        // With a count a warp must not be gone as a whole: its first thread stays.
        let leaves = random.u32(0..3) == 0;
        let exited = (0..threads).map(|thread| leaves && random.u32(0..4) == 0 && thread % 32 != 0).collect();
        Plan { threads, teams, meetings, exited }
    }

    fn team(&self, thread: u32) -> usize {
        self.teams[thread as usize / 32]
    }

    /// Threads of the same team that are left.
    fn others(&self, thread: u32) -> Vec<u32> {
        let of = |other: &u32| self.team(*other) == self.team(thread) && !self.exited[*other as usize];
        (0..self.threads).filter(of).collect()
    }

    /// The thread whose value one reads: the team's next but four.
    fn partner(&self, thread: u32) -> u32 {
        let others = self.others(thread);
        let at = others.iter().position(|&other| other == thread).unwrap_or(0);
        others[(at + 5) % others.len()]
    }

    /// Runs a body that has %r1 thread, %r2 barrier, %r3 count, %r4 partner, %r5 random bits, %p1 odd threads;
    /// gives %r9 of each thread.
    fn run(&self, body: &str, bits: &[u32]) -> Vec<u32> {
        let body = format!(
            ".shared .u32 all[256];
             ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u32 %r1, %tid.x; mul.wide.u32 %d3, %r1, 20;
             add.u64 %d1, %d1, %d3; mul.wide.u32 %d3, %r1, 4; add.u64 %d2, %d2, %d3;
             ld.global.u32 %r2, [%d1]; ld.global.u32 %r3, [%d1+4]; ld.global.u32 %r4, [%d1+8];
             ld.global.u32 %r5, [%d1+12]; ld.global.u32 %r6, [%d1+16]; setp.ne.u32 %p2, %r6, 0; @%p2 exit;
             and.b32 %r6, %r1, 1; setp.ne.u32 %p1, %r6, 0; mov.u32 %r9, 0; mov.u32 %r10, 0;
             mov.u32 %r11, all; mad.lo.u32 %r12, %r1, 4, %r11; mad.lo.u32 %r13, %r4, 4, %r11;
             {body}
             st.global.u32 [%d2], %r9; ret;"
        );
        let mut bench = Bench::new(&kernel("a b", &body));
        let words = (0..self.threads).flat_map(|thread| {
            let Meeting { id, count } = self.meetings[self.team(thread)];
            let exits = u32::from(self.exited[thread as usize]);
            [id, count.unwrap_or(0), self.partner(thread), bits[thread as usize], exits]
        });
        let input = bench.put_words(words.collect::<Vec<_>>());
        let output = bench.put_words((0..self.threads).map(|_| 0));
        bench.run(1, self.threads, &[input, output]).unwrap_or_else(|fault| panic!("{body}: {fault}"));
        bench.words(output, self.threads as usize)
    }

    fn compare(&self, body: &str, bits: &[u32], number: usize, expect: impl Fn(u32) -> u32) {
        let got = self.run(body, bits);
        for thread in (0..self.threads).filter(|&thread| !self.exited[thread as usize]) {
            let got = got[thread as usize];
            assert_eq!(got, expect(thread), "{body} thread {thread} (seed {SEED}, plan {number})");
        }
    }
}

/// The test of one form of `bar` or `barrier`.
pub fn check(form: &Form) -> bool {
    let mut random = fastrand::Rng::with_seed(SEED);
    for number in 0..16 {
        let counted = number % 2 == 1 || form.has("arrive");
        let plan = Plan::random(&mut random, counted);
        let bits: Vec<u32> = (0..plan.threads).map(|_| random.u32(..)).collect();
        match form.one_of(&["sync", "arrive", "red"]).unwrap() {
            "sync" => sync(form, &plan, &bits, number),
            "arrive" => arrive(form, &plan, &bits, number),
            _ => reduce(form, &plan, &bits, number),
        }
    }
    true
}

/// How a thread waits for a random while, each round anew.
const LATE: &str = "and.b32 %r7, %r5, 3; shr.u32 %r5, %r5, 2;
    late: setp.eq.u32 %p5, %r7, 0; @%p5 bra go; sub.u32 %r7, %r7, 1; bra late; go:";

fn count(plan: &Plan) -> &'static str {
    if plan.meetings[0].count.is_some() { ", %r3" } else { "" }
}

/// Each round a thread writes and reads its partner's; threads of odd numbers meet the others from another place.
fn sync(form: &Form, plan: &Plan, bits: &[u32], number: usize) {
    let wait = format!("{} %r2{};", form.text, count(plan));
    let body = format!(
        "again: mad.lo.u32 %r14, %r10, 1000, %r1; {LATE} st.shared.u32 [%r12], %r14;
         @%p1 bra odd; {wait} bra met; odd: {wait} met:
         ld.shared.u32 %r15, [%r13]; mad.lo.u32 %r9, %r9, 7, %r15; {wait}
         add.u32 %r10, %r10, 1; setp.lt.u32 %p5, %r10, {ROUNDS}; @%p5 bra again;"
    );
    plan.compare(&body, bits, number, |thread| {
        let partner = plan.partner(thread);
        (0..ROUNDS).fold(0, |sum, round| sum * 7 + round * 1000 + partner)
    });
}

/// Even warps fill a place each round and go on; odd ones read. Full and empty are barriers of their own.
fn arrive(form: &Form, plan: &Plan, bits: &[u32], number: usize) {
    let pairs = plan.threads / 64;
    if pairs == 0 {
        return;
    }
    let arrive = &form.text;
    let body = format!(
        "shr.u32 %r16, %r1, 6; shl.b32 %r17, %r16, 1; add.u32 %r18, %r17, 1; and.b32 %r19, %r1, 32;
         setp.ge.u32 %p3, %r16, {pairs}; @%p3 exit;
         xor.b32 %r20, %r1, 32; mad.lo.u32 %r20, %r20, 4, %r11; setp.ne.u32 %p4, %r19, 0;
         again: {LATE} @%p4 bra reader;
         setp.eq.u32 %p6, %r10, 0; @%p6 bra fill; barrier.sync %r18, 64; fill:
         mad.lo.u32 %r14, %r10, 1000, %r1; st.shared.u32 [%r12], %r14;
         @%p1 bra odd; {arrive} %r17, 64; bra next; odd: {arrive} %r17, 64; bra next;
         reader: barrier.sync %r17, 64; ld.shared.u32 %r15, [%r20]; mad.lo.u32 %r9, %r9, 7, %r15;
         setp.eq.u32 %p6, %r10, {}; @%p6 bra next; {arrive} %r18, 64;
         next: add.u32 %r10, %r10, 1; setp.lt.u32 %p5, %r10, {ROUNDS}; @%p5 bra again;",
        ROUNDS - 1
    );
    // Partners of this test are 32 threads apart, so all must be there.
    let whole = Plan { exited: vec![false; plan.threads as usize], teams: plan.teams.clone(), ..*plan };
    whole.compare(&body, bits, number, |thread| match thread & 32 {
        _ if thread / 64 >= pairs || thread & 32 == 0 => 0,
        _ => (0..ROUNDS).fold(0, |sum, round| sum * 7 + round * 1000 + (thread ^ 32)),
    });
}

/// Each round the predicate is another bit, given as it is and negated, in turn.
fn reduce(form: &Form, plan: &Plan, bits: &[u32], number: usize) {
    let popc = form.has("popc");
    let target = if popc { "%r15" } else { "%p7" };
    let result = if popc { "" } else { "selp.u32 %r15, 1, 0, %p7;" };
    let meet = |not: &str| format!("{} {target}, %r2{}, {not}%p6; {result}", form.text, count(plan));
    let body = format!(
        "mov.u32 %r8, %r5;
         again: shr.u32 %r14, %r8, %r10; and.b32 %r14, %r14, 1; setp.ne.u32 %p6, %r14, 0; {LATE}
         @%p1 bra odd; {} bra met; odd: {} met: mad.lo.u32 %r9, %r9, 301, %r15; {}
         mad.lo.u32 %r9, %r9, 301, %r15;
         add.u32 %r10, %r10, 1; setp.lt.u32 %p5, %r10, {ROUNDS}; @%p5 bra again;",
        meet(""),
        meet(""),
        meet("!")
    );
    // Votes that agree are rare otherwise.
    let bits: Vec<u32> = bits.iter().map(|bits| bits | [0, 1, 3, 7][number / 2 % 4]).collect();
    plan.compare(&body, &bits, number, |thread| {
        let others = plan.others(thread);
        (0..ROUNDS * 2).fold(0u32, |sum, meeting| {
            let given = |other: &u32| (bits[*other as usize] >> (meeting / 2) & 1 == 1) != (meeting % 2 == 1);
            let trues = others.iter().filter(|other| given(other)).count();
            let value = match form.one_of(&["popc", "and"]) {
                Some("popc") => trues as u32,
                Some(_) => u32::from(trues == others.len()),
                None => u32::from(trues != 0),
            };
            sum.wrapping_mul(301).wrapping_add(value)
        })
    });
}
