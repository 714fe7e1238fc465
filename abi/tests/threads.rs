//! Threads that use the same objects without asking each other: they end what others use, and end
//! themselves with work pending. No crash, no hang, and what is refused is refused for its handle.

mod built;

use std::ffi::c_int;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use built::calls::{Library, at};

const INVALID_VALUE: c_int = 1;
const INVALID_HANDLE: c_int = 400;
const NOT_READY: c_int = 600;

/// A small generator, seeded: which operation comes next, on which objects.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Objects that all threads use and end without asking each other.
#[derive(Default)]
struct Shared {
    streams: Mutex<Vec<u64>>,
    events: Mutex<Vec<u64>>,
    graphs: Mutex<Vec<u64>>,
    execs: Mutex<Vec<u64>>,
    modules: Mutex<Vec<u64>>,
    functions: Mutex<Vec<u64>>,
}

/// Handles stay in the list after their end now and then, so that dead ones are used as well.
fn any(list: &Mutex<Vec<u64>>, random: &mut Random) -> u64 {
    let list = list.lock().expect("nobody panics");
    if list.is_empty() { 0xdead } else { list[random.below(list.len())] }
}

fn add(list: &Mutex<Vec<u64>>, random: &mut Random, (code, handle): (c_int, u64)) -> c_int {
    if code == 0 {
        let mut list = list.lock().expect("nobody panics");
        match list.len() {
            0..12 => list.push(handle),
            length => list[random.below(length)] = handle,
        }
    }
    code
}

/// One random call.
fn step(library: &Library, shared: &Shared, random: &mut Random, memory: u64) -> (&'static str, c_int) {
    let mut made = 0u64;
    let place = at(&mut made);
    let Shared { streams, events, graphs, execs, modules, functions } = shared;
    let one =
        |name: &'static str, list, random: &mut Random| (name, library.call(name, &[any(list, random)]));
    let make = |name: &'static str, rest: &[u64], into, random: &mut Random| {
        let code = library.call(name, &[&[place], rest].concat());
        // SAFETY: `made` lives; the call wrote it through its address.
        let made = unsafe { std::ptr::read_volatile(std::ptr::with_exposed_provenance(place as usize)) };
        (name, add(into, random, (code, made)))
    };
    match random.below(26) {
        0 => make("cuStreamCreate", &[1], streams, random),
        1 => make("cuStreamCreate", &[0], streams, random),
        2 => make("cuEventCreate", &[0], events, random),
        3 => make("cuGraphCreate", &[0], graphs, random),
        4 => make("cuGraphInstantiateWithFlags", &[any(graphs, random), 0], execs, random),
        5 => make(
            "cuModuleGetFunction",
            &[any(modules, random), c"vector_add".as_ptr() as u64],
            functions,
            random,
        ),
        6 if random.below(4) == 0 => {
            let module = library.module();
            ("cuModuleLoadData", add(modules, random, (0, module)))
        }
        7 => one("cuStreamDestroy_v2", streams, random),
        8 => one("cuEventDestroy_v2", events, random),
        9 => one("cuGraphDestroy", graphs, random),
        10 => one("cuGraphExecDestroy", execs, random),
        11 if random.below(4) == 0 => one("cuModuleUnload", modules, random),
        12 => one("cuStreamSynchronize", streams, random),
        13 => one("cuEventSynchronize", events, random),
        14 => one("cuStreamQuery", streams, random),
        15 => {
            let arguments = [any(events, random), any(streams, random)];
            ("cuEventRecord", library.call("cuEventRecord", &arguments))
        }
        16 => {
            let arguments = [any(streams, random), any(events, random), 0];
            ("cuStreamWaitEvent", library.call("cuStreamWaitEvent", &arguments))
        }
        17 | 18 => {
            ("cuGraphLaunch", library.call("cuGraphLaunch", &[any(execs, random), any(streams, random)]))
        }
        19 => {
            ("cuGraphAddEmptyNode", library.call("cuGraphAddEmptyNode", &[place, any(graphs, random), 0, 0]))
        }
        20 => {
            let arguments = [place, any(graphs, random), 0, 0, any(events, random)];
            ("cuGraphAddEventRecordNode", library.call("cuGraphAddEventRecordNode", &arguments))
        }
        21 => {
            let arguments = [place, any(graphs, random), 0, 0, any(graphs, random)];
            ("cuGraphAddChildGraphNode", library.call("cuGraphAddChildGraphNode", &arguments))
        }
        22 => {
            ("cuStreamBeginCapture_v2", library.call("cuStreamBeginCapture_v2", &[any(streams, random), 2]))
        }
        23 => {
            let code = library.call("cuStreamEndCapture", &[any(streams, random), place]);
            // SAFETY: `made` lives; the call wrote it through its address.
            let made = unsafe { std::ptr::read_volatile(std::ptr::with_exposed_provenance(place as usize)) };
            ("cuStreamEndCapture", add(graphs, random, (code, made)))
        }
        _ => ("cuLaunchKernel", library.launch(any(functions, random), any(streams, random), memory)),
    }
}

