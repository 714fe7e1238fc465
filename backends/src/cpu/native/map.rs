//! Memory that holds machine code. No page of it is ever writable and executable at one address.
//!
//! A region is a file in memory that is mapped executable for good; code is written through a second, short-lived mapping
//! of its pages. So codes of many kernels share pages, and one is written while its neighbours run. Where the system has no
//! such files each code has pages of its own: written first, then made executable.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use parking_lot::Mutex;

/// Bytes of a region, unless one code takes more.
const REGION: usize = 1 << 20;
/// Codes start at multiples of it.
const ALIGNMENT: usize = 64;
const PAGE: usize = 4096;
/// `memfd_create`: what is in the file may be executed. Older systems do not know the flag and allow it anyway.
const MAY_EXECUTE: libc::c_uint = 0x10;

static REGIONS: Mutex<Vec<Region>> = Mutex::new(Vec::new());

/// Executable memory with some codes in it.
struct Region {
    /// `None`: anonymous pages, made executable when they were written.
    file: Option<OwnedFd>,
    start: usize,
    bytes: usize,
    /// Size of each free piece by its offset; no two touch.
    free: BTreeMap<usize, usize>,
    /// A forked child shares the file with its parent, so it must not write there.
    process: u32,
}

/// Code in executable memory. Dropping it gives the memory back, so nothing may run it then.
#[derive(Debug)]
pub(super) struct Mapped {
    start: usize,
    bytes: usize,
}

impl Mapped {
    /// The address of its first byte.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The addresses it takes.
    pub(super) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.bytes
    }
}

/// Puts code where it can be run.
pub(super) fn place(code: &[u8]) -> io::Result<Mapped> {
    let mut regions = REGIONS.lock();
    let bytes = code.len().max(1).next_multiple_of(ALIGNMENT);
    let process = std::process::id();
    let roomy = regions.iter().position(|region| region.process == process && region.has_room(bytes));
    let at = match roomy {
        Some(at) => at,
        None => match Region::of_file(bytes.max(REGION).next_multiple_of(PAGE), process) {
            Ok(region) => {
                regions.push(region);
                regions.len() - 1
            }
            Err(error) => {
                tracing::debug!(%error, "no file in memory for machine code");
                regions.push(Region::of_pages(code, process)?);
                let region = &regions[regions.len() - 1];
                return Ok(Mapped { start: region.start, bytes: region.bytes });
            }
        },
    };
    let region = &mut regions[at];
    let offset = region.take(bytes);
    if let Err(error) = region.write(offset, code) {
        region.give_back(offset, bytes);
        return Err(error);
    }
    let mapped = Mapped { start: region.start + offset, bytes };
    touch(mapped.range());
    Ok(mapped)
}

/// Brings all pages of a code into the page table. Constants lie behind code, and an instruction whose mask is empty reads them
/// without ever faulting: on a page that is not there it takes 150 ns each time, for ever.
fn touch(range: std::ops::Range<usize>) {
    for page in (range.start & !(PAGE - 1)..range.end).step_by(PAGE) {
        // SAFETY: the page is mapped readable, and what is there does not matter.
        unsafe { ptr::read_volatile(pointer(page).cast::<u8>()) };
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let mut regions = REGIONS.lock();
        let holds = |region: &Region| (region.start..region.start + region.bytes).contains(&self.start);
        let Some(at) = regions.iter().position(holds) else { return };
        let region = &mut regions[at];
        region.give_back(self.start - region.start, self.bytes);
        // One empty region stays at hand.
        let empty = region.free.get(&0) == Some(&region.bytes);
        let single = regions.iter().filter(|region| region.file.is_some()).count() == 1;
        if empty && !(single && regions[at].file.is_some()) {
            regions.swap_remove(at);
        }
    }
}

