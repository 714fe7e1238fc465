//! What kernels ask of the side that runs them: a barrier of the whole grid, `printf`, assertions; and kernels that
//! never end, when their context or their process does.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stream_hal::capture;
use stream_hal::context::Context;
use stream_hal::launch::{self, Shape};
use stream_hal::memory;
use stream_hal::module::Module;
use stream_hal::rules::CUDA;
use stream_hal::runtime::initialize;
use stream_hal::stream::Stream;
use stream_hal::{Error, Result, What};

const PTX: &str = r#"
.version 7.0
.target sm_70
.address_size 64
.extern .func (.param .b32 o) vprintf(.param .b64 f, .param .b64 v);
.extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l, .param .b64 n, .param .b64 s);
.extern .func (.param .b64 o) cudaCGGetIntrinsicHandle(.param .b32 scope);
.extern .func (.param .b32 o) cudaCGSynchronize(.param .b64 handle, .param .b32 flags);
.extern .func (.param .b32 o) cudaCGGetSize(.param .b64 threads, .param .b64 grids, .param .b64 handle);
.extern .func (.param .b32 o) cudaCGGetRank(.param .b64 thread, .param .b64 grid, .param .b64 handle);
.global .align 1 .b8 format[14] = {98, 108, 111, 99, 107, 32, 37, 117, 44, 32, 37, 117, 10, 0};
.global .align 1 .b8 word[5] = {115, 111, 109, 101, 0};

