//! Counts the library's heap allocations by standing in for the C allocator in its table of imports.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::{fs, io, ptr};

use object::{Object, ObjectSymbol, RelocationFlags, RelocationTarget, elf};

use crate::built::{self, Opened};

thread_local! {
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static CALLERS: Cell<Callers> = const { Cell::new([ptr::null_mut(); FRAMES]) };
}

const FRAMES: usize = 12;
/// The calls that a counted allocation came through, innermost first.
type Callers = [*mut c_void; FRAMES];

/// Whether this thread's allocations are counted from now on.
pub fn set_counting(counting: bool) {
    COUNTING.set(counting);
}

/// This thread's allocations since the last time.
pub fn take_count() -> u64 {
    COUNT.take()
}

/// The calls that the first of them came through, as offsets into the library's file.
pub fn callers(library: &Opened) -> Vec<usize> {
    let base = base_of(library).addr();
    let offsets = CALLERS.get().into_iter().map(move |caller| caller.addr().wrapping_sub(base + 1));
    offsets.filter(|&offset| offset < 1 << 30).collect()
}

fn note() {
    if !COUNTING.replace(false) {
        return;
    }
    COUNT.set(COUNT.get() + 1);
    if COUNT.get() == 1 {
        let mut callers = CALLERS.get();
        // SAFETY: there is room for as many.
        unsafe { libc::backtrace(callers.as_mut_ptr(), FRAMES as c_int) };
        CALLERS.set(callers);
    }
    COUNTING.set(true);
}

extern "C" fn malloc(bytes: usize) -> *mut c_void {
    note();
    // SAFETY: passed on.
    unsafe { libc::malloc(bytes) }
}

extern "C" fn calloc(count: usize, bytes: usize) -> *mut c_void {
    note();
    // SAFETY: passed on.
    unsafe { libc::calloc(count, bytes) }
}

unsafe extern "C" fn realloc(old: *mut c_void, bytes: usize) -> *mut c_void {
    note();
    // SAFETY: passed on.
    unsafe { libc::realloc(old, bytes) }
}

unsafe extern "C" fn posix_memalign(place: *mut *mut c_void, alignment: usize, bytes: usize) -> c_int {
    note();
    // SAFETY: passed on.
    unsafe { libc::posix_memalign(place, alignment, bytes) }
}

extern "C" fn aligned_alloc(alignment: usize, bytes: usize) -> *mut c_void {
    note();
    // SAFETY: passed on.
    unsafe { libc::aligned_alloc(alignment, bytes) }
}

/// Puts the functions above into the opened library's table of imports.
pub fn count_allocations(library: &Opened) {
    let base = base_of(library);
    let bytes = fs::read(built::library()).expect("the library can be read");
    let file = object::File::parse(&*bytes).expect("the library is an ELF file");
    let symbols = file.dynamic_symbol_table().expect("a shared library has one");
    let mut replaced = 0;
    for (offset, relocation) in file.dynamic_relocations().expect("a shared library has some") {
        let import = matches!(
            relocation.flags(),
            RelocationFlags::Elf { r_type: elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT }
        );
        let RelocationTarget::Symbol(index) = relocation.target() else { continue };
        let symbol = object::ObjectSymbolTable::symbol_by_index(&symbols, index).expect("the file is whole");
        let function = match symbol.name().expect("names are text") {
            "malloc" => malloc as *const c_void,
            "calloc" => calloc as *const c_void,
            "realloc" => realloc as *const c_void,
            "posix_memalign" => posix_memalign as *const c_void,
            "aligned_alloc" => aligned_alloc as *const c_void,
            _ => continue,
        };
        if import {
            put(base.wrapping_add(offset as usize).cast_mut().cast(), function);
            replaced += 1;
        }
    }
    assert!(replaced >= 3, "the library's allocations go another way");
    // The first backtrace of a program loads what it needs.
    // SAFETY: there is room for one.
    unsafe { libc::backtrace(&mut ptr::null_mut(), 1) };
}

/// Where the library begins in memory.
fn base_of(library: &Opened) -> *const u8 {
    // SAFETY: the answer is plain data.
    let mut found: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: both addresses are good.
    let known = unsafe { libc::dladdr(library.symbol("cuInit"), &mut found) };
    assert_ne!(known, 0, "the library is not known to the loader");
    found.dli_fbase.cast_const().cast()
}

fn put(slot: *mut *const c_void, function: *const c_void) {
    const PAGE: usize = 4096;
    let page = slot.cast::<u8>().map_addr(|address| address & !(PAGE - 1));
    // SAFETY: the page holds the library's table of imports, which the loader has made read-only.
    let writable = unsafe { libc::mprotect(page.cast(), PAGE, libc::PROT_READ | libc::PROT_WRITE) };
    assert_eq!(writable, 0, "{}", io::Error::last_os_error());
    // SAFETY: an aligned slot of that table; no other thread allocates through it at the same moment in
    // a way that could see half a pointer.
    unsafe { ptr::write_volatile(slot, function) };
}
