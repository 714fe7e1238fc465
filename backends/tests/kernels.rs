//! Kernels on the cpu backend: grids over several threads, faults, blocks that wait for each other,
//! callers with an unusual floating point mode.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use std::sync::{Arc, Mutex};

use stream_hal_backends::{Accesses, Error, Module, Options, open};
use stream_hal_capture::op::{Args, Launch};
use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::backend::FaultKind;
use stream_hal_scheduler::{Health, Ticket, Work};
use world::{World, each, fill};

const SOURCE: &str = r"
.version 7.8
.target sm_80
.address_size 64

.visible .global .align 4 .u32 total = 5;
.visible .global .align 8 .u64 place = generic(total);

.visible .entry count(.param .u64 at)
{
    .reg .b64 %rd<3>;
    .reg .b32 %r<3>;
    ld.param.u64 %rd1, [at];
    atom.global.add.u32 %r1, [%rd1], 1;
    ret;
}

.visible .entry poke(.param .u64 at)
{
    .reg .b64 %rd<3>;
    .reg .b32 %r<3>;
    ld.param.u64 %rd1, [at];
    mov.u32 %r1, 7;
    st.global.u32 [%rd1], %r1;
    ret;
}

.visible .entry meet(.param .u64 at)
{
    .reg .b64 %rd<3>;
    .reg .b32 %r<5>;
    .reg .pred %p<2>;
    ld.param.u64 %rd1, [at];
    mov.u32 %r1, %nctaid.x;
    atom.global.add.u32 %r2, [%rd1], 1;
again:
    ld.volatile.global.u32 %r3, [%rd1];
    setp.lt.u32 %p1, %r3, %r1;
    @%p1 bra again;
    ret;
}

.visible .entry crowd(.param .u64 at)
{
    .reg .b64 %rd<3>;
    .reg .b32 %r<5>;
    .reg .pred %p<2>;
    ld.param.u64 %rd1, [at];
    atom.global.add.u32 %r1, [%rd1], 1;
    add.u32 %r1, %r1, 1;
    atom.global.max.u32 %r2, [%rd1+4], %r1;
    mov.u32 %r3, 0;
again:
    add.u32 %r3, %r3, 1;
    bar.sync 0;
    setp.lt.u32 %p1, %r3, 5000;
    @%p1 bra again;
    atom.global.add.u32 %r1, [%rd1], -1;
    ret;
}

.visible .entry halve(.param .u64 at)
{
    .reg .b64 %rd<3>;
    .reg .f32 %f<4>;
    ld.param.u64 %rd1, [at];
    ld.global.f32 %f1, [%rd1];
    mov.f32 %f2, 0f3F000000;
    mul.rn.f32 %f3, %f1, %f2;
    st.global.f32 [%rd1], %f3;
    ret;
}
";

struct Code {
    module: Arc<dyn Module>,
}

impl Code {
    fn load(world: &World) -> Code {
        Code { module: world.device().load_module(SOURCE.as_bytes()).unwrap() }
    }

    /// A launch with one pointer as its parameter.
    fn launch(&self, name: &str, grid: u32, block: u16) -> Op {
        let index = self.module.kernels().iter().position(|kernel| kernel == name).unwrap();
        let kernel = self.module.kernel(index).unwrap();
        assert_eq!((kernel.parameter_bytes, kernel.parameters.len()), (8, 1));
        Op::Launch(Launch {
            function: 1,
            code: kernel.code,
            grid: [grid, 1, 1],
            block: [block, 1, 1],
            flags: 0,
            shared_bytes: 0,
            args: Args { start: 0, bytes: 8 },
        })
    }
}

fn run(world: &World, queue: u32, op: Op, at: u64) -> Ticket {
    let work = Work::Ops { ops: &[op], args: &at.to_le_bytes(), waits: &[] };
    world.backend().submit(queue, work).unwrap()
}

#[test]
fn every_thread_of_a_grid_runs_once() {
    each(|world| {
        let (code, queue) = (Code::load(world), world.queue());
        for (grid, block) in [(1, 1), (1, 1000), (7, 33), (2000, 32)] {
            let at = world.words(1);
            world.backend().wait(run(world, queue, code.launch("count", grid, block), at));
            assert_eq!(world.word(at), grid * u32::from(block), "{grid} blocks of {block}");
        }
        assert_eq!(world.health.fault(), None);
    });
}

