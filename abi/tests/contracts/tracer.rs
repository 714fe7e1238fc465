//! Steps a thread of another process from one breakpoint to the next and counts what it executes.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::{fs, ptr};

use crate::child::{self, CALLS, STEPPED};

/// What one call executed.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Instructions of the library, as offsets into its file. A repeated string instruction is one.
    pub own: Vec<u64>,
    /// Instructions outside of it: of the C library and the loader.
    pub others: u64,
    /// Where atomic read-modify-writes are, as offsets into the library's file; those of others at 0.
    pub writes: Vec<u64>,
    /// `syscall` instructions.
    pub syscalls: u64,
}

/// What a scene was found to cost.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The typical call: of those stepped through, the one with the median number of instructions.
    pub typical: Cost,
    /// Heap allocations of [`CALLS`] further calls in all.
    pub allocations: u64,
    /// The calls that the first of these came through.
    pub callers: Vec<u64>,
    /// System calls of those.
    pub syscalls: u64,
}

/// Why a scene could not be measured here.
pub struct NotPermitted(pub String);

/// Runs a scene in a process of its own and measures it.
pub fn measure(scene: &str, backend: &str) -> Result<Measured, NotPermitted> {
    // SAFETY: the call gives the core this thread is on.
    let core = usize::try_from(unsafe { libc::sched_getcpu() }).unwrap_or(0);
    let mut process = Command::new(std::env::current_exe().expect("a running program has a path"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(child::SCENE, scene)
        .env(child::CORE, core.to_string())
        .env("STREAM_HAL_BACKENDS", backend)
        .env_remove("STREAM_HAL_DOT")
        .env_remove("STREAM_HAL_LOG_LEVEL")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program can be started once more");
    // Not before: the child's workers go where they like.
    child::stay_on(core);
    let pipe = BufReader::new(process.stderr.take().expect("it is a pipe"));
    let said = Said { pipe, callers: Vec::new() };
    let result = follow(&mut process, said);
    let _ = process.kill();
    let _ = process.wait();
    result
}

/// The lines of the child.
struct Said {
    pipe: BufReader<ChildStderr>,
    callers: Vec<u64>,
}

impl Said {
    /// The number behind a word, or everything the child said if it never said that.
    fn number(&mut self, word: &str) -> Result<u64, String> {
        let mut all = String::new();
        for line in self.pipe.by_ref().lines() {
            let line = line.expect("the child writes text");
            if let Some(number) = line.strip_prefix(word) {
                return Ok(number.trim().parse().expect("a number follows"));
            }
            if let Some(caller) = line.strip_prefix(child::CALLER) {
                self.callers.push(caller.trim().parse().expect("a number follows"));
            }
            all += &line;
            all.push('\n');
        }
        Err(all)
    }
}

fn follow(process: &mut Child, mut said: Said) -> Result<Measured, NotPermitted> {
    let thread = match said.number(child::THREAD) {
        Ok(thread) => thread as c_int,
        Err(words) if words.contains(child::REFUSED) => return Err(NotPermitted(words)),
        Err(words) => panic!("the child failed:\n{words}"),
    };
    let mut tracee = Tracee::new(process.id(), thread);
    let mut costs: Vec<Cost> = (0..STEPPED).map(|_| tracee.step_call()).collect();
    let syscalls = (0..CALLS).map(|_| tracee.watch_call()).sum();
    tracee.detach();
    let allocations =
        said.number(child::ALLOCATIONS).unwrap_or_else(|words| panic!("the child failed:\n{words}"));
    costs.sort_by_key(|cost| cost.own.len());
    let typical = costs.swap_remove(STEPPED / 2);
    Ok(Measured { typical, allocations, callers: said.callers, syscalls })
}

/// What an instruction is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// An atomic read-modify-write.
    Write,
    Syscall,
    Breakpoint,
}

/// A thread under control, stopped whenever a method is called.
struct Tracee {
    thread: c_int,
    library: Range<u64>,
    program: Range<u64>,
    kinds: HashMap<u64, Kind>,
}

/// Why a thread stopped.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Trap,
    /// At the beginning or end of a system call.
    Syscall,
    Signal(c_int),
}

impl Tracee {
    /// Takes over a thread that stops itself.
    fn new(process: u32, thread: c_int) -> Tracee {
        let library = mapped(process, &crate::built::library().to_string_lossy());
        let program = mapped(process, &std::env::current_exe().expect("it runs").to_string_lossy());
        let tracee = Tracee { thread, library, program, kinds: HashMap::new() };
        assert_eq!(tracee.wait(), Stop::Signal(libc::SIGSTOP));
        let options = libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACESYSGOOD;
        tracee.ask(libc::PTRACE_SETOPTIONS, 0, options as usize);
        tracee
    }

    fn ask(&self, request: libc::c_uint, address: usize, data: usize) {
        let (address, data) =
            (ptr::without_provenance_mut::<c_void>(address), ptr::without_provenance_mut::<c_void>(data));
        // SAFETY: the requests made here read and write no memory of this process.
        let answer = unsafe { libc::ptrace(request, self.thread, address, data) };
        assert_eq!(answer, 0, "ptrace {request}: {}", io::Error::last_os_error());
    }

    /// A word of the thread's memory or registers.
    fn word(&self, request: libc::c_uint, address: u64) -> u64 {
        let address = ptr::without_provenance_mut::<c_void>(address as usize);
        // SAFETY: reading gives the word as the result and writes nothing.
        unsafe { libc::ptrace(request, self.thread, address, ptr::null_mut::<c_void>()) as u64 }
    }

