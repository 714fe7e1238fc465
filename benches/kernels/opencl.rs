//! The peers: OpenCL on the processor, opened at run time through the ICD loader that is installed.

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;

use crate::case::{Case, Data};
use crate::contender::{Ready, Run, Source};
use crate::rounds::process_ns;

const SOURCE: &str = include_str!("opencl/kernels.cl");
/// What nvcc does without options: a product and a sum may become one operation.
const OPTIONS: &str = "-cl-std=CL1.2 -cl-mad-enable";

const PLATFORM_NAME: c_uint = 0x0902;
const DEVICE_CPU: u64 = 1 << 1;
const BUILD_LOG: c_uint = 0x1183;
const READ_WRITE: u64 = 1;
const WAIT: c_uint = 1;

/// An object of OpenCL.
type Object = *mut c_void;

macro_rules! functions {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        /// The functions that the bench calls.
        #[allow(non_snake_case)]
        struct Functions {
            $($name: unsafe extern "C" fn($($type),*) -> $result,)*
        }

        impl Functions {
            fn load(library: *mut c_void) -> Result<Functions, String> {
                Ok(Functions {
                    // SAFETY: the types are those of the header's declarations.
                    $($name: unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> $result>(symbol(library, stringify!($name))?) },)*
                })
            }

            $(
                // C functions have as many arguments as they have.
                #[allow(non_snake_case, clippy::too_many_arguments)]
                fn $name(&self, $($argument: $type),*) -> $result {
                    // SAFETY: pointers that the callers in this file pass are null or of live values.
                    unsafe { (self.$name)($($argument),*) }
                }
            )*
        }
    };
}

functions! {
    clGetPlatformIDs(room: c_uint, platforms: *mut Object, count: *mut c_uint) -> c_int;
    clGetPlatformInfo(platform: Object, what: c_uint, room: usize, value: *mut c_void, bytes: *mut usize) -> c_int;
    clGetDeviceIDs(platform: Object, kind: u64, room: c_uint, devices: *mut Object, count: *mut c_uint) -> c_int;
    clCreateContext(
        properties: *const isize, count: c_uint, devices: *const Object, notify: *const c_void, data: *const c_void,
        error: *mut c_int
    ) -> Object;
    clCreateCommandQueue(context: Object, device: Object, properties: u64, error: *mut c_int) -> Object;
    clCreateBuffer(context: Object, flags: u64, bytes: usize, host: *mut c_void, error: *mut c_int) -> Object;
    clReleaseMemObject(buffer: Object) -> c_int;
    clEnqueueWriteBuffer(
        queue: Object, buffer: Object, wait: c_uint, offset: usize, bytes: usize, from: *const c_void, waits: c_uint,
        events: *const Object, event: *mut Object
    ) -> c_int;
    clEnqueueReadBuffer(
        queue: Object, buffer: Object, wait: c_uint, offset: usize, bytes: usize, to: *mut c_void, waits: c_uint,
        events: *const Object, event: *mut Object
    ) -> c_int;
    clCreateProgramWithSource(
        context: Object, count: c_uint, sources: *const *const c_char, lengths: *const usize, error: *mut c_int
    ) -> Object;
    clBuildProgram(
        program: Object, count: c_uint, devices: *const Object, options: *const c_char, notify: *const c_void,
        data: *const c_void
    ) -> c_int;
    clGetProgramBuildInfo(
        program: Object, device: Object, what: c_uint, room: usize, value: *mut c_void, bytes: *mut usize
    ) -> c_int;
    clReleaseProgram(program: Object) -> c_int;
    clCreateKernel(program: Object, name: *const c_char, error: *mut c_int) -> Object;
    clReleaseKernel(kernel: Object) -> c_int;
    clSetKernelArg(kernel: Object, index: c_uint, bytes: usize, value: *const c_void) -> c_int;
    clEnqueueNDRangeKernel(
        queue: Object, kernel: Object, dimensions: c_uint, offsets: *const usize, global: *const usize,
        local: *const usize, waits: c_uint, events: *const Object, event: *mut Object
    ) -> c_int;
    clFinish(queue: Object) -> c_int;
}

fn symbol(library: *mut c_void, name: &str) -> Result<*mut c_void, String> {
    let text = CString::new(name).expect("no zero in a name");
    // SAFETY: the library is open and the name ends with a zero.
    let address = unsafe { libc::dlsym(library, text.as_ptr()) };
    if address.is_null() { Err(format!("libOpenCL.so.1 does not export {name}")) } else { Ok(address) }
}

