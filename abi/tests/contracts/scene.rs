//! The situations in which a call is measured, set up through the C API.

use std::ffi::{CString, c_int, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::built::Opened;

/// A call in its situation.
pub struct Scene {
    /// The measured call.
    pub call: Box<dyn FnMut()>,
    /// What is done before each call, with the call's number, and not measured.
    pub before: Box<dyn FnMut(usize)>,
    /// Begins anew when everything is warm.
    pub again: Box<dyn FnMut()>,
}

type Handle = u64;
type Launch = unsafe extern "C" fn(
    Handle,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    Handle,
    *mut *mut c_void,
    *mut *mut c_void,
) -> c_int;
type One = unsafe extern "C" fn(Handle) -> c_int;
type Two = unsafe extern "C" fn(Handle, Handle) -> c_int;
type WithFlags = unsafe extern "C" fn(Handle, Handle, c_uint) -> c_int;
type Make = unsafe extern "C" fn(*mut Handle, c_uint) -> c_int;
type MakeFrom = unsafe extern "C" fn(*mut Handle, Handle, u64) -> c_int;
type Begin = unsafe extern "C" fn(Handle, c_uint) -> c_int;
type End = unsafe extern "C" fn(Handle, *mut Handle) -> c_int;
type HostCall = unsafe extern "C" fn(Handle, extern "C" fn(*mut c_void), *mut c_void) -> c_int;

/// A kernel of three parameters that does nothing.
const KERNEL: &str = ".version 7.0\n.target sm_80\n.address_size 64\n\
    .visible .entry three(.param .u64 a, .param .u64 b, .param .u32 n) { ret; }\n";

/// Ops that are recorded on a stream before its work is awaited once.
const PENDING: usize = 64;
/// Launches of a whole graph before that.
const PENDING_GRAPHS: usize = 8;

/// Set while the host function that keeps a stream busy shall stay.
static HELD: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicBool = AtomicBool::new(false);

extern "C" fn hold(_: *mut c_void) {
    INSIDE.store(true, Ordering::Release);
    while HELD.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The library with one context, two streams, two events and a kernel.
#[derive(Clone, Copy)]
struct Program {
    library: &'static Opened,
    stream: Handle,
    other: Handle,
    event: Handle,
    other_event: Handle,
    function: Handle,
}

fn check(name: &str, result: c_int) {
    assert_eq!(result, 0, "{name}");
}

/// A function of the library under a C type.
fn function<F: Copy>(library: &Opened, name: &str) -> F {
    let address = library.symbol(name);
    assert_eq!(size_of::<F>(), size_of_val(&address));
    // SAFETY: a function pointer type, for each name the one of its declaration in C.
    unsafe { std::mem::transmute_copy(&address) }
}

impl Program {
    fn open(library: &'static Opened) -> Program {
        let init: unsafe extern "C" fn(c_uint) -> c_int = function(library, "cuInit");
        // SAFETY: calls as C declares them, here and below; all places are ours and live long enough.
        check("cuInit", unsafe { init(0) });
        let retain: unsafe extern "C" fn(*mut Handle, c_int) -> c_int =
            function(library, "cuDevicePrimaryCtxRetain");
        let mut context = 0;
        // SAFETY: as above.
        check("cuDevicePrimaryCtxRetain", unsafe { retain(&mut context, 0) });
        let set: One = function(library, "cuCtxSetCurrent");
        // SAFETY: as above.
        check("cuCtxSetCurrent", unsafe { set(context) });
        let make = |name: &str, flags: c_uint| {
            let (make, mut made): (Make, Handle) = (function(library, name), 0);
            // SAFETY: as above.
            check(name, unsafe { make(&mut made, flags) });
            made
        };
        Program {
            library,
            stream: make("cuStreamCreate", 0),
            // Not ordered with the legacy stream: a wait is kept for the stream's next op.
            other: make("cuStreamCreate", 1),
            event: make("cuEventCreate", 0),
            other_event: make("cuEventCreate", 0),
            function: kernel(library),
        }
    }

    fn one(self, name: &'static str, handle: Handle) -> impl Fn() + Copy {
        let call: One = function(self.library, name);
        // SAFETY: as in `open`.
        move || check(name, unsafe { call(handle) })
    }

    fn two(self, name: &'static str, first: Handle, second: Handle) -> impl Fn() + Copy {
        let call: Two = function(self.library, name);
        // SAFETY: as in `open`.
        move || check(name, unsafe { call(first, second) })
    }

    /// The launch of the kernel.
    fn launch(self, name: &'static str) -> impl Fn() + Copy {
        let call: Launch = function(self.library, name);
        // The values stay where they are.
        let values: &'static mut (u64, u64, u32) = Box::leak(Box::new((1, 2, 3)));
        let pointers: [*mut c_void; 3] =
            [(&raw mut values.0).cast(), (&raw mut values.1).cast(), (&raw mut values.2).cast()];
        let pointers: *mut *mut c_void = Box::leak(Box::new(pointers)).as_mut_ptr();
        move || {
            // SAFETY: as in `open`; the parameters are those of the kernel.
            let result =
                unsafe { call(self.function, 4, 1, 1, 32, 1, 1, 0, self.stream, pointers, ptr::null_mut()) };
            check(name, result);
        }
    }

    fn wait_for(self, stream: Handle, event: Handle) -> impl Fn() + Copy {
        let call: WithFlags = function(self.library, "cuStreamWaitEvent");
        // SAFETY: as in `open`.
        move || check("cuStreamWaitEvent", unsafe { call(stream, event, 0) })
    }

    fn begin(self) {
        let begin: Begin = function(self.library, "cuStreamBeginCapture_v2");
        const RELAXED: c_uint = 2;
        // SAFETY: as in `open`.
        check("cuStreamBeginCapture_v2", unsafe { begin(self.stream, RELAXED) });
    }

    fn end(self) -> Handle {
        let end: End = function(self.library, "cuStreamEndCapture");
        let mut graph = 0;
        // SAFETY: as in `open`.
        check("cuStreamEndCapture", unsafe { end(self.stream, &mut graph) });
        graph
    }

    fn end_and_forget(self) {
        self.one("cuGraphDestroy", self.end())();
    }

    fn exec(self, nodes: usize) -> Handle {
        let launch = self.launch("cuLaunchKernel");
        self.begin();
        (0..nodes).for_each(|_| launch());
        let graph = self.end();
        let instantiate: MakeFrom = function(self.library, "cuGraphInstantiateWithFlags");
        let mut exec = 0;
        // SAFETY: as in `open`.
        check("cuGraphInstantiateWithFlags", unsafe { instantiate(&mut exec, graph, 0) });
        exec
    }

    /// Waits for the stream's work, and, where host functions run by themselves, keeps the stream busy
    /// from then on: so it is for a program that runs ahead of its device.
    fn drain(self) {
        HELD.store(false, Ordering::Release);
        self.one("cuStreamSynchronize", self.stream)();
        if std::env::var("STREAM_HAL_BACKENDS").as_deref() == Ok("null") {
            return;
        }
        HELD.store(true, Ordering::Release);
        INSIDE.store(false, Ordering::Release);
        let call: HostCall = function(self.library, "cuLaunchHostFunc");
        // SAFETY: as in `open`.
        check("cuLaunchHostFunc", unsafe { call(self.stream, hold, ptr::null_mut()) });
        while !INSIDE.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_micros(20));
        }
    }

    /// A call on an idle stream, or one that leaves nothing behind.
    fn plain(self, call: impl Fn() + 'static) -> Scene {
        Scene { call: Box::new(call), before: Box::new(|_| {}), again: Box::new(|| {}) }
    }

    /// A call that leaves work behind on a busy stream.
    fn live(self, pending: usize, call: impl Fn() + 'static) -> Scene {
        let before = move |round: usize| {
            if round.is_multiple_of(pending) {
                self.drain();
            }
        };
        Scene { call: Box::new(call), before: Box::new(before), again: Box::new(|| {}) }
    }

    /// A call on a capturing stream.
    fn captured(self, call: impl Fn() + 'static) -> Scene {
        self.begin();
        let again = move || {
            self.end_and_forget();
            self.begin();
        };
        Scene { call: Box::new(call), before: Box::new(|_| {}), again: Box::new(again) }
    }
}