// out[block] = how many blocks had come when this one left the barrier of the grid; out[grid] counts them.
.visible .entry meet(.param .u64 out)
{
    .reg .b32 %r<8>;
    .reg .b64 %d<8>;
    .reg .pred %p<3>;
    ld.param.u64 %d1, [out];
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %nctaid.x;
    mov.u32 %r3, %tid.x;
    mul.wide.u32 %d2, %r2, 4;
    add.u64 %d2, %d1, %d2;
    setp.ne.u32 %p1, %r3, 0;
    bar.sync 0;
    @%p1 bra together;
    membar.gl;
    atom.global.add.u32 %r4, [%d2], 1;
again:
    ld.acquire.gpu.global.u32 %r4, [%d2];
    setp.lt.u32 %p2, %r4, %r2;
    @%p2 bra again;
    mul.wide.u32 %d3, %r1, 4;
    add.u64 %d3, %d1, %d3;
    st.global.u32 [%d3], %r4;
together:
    bar.sync 0;
    ret;
}
// As toolkits before 11 compile a group of the whole grid. Three rounds: each block counts in out[round], waits for the
// others and reads the count into out[3 + 3 block + round]. Then the errors of handles of the grid and of several grids,
// and the grid's size; out[end + rank] = rank of each thread.
.visible .entry group(.param .u64 out)
{
    .reg .b32 %r<20>;
    .reg .b64 %d<20>;
    .reg .pred %p<3>;
    .param .b32 s; .param .b64 h; .param .b32 f; .param .b32 e; .param .b64 a; .param .b64 b;
    .local .align 8 .b8 rank[8];
    ld.param.u64 %d1, [out];
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %nctaid.x;
    st.param.b32 [s], 1;
    call.uni (h), cudaCGGetIntrinsicHandle, (s);
    ld.param.b64 %d2, [h];
    st.param.b32 [f], 0;
    mov.u32 %r3, %tid.x;
    setp.ne.u32 %p1, %r3, 0;
    mov.u32 %r4, 0;
    mad.lo.u32 %r5, %r1, 3, 3;
    mul.wide.u32 %d4, %r5, 4;
    add.u64 %d4, %d1, %d4;
    mov.u64 %d5, %d1;
round:
    @!%p1 red.global.add.u32 [%d5], 1;
    call.uni (e), cudaCGSynchronize, (h, f);
    ld.param.b32 %r6, [e];
    @!%p1 ld.volatile.global.u32 %r7, [%d5];
    @!%p1 st.global.u32 [%d4], %r7;
    add.u64 %d5, %d5, 4;
    add.u64 %d4, %d4, 4;
    add.u32 %r4, %r4, 1;
    setp.lt.u32 %p2, %r4, 3;
    @%p2 bra round;
    mad.lo.u32 %r8, %r2, 3, 3;
    mul.wide.u32 %d6, %r8, 4;
    add.u64 %d6, %d1, %d6;
    st.global.u32 [%d6], %r6;
    st.param.b64 [a], %d6;
    add.u64 %d7, %d6, 4;
    st.param.b64 [a], %d7;
    st.param.b64 [b], 0;
    call.uni (e), cudaCGGetSize, (a, b, h);
    add.u64 %d7, %d6, 8;
    st.param.b64 [a], 0;
    st.param.b64 [b], %d7;
    call.uni (e), cudaCGGetSize, (a, b, h);
    mov.u64 %d8, rank;
    cvta.local.u64 %d9, %d8;
    st.param.b64 [a], %d9;
    add.u64 %d9, %d9, 4;
    st.param.b64 [b], %d9;
    call.uni (e), cudaCGGetRank, (a, b, h);
    ld.local.v2.u32 {%r9, %r10}, [%d8];
    add.u32 %r10, %r10, %r9;
    mul.wide.u32 %d10, %r9, 4;
    add.u64 %d10, %d10, %d6;
    st.global.u32 [%d10+16], %r10;
    st.param.b32 [s], 2;
    call.uni (h), cudaCGGetIntrinsicHandle, (s);
    call.uni (e), cudaCGSynchronize, (h, f);
    ld.param.b32 %r11, [e];
    st.global.u32 [%d6+12], %r11;
    ret;
}
.visible .entry say()
{
    .local .align 8 .b8 values[8];
    .reg .b32 %r<4>;
    .reg .b64 %d<4>;
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %tid.x;
    mov.u64 %d1, values;
    st.local.v2.u32 [%d1], {%r1, %r2};
    cvta.local.u64 %d1, %d1;
    mov.u64 %d2, format;
    cvta.global.u64 %d2, %d2;
    { .param .b64 f; .param .b64 v; .param .b32 o;
      st.param.b64 [f], %d2; st.param.b64 [v], %d1;
      call.uni (o), vprintf, (f, v); }
    ret;
}
.visible .entry claim(.param .u32 bad)
{
    .reg .b32 %r<4>;
    .reg .b64 %d<4>;
    .reg .pred %p<2>;
    ld.param.u32 %r1, [bad];
    mov.u32 %r2, %ctaid.x;
    setp.ne.u32 %p1, %r1, %r2;
    @%p1 ret;
    mov.u64 %d1, word;
    cvta.global.u64 %d1, %d1;
    { .param .b64 m; .param .b64 f; .param .b32 l; .param .b64 n; .param .b64 s;
      st.param.b64 [m], %d1; st.param.b64 [f], %d1; st.param.b32 [l], 12; st.param.b64 [n], %d1; st.param.b64 [s], 1;
      call.uni __assertfail, (m, f, l, n, s); }
    ret;
}
.visible .entry spin(.param .u64 at)
{
    .reg .b32 %r<3>;
    .reg .b64 %d<3>;
    ld.param.u64 %d1, [at];
again:
    atom.global.add.u32 %r1, [%d1], 1;
    bar.sync 0;
    bra again;
}
"#;

struct World {
    context: Arc<Context>,
    stream: Arc<Stream>,
    module: Arc<Module>,
}

impl World {
    fn new() -> World {
        let device = initialize().and_then(|runtime| runtime.device(0)).expect("there is a cpu device");
        let context = Context::open(device, 0, false).expect("a context opens");
        let stream = Stream::create(&context, false, 0).expect("a stream is made");
        let module = Module::load(&context, PTX.as_bytes()).expect("the module loads");
        World { context, stream, module }
    }

    fn words(&self, count: usize) -> u64 {
        let address =
            memory::allocate(&self.context, &CUDA, 4 * count as u64).expect("a few bytes are there");
        self.context.device.driver.write(address, &vec![0; 4 * count]).expect("it is writable");
        address
    }

    fn read(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.context.device.driver.read(address, &mut bytes).expect("the memory is there");
        u32::from_le_bytes(bytes)
    }

    fn launch(&self, name: &str, shape: &Shape, parameters: &[u8]) -> Result {
        let function = self.module.function(name).expect("a kernel of that name");
        launch::launch(&self.stream, &function, shape, parameters, &CUDA).map(drop)
    }