#[test]
fn threads_may_pull_objects_from_under_each_other() {
    if std::env::var_os(WITHOUT_MEMBARRIER).is_some() {
        // SAFETY: the command 0 asks which commands there are.
        assert_eq!(unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) }, -1, "membarrier is there");
    }
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed_u64);
    let library = Library::new();
    let (memory, shared, done) = (library.memory(256), Shared::default(), AtomicBool::new(false));
    let until = Instant::now() + Duration::from_secs(2);
    let work = |thread: u64| {
        let mut random = Random(seed.wrapping_add(thread.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1);
        library.fine("cuCtxSetCurrent", &[library.context]);
        let mut good = 0;
        while !done.load(Ordering::Relaxed) && Instant::now() < until {
            let (name, code) = step(&library, &shared, &mut random, memory);
            let expected = matches!(code, 0 | INVALID_VALUE | INVALID_HANDLE | NOT_READY | 401 | 900..=908);
            if !expected {
                done.store(true, Ordering::Relaxed);
                panic!("{name} answers {code} in thread {thread}, seed {seed}");
            }
            good += u64::from(code == 0);
        }
        good
    };
    let good: u64 = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (1..=4).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("said above")).sum()
    });
    assert!(good > 1000, "{good} calls went well");
    // Captures that were begun end with their context, and another one works.
    library.fine("cuCtxDestroy_v2", &[library.context]);
    let library = Library::new();
    let (function, memory) = (library.function(library.module()), library.memory(256));
    assert_eq!(library.launch(function, 0, memory), 0);
    library.fine("cuCtxSynchronize", &[]);
}

#[test]
fn a_thread_may_end_with_work_on_its_default_stream() {
    const THREADS: usize = 20;
    let library = Library::new();
    let function = library.function(library.module());
    let mut words = [1.0f32.to_bits(); 32 * THREADS];
    let bytes = size_of_val(&words) as u64;
    let memory = library.memory(bytes);
    library.fine("cuMemcpyHtoD_v2", &[memory, at(&mut words), bytes]);
    for thread in 0..THREADS as u64 {
        let work = || {
            library.fine("cuCtxSetCurrent", &[library.context]);
            for _ in 0..5 {
                // Stream 2 is the calling thread's; streams of different threads are in no order.
                assert_eq!(library.launch(function, 2, memory + 128 * thread), 0);
            }
        };
        std::thread::scope(|scope| scope.spawn(work).join().expect("nothing fails"));
    }
    library.fine("cuCtxSynchronize", &[]);
    library.fine("cuMemcpyDtoH_v2", &[at(&mut words), memory, bytes]);
    // Doubled five times each: none was lost.
    assert!(words.iter().all(|&word| f32::from_bits(word) == 32.0), "{words:x?}");
}

extern "C" fn sleep_a_little(_data: u64) {
    std::thread::sleep(Duration::from_millis(100));
}

#[test]
fn the_work_of_a_destroyed_stream_is_waited_for() {
    let library = Library::new();
    let (module, memory) = (library.module(), library.memory(256));
    let function = library.function(module);
    let ones = [1.0f32.to_bits(); 32];
    library.fine("cuMemcpyHtoD_v2", &[memory, ones.as_ptr() as u64, 128]);
    let pinned = library.made("cuMemHostAlloc", &[128, 0]);
    let stream = library.made("cuStreamCreate", &[1]);
    let sleep: extern "C" fn(u64) = sleep_a_little;
    library.fine("cuLaunchHostFunc", &[stream, sleep as usize as u64, 0]);
    assert_eq!(library.launch(function, stream, memory), 0);
    library.fine("cuMemcpyDtoHAsync_v2", &[pinned, memory, 128, stream]);
    // All that the pending work needs is ended before it runs.
    library.fine("cuStreamDestroy_v2", &[stream]);
    library.fine("cuModuleUnload", &[module]);
    library.fine("cuMemFree_v2", &[memory]);
    library.fine("cuCtxSynchronize", &[]);
    let mut words = [0u32; 32];
    library.fine("cuMemcpy", &[at(&mut words), pinned, 128]);
    assert_eq!(words, [2.0f32.to_bits(); 32]);
    library.fine("cuMemFreeHost", &[pinned]);
}

/// Tells the process started below that its system has no membarrier.
const WITHOUT_MEMBARRIER: &str = "WITHOUT_MEMBARRIER";

/// From now on this process's system has no membarrier.
fn refuse_membarrier() -> std::io::Result<()> {
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // Load the call's number; compare; refuse with an error; allow.
    let mut steps = [
        step(0x20, 0, 0, 0),
        step(0x15, 0, 1, libc::SYS_membarrier as u32),
        step(0x06, 0, 0, 0x0005_0000 | libc::ENOSYS as u32),
        step(0x06, 0, 0, 0x7fff_0000),
    ];
    let filter = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: takes numbers only.
    let kept = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the filter lives during the call.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    if kept == 0 && set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[test]
fn threads_need_no_membarrier() {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    command.args(["--exact", "threads_may_pull_objects_from_under_each_other"]).env(WITHOUT_MEMBARRIER, "1");
    // SAFETY: between fork and exec only system calls are made, on memory of the stack.
    unsafe { command.pre_exec(refuse_membarrier) };
    let Ok(output) = command.output() else {
        return built::skip("threads_need_no_membarrier", "system calls cannot be filtered here");
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}{complained}", output.status);
}
