//! Memory at the addresses the oracle has, and machine code in it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stream_hal_kernels::compile::call::{Call, What};
use stream_hal_kernels::compile::ssa::eval::{self, World};
use stream_hal_kernels::compile::ssa::{Function, Type, meaning, signature};
use stream_hal_kernels::compile::{Code, Context, Target};

const CODE_BYTES: usize = 4 << 20;
const GLOBAL_BYTES: usize = 1 << 20;
const SHARED_BYTES: usize = 1 << 18;

/// Where the code is, and what the signal handler and the runtime need to know of it.
static CODE: AtomicUsize = AtomicUsize::new(0);
static SITES: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());
static STOP: AtomicU64 = AtomicU64::new(0);

/// One at a time.
pub struct Process(#[allow(dead_code)] MutexGuard<'static, ()>);

/// What a run of native code left.
pub struct Run {
    /// What the function returned.
    pub left: u32,
    /// The context afterwards.
    pub context: Context,
}

/// Everything this processor has.
pub fn target() -> Target {
    Target {
        lanes: 16,
        popcnt: std::arch::is_x86_feature_detected!("avx512vpopcntdq"),
        funnel: std::arch::is_x86_feature_detected!("avx512vbmi2"),
        half: false,
        bfloat: std::arch::is_x86_feature_detected!("avx512bf16"),
    }
}

/// Whether the code can run here; says so if not.
pub fn can_run() -> bool {
    let has = std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512cd");
    if !has {
        println!("SKIPPED: this processor has no AVX-512");
    }
    has
}

fn map(address: u64, bytes: usize) -> *mut u8 {
    let kind =
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | if address == 0 { 0 } else { libc::MAP_FIXED_NOREPLACE };
    let wish = address as *mut libc::c_void;
    // SAFETY: new memory, where nothing is yet.
    let at = unsafe { libc::mmap(wish, bytes, libc::PROT_READ | libc::PROT_WRITE, kind, -1, 0) };
    assert_ne!(at, libc::MAP_FAILED, "no memory at {address:#x}");
    at.cast()
}

fn protect(how: libc::c_int) {
    let code = CODE.load(Ordering::Relaxed) as *mut libc::c_void;
    // SAFETY: the mapping is ours, and no code of it runs meanwhile.
    let result = unsafe { libc::mprotect(code, CODE_BYTES, how) };
    assert_eq!(result, 0);
}

fn write(to: u64, bytes: &[u8]) {
    // SAFETY: callers write into the mappings made in `start`, and no further than those reach.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to as *mut u8, bytes.len()) };
}

fn read(from: u64, bytes: &mut [u8]) {
    // SAFETY: as in `write`.
    unsafe { std::ptr::copy_nonoverlapping(from as *const u8, bytes.as_mut_ptr(), bytes.len()) };
}

/// Maps everything and watches for faults, once.
fn start() -> &'static Mutex<()> {
    static STARTED: OnceLock<Mutex<()>> = OnceLock::new();
    STARTED.get_or_init(|| {
        CODE.store(map(0, CODE_BYTES) as usize, Ordering::Relaxed);
        map(eval::GLOBAL, GLOBAL_BYTES);
        map(eval::PARAMETERS, 1 << 16);
        map(eval::SHARED, SHARED_BYTES);
        map(eval::LOCAL, 1 << 20);
        map(eval::CONTEXT, size_of::<Context>().next_multiple_of(4096));
        map(eval::FRAMES, 1 << 20);
        watch();
        Mutex::new(())
    })
}

