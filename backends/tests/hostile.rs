//! Programs that do what they should not, compiled and interpreted: the same faults, and the same memory without one.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use std::sync::Arc;

use stream_hal_backends::{Options, open};
use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Launch};
use stream_hal_kernels::compile::{Options as Compile, Shape, Target};
use stream_hal_scheduler::{Health, Work};
use world::World;

/// Words of the memory that a kernel gets.
const WORDS: u64 = 1024;

/// A kernel `k` with some registers, the address of the memory in `%d0` and the thread's number in the block in `%r0`.
fn source(body: &str) -> String {
    format!(
        ".version 8.6\n.target sm_90\n.address_size 64\n\
         .extern .func (.param .b64 o) malloc(.param .b64 bytes);\n.extern .func free(.param .b64 at);\n\
         .visible .entry k(.param .u64 at)\n{{\n.reg .b16 %h<9>;\n.reg .b32 %r<19>;\n.reg .b64 %d<19>;\n\
         .reg .f32 %f<9>;\n.reg .pred %p<9>;\n.shared .align 16 .b8 s[64];\n.local .align 8 .b8 l[24];\n\
         ld.param.u64 %d0, [at];\nmov.u32 %r0, %tid.x;\nmul.wide.u32 %d1, %r0, 4;\nadd.u64 %d2, %d0, %d1;\n{body}\nret;\n}}\n"
    )
}

/// What a launch came to: the fault, if there was one, and the memory.
#[derive(Debug, PartialEq)]
struct Outcome {
    fault: Option<String>,
    memory: Vec<u8>,
}

fn run(options: &Options, text: &str, grid: [u32; 3], block: [u16; 3]) -> Outcome {
    let world = World::new(open("cpu", options).unwrap());
    let module = world.device().load_module(text.as_bytes()).unwrap();
    let at = world.words(WORDS);
    let launch = Launch {
        function: 1,
        code: module.kernel(0).unwrap().code,
        grid,
        block,
        flags: 0,
        shared_bytes: 0,
        args: Args { start: 0, bytes: 8 },
    };
    let health = Health::new();
    let queue = world.queue_of(&health);
    let work = Work::Ops { ops: &[Op::Launch(launch)], args: &at.to_le_bytes(), waits: &[] };
    world.backend().wait(world.backend().submit(queue, work).unwrap());
    let mut memory = vec![0; WORDS as usize * 4];
    world.device().read(at, &mut memory).unwrap();
    // Where the memory lies differs from run to run.
    let told = |what: &str| what.replace(&format!("{at:#x}"), "[at]");
    let fault = health.fault().map(|fault| format!("{:?}: {}", fault.kind, told(&fault.what)));
    Outcome { fault, memory }
}

/// A test of the interpreter alone would prove nothing.
fn assert_compiles(text: &str, block: [u16; 3], check: bool) {
    let module = Arc::new(stream_hal_kernels::Module::parse(text).unwrap());
    let program = module.link(&[]).unwrap();
    let shape = Shape { block: block.map(u32::from), small_grid: true };
    let target = Target { lanes: 16, popcnt: false, funnel: false, half: false, bfloat: false };
    let code = program.compile(0, shape, &target, Compile { check, ..Compile::default() });
    assert!(code.is_ok(), "{:?}\n{text}", code.err());
}

/// What compiled and interpreted kernels of a body come to.
fn both(body: &str, block: u16, memcheck: bool) -> [Outcome; 2] {
    both_of(body, ([1, 1, 1], [block, 1, 1]), memcheck)
}

/// The same of grids and blocks of more dimensions.
fn both_of(body: &str, (grid, block): ([u32; 3], [u16; 3]), memcheck: bool) -> [Outcome; 2] {
    let text = source(body);
    assert_compiles(&text, block, memcheck);
    [false, true].map(|interpreter| {
        let options = Options { interpreter, memcheck, cpu_threads: 1, ..Options::default() };
        run(&options, &text, grid, block)
    })
}