#[test]
fn variables_have_their_initial_values_and_addresses() {
    each(|world| {
        let code = Code::load(world);
        let [total, place] = code.module.globals() else { panic!("two variables") };
        assert_eq!((total.name.as_str(), world.word(total.address)), ("total", 5));
        let mut bytes = [0; 8];
        world.device().read(place.address, &mut bytes).unwrap();
        assert_eq!(u64::from_le_bytes(bytes), total.address);
        let queue = world.queue();
        world.backend().wait(run(world, queue, code.launch("count", 1, 3), total.address));
        assert_eq!(world.word(total.address), 8);
    });
}

#[test]
fn a_wild_store_breaks_the_context_and_says_where() {
    each(|world| {
        let (code, queue, at) = (Code::load(world), world.queue(), world.words(1));
        for wild in [24, 1 << 60] {
            let health = Health::new();
            let queue = world.queue_of(&health);
            world.backend().wait(run(world, queue, code.launch("poke", 4, 4), wild));
            let fault = health.fault().expect("nothing is mapped there");
            assert_eq!(fault.kind, FaultKind::IllegalAddress);
            assert!(fault.what.contains("poke"), "{}", fault.what);
            run(world, queue, code.launch("poke", 1, 1), at);
            world.backend().wait(world.submit(queue, fill(at, 1), &[]));
        }
        assert_eq!(world.word(at), 0, "later work of a broken context is dropped");
        world.backend().wait(run(world, queue, code.launch("poke", 1, 1), at));
        assert_eq!(world.word(at), 7, "other contexts go on");
    });
}

#[test]
fn blocks_that_wait_for_each_other_all_get_their_turn() {
    each(|world| {
        let (code, queue, at) = (Code::load(world), world.queue(), world.words(1));
        world.backend().wait(run(world, queue, code.launch("meet", 20, 4), at));
        assert!(world.word(at) >= 20);
        assert_eq!(world.health.fault(), None);
    });
}

/// Interpreted blocks take turns; compiled ones run to their end.
#[test]
fn long_blocks_take_turns_but_not_all_at_once() {
    for threads in [1, 2, 4] {
        for interpreter in [true, false] {
            let options = Options { cpu_threads: threads, interpreter, ..Options::default() };
            let world = World::new(open("cpu", &options).unwrap());
            let (code, queue, at) = (Code::load(&world), world.queue(), world.words(2));
            world.backend().wait(run(&world, queue, code.launch("crowd", 200, 1), at));
            assert_eq!(world.word(at), 0);
            // Four threads have 128 aside at most, and one each in hand; so has who waits.
            let most = world.word(at + 4);
            let least = if interpreter { 2 } else { 1 };
            assert!((least..=128 + 5).contains(&most), "{most} blocks under way at once");
        }
    }
}

#[test]
fn a_plan_launches_kernels() {
    each(|world| {
        let (code, queue, at) = (Code::load(world), world.queue(), world.words(1));
        let mut dag = Dag::new();
        let mut before = vec![];
        for _ in 0..10 {
            let op = code.launch("count", 3, 5);
            before = vec![dag.record(op, &at.to_le_bytes(), &before).unwrap()];
        }
        let (_, prepared) = world.prepare(&dag, 2);
        for _ in 0..10 {
            world.launch(queue, &prepared, vec![], &[]);
        }
        world.backend().wait(world.launch(queue, &prepared, vec![], &[]));
        assert_eq!(world.word(at), 11 * 10 * 15);
    });
}