fn kernel(library: &Opened) -> Handle {
    let text = CString::new(KERNEL).expect("no zero in it");
    let load: unsafe extern "C" fn(*mut Handle, *const c_void) -> c_int =
        function(library, "cuModuleLoadData");
    let mut module = 0;
    // SAFETY: as in `Program::open`; the text ends with a zero.
    check("cuModuleLoadData", unsafe { load(&mut module, text.as_ptr().cast()) });
    let get: unsafe extern "C" fn(*mut Handle, Handle, *const i8) -> c_int =
        function(library, "cuModuleGetFunction");
    let mut function = 0;
    // SAFETY: as above.
    check("cuModuleGetFunction", unsafe { get(&mut function, module, c"three".as_ptr().cast()) });
    function
}

/// Sets up the scene of a name.
pub fn set_up(name: &str, library: &'static Opened) -> Scene {
    let program = Program::open(library);
    let Program { stream, other, event, other_event, .. } = program;
    match name {
        "launch captured" => program.captured(program.launch("cuLaunchKernel")),
        "launch captured hip" => program.captured(program.launch("hipModuleLaunchKernel")),
        "launch" => program.live(PENDING, program.launch("cuLaunchKernel")),
        "launch hip" => program.live(PENDING, program.launch("hipModuleLaunchKernel")),
        "launch and wait" => {
            let (launch, wait) =
                (program.launch("cuLaunchKernel"), program.one("cuStreamSynchronize", stream));
            program.plain(move || {
                launch();
                wait();
            })
        }
        "graph of 1" => {
            let exec = program.exec(1);
            program.live(PENDING_GRAPHS, program.two("cuGraphLaunch", exec, stream))
        }
        "graph of 100" => {
            let exec = program.exec(100);
            program.live(PENDING_GRAPHS, program.two("cuGraphLaunch", exec, stream))
        }
        "graph of 10000" => {
            let exec = program.exec(10_000);
            program.live(PENDING_GRAPHS, program.two("cuGraphLaunch", exec, stream))
        }
        "stream query" => program.plain(program.one("cuStreamQuery", stream)),
        "event query" => {
            program.two("cuEventRecord", event, stream)();
            program.one("cuStreamSynchronize", stream)();
            program.plain(program.one("cuEventQuery", event))
        }
        "event record" => program.live(PENDING, program.two("cuEventRecord", event, stream)),
        "event record captured" => program.captured(program.two("cuEventRecord", event, stream)),
        "wait event" => {
            let (record, wait) =
                (program.two("cuEventRecord", event, stream), program.wait_for(other, event));
            let mut scene = program.live(PENDING, wait);
            let mut before = scene.before;
            scene.before = Box::new(move |round| {
                before(round);
                record();
            });
            scene
        }
        "wait event captured" => {
            program.begin();
            program.two("cuEventRecord", event, stream)();
            program.wait_for(other, event)();
            program.two("cuEventRecord", other_event, other)();
            let wait = program.wait_for(stream, other_event);
            program.plain(wait)
        }
        _ => panic!("there is no scene \"{name}\""),
    }
}