impl Region {
    fn of_file(bytes: usize, process: u32) -> io::Result<Region> {
        let file = memory_file(MAY_EXECUTE).or_else(|_| memory_file(0))?;
        // SAFETY: changes the size of a file of ours.
        if unsafe { libc::ftruncate(file.as_raw_fd(), bytes as libc::off_t) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let start = map(bytes, libc::PROT_READ | libc::PROT_EXEC, Some((&file, 0)))?;
        Ok(Region { file: Some(file), start, bytes, free: BTreeMap::from([(0, bytes)]), process })
    }

    fn of_pages(code: &[u8], process: u32) -> io::Result<Region> {
        let bytes = code.len().max(1).next_multiple_of(PAGE);
        let start = map(bytes, libc::PROT_READ | libc::PROT_WRITE, None)?;
        let region = Region { file: None, start, bytes, free: BTreeMap::new(), process };
        // SAFETY: the mapping is new, large enough and nobody else's.
        unsafe { ptr::copy_nonoverlapping(code.as_ptr(), pointer(start).cast(), code.len()) };
        // SAFETY: a mapping of ours that nobody writes to from here on.
        let done = unsafe { libc::mprotect(pointer(start), bytes, libc::PROT_READ | libc::PROT_EXEC) };
        if done == 0 { Ok(region) } else { Err(io::Error::last_os_error()) }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.free.values().any(|&size| size >= bytes)
    }

    /// The first piece that will do; [`Region::has_room`] said that there is one.
    fn take(&mut self, bytes: usize) -> usize {
        let (&offset, &size) =
            self.free.iter().find(|(_, size)| **size >= bytes).expect("the region has room");
        self.free.remove(&offset);
        if size > bytes {
            self.free.insert(offset + bytes, size - bytes);
        }
        offset
    }

    fn give_back(&mut self, mut offset: usize, mut bytes: usize) {
        if let Some((&before, &size)) = self.free.range(..offset).next_back()
            && before + size == offset
        {
            (offset, bytes) = (before, size + bytes);
        }
        if let Some(size) = self.free.remove(&(offset + bytes)) {
            bytes += size;
        }
        self.free.insert(offset, bytes);
    }

    /// Writes to a place where nothing runs.
    fn write(&self, offset: usize, code: &[u8]) -> io::Result<()> {
        let Some(file) = &self.file else { return Err(io::ErrorKind::Unsupported.into()) };
        let first = offset & !(PAGE - 1);
        let bytes = (offset + code.len()).next_multiple_of(PAGE) - first;
        let window = map(bytes, libc::PROT_READ | libc::PROT_WRITE, Some((file, first)))?;
        let to = pointer(window + offset - first).cast();
        // SAFETY: the window is ours, and no code lies in this part of it.
        unsafe { ptr::copy_nonoverlapping(code.as_ptr(), to, code.len()) };
        unmap(window, bytes);
        Ok(())
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        unmap(self.start, self.bytes);
    }
}

fn memory_file(flags: libc::c_uint) -> io::Result<OwnedFd> {
    // SAFETY: the name is a C string; the call touches no other memory.
    let file = unsafe { libc::memfd_create(c"stream-hal kernels".as_ptr(), libc::MFD_CLOEXEC | flags) };
    if file < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

fn map(bytes: usize, access: libc::c_int, file: Option<(&OwnedFd, usize)>) -> io::Result<usize> {
    let (flags, file, offset) = match file {
        Some((file, offset)) => (libc::MAP_SHARED, file.as_raw_fd(), offset as libc::off_t),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0),
    };
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing of anybody's.
    let at = unsafe { libc::mmap(ptr::null_mut(), bytes, access, flags, file, offset) };
    if at == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(at.expose_provenance()) }
}

fn unmap(start: usize, bytes: usize) {
    // SAFETY: a whole mapping of ours that nobody uses any more.
    unsafe { libc::munmap(pointer(start), bytes) };
}

fn pointer(address: usize) -> *mut libc::c_void {
    ptr::with_exposed_provenance_mut(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `mov eax, number; ret`
    fn code(number: u32) -> Vec<u8> {
        [&[0xb8][..], &number.to_le_bytes(), &[0xc3]].concat()
    }

    fn run(mapped: &Mapped) -> u32 {
        type Function = extern "sysv64" fn() -> u32;
        // SAFETY: the code is a function of this form.
        let function = unsafe { std::mem::transmute::<*mut libc::c_void, Function>(pointer(mapped.start())) };
        function()
    }

    #[test]
    fn codes_run_while_others_come_and_go() {
        let mut live = Vec::new();
        let mut random = fastrand::Rng::with_seed(7);
        for number in 0..2000u32 {
            let mut bytes = code(number);
            bytes.resize(bytes.len() + random.usize(..5000), 0xcc);
            live.push((place(&bytes).unwrap(), number));
            if live.len() > 100 {
                live.swap_remove(random.usize(..live.len()));
            }
            let (mapped, number) = &live[random.usize(..live.len())];
            assert_eq!(run(mapped), *number);
        }
        let mut ranges: Vec<_> = live.iter().map(|(mapped, _)| (mapped.start, mapped.bytes)).collect();
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
        let pages: std::collections::BTreeSet<_> = ranges.iter().map(|range| range.0 / PAGE).collect();
        assert!(pages.len() < ranges.len(), "some share a page");
    }

    #[test]
    fn large_codes_and_pages_of_their_own() {
        let mut bytes = code(5);
        bytes.resize(3 << 20, 0xcc);
        assert_eq!(run(&place(&bytes).unwrap()), 5);
        let region = Region::of_pages(&code(6), std::process::id()).unwrap();
        let (start, bytes) = (region.start, region.bytes);
        REGIONS.lock().push(region);
        let mapped = Mapped { start, bytes };
        assert_eq!(run(&mapped), 6);
        drop(mapped);
        assert!(REGIONS.lock().iter().all(|region| region.start != start), "its pages are gone");
    }
}