fn watch() {
    // SAFETY: all fields of the record may be zero.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_fault as extern "C" fn(_, _, _) as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: the handler only touches what belongs to it.
    let result = unsafe { libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}

/// Goes on at the fix-up of the site that faulted; anything else is a crash.
extern "C" fn on_fault(_: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the system gives a handler its context.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    let at = &mut registers[libc::REG_RIP as usize];
    let offset = (*at as usize).wrapping_sub(CODE.load(Ordering::Relaxed));
    let sites = SITES.try_lock();
    let fixup = sites.ok().and_then(|sites| sites.iter().find(|site| site.0 == offset).map(|site| site.1));
    let Some(fixup) = fixup else { std::process::abort() };
    *at = (CODE.load(Ordering::Relaxed) + fixup) as i64;
    // SAFETY: the system gives a handler what is known of the fault.
    let info = unsafe { &*info };
    // SAFETY: for these signals the address is set.
    let address = unsafe { info.si_addr() } as u64;
    let field = eval::CONTEXT + std::mem::offset_of!(Context, fault_address) as u64;
    write(field, &address.to_le_bytes());
}

fn bytes_of<T>(value: &T) -> &[u8] {
    let start = std::ptr::from_ref(value).cast::<u8>();
    // SAFETY: any value may be looked at as bytes; the ones used here have no gaps that matter.
    unsafe { std::slice::from_raw_parts(start, size_of::<T>()) }
}

/// The only one there is.
pub fn process() -> Process {
    Process(start().lock().unwrap_or_else(PoisonError::into_inner))
}

impl Process {
    /// Runs code in a world, for all blocks of its grid.
    pub fn run(&self, function: &Function, code: &Code, world: &mut World) -> Run {
        assert!(code.bytes.len() <= CODE_BYTES && world.global.len() <= GLOBAL_BYTES);
        let start = CODE.load(Ordering::Relaxed) as u64;
        protect(libc::PROT_READ | libc::PROT_WRITE);
        write(start, &code.bytes);
        protect(libc::PROT_READ | libc::PROT_EXEC);
        *SITES.lock().expect("no panic") =
            code.sites.iter().map(|site| (site.at as usize, site.fixup as usize)).collect();
        *CALLS.lock().expect("no panic") = code.calls.clone();
        STOP.store(0, Ordering::Relaxed);
        write(eval::GLOBAL, &world.global);
        write(eval::PARAMETERS, &world.parameters);
        write(eval::SHARED, &vec![0; world.shared_bytes as usize]);
        let context = Context {
            parameters: eval::PARAMETERS,
            shared: eval::SHARED,
            shared_bytes: world.shared_bytes.into(),
            local: eval::LOCAL,
            local_stride: function.local_bytes.next_multiple_of(16).into(),
            frames: eval::FRAMES,
            stop: std::ptr::from_ref(&STOP) as u64,
            runtime: runtime as extern "sysv64" fn(_, _) -> _ as usize as u64,
            grid: world.grid,
            ..Context::default()
        };
        write(eval::CONTEXT, bytes_of(&context));
        let left = call(start, world.grid.iter().product::<u32>().into());
        read(eval::GLOBAL, &mut world.global);
        // SAFETY: the context lies there, written by this function and by the code.
        let context = unsafe { (*(eval::CONTEXT as *const Context)).clone() };
        Run { left, context }
    }

    /// From now on code is asked to stop at its next poll.
    pub fn run_stopped(&self, function: &Function, code: &Code, world: &mut World) -> u32 {
        self.run(function, code, world);
        STOP.store(1, Ordering::Relaxed);
        call(CODE.load(Ordering::Relaxed) as u64, 1)
    }
}

fn call(start: u64, blocks: u64) -> u32 {
    type Entry = extern "sysv64" fn(*mut Context, u64, u64) -> u32;
    // SAFETY: the code was made for this signature.
    let entry = unsafe { std::mem::transmute::<usize, Entry>(start as usize) };
    entry(eval::CONTEXT as *mut Context, 0, blocks)
}

/// The runtime: pure ops lane by lane, as the description of calls says.
extern "sysv64" fn runtime(_: *mut Context, number: u32) -> u32 {
    let call = CALLS.lock().expect("no panic")[number as usize].clone();
    let What::Compute(compute) = call.what else { return 7 };
    let buffer = eval::CONTEXT + std::mem::offset_of!(Context, buffer) as u64;
    let mut at = buffer;
    let mut word = |bytes: u64| {
        let mut number = [0; 8];
        read(at, &mut number[..bytes as usize]);
        at += bytes;
        u64::from_le_bytes(number)
    };
    let mask = if call.masked { word(8) } else { u64::MAX };
    let signature = signature::of(compute);
    let bytes = |slot: &signature::Slot| if *slot == signature::Slot::Is(Type::I64) { 8 } else { 4 };
    let args: Vec<Vec<u64>> =
        signature.args.iter().map(|slot| (0..call.lanes).map(|_| word(bytes(slot))).collect()).collect();
    let mut to = buffer;
    for lane in 0..call.lanes as usize {
        let sources: Vec<u64> = args.iter().map(|arg| arg[lane]).collect();
        let result = meaning::of(compute, &sources).expect("the op exists");
        let result = if mask >> lane & 1 == 1 { result } else { 0 };
        let bytes = bytes(&signature.result);
        write(to, &result.to_le_bytes()[..bytes as usize]);
        to += bytes;
    }
    0
}