/// The line of a part of a body in its source.
fn line_of(body: &str, part: &str) -> usize {
    source(body).lines().position(|line| line.contains(part)).unwrap() + 1
}

/// Both fault in this way, at the line of a part of the body, in the thread.
#[track_caller]
fn faults(body: &str, block: u16, memcheck: bool, (kind, part, thread): (&str, &str, u32)) {
    let all = both(body, block, memcheck);
    let place = format!("thread ({thread},0,0) line {}", line_of(body, part));
    for (way, outcome) in ["compiled", "interpreted"].iter().zip(&all) {
        let words = outcome.fault.as_deref().unwrap_or("no fault");
        assert!(
            words.starts_with(kind) && words.contains(&place),
            "{way}: {words}\nshould be {kind} {place}"
        );
    }
}

/// Neither faults, and both leave the same memory.
#[track_caller]
fn runs(body: &str, block: u16) {
    for memcheck in [false, true] {
        let [compiled, interpreted] = both(body, block, memcheck);
        assert_eq!((&compiled.fault, &interpreted.fault), (&None, &None), "memcheck {memcheck}");
        let differs = compiled.memory.iter().zip(&interpreted.memory).position(|(one, other)| one != other);
        assert_eq!(differs, None, "memcheck {memcheck}");
    }
}

#[test]
fn wild_accesses_of_one_lane_are_its_own() {
    for form in ["ld.global.u32 %r9, [%d3]", "st.global.u32 [%d3], %r0", "atom.global.add.u32 %r9, [%d3], 1"]
    {
        // Lane 5 alone, at address 64; what it has is wanted.
        let body = format!(
            "setp.eq.u32 %p0, %r0, 37;\nselp.u64 %d3, 64, %d2, %p0;\nmov.u32 %r9, 3;\n{form};\nst.global.u32 [%d2], %r9;"
        );
        for memcheck in [false, true] {
            faults(&body, 64, memcheck, ("IllegalAddress", form, 37));
        }
        // Nobody whose predicate says no faults.
        let guarded = body.replace(form, &format!("@!%p0 {form}"));
        runs(&guarded, 64);
    }
}

#[test]
fn wild_rows_and_wild_addresses_that_all_share() {
    for memcheck in [false, true] {
        let row = "add.u64 %d3, %d1, 4096;\nsub.u64 %d3, %d3, 4096;\nld.global.u32 %r9, [%d3];\nst.global.u32 [%d2], %r9;";
        faults(row, 64, memcheck, ("IllegalAddress", "ld.global", 0));
        faults("st.global.u32 [%d1], %r0;", 100, memcheck, ("IllegalAddress", "st.global", 0));
        let shared = "setp.lt.u32 %p0, %r0, 7;\n@%p0 bra over;\nmov.u64 %d3, 8;\nld.global.u32 %r9, [%d3];\nst.global.u32 [%d2], %r9;\nover:";
        faults(shared, 64, memcheck, ("IllegalAddress", "ld.global", 7));
    }
}

#[test]
fn behind_an_allocation_is_found_by_checks() {
    let body = "add.u64 %d3, %d2, 3964;\nst.global.u32 [%d3], %r0;";
    faults(body, 64, true, ("IllegalAddress", "st.global", 33));
}