#[test]
fn what_is_no_device_code_is_refused() {
    for name in ["cpu", "null"] {
        let world = World::new(open(name, &Options::default()).unwrap());
        let load = |image: &[u8]| world.device().load_module(image).map(drop);
        assert!(matches!(load(b""), Err(Error::InvalidImage(_))));
        assert!(matches!(load(b"\x00\x01\x02\x03 nothing of ours"), Err(Error::InvalidImage(_))));
        let broken =
            SOURCE.replace("atom.global.add.u32 %r1, [%rd1], 1;", "atom.global.add.u32 %q1, [%rd1], 1;");
        // A body is read when its kernel is asked for, or when all complaints are.
        let module = world.device().load_module(broken.as_bytes()).unwrap();
        let is_broken = |index: &usize| matches!(module.kernel(*index), Err(Error::InvalidPtx(_)));
        let broken = (0..5).filter(is_broken).map(|index| module.kernels()[index].as_str());
        assert_eq!(broken.collect::<Vec<_>>(), ["count", "crowd"]);
        assert!(matches!(module.check(), Err(Error::InvalidPtx(_))));
        assert!(matches!(module.kernel(5), Err(Error::Invalid(_))));
        let open = SOURCE.replacen('}', "", 1);
        assert!(matches!(load(open.as_bytes()), Err(Error::InvalidPtx(_))));
        assert_eq!(world.device().load_module(SOURCE.as_bytes()).unwrap().kernels().len(), 5);
    }
}

#[test]
fn an_unloaded_kernel_is_not_found() {
    let world = World::new(open("cpu", &Options::default()).unwrap());
    let code = Code::load(&world);
    let op = code.launch("poke", 1, 1);
    drop(code);
    let mut dag = Dag::new();
    dag.record(op, &[0; 8], &[]).unwrap();
    let plan = stream_hal_scheduler::plan::cut(
        &dag,
        stream_hal_scheduler::plan::Options { lanes: 1, host_calls: true },
    );
    assert!(world.backend().prepare(&plan.unwrap(), &dag).is_err());
    let queue = world.queue();
    world.backend().wait(run(&world, queue, op, 0));
    assert_eq!(world.health.fault().unwrap().kind, FaultKind::LaunchFailed);
}

/// Flush denormals and treat them as zero, as programs built for speed set it.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_callers_floating_point_mode_is_neither_used_nor_lost() {
    let world = World::new(world::with_threads(1));
    let (code, queue, at) = (Code::load(&world), world.queue(), world.words(1));
    for _ in 0..50 {
        world.device().write(at, &0x0000_0100u32.to_le_bytes()).unwrap();
        let wanted = 0x9fc0u32;
        // SAFETY: a valid control word; set back below.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &wanted) };
        world.backend().wait(run(&world, queue, code.launch("halve", 1, 1), at));
        let mut found = 0u32;
        // SAFETY: writes the control word into `found`.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut found) };
        let usual = 0x1f80u32;
        // SAFETY: the default.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &usual) };
        assert_eq!((found, world.word(at)), (wanted, 0x0000_0080));
    }
}

/// Each launch is told with its place in the plan and the bytes it read, wrote and updated.
#[test]
fn accesses_are_told_by_node() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = told.clone();
    let accesses = Accesses::tell(move |accessed| {
        let log = accessed.log;
        list.lock().unwrap().push((accessed.node, log.reads(), log.writes(), log.atomics()));
    });
    let options = Options { cpu_threads: 2, accesses: Some(accesses), ..Options::default() };
    let world = World::new(open("cpu", &options).unwrap());
    let (code, queue, at) = (Code::load(&world), world.queue(), world.words(2));
    world.backend().wait(run(&world, queue, code.launch("poke", 500, 32), at + 4));
    assert_eq!(told.lock().unwrap().pop(), Some((None, vec![], vec![(at + 4, at + 8)], vec![])));
    let mut dag = Dag::new();
    let first = dag.record(code.launch("count", 3, 5), &at.to_le_bytes(), &[]).unwrap();
    let second = dag.record(fill(at, 1), &[], &[first]).unwrap();
    dag.record(code.launch("poke", 1, 1), &at.to_le_bytes(), &[second]).unwrap();
    let (_, prepared) = world.prepare(&dag, 1);
    world.backend().wait(world.launch(queue, &prepared, vec![], &[]));
    let bytes = vec![(at, at + 4)];
    let expect = [(Some(0), vec![], vec![], bytes.clone()), (Some(2), vec![], bytes, vec![])];
    assert_eq!(*told.lock().unwrap(), expect);
}