    fn place(&self) -> u64 {
        self.word(libc::PTRACE_PEEKUSER, std::mem::offset_of!(libc::user_regs_struct, rip) as u64)
    }

    fn wait(&self) -> Stop {
        let mut status = 0;
        // SAFETY: the status is ours to write.
        let waited = unsafe { libc::waitpid(self.thread, &mut status, libc::__WALL) };
        assert_eq!(waited, self.thread, "{}", io::Error::last_os_error());
        assert!(libc::WIFSTOPPED(status), "the child ended in the middle of a call");
        match libc::WSTOPSIG(status) {
            libc::SIGTRAP => Stop::Trap,
            signal if signal == libc::SIGTRAP | 0x80 => Stop::Syscall,
            signal => Stop::Signal(signal),
        }
    }

    /// Lets the thread run in one of ptrace's ways until it stops; signals reach it.
    fn resume(&self, way: libc::c_uint) -> Stop {
        let mut signal = 0;
        loop {
            self.ask(way, 0, signal);
            match self.wait() {
                Stop::Signal(number) => signal = number as usize,
                stop => return stop,
            }
        }
    }

    /// Steps through the next call between two breakpoints.
    fn step_call(&mut self) -> Cost {
        let mut cost = Cost::default();
        assert_eq!(self.resume(libc::PTRACE_CONT), Stop::Trap);
        let mut place = self.place();
        loop {
            let kind = self.kind(place);
            if kind == Kind::Breakpoint {
                assert_eq!(self.resume(libc::PTRACE_CONT), Stop::Trap);
                return cost;
            }
            self.count(&mut cost, place, kind);
            let before = place;
            while place == before {
                assert_eq!(self.resume(libc::PTRACE_SINGLESTEP), Stop::Trap);
                place = self.place();
            }
        }
    }

    fn count(&self, cost: &mut Cost, place: u64, kind: Kind) {
        if self.program.contains(&place) {
            return;
        }
        let own = self.library.contains(&place);
        if own {
            cost.own.push(place - self.library.start);
        } else {
            cost.others += 1;
        }
        match kind {
            Kind::Write => cost.writes.push(if own { place - self.library.start } else { 0 }),
            Kind::Syscall => cost.syscalls += 1,
            Kind::Plain | Kind::Breakpoint => {}
        }
    }

    /// Lets the next call run and counts its system calls.
    fn watch_call(&self) -> u64 {
        assert_eq!(self.resume(libc::PTRACE_CONT), Stop::Trap);
        let mut stops = 0;
        while self.resume(libc::PTRACE_SYSCALL) == Stop::Syscall {
            stops += 1;
        }
        stops / 2
    }

    fn detach(self) {
        self.ask(libc::PTRACE_DETACH, 0, 0);
    }

    fn kind(&mut self, place: u64) -> Kind {
        if let Some(&kind) = self.kinds.get(&place) {
            return kind;
        }
        let words = [self.word(libc::PTRACE_PEEKTEXT, place), self.word(libc::PTRACE_PEEKTEXT, place + 8)];
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&words[0].to_le_bytes());
        bytes[8..].copy_from_slice(&words[1].to_le_bytes());
        let kind = decode(&bytes);
        self.kinds.insert(place, kind);
        kind
    }
}

/// What an instruction is, from its bytes.
fn decode(bytes: &[u8; 16]) -> Kind {
    let mut locked = false;
    let mut rest = bytes.as_slice();
    while let [
        prefix @ (0x66 | 0x67 | 0xf0 | 0xf2 | 0xf3 | 0x2e | 0x36 | 0x3e | 0x26 | 0x64 | 0x65 | 0x40..=0x4f),
        tail @ ..,
    ] = rest
    {
        locked |= *prefix == 0xf0;
        rest = tail;
    }
    match rest {
        _ if locked => Kind::Write,
        // An exchange with memory is locked by itself.
        [0x86 | 0x87, operands, ..] if operands >> 6 != 3 => Kind::Write,
        [0x0f, 0x05, ..] => Kind::Syscall,
        [0xcc, ..] => Kind::Breakpoint,
        _ => Kind::Plain,
    }
}

/// Where a process has a file mapped.
fn mapped(process: u32, path: &str) -> Range<u64> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the child is there");
    let ranges = maps.lines().filter(|line| line.ends_with(path)).map(|line| {
        let (range, _) = line.split_once(' ').expect("a range stands first");
        let (start, end) = range.split_once('-').expect("a range has two ends");
        let number = |text| u64::from_str_radix(text, 16).expect("addresses are hexadecimal");
        number(start)..number(end)
    });
    ranges.reduce(|all, range| all.start..range.end).unwrap_or_else(|| panic!("{path} is not mapped"))
}

#[test]
fn instructions_are_told_apart() {
    let check = |bytes: &[u8], expect: Kind| {
        let mut whole = [0x90; 16];
        whole[..bytes.len()].copy_from_slice(bytes);
        assert!(decode(&whole) == expect, "{bytes:x?}");
    };
    check(&[0xf0, 0x48, 0x0f, 0xb1, 0x0f], Kind::Write); // lock cmpxchg [rdi], rcx
    check(&[0x66, 0xf0, 0x0f, 0xc1, 0x07], Kind::Write); // lock xadd [rdi], ax
    check(&[0x87, 0x07], Kind::Write); // xchg [rdi], eax
    check(&[0x48, 0x87, 0xc3], Kind::Plain); // xchg rbx, rax
    check(&[0x0f, 0x05], Kind::Syscall);
    check(&[0xcc], Kind::Breakpoint);
    check(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], Kind::Plain); // mov rax, fs:[0]
}
