//! The library as a C program sees it: opened from its file, called by its exported names.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::shapes::{Kind, Shape};

/// The parameters of a kernel node, as the header lays them out.
#[repr(C)]
struct KernelNode {
    function: u64,
    grid: [c_uint; 3],
    block: [c_uint; 3],
    shared_bytes: c_uint,
    parameters: *const *const c_void,
    extra: *const *const c_void,
    kernel: u64,
    context: u64,
}

/// The parameters of a memset node.
#[repr(C)]
struct FillNode {
    to: u64,
    pitch: usize,
    value: c_uint,
    element_bytes: c_uint,
    width: usize,
    height: usize,
}

/// The parameters of a host node.
#[repr(C)]
struct HostNode {
    function: extern "C" fn(*mut c_void),
    data: *mut c_void,
}

macro_rules! functions {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        /// The functions that the benches call.
        #[allow(non_snake_case)]
        struct Functions {
            $($name: unsafe extern "C" fn($($type),*) -> c_int,)*
        }

        impl Functions {
            fn load(library: *mut c_void) -> Functions {
                Functions {
                    // SAFETY: the types are those of the header's declarations.
                    $($name: unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> c_int>(symbol(library, stringify!($name))) },)*
                }
            }

            $(
                // C functions have as many arguments as they have.
                #[allow(non_snake_case, clippy::too_many_arguments)]
                #[inline(always)]
                fn $name(&self, $($argument: $type),*) {
                    // SAFETY: pointers that the callers in this file pass are of live values.
                    let result = unsafe { (self.$name)($($argument),*) };
                    if result != 0 {
                        refused(stringify!($name), result);
                    }
                }
            )*
        }
    };
}

functions! {
    cuInit(flags: c_uint);
    cuLaunchHostFunc(stream: u64, function: extern "C" fn(*mut c_void), data: *mut c_void);
    cuDeviceGet(device: *mut c_int, ordinal: c_int);
    cuDevicePrimaryCtxRetain(context: *mut u64, device: c_int);
    cuCtxSetCurrent(context: u64);
    cuModuleLoadData(module: *mut u64, image: *const c_void);
    cuModuleGetFunction(function: *mut u64, module: u64, name: *const c_char);
    cuMemAlloc_v2(address: *mut u64, bytes: usize);
    cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize);
    cuMemsetD32Async(to: u64, value: c_uint, count: usize, stream: u64);
    cuStreamCreate(stream: *mut u64, flags: c_uint);
    cuStreamSynchronize(stream: u64);
    cuStreamBeginCapture_v2(stream: u64, mode: c_uint);
    cuStreamEndCapture(stream: u64, graph: *mut u64);
    cuLaunchKernel(
        function: u64, grid_x: c_uint, grid_y: c_uint, grid_z: c_uint, block_x: c_uint, block_y: c_uint,
        block_z: c_uint, shared_bytes: c_uint, stream: u64, parameters: *const *const c_void,
        extra: *const *const c_void
    );
    cuGraphCreate(graph: *mut u64, flags: c_uint);
    cuGraphDestroy(graph: u64);
    cuGraphAddKernelNode_v2(
        node: *mut u64, graph: u64, dependencies: *const u64, count: usize, parameters: *const c_void
    );
    cuGraphAddMemsetNode(
        node: *mut u64, graph: u64, dependencies: *const u64, count: usize, parameters: *const c_void, context: u64
    );
    cuGraphAddHostNode(
        node: *mut u64, graph: u64, dependencies: *const u64, count: usize, parameters: *const c_void
    );
    cuGraphAddEmptyNode(node: *mut u64, graph: u64, dependencies: *const u64, count: usize);
    cuGraphAddDependencies_v2(
        graph: u64, from: *const u64, to: *const u64, edge_data: *const c_void, count: usize
    );
    cuGraphInstantiateWithFlags(exec: *mut u64, graph: u64, flags: u64);
    cuGraphExecDestroy(exec: u64);
    cuGraphLaunch(exec: u64, stream: u64);
}