fn checked(name: &str, error: c_int) -> Result<(), String> {
    if error == 0 { Ok(()) } else { Err(format!("{name} returned {error}")) }
}

/// A platform whose name holds a word, its device and a queue.
pub struct OpenCl {
    functions: Rc<Functions>,
    device: Object,
    context: Object,
    queue: Object,
}

impl OpenCl {
    /// Looks for the platform, or says why it cannot be used.
    pub fn new(word: &str) -> Result<OpenCl, String> {
        // SAFETY: loading runs the library's own start, nothing else.
        let library = unsafe { libc::dlopen(c"libOpenCL.so.1".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if library.is_null() {
            return Err("there is no libOpenCL.so.1".into());
        }
        let functions = Functions::load(library)?;
        let platform = platform(&functions, word)?;
        let mut device = null_mut();
        let error = functions.clGetDeviceIDs(platform, DEVICE_CPU, 1, &mut device, null_mut());
        checked("clGetDeviceIDs", error)?;
        let mut error = 0;
        let context = functions.clCreateContext(null(), 1, &device, null(), null(), &mut error);
        checked("clCreateContext", error)?;
        let queue = functions.clCreateCommandQueue(context, device, 0, &mut error);
        checked("clCreateCommandQueue", error)?;
        Ok(OpenCl { functions: Rc::new(functions), device, context, queue })
    }

    /// Builds the source. Each row builds it, so that a row's first cost is comparable.
    fn program(&self, source: &str) -> Result<Object, String> {
        let functions = &self.functions;
        let (text, length) = (source.as_ptr().cast::<c_char>(), source.len());
        let mut error = 0;
        let program = functions.clCreateProgramWithSource(self.context, 1, &text, &length, &mut error);
        checked("clCreateProgramWithSource", error)?;
        let options = CString::new(OPTIONS).expect("no zero in the options");
        let error = functions.clBuildProgram(program, 1, &self.device, options.as_ptr(), null(), null());
        if error == 0 {
            return Ok(program);
        }
        let mut log = vec![0u8; 16 << 10];
        let (room, to) = (log.len(), log.as_mut_ptr().cast());
        functions.clGetProgramBuildInfo(program, self.device, BUILD_LOG, room, to, null_mut());
        Err(format!("clBuildProgram returned {error}: {}", text_of(&log)))
    }

    fn write(&self, buffer: Object, data: &Data) -> Result<(), String> {
        let bytes: &[u8] = data.elements();
        let (from, count) = (bytes.as_ptr().cast(), bytes.len());
        let error = self.functions.clEnqueueWriteBuffer(
            self.queue,
            buffer,
            WAIT,
            0,
            count,
            from,
            0,
            null(),
            null_mut(),
        );
        checked("clEnqueueWriteBuffer", error)
    }

    fn buffer(&self, data: &Data) -> Result<Object, String> {
        let (bytes, mut error) = (data.elements::<u8>().len(), 0);
        let buffer = self.functions.clCreateBuffer(self.context, READ_WRITE, bytes, null_mut(), &mut error);
        checked("clCreateBuffer", error)?;
        self.write(buffer, data)?;
        Ok(buffer)
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

fn platform(functions: &Functions, word: &str) -> Result<Object, String> {
    let (mut platforms, mut count) = ([null_mut(); 16], 0);
    let error = functions.clGetPlatformIDs(16, platforms.as_mut_ptr(), &mut count);
    checked("clGetPlatformIDs", error)?;
    let mut names = Vec::new();
    for &platform in &platforms[..(count as usize).min(16)] {
        let mut name = [0u8; 128];
        functions.clGetPlatformInfo(platform, PLATFORM_NAME, 128, name.as_mut_ptr().cast(), null_mut());
        names.push(text_of(&name));
        if text_of(&name).contains(word) {
            return Ok(platform);
        }
    }
    Err(format!("no OpenCL platform is named {word}; there are {names:?}"))
}

impl Source for Rc<OpenCl> {
    fn prepare(&self, case: &Case) -> Result<Ready, String> {
        // Only the row's own part of the source, as its PTX has only its own kernels.
        let part = part(SOURCE, &case.launches.iter().map(|launch| launch.kernel).collect::<Vec<_>>());
        let start = process_ns();
        let program = self.program(&part)?;
        let build_ns = process_ns() - start;
        let mut prepared = Prepared {
            opencl: self.clone(),
            program,
            launches: Vec::new(),
            buffers: Vec::new(),
            fresh: case.buffers.clone(),
            results: case.results.clone(),
        };
        for data in &case.buffers {
            prepared.buffers.push(self.buffer(data)?);
        }
        for launch in &case.launches {
            let name = CString::new(launch.kernel).expect("no zero in a name");
            let mut error = 0;
            let kernel = self.functions.clCreateKernel(program, name.as_ptr(), &mut error);
            checked("clCreateKernel", error)?;
            let buffers = launch.buffers.iter().map(|&at| &raw const prepared.buffers[at]);
            let buffers = buffers.map(|value| (size_of::<Object>(), value.cast::<c_void>()));
            let bits: Vec<u32> = launch.scalars.iter().map(|scalar| scalar.bits()).collect();
            let scalars = bits.iter().map(|bits| (4, (&raw const *bits).cast()));
            for (index, (bytes, value)) in (0..).zip(buffers.chain(scalars)) {
                checked("clSetKernelArg", self.functions.clSetKernelArg(kernel, index, bytes, value))?;
            }
            let sides = |sides: [u32; 2]| sides.map(|side| side as usize);
            let (grid, local) = (sides(launch.grid), sides(launch.block));
            let global = [grid[0] * local[0], grid[1] * local[1]];
            // Where threads of a block do not meet, the runtime may choose the blocks, as OpenCL programs let it; in two
            // dimensions PoCL chooses badly.
            let local = (part.contains("barrier(") || global[1] > 1).then_some(local);
            prepared.launches.push(Launch { kernel, global, local });
        }
        Ok(Ready { run: Box::new(prepared), build_ns })
    }
}

/// The pieces of the source, set apart by lines of dashes, that have these kernels.
fn part(source: &str, kernels: &[&str]) -> String {
    let has = |piece: &&str| kernels.iter().any(|kernel| piece.contains(&format!(" {kernel}(")));
    source.split("// ----\n").filter(has).collect()
}

struct Launch {
    kernel: Object,
    global: [usize; 2],
    local: Option<[usize; 2]>,
}

struct Prepared {
    opencl: Rc<OpenCl>,
    program: Object,
    launches: Vec<Launch>,
    buffers: Vec<Object>,
    fresh: Vec<Data>,
    results: Vec<usize>,
}

impl Run for Prepared {
    fn reset(&mut self) {
        for (&buffer, data) in self.buffers.iter().zip(&self.fresh) {
            self.opencl.write(buffer, data).expect("the buffer is as long");
        }
    }

    fn run(&mut self, repeats: usize) {
        let (functions, queue) = (&self.opencl.functions, self.opencl.queue);
        for launch in std::iter::repeat_n(&self.launches, repeats).flatten() {
            let global = launch.global.as_ptr();
            let local = launch.local.as_ref().map_or(null(), |local| local.as_ptr());
            let (kernel, none) = (launch.kernel, null_mut());
            let dimensions = if launch.global[1] == 1 { 1 } else { 2 };
            let error = functions.clEnqueueNDRangeKernel(
                queue,
                kernel,
                dimensions,
                null(),
                global,
                local,
                0,
                null(),
                none,
            );
            checked("clEnqueueNDRangeKernel", error).expect("the launch fits the kernel");
        }
        checked("clFinish", functions.clFinish(queue)).expect("the kernel runs");
    }

    fn results(&mut self) -> Vec<Data> {
        let read = |&at: &usize| {
            let mut data = self.fresh[at].clone();
            let bytes: &mut [u8] = data.elements_mut();
            let (queue, buffer) = (self.opencl.queue, self.buffers[at]);
            let (count, to, none) = (bytes.len(), bytes.as_mut_ptr().cast(), null_mut());
            let functions = &self.opencl.functions;
            let error = functions.clEnqueueReadBuffer(queue, buffer, WAIT, 0, count, to, 0, null(), none);
            checked("clEnqueueReadBuffer", error).expect("the buffer can be read");
            data
        };
        self.results.iter().map(read).collect()
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        let functions = &self.opencl.functions;
        for launch in &self.launches {
            functions.clReleaseKernel(launch.kernel);
        }
        for &buffer in &self.buffers {
            functions.clReleaseMemObject(buffer);
        }
        functions.clReleaseProgram(self.program);
    }
}