    /// Starts a kernel that never ends, and returns when it runs: the word that it counts in.
    fn spin(&self) -> u64 {
        let word = self.words(1);
        self.launch("spin", &Shape::linear(64, 32), &word.to_le_bytes()).expect("it is launched");
        let end = Instant::now() + Duration::from_secs(10);
        while self.read(word) == 0 {
            assert!(Instant::now() < end, "the kernel does not start");
            std::thread::sleep(Duration::from_millis(1));
        }
        word
    }
}

fn cooperative(blocks: u32, threads: u32, shared_bytes: u32) -> Shape {
    Shape { grid: [blocks, 1, 1], block: [threads, 1, 1], shared_bytes, cooperative: true }
}

/// What is wrong with a body, or not implemented, is told when its kernel is asked for or launched. The others run, in
/// streams and in graphs.
#[test]
fn a_bad_body_takes_down_its_kernels_alone() {
    let head = ".version 7.0\n.target sm_70\n.address_size 64\n";
    let good = ".entry good(.param .u64 out) { .reg .b64 %d; ld.param.u64 %d, [out]; st.global.u32 [%d], 7; ret; }\n";
    let text = format!(
        "{head}{good}.func lost() {{ frobnicate.u32 1; }}\n.entry wrong() {{ call lost; ret; }}\n\
         .entry strange() {{ .reg .b32 %r; vadd.u32.u32.u32 %r, %r, %r; ret; }}"
    );
    let world = World::new();
    let module = Module::load(&world.context, text.as_bytes()).expect("its module level is fine");
    for _ in 0..2 {
        let error = module.function("wrong").err().expect("its body is wrong");
        assert_eq!(error.what, What::InvalidPtx, "{error}");
        assert!(error.because.contains("5:16: unknown instruction 'frobnicate'"), "{error}");
    }
    assert_eq!(module.check().unwrap_err().what, What::InvalidPtx);
    let out = world.words(1);
    let good = module.function("good").unwrap();
    let strange = module.function("strange").unwrap();
    assert_eq!((strange.kernel().max_threads_per_block, strange.kernel().registers), (1024, 1));
    let both = || {
        launch::launch(&world.stream, &good, &Shape::linear(1, 1), &out.to_le_bytes(), &CUDA).unwrap();
        let refused = launch::launch(&world.stream, &strange, &Shape::linear(1, 1), &[], &CUDA);
        let error = refused.map(drop).unwrap_err();
        assert_eq!(error.what, What::NotSupported, "{error}");
        assert!(error.because.contains("line 7: vadd.u32.u32.u32 is not supported"), "{error}");
    };
    both();
    capture::begin(&world.stream, capture::Mode::Relaxed, None).unwrap();
    both();
    assert_eq!(capture::end(&world.stream).unwrap().snapshot().len(), 1);
    world.stream.synchronize().unwrap();
    assert_eq!(world.read(out), 7);
    let refused = launch::op(&strange, &Shape::linear(1, 1), 0, &CUDA);
    assert_eq!(refused.map(drop).unwrap_err().what, What::NotSupported);
}

/// What a kernel or its device has no room for is refused where it is launched; the context stays whole.
#[test]
fn too_much_of_anything_is_refused_at_the_launch() {
    let text = ".version 7.0\n.target sm_70\n.address_size 64\n.entry free(.param .u64 p) { ret; }\n\
        .entry narrow(.param .u64 p) .maxntid 64, 1, 1 { ret; }\n.entry exact(.param .u64 p) .reqntid 8, 4 { ret; }\n\
        .func deeper() { .local .b8 d[400000]; .reg .b64 %d; mov.u64 %d, d; ret; }\n\
        .func less_deep() { .local .b8 d[400000]; .reg .b64 %d; mov.u64 %d, d; call deeper; ret; }\n\
        .entry deep(.param .u64 p) { .local .b8 d[400000]; .reg .b64 %d; mov.u64 %d, d; call less_deep; ret; }\n\
        .entry full(.param .u64 p) { .shared .b8 s[200000]; .reg .b64 %d; mov.u64 %d, s; ret; }\n";
    let world = World::new();
    let module = Module::load(&world.context, text.as_bytes()).expect("it is fine");
    let plain = Shape::linear(64, 64);
    let of = |block| Shape { block, ..plain };
    for (name, shape, what, words) in [
        ("free", of([1025, 1, 1]), What::InvalidValue, "1025 is not between 1 and 1024"),
        ("free", of([32, 33, 1]), What::InvalidValue, "1056 threads"),
        ("free", of([1, 1, 65]), What::InvalidValue, "65 is not between 1 and 64"),
        ("free", of([0, 1, 1]), What::InvalidValue, "0 is not between"),
        ("free", Shape { shared_bytes: (48 << 10) + 1, ..plain }, What::InvalidValue, "49153 bytes"),
        ("narrow", of([65, 1, 1]), What::LaunchOutOfResources, "\"narrow\" allows 64"),
        ("exact", of([32, 1, 1]), What::LaunchOutOfResources, "blocks of [8, 4, 1]"),
        ("deep", plain, What::NotSupported, "1200000 bytes of local memory"),
        ("full", plain, What::LaunchOutOfResources, "200000 bytes of shared memory"),
    ] {
        let function = module.function(name).expect("it is there");
        let launched = launch::launch(&world.stream, &function, &shape, &[0; 8], &CUDA);
        let error = launched.map(drop).expect_err(name);
        assert!(error.what == what && error.because.contains(words), "{name}: {error}");
    }
    world.stream.synchronize().expect("nothing was launched");
}

