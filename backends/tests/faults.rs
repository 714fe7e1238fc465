//! Faults that are not ours go to whoever had the signal before: each case is a process of its own.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::env;
use std::ffi::c_int;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use stream_hal_backends::{Options, open};

const CASE: &str = "STREAM_HAL_TEST_FAULT_CASE";

extern "C" fn leave(_: c_int) {
    // SAFETY: ends the process at once; allowed in a signal handler.
    unsafe { libc::_exit(42) };
}

fn handle_by(handler: libc::sighandler_t) {
    // SAFETY: the handlers used here only end the process.
    unsafe { libc::signal(libc::SIGSEGV, handler) };
}

/// Opens the backend and shows that a fault of ours is an error.
fn our_fault_is_an_error() {
    let opened = open("cpu", &Options::default()).unwrap();
    assert!(opened.devices[0].read(16, &mut [0; 8]).is_err());
}

fn foreign_fault() {
    let nowhere = std::ptr::without_provenance::<u8>(16);
    // SAFETY: none: this is the fault that is tested, in a process made for it.
    unsafe { std::hint::black_box(nowhere.read_volatile()) };
}

/// A division by zero outside of compiled kernels.
#[cfg(target_arch = "x86_64")]
fn foreign_division() {
    // SAFETY: none: this is the fault that is tested, in a process made for it.
    unsafe {
        std::arch::asm!("xor edx, edx", "xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
}

/// The child's part of a test.
fn case(name: &str) {
    match name {
        "handler" => handle_by(leave as *const () as usize),
        // SAFETY: the handler only ends the process.
        "division" => _ = unsafe { libc::signal(libc::SIGFPE, leave as *const () as usize) },
        "ignored" => handle_by(libc::SIG_IGN),
        _ => handle_by(libc::SIG_DFL),
    }
    our_fault_is_an_error();
    match name {
        // SAFETY: sends this process a signal.
        "sent" => _ = unsafe { libc::raise(libc::SIGSEGV) },
        #[cfg(target_arch = "x86_64")]
        "division" | "trap" => foreign_division(),
        _ => foreign_fault(),
    }
}

fn run(name: &str) -> ExitStatus {
    if let Ok(name) = env::var(CASE) {
        case(&name);
        std::process::exit(7);
    }
    let program = env::current_exe().unwrap();
    let thread = std::thread::current();
    let test = thread.name().unwrap();
    let child = Command::new(program).args([test, "--exact", "--test-threads=1"]).env(CASE, name).output();
    child.unwrap().status
}

#[test]
fn a_handler_from_before_gets_foreign_faults() {
    assert_eq!(run("handler").code(), Some(42));
}

#[test]
fn without_a_handler_a_foreign_fault_ends_the_process() {
    assert_eq!(run("default").signal(), Some(libc::SIGSEGV));
}

#[test]
fn a_fault_of_the_processor_cannot_be_ignored() {
    assert_eq!(run("ignored").signal(), Some(libc::SIGSEGV));
}

#[test]
fn a_signal_that_is_sent_ends_the_process_too() {
    assert_eq!(run("sent").signal(), Some(libc::SIGSEGV));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_foreign_division_by_zero_goes_where_it_went_before() {
    assert_eq!(run("division").code(), Some(42));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_foreign_division_by_zero_ends_the_process() {
    assert_eq!(run("trap").signal(), Some(libc::SIGFPE));
}
