//! The library as it was built for this test run, and what programs need to run on it.

#![allow(dead_code)]

pub mod calls;
pub mod installed;
pub mod program;

use std::ffi::{CString, c_int, c_void};
use std::io::Write;
use std::path::PathBuf;

/// Where the shared library lies: beside the test executable, for cargo builds it with the crate.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let folder = test.parent().expect("an executable lies in a folder");
    let library = folder.join("libstreamhal.so");
    assert!(library.is_file(), "{} is not there", library.display());
    library
}

/// The library, opened in this process with symbols of its own.
pub struct Opened(*mut c_void);

impl Opened {
    /// Opens it.
    pub fn new() -> Opened {
        let path = CString::new(library().into_os_string().into_encoded_bytes()).expect("no zero in a path");
        // SAFETY: the path ends with a zero; the library's only initialisers are those of Rust's std.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "the library does not open");
        Opened(handle)
    }

    /// The address of a symbol.
    pub fn symbol(&self, name: &str) -> *mut c_void {
        let text = CString::new(name).expect("no zero in a name");
        // SAFETY: the handle is open and the name ends with a zero.
        let address = unsafe { libc::dlsym(self.0, text.as_ptr()) };
        assert!(!address.is_null(), "{name} is not there");
        address
    }

    /// Calls a function that answers an error number, with zeros for all arguments.
    pub fn call_with_zeros(&self, name: &str) -> c_int {
        type Any = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64) -> c_int;
        // SAFETY: the symbol is a function; the caller clears arguments that it does not take.
        let function: Any = unsafe { std::mem::transmute(self.symbol(name)) };
        // SAFETY: only names without a body are called so, and those look at no argument.
        unsafe { function(0, 0, 0, 0, 0, 0) }
    }
}

/// All exported names of a table, each with its row's function.
pub fn names(table: &str) -> Vec<&str> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').nth(1))
        .flat_map(|cell| cell.split(','))
        .collect()
}

/// The CUDA table.
pub const CUDA: &str = include_str!("../../tables/cuda_driver.tsv");

/// The HIP table.
pub const HIP: &str = include_str!("../../tables/hip.tsv");

/// Says aloud that a test cannot run here; fails where nothing may be left out.
pub fn skip(test: &str, because: &str) {
    // Not by a macro: a test's output is kept from sight where it passes.
    writeln!(std::io::stderr(), "SKIPPED {test}: {because}").ok();
    assert!(std::env::var_os("STREAM_HAL_REQUIRE_ALL").is_none(), "{test} was left out: {because}");
}
