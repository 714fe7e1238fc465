//! Compiled kernels that never end, in many ways: their context can be closed all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stream_hal::What;
use stream_hal::context::Context;
use stream_hal::launch::{self, Shape};
use stream_hal::memory;
use stream_hal::module::Module;
use stream_hal::rules::CUDA;
use stream_hal::runtime::initialize;
use stream_hal::stream::Stream;

/// Ways not to end. Each kernel first counts who comes, in the word at `%d0`.
const WAYS: &[(&str, &str)] = &[
    ("nothing", "again: bra again;"),
    ("counts", "again: atom.global.add.u32 %r1, [%d0], 1; bra again;"),
    (
        "computes",
        "again: mad.lo.u32 %r1, %r1, 5, 2; and.b32 %r2, %r1, 1; setp.eq.u32 %p0, %r2, 0; @%p0 bra again;",
    ),
    (
        "computes_floats",
        "mov.f32 %f0, 0f3F800000; again: mul.f32 %f0, %f0, 0f3F800000; setp.eq.f32 %p0, %f0, 0f3F800000; @%p0 bra again;",
    ),
    ("one_lane", "setp.ne.u32 %p0, %r0, 3; @%p0 bra over; again: bra again; over:"),
    (
        "last_of_a_warp",
        "and.b32 %r2, %r0, 31; setp.lt.u32 %p0, %r2, 31; @%p0 bra over; again: add.u32 %r1, %r1, 1; bra again; over:",
    ),
    ("meets", "again: bar.sync 0; bra again;"),
    ("meets_and_counts", "again: bar.sync 0; add.u32 %r1, %r1, %r0; st.shared.u32 [s], %r1; bra again;"),
    ("some_meet", "again: bar.red.popc.u32 %r1, 0, 1; setp.ne.u32 %p0, %r1, 0; @%p0 bra again;"),
    ("warps_vote", "again: vote.sync.any.pred %p0, 1, 0xffffffff; @%p0 bra again;"),
    (
        "nested",
        "again: mov.u32 %r1, 0; inner: add.u32 %r1, %r1, 1; setp.lt.u32 %p0, %r1, %r0; @%p0 bra inner; bra again;",
    ),
    (
        "two_ways",
        "again: and.b32 %r2, %r1, 1; setp.eq.u32 %p0, %r2, %r0; add.u32 %r1, %r1, 1; @%p0 bra again; \
         add.u32 %r1, %r1, 2; bra again;",
    ),
    (
        "into_the_middle",
        "setp.eq.u32 %p0, %r0, 1; @%p0 bra middle; again: add.u32 %r1, %r1, 1; middle: add.u32 %r1, %r1, 2; bra again;",
    ),
    ("reads", "again: ld.global.u32 %r1, [%d0]; setp.ge.u32 %p0, %r1, 0; @%p0 bra again;"),
];

fn source() -> String {
    let kernel = |(name, body): &(&str, &str)| {
        format!(
            ".visible .entry {name}(.param .u64 at) {{ .reg .b32 %r<4>; .reg .b64 %d<2>; .reg .f32 %f<2>; .reg .pred %p<2>;\n\
             .shared .align 4 .b8 s[16]; ld.param.u64 %d0, [at]; mov.u32 %r0, %tid.x; mov.u32 %r1, 0;\n\
             red.global.add.u32 [%d0], 1;\n{body}\nst.global.u32 [%d0+4], %r1; ret; }}\n"
        )
    };
    ".version 7.0\n.target sm_70\n.address_size 64\n".to_owned()
        + &WAYS.iter().map(kernel).collect::<String>()
}

/// How long it takes to close the context of a kernel that runs.
fn close(name: &str, (blocks, threads): (u32, u32), waited_for: bool) -> Duration {
    let device = initialize().and_then(|runtime| runtime.device(0)).expect("there is a cpu device");
    let context = Context::open(device, 0, false).expect("a context opens");
    let stream = Stream::create(&context, false, 0).expect("a stream is made");
    let module = Module::load(&context, source().as_bytes()).expect("the module loads");
    let word = memory::allocate(&context, &CUDA, 8).expect("there is room");
    context.device.driver.write(word, &[0; 8]).expect("it is writable");
    let function = module.function(name).expect("a kernel of that name");
    let shape = Shape { grid: [blocks, 1, 1], block: [threads, 1, 1], shared_bytes: 0, cooperative: false };
    launch::launch(&stream, &function, &shape, &word.to_le_bytes(), &CUDA).expect("it is launched");
    let came = |context: &Arc<Context>| {
        let mut bytes = [0; 4];
        context.device.driver.read(word, &mut bytes).expect("the memory is there");
        u32::from_le_bytes(bytes)
    };
    std::thread::scope(|scope| {
        // Who waits runs blocks.
        let waiter = waited_for.then(|| scope.spawn(|| stream.synchronize()));
        let end = Instant::now() + Duration::from_secs(10);
        while came(&context) == 0 {
            assert!(Instant::now() < end, "{name} does not start");
            std::thread::sleep(Duration::from_micros(200));
        }
        let start = Instant::now();
        context.close_within(Duration::from_millis(5)).expect("it can be closed");
        if let Some(waiter) = waiter {
            let error = waiter.join().expect("nobody panicked").expect_err(name);
            assert_eq!(error.what, What::ContextIsDestroyed, "{name}");
        }
        start.elapsed()
    })
}

#[test]
fn every_endless_kernel_can_be_left() {
    for (name, _) in WAYS {
        for shape in [(1, 32), (1, 256), (40, 256)] {
            for waited_for in [false, true] {
                let took = close(name, shape, waited_for);
                assert!(took < Duration::from_secs(2), "{name} {shape:?} {waited_for}: {took:?}");
            }
        }
    }
}

/// A test of the interpreter would prove less.
#[test]
fn all_of_them_are_compiled() {
    use stream_hal_kernels::compile::{Options, Shape, Target};
    let module = Arc::new(stream_hal_kernels::Module::parse(&source()).expect("it is fine"));
    let program = module.link(&[]).expect("there are no variables");
    for (at, (name, _)) in WAYS.iter().enumerate() {
        for threads in [32, 256] {
            let shape = Shape { block: [threads, 1, 1], small_grid: true };
            let code = program.compile(at, shape, &Target::LEAST, Options::default());
            assert!(code.is_ok(), "{name} with {threads} threads: {:?}", code.err());
        }
    }
}