#[cold]
fn refused(name: &str, result: c_int) -> ! {
    panic!("{name} returned {result}");
}

fn symbol(library: *mut c_void, name: &str) -> *mut c_void {
    let text = CString::new(name).expect("no zero in a name");
    // SAFETY: the library is open and the name ends with a zero.
    let address = unsafe { libc::dlsym(library, text.as_ptr()) };
    assert!(!address.is_null(), "{name} is not exported");
    address
}

/// Cargo builds the library with this bench, beside it.
fn library() -> *mut c_void {
    let bench = std::env::current_exe().expect("a running program has a path");
    let path: PathBuf = bench.with_file_name("libstreamhal.so");
    let path = CString::new(path.into_os_string().into_encoded_bytes()).expect("no zero in a path");
    // SAFETY: the path ends with a zero; the library's only initialisers are those of Rust's std.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() {
        // SAFETY: it takes nothing and gives the last call's message.
        let message = unsafe { libc::dlerror() };
        // SAFETY: dlopen failed, so there is a message, and it ends with a zero.
        let message = unsafe { CStr::from_ptr(message) };
        panic!("{}", message.to_string_lossy());
    }
    library
}

/// A device, a stream, a kernel with three parameters, and memory of a word a node.
pub struct Driver {
    call: Functions,
    context: u64,
    function: u64,
    words: u64,
    count: usize,
    pub stream: u64,
}

extern "C" fn nothing(_data: *mut c_void) {}

/// Whether the stream is held.
static HELD: AtomicBool = AtomicBool::new(false);

extern "C" fn wait_while_held(_data: *mut c_void) {
    while HELD.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_micros(50));
    }
}

const PTX: &CStr = c".version 7.0\n.target sm_80\n.address_size 64\n\
    .visible .entry three(.param .u64 a, .param .u64 b, .param .u32 n)\n{\n ret;\n}\n";

impl Driver {
    /// Opens device 0 with memory of `count` words.
    pub fn open(count: usize) -> Driver {
        let call = Functions::load(library());
        let (mut device, mut context, mut module) = (0, 0, 0);
        let (mut function, mut words, mut stream) = (0, 0, 0);
        call.cuInit(0);
        call.cuDeviceGet(&mut device, 0);
        call.cuDevicePrimaryCtxRetain(&mut context, device);
        call.cuCtxSetCurrent(context);
        call.cuModuleLoadData(&mut module, PTX.as_ptr().cast());
        call.cuModuleGetFunction(&mut function, module, c"three".as_ptr());
        call.cuMemAlloc_v2(&mut words, count * 4);
        call.cuStreamCreate(&mut stream, 1);
        Driver { call, context, function, words, count, stream }
    }

    /// One kernel launch with three parameters on the stream.
    #[inline(always)]
    pub fn launch(&self) {
        let (a, b, n) = (self.words, self.words, 1u32);
        let parameters = [(&raw const a).cast(), (&raw const b).cast(), (&raw const n).cast()];
        let none = std::ptr::null();
        self.call.cuLaunchKernel(self.function, 1, 1, 1, 1, 1, 1, 0, self.stream, parameters.as_ptr(), none);
    }

    /// One fill of 4 bytes on the stream.
    #[inline(always)]
    pub fn fill(&self, word: usize, value: u32) {
        self.call.cuMemsetD32Async(self.words + 4 * (word % self.count) as u64, value, 1, self.stream);
    }

    /// Holds the stream with a host function: what is launched from now on waits.
    pub fn hold(&self) {
        HELD.store(true, Ordering::Release);
        self.call.cuLaunchHostFunc(self.stream, wait_while_held, std::ptr::null_mut());
    }

    /// Lets the stream go on.
    pub fn let_go(&self) {
        HELD.store(false, Ordering::Release);
    }

    pub fn synchronize(&self) {
        self.call.cuStreamSynchronize(self.stream);
    }

    pub fn begin_capture(&self) {
        self.call.cuStreamBeginCapture_v2(self.stream, 2);
    }

