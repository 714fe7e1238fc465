//! The measured side: sets a scene up, stops for the tracer, and makes each call between two breakpoints.

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::{io, ptr};

use crate::built::Opened;
use crate::{imports, scene};

/// The variable that names the scene.
pub const SCENE: &str = "STREAM_HAL_TEST_SCENE";
/// How many calls are stepped through.
pub const STEPPED: usize = 15;
/// How many further calls are watched for allocations and system calls.
pub const CALLS: usize = 1000;
/// How many calls come before all others: more than what is kept to be used again takes to fill.
const WARM: usize = 3 * (STEPPED + CALLS);

/// What the child says, and before what.
pub const THREAD: &str = "contracts: thread ";
pub const ALLOCATIONS: &str = "contracts: allocations ";
pub const CALLER: &str = "contracts: allocated below ";
pub const REFUSED: &str = "contracts: not permitted: ";

/// Plays the scene that the environment names.
pub fn play() {
    let name = std::env::var(SCENE).expect("a test names the scene");
    // The process ends without closing it.
    let library: &'static Opened = Box::leak(Box::new(Opened::new()));
    let mut scene = scene::set_up(&name, library);
    for round in 0..WARM {
        (scene.before)(round);
        (scene.call)();
    }
    (scene.again)();
    imports::count_allocations(library);
    if !stop_for_tracer() {
        return;
    }
    for round in 0..STEPPED {
        (scene.before)(round);
        between_breakpoints(&mut *scene.call);
    }
    imports::take_count();
    for round in STEPPED..STEPPED + CALLS {
        (scene.before)(round);
        between_breakpoints(&mut *scene.call);
    }
    for caller in imports::callers(library) {
        eprintln!("{CALLER}{caller}");
    }
    eprintln!("{ALLOCATIONS}{}", imports::take_count());
    // SAFETY: nothing of this process is needed any more; work that still hangs is not waited for.
    unsafe { libc::_exit(0) };
}

#[inline(never)]
fn between_breakpoints(call: &mut dyn FnMut()) {
    imports::set_counting(true);
    // SAFETY: the tracer handles the trap and goes on behind it.
    unsafe { asm!("int3") };
    call();
    // SAFETY: as above.
    unsafe { asm!("int3") };
    imports::set_counting(false);
}

/// Becomes traced and stops. `false` if the system does not permit it.
fn stop_for_tracer() -> bool {
    share_the_tracer_s_core();
    // SAFETY: the request takes no addresses.
    let traced = unsafe {
        libc::ptrace(libc::PTRACE_TRACEME, 0, ptr::null_mut::<c_void>(), ptr::null_mut::<c_void>())
    };
    if traced != 0 {
        eprintln!("{REFUSED}{}", io::Error::last_os_error());
        return false;
    }
    // SAFETY: the call gives this thread's number.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) } as c_int;
    eprintln!("{THREAD}{thread}");
    let process = std::process::id() as c_int;
    // SAFETY: a signal to ourselves; the tracer catches it.
    let stopped = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGSTOP) };
    assert_eq!(stopped, 0, "{}", io::Error::last_os_error());
    true
}

/// Steps are several times faster when tracer and thread take turns on one core.
fn share_the_tracer_s_core() {
    let Some(core) = std::env::var(CORE).ok().and_then(|core| core.parse().ok()) else { return };
    stay_on(core);
}

/// The variable that names the tracer's core.
pub const CORE: &str = "STREAM_HAL_TEST_CORE";

/// Binds the calling thread to a core, where that is possible.
pub fn stay_on(core: usize) {
    // SAFETY: a set of cores is plain bits.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is ours; numbers out of range are ignored.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: the set lives through the call. A refusal costs speed only.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
}