#[test]
fn all_blocks_of_a_cooperative_launch_meet() {
    let world = World::new();
    // More blocks than this machine has threads.
    for (blocks, threads) in [(1, 1), (2, 64), (32, 40)] {
        let out = world.words(blocks as usize + 1);
        world.launch("meet", &cooperative(blocks, threads, 0), &out.to_le_bytes()).unwrap();
        world.stream.synchronize().unwrap();
        for block in 0..=blocks {
            assert_eq!(world.read(out + 4 * u64::from(block)), blocks, "block {block} of {blocks}");
        }
    }
}

#[test]
fn groups_of_older_toolkits_meet_as_well() {
    let world = World::new();
    for (blocks, threads) in [(1, 1), (3, 70), (4, 40)] {
        let (count, end) = (blocks * threads, 3 + 3 * blocks);
        let out = world.words((end + 4 + count) as usize);
        world.launch("group", &cooperative(blocks, threads, 0), &out.to_le_bytes()).expect("it is launched");
        world.stream.synchronize().expect("it runs");
        let word = |at: u32| world.read(out + 4 * u64::from(at));
        for round in 0..3 + 3 * blocks {
            assert_eq!(word(round), blocks, "word {round} of {blocks} blocks");
        }
        // No error, the threads, one grid; several grids are no group.
        assert_eq!([0, 1, 2, 3].map(|at| word(end + at)), [0, count, 1, 1]);
        for rank in 0..count {
            assert_eq!(word(end + 4 + rank), rank);
        }
    }
    // Without a cooperative launch there is no grid to wait for: the handle is 0, and nobody hangs.
    let out = world.words(3 + 3 + 4 + 8);
    world.launch("group", &Shape::linear(1, 8), &out.to_le_bytes()).expect("it is launched");
    world.stream.synchronize().expect("it runs");
    assert_eq!(world.read(out + 4 * 6), 1);
}

#[test]
fn a_cooperative_launch_that_cannot_be_resident_is_refused() {
    let world = World::new();
    let cores = world.context.device.properties().multiprocessors;
    let out = world.words(64 * cores as usize + 1).to_le_bytes();
    let refused = |shape: &Shape| {
        let error = world.launch("meet", shape, &out).unwrap_err();
        assert_eq!(error.what, What::CooperativeLaunchTooLarge, "{error}");
    };
    refused(&cooperative(32 * cores + 1, 32, 0));
    refused(&cooperative(2 * cores + 1, 1024, 0));
    refused(&cooperative(4 * cores + 1, 32, 40 << 10));
    refused(&Shape { grid: [u32::from(u16::MAX); 3], ..cooperative(1, 32, 0) });
    world.launch("meet", &cooperative(4 * cores, 32, 40 << 10), &out).unwrap();
    world.stream.synchronize().unwrap();
}