    pub fn end_capture(&self) -> u64 {
        let mut graph = 0;
        self.call.cuStreamEndCapture(self.stream, &mut graph);
        graph
    }

    pub fn instantiate(&self, graph: u64) -> u64 {
        let mut exec = 0;
        self.call.cuGraphInstantiateWithFlags(&mut exec, graph, 0);
        exec
    }

    #[inline(always)]
    pub fn launch_graph(&self, exec: u64) {
        self.call.cuGraphLaunch(exec, self.stream);
    }

    pub fn destroy(&self, graph: u64, exec: u64) {
        self.call.cuGraphExecDestroy(exec);
        self.destroy_graph(graph);
    }

    pub fn destroy_graph(&self, graph: u64) {
        self.call.cuGraphDestroy(graph);
    }

    /// Builds a graph of this shape. With `fills`, every node that works is a fill of 4 bytes.
    pub fn build(&self, shape: &Shape, fills: bool) -> u64 {
        let mut graph = 0;
        self.call.cuGraphCreate(&mut graph, 0);
        let mut nodes = vec![0u64; shape.len()];
        let mut dependencies = Vec::new();
        for node in 0..shape.len() {
            let earlier = shape.dependencies(node).iter().filter(|&&from| (from as usize) < node);
            dependencies.clear();
            dependencies.extend(earlier.map(|&from| nodes[from as usize]));
            let kind = shape.kinds[node];
            nodes[node] = self.add(graph, &dependencies, if fills { kind.as_fill() } else { kind }, node);
        }
        // Edges from younger to older nodes come after both.
        for node in 0..shape.len() {
            for &from in shape.dependencies(node).iter().filter(|&&from| from as usize > node) {
                let (from, to) = (nodes[from as usize], nodes[node]);
                self.call.cuGraphAddDependencies_v2(graph, &from, &to, std::ptr::null(), 1);
            }
        }
        graph
    }

    fn add(&self, graph: u64, dependencies: &[u64], kind: Kind, number: usize) -> u64 {
        let (mut node, list, count) = (0, dependencies.as_ptr(), dependencies.len());
        match kind {
            Kind::Kernel => {
                let (a, b, n) = (self.words, self.words, 1u32);
                let parameters = [(&raw const a).cast(), (&raw const b).cast(), (&raw const n).cast()];
                let kernel = KernelNode {
                    function: self.function,
                    grid: [1; 3],
                    block: [1; 3],
                    shared_bytes: 0,
                    parameters: parameters.as_ptr(),
                    extra: std::ptr::null(),
                    kernel: 0,
                    context: 0,
                };
                self.call.cuGraphAddKernelNode_v2(&mut node, graph, list, count, (&raw const kernel).cast());
            }
            Kind::Fill => {
                let to = self.words + 4 * (number % self.count) as u64;
                let value = (number as u32).wrapping_mul(0x9e37_79b9);
                let fill = FillNode { to, pitch: 0, value, element_bytes: 4, width: 1, height: 1 };
                let fill = (&raw const fill).cast();
                self.call.cuGraphAddMemsetNode(&mut node, graph, list, count, fill, self.context);
            }
            Kind::Host => {
                let host = HostNode { function: nothing, data: std::ptr::null_mut() };
                self.call.cuGraphAddHostNode(&mut node, graph, list, count, (&raw const host).cast());
            }
            Kind::Empty => self.call.cuGraphAddEmptyNode(&mut node, graph, list, count),
        }
        node
    }

    /// A hash of all words.
    pub fn hash(&self) -> u64 {
        let mut words = vec![0u32; self.count];
        self.call.cuMemcpyDtoH_v2(words.as_mut_ptr().cast(), self.words, words.len() * 4);
        let mix = |hash: u64, &word: &u32| (hash ^ u64::from(word)).wrapping_mul(0x0100_0000_01b3);
        words.iter().fold(0xcbf2_9ce4_8422_2325, mix)
    }
}