#[test]
fn misaligned_accesses_are_found_by_checks() {
    for (form, by) in [
        ("ld.global.u32 %r9, [%d3]", 2),
        ("st.global.u32 [%d3], %r9", 2),
        ("st.global.u16 [%d3], %h0", 1),
        ("ld.global.v2.u32 {%r9, %r8}, [%d3]", 4),
        ("st.global.v4.u32 [%d3], {%r0, %r0, %r0, %r0}", 8),
        ("atom.global.add.u32 %r9, [%d3], 1", 2),
        ("red.global.add.u64 [%d3], %d1", 4),
        ("red.global.add.v2.f32 [%d3], {%f0, %f0}", 4),
        ("red.global.add.v4.f32 [%d3], {%f0, %f0, %f0, %f0}", 8),
        ("atom.global.add.noftz.v2.f16x2 {%r9, %r8}, [%d3], {%r0, %r0}", 4),
    ] {
        let body = format!(
            "mul.wide.u32 %d3, %r0, 16;\nadd.u64 %d3, %d3, %d0;\nsetp.eq.u32 %p0, %r0, 21;\nmov.u32 %r9, 1;\n\
             mov.f32 %f0, 0f3F800000;\nmov.u16 %h0, 3;\n@%p0 add.u64 %d3, %d3, {by};\n{form};\nst.global.u32 [%d2], %r9;"
        );
        faults(&body, 64, true, ("MisalignedAddress", form, 21));
        let fine = body.replace("%p0, %r0, 21", "%p0, %r0, 521");
        let [compiled, interpreted] = both(&fine, 64, true);
        assert_eq!(compiled, interpreted, "{form}");
    }
}

/// A thread's local memory is its own, however near the next one's is.
#[test]
fn local_memory_is_each_threads_own() {
    // An index that nobody knows before, out of its 24 bytes for thread 9.
    let body = "ld.global.u32 %r9, [%d2];\nsetp.eq.u32 %p0, %r0, 9;\n@%p0 add.u32 %r9, %r9, 32;\nmov.u32 %r8, l;\n\
                add.u32 %r8, %r8, %r9;\nst.local.u32 [%r8], %r0;\nld.local.u32 %r7, [%r8];\nst.global.u32 [%d2], %r7;";
    faults(body, 64, true, ("IllegalAddress", "st.local", 9));
    runs(&body.replace("%r9, 32", "%r9, 20"), 64);
    let generic = "ld.global.u32 %r9, [%d2];\nmov.u64 %d3, l;\ncvta.local.u64 %d3, %d3;\ncvt.u64.u32 %d4, %r9;\nadd.u64 %d3, %d3, %d4;\n\
                   setp.eq.u32 %p0, %r0, 9;\n@%p0 add.u64 %d3, %d3, 32;\nst.u32 [%d3], %r0;\nld.u32 %r7, [%d3];\nst.global.u32 [%d2], %r7;";
    faults(generic, 64, true, ("IllegalAddress", "st.u32", 9));
    runs(&generic.replace("%d3, 32", "%d3, 20"), 64);
}

#[test]
fn shared_memory_ends_where_it_does() {
    let body = "ld.global.u32 %r9, [%d2];\nmov.u32 %r8, s;\nadd.u32 %r8, %r8, %r9;\nsetp.eq.u32 %p0, %r0, 40;\n\
                @%p0 add.u32 %r8, %r8, 0x100000;\nst.shared.u32 [%r8], %r0;\nbar.sync 0;\nst.global.u32 [%d2], %r8;";
    for memcheck in [false, true] {
        faults(body, 64, memcheck, ("IllegalAddress", "st.shared", 40));
    }
    faults(&body.replace("0x100000", "64"), 64, true, ("IllegalAddress", "st.shared", 40));
    let minus = body.replace("0x100000", "0xfffffffc");
    faults(&minus, 64, true, ("IllegalAddress", "st.shared", 40));
}

#[test]
fn parameters_are_not_written() {
    let body = "mov.b64 %d3, at;\ncvta.param.u64 %d3, %d3;\nld.u64 %d4, [%d3];\nst.global.u32 [%d4], 5;\nst.u32 [%d3], 7;";
    let [compiled, interpreted] = both(body, 32, true);
    println!("{:?} {:?}", compiled.fault, interpreted.fault);
    faults(body, 32, true, ("IllegalAddress", "st.u32", 0));
}