#[test]
fn a_failed_assertion_sticks_to_its_context() {
    let (world, other) = (World::new(), World::new());
    world.launch("claim", &Shape::linear(64, 32), &9u32.to_le_bytes()).unwrap();
    world.stream.synchronize().unwrap();
    world.launch("claim", &Shape::linear(64, 32), &1u32.to_le_bytes()).unwrap();
    let asserted = |error: Error| {
        assert_eq!(error.what, What::Assert, "{error}");
        let words = "some:12: some: block: [1,0,0], thread: [0,0,0] Assertion `some` failed in kernel claim block (1,0,0) thread (0,0,0)";
        assert!(error.because.contains(words), "{error}");
    };
    asserted(world.stream.synchronize().unwrap_err());
    asserted(world.launch("claim", &Shape::linear(64, 32), &9u32.to_le_bytes()).unwrap_err());
    asserted(world.context.synchronize().unwrap_err());
    other.launch("claim", &Shape::linear(64, 32), &9u32.to_le_bytes()).unwrap();
    other.stream.synchronize().unwrap();
    world.context.close().unwrap();
}

#[test]
fn a_context_with_an_endless_kernel_can_be_closed() {
    for waited_for in [false, true] {
        let world = World::new();
        let word = world.spin();
        let start = Instant::now();
        std::thread::scope(|scope| {
            let waiter = waited_for.then(|| scope.spawn(|| world.stream.synchronize()));
            world.context.close_within(Duration::from_millis(50)).unwrap();
            assert!(start.elapsed() >= Duration::from_millis(50), "it did not wait at all");
            if let Some(waiter) = waiter {
                assert_eq!(waiter.join().unwrap().unwrap_err().what, What::ContextIsDestroyed);
            }
        });
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        let seen = world.read(word);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(world.read(word), seen, "it still runs");
    }
}

#[test]
fn closing_waits_for_work_that_goes_on() {
    let world = World::new();
    let out = world.words(2);
    let patience = Duration::from_millis(200);
    let launch = |count: u32| {
        for _ in 0..count {
            world.launch("meet", &cooperative(1, 1024, 0), &out.to_le_bytes()).unwrap();
        }
    };
    // As many as take longer than the patience, though each is short.
    let start = Instant::now();
    launch(100);
    world.stream.synchronize().unwrap();
    let enough = (patience * 250).div_duration_f64(start.elapsed()) as u32;
    launch(enough);
    world.context.close_within(patience).unwrap();
    assert_eq!(world.read(out + 4), 100 + enough);
}

/// What a test's own process does when it runs once more as a child.
const PART: &str = "STREAM_HAL_TEST_PART";

/// This program once more, with only the named test, which then plays a part.
fn child(test: &str, part: &str) -> Child {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(PART, part);
    command.stdout(Stdio::piped()).spawn().expect("the child starts")
}

fn ends(mut child: Child) -> std::process::ExitStatus {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if Instant::now() > end {
            child.kill().expect("it is our child");
            panic!("the process does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn kernels_print_to_the_standard_output() {
    if env::var_os(PART).is_some() {
        let world = World::new();
        world.launch("say", &Shape::linear(70 * 5, 70), &[]).unwrap();
        world.stream.synchronize().unwrap();
        return;
    }
    let mut child = child("kernels_print_to_the_standard_output", "say");
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(ends(child).success(), "{text}");
    let at = text.find("block ").expect("it printed");
    let mut found: Vec<&str> = text[at..].lines().filter(|line| line.starts_with("block ")).collect();
    let of_block = |block| (0..70).map(move |thread| format!("block {block}, {thread}"));
    let mut expected: Vec<String> = (0..5).flat_map(of_block).collect();
    // Blocks come in any order, lines never in pieces.
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_process_with_an_endless_kernel_ends() {
    let name = "a_process_with_an_endless_kernel_ends";
    if let Ok(part) = env::var(PART) {
        let world = World::new();
        world.spin();
        println!("\nspinning");
        match part.as_str() {
            "exit" => std::process::exit(3),
            "wait" => world.stream.synchronize().unwrap(),
            _ => std::thread::sleep(Duration::from_secs(60)),
        }
        return;
    }
    assert_eq!(ends(child(name, "exit")).code(), Some(3));
    for part in ["wait", "sleep"] {
        let mut child = child(name, part);
        let out = BufReader::new(child.stdout.take().unwrap());
        let spinning = out.lines().map_while(std::result::Result::ok).any(|line| line == "spinning");
        assert!(spinning, "{part}");
        // SAFETY: takes plain numbers; the child is there until it is waited for.
        assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) }, 0, "{part}");
        assert_eq!(ends(child).code(), None, "{part}: it was killed");
    }
}
