//! Calls of the library by name, with plain words as arguments: what no header would let pass.

use std::ffi::{CString, c_int};

use super::Opened;

const PTX: &str = include_str!("../../../kernels/samples/ptx/vector_add.ptx");

type Any = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> c_int;

/// The library, with a context of its own for the calling thread: what goes wrong stays there.
pub struct Library {
    /// Where it is opened.
    pub opened: Opened,
    /// The calling thread's context.
    pub context: u64,
}

// SAFETY: the library's handle is a number, and its functions may be called by all threads.
unsafe impl Sync for Library {}

/// The address of a place, as an argument.
pub fn at<T>(place: &mut T) -> u64 {
    std::ptr::from_mut(place) as u64
}

impl Library {
    /// Opens it and makes the context.
    pub fn new() -> Library {
        let mut library = Library { opened: Opened::new(), context: 0 };
        library.fine("cuInit", &[0]);
        library.context = library.made("cuCtxCreate_v2", &[0, 0]);
        library
    }

    /// Calls a function by its name; arguments left out are 0.
    pub fn call(&self, name: &str, arguments: &[u64]) -> c_int {
        let mut list = [0; 12];
        list[..arguments.len()].copy_from_slice(arguments);
        // SAFETY: the symbol is a function of twelve words at most; surplus ones are the caller's to clear.
        let function: Any = unsafe { std::mem::transmute(self.opened.symbol(name)) };
        let [a, b, c, d, e, f, g, h, i, j, k, l] = list;
        // SAFETY: pointers among the arguments are to places of the test's own, as large as they have to be.
        unsafe { function(a, b, c, d, e, f, g, h, i, j, k, l) }
    }

    /// Calls a function that must succeed.
    pub fn fine(&self, name: &str, arguments: &[u64]) {
        assert_eq!(self.call(name, arguments), 0, "{name}");
    }

    /// Calls a function that must answer this number.
    pub fn refused(&self, wanted: c_int, name: &str, arguments: &[u64]) {
        assert_eq!(self.call(name, arguments), wanted, "{name} {arguments:x?}");
    }

    /// Calls a function whose first argument is the place of its result.
    pub fn made(&self, name: &str, rest: &[u64]) -> u64 {
        let mut result = 0u64;
        self.fine(name, &[&[at(&mut result)], rest].concat());
        result
    }

    /// Device memory.
    pub fn memory(&self, bytes: u64) -> u64 {
        self.made("cuMemAlloc_v2", &[bytes])
    }

    /// A module with vector_add in it.
    pub fn module(&self) -> u64 {
        let text = CString::new(PTX).expect("no zero in a text");
        self.made("cuModuleLoadData", &[text.as_ptr() as u64])
    }

    /// The kernel vector_add.
    pub fn function(&self, module: u64) -> u64 {
        self.made("cuModuleGetFunction", &[module, c"vector_add".as_ptr() as u64])
    }

    /// Launches vector_add over one block.
    pub fn launch(&self, function: u64, stream: u64, memory: u64) -> c_int {
        let (mut memory, mut count) = (memory, 32u32);
        let address = at(&mut memory);
        let mut parameters = [address, address, address, at(&mut count)];
        self.call("cuLaunchKernel", &[function, 1, 1, 1, 32, 1, 1, 0, stream, at(&mut parameters), 0])
    }
}