/// Of what is trapped, divided, allocated.
#[test]
fn traps_and_the_heap() {
    faults(
        "setp.ne.u32 %p0, %r0, 50;\n@%p0 bra over;\ntrap;\nover:",
        64,
        false,
        ("LaunchFailed", "trap", 50),
    );
    let heap = "{\n.param .b64 b;\n.param .b64 o;\nst.param.b64 [b], 16;\ncall (o), malloc, (b);\nld.param.b64 %d3, [o];\n}\n\
                st.u32 [%d3+4], %r0;\nld.u32 %r9, [%d3+4];\nst.global.u32 [%d2], %r9;\n\
                {\n.param .b64 a;\nst.param.b64 [a], %d3;\ncall free, (a);\n}";
    runs(heap, 64);
    let over = heap.replace("st.u32 [%d3+4]", "st.u32 [%d3+0x7fffff0]");
    let [compiled, interpreted] = both(&over, 64, true);
    assert!(compiled.fault.is_some() && interpreted.fault.is_some(), "{compiled:?}");
    // PTX has an answer for divisions by zero.
    runs("div.u32 %r9, 7, %r0;\nrem.s32 %r8, 7, %r0;\nadd.u32 %r9, %r9, %r8;\nst.global.u32 [%d2], %r9;", 64);
    runs("neg.s32 %r7, %r0;\ndiv.s32 %r9, 0x80000000, %r7;\nst.global.u32 [%d2], %r9;", 64);
}

/// Block and thread of a fault by their places, as the interpreter names them.
#[test]
fn faults_of_grids_with_more_dimensions() {
    let body = "mov.u32 %r1, %tid.y;\nmov.u32 %r2, %tid.z;\nmov.u32 %r3, %ctaid.x;\nmov.u32 %r4, %ctaid.y;\nmov.u32 %r5, %ctaid.z;\n\
                mad.lo.u32 %r6, %r2, 10, %r1;\nmad.lo.u32 %r6, %r6, 10, %r0;\nmad.lo.u32 %r7, %r5, 10, %r4;\n\
                mad.lo.u32 %r7, %r7, 10, %r3;\nsetp.eq.u32 %p0, %r6, 135;\nsetp.eq.and.u32 %p0, %r7, 102, %p0;\n\
                @%p0 mov.u64 %d2, 40;\nst.global.u32 [%d2], 9;";
    for block in [[8, 4, 2], [6, 5, 3], [7, 4, 2]] {
        for memcheck in [false, true] {
            for outcome in both_of(body, ([3, 2, 2], block), memcheck) {
                let words = outcome.fault.unwrap_or_default();
                let place = format!("block (2,0,1) thread (5,3,1) line {}", line_of(body, "st.global"));
                assert!(words.contains("bytes at 0x28") && words.ends_with(&place), "{block:?}: {words}");
            }
        }
    }
}

/// Where lanes of one vector go different ways, what faults is what was reached.
#[test]
fn faults_behind_branches_and_in_loops() {
    // Threads leave the loop one after the other; the fifth round of those who are left is wild.
    let body = "mov.u32 %r1, 0;\nagain:\nadd.u32 %r1, %r1, 1;\nsetp.ge.u32 %p0, %r1, %r0;\n@%p0 bra over;\n\
                setp.eq.u32 %p1, %r1, 5;\n@%p1 mov.u64 %d2, 12;\nst.global.u32 [%d2], %r1;\nbra again;\nover:";
    for memcheck in [false, true] {
        faults(body, 64, memcheck, ("IllegalAddress", "st.global.u32 [%d2], %r1", 6));
    }
    runs(&body.replace("%r1, 5;", "%r1, 500;"), 64);
    // Behind a barrier in another gang's part of the block.
    let body = "st.shared.u32 [s], %r0;\nbar.sync 0;\nsetp.ne.u32 %p0, %r0, 777;\n@%p0 bra over;\nld.global.u32 %r9, [%d1];\n\
                st.shared.u32 [s], %r9;\nover:";
    faults(body, 1024, false, ("IllegalAddress", "ld.global.u32 %r9", 777));
}
