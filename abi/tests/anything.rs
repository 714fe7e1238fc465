//! A C caller can pass anything: every exported function is called with nulls, with small numbers,
//! with pointers to zeroed memory, and with handles that are live, destroyed or of another kind, in
//! all places. No call may crash, hang or take the library down.
//!
//! A child process makes the calls and says which it is about to make; if it ends or falls silent,
//! the last name it said is to blame.

mod built;

use std::ffi::{CStr, c_int, c_void};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use built::Opened;

/// Functions that call back, or end up in memory the caller names as code: what they are given is
/// executed, here as with the vendors' libraries.
// table
const CALLS_BACK: &[&str] = &[
    "cuLaunchHostFunc",
    "cuLaunchHostFunc_ptsz",
    "cuLaunchHostFunc_v2",
    "cuLaunchHostFunc_v2_ptsz",
    "hipLaunchHostFunc",
    "hipLaunchHostFunc_spt",
    "cuStreamAddCallback",
    "cuStreamAddCallback_ptsz",
    "hipStreamAddCallback",
    "hipStreamAddCallback_spt",
    "cuUserObjectCreate",
    "hipUserObjectCreate",
    // Returns a struct: its first argument is a hidden pointer to the result.
    "hipCreateChannelDesc",
];

type Any = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> c_int;

/// All names to call, in the tables' order.
fn all_names() -> Vec<&'static str> {
    let names = built::names(built::CUDA).into_iter().chain(built::names(built::HIP));
    names.filter(|name| !CALLS_BACK.contains(name)).collect()
}

/// What arguments are drawn from: all zero, then one kind of value in every place.
struct Values {
    scratch: Vec<u64>,
    handles: Vec<u64>,
}

impl Values {
    /// Makes handles of several kinds through the library, live and destroyed.
    fn new(library: &Opened) -> Values {
        let mut made = Values { scratch: vec![0; 4096], handles: Vec::new() };
        let call = |name: &str, arguments: [u64; 4]| {
            // SAFETY: the symbol is a function of four arguments at most.
            let function: Any = unsafe { std::mem::transmute(library.symbol(name)) };
            let [a, b, c, d] = arguments;
            // SAFETY: out-pointers among the arguments point to words of ours.
            let code = unsafe { function(a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0) };
            assert_eq!(code, 0, "{name}");
        };
        let mut handle = 0u64;
        let out = std::ptr::from_mut(&mut handle) as u64;
        call("cuInit", [0; 4]);
        call("cuDevicePrimaryCtxRetain", [out, 0, 0, 0]);
        call("cuCtxSetCurrent", [handle, 0, 0, 0]);
        for (name, flags) in [("cuStreamCreate", 1), ("cuEventCreate", 0), ("cuGraphCreate", 0)] {
            call(name, [out, flags, 0, 0]);
            made.handles.push(handle);
        }
        call("cuStreamCreate", [out, 0, 0, 0]);
        made.handles.push(handle);
        call("cuStreamDestroy_v2", [handle, 0, 0, 0]);
        made
    }

    /// The argument lists of one function.
    fn lists(&mut self) -> Vec<[u64; 12]> {
        self.scratch.fill(0);
        let scratch = self.scratch.as_mut_ptr() as u64;
        let mut lists = vec![[0; 12], [scratch; 12]];
        for place in 0..6 {
            // One pointer among nulls, and one null among pointers.
            let (mut one, mut all_but) = ([0; 12], [scratch; 12]);
            one[place] = scratch;
            all_but[place] = 0;
            lists.extend([one, all_but]);
            for &handle in &self.handles {
                // A handle in the first place only: elsewhere it may be a wild pointer, which may fault.
                let mut list = [0; 12];
                list[place] = handle;
                if place == 0 {
                    lists.push(list);
                }
            }
        }
        lists
    }
}

/// The functions that take a handle of ours only as a handle in any of the places tried; a handle as
/// a pointer to a struct is wild.
fn takes_handles(name: &str) -> bool {
    const HANDLES_FIRST: [&str; 6] =
        ["cuStream", "cuEvent", "hipStream", "hipEvent", "cuGraphDestroy", "cuGraphExecDestroy"];
    HANDLES_FIRST.iter().any(|start| name.starts_with(start)) && !name.contains("Create")
}

#[test]
#[ignore = "run by the other test in a process of its own"]
fn child() {
    let first = std::env::var("FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let library = Opened::new();
    let mut values = Values::new(&library);
    // SAFETY: the symbols are functions of these forms.
    let reset: Any = unsafe { std::mem::transmute(library.symbol("cuDevicePrimaryCtxReset_v2")) };
    let mut out = std::io::stdout();
    for (index, name) in all_names().into_iter().enumerate().skip(first) {
        writeln!(out, "call {index} {name}").expect("the parent listens");
        // SAFETY: the symbol is a function; surplus arguments are the caller's to clear.
        let function: Any = unsafe { std::mem::transmute::<*mut c_void, Any>(library.symbol(name)) };
        for list in values.lists() {
            let has_handle = list.iter().any(|argument| values.handles.contains(argument));
            if has_handle && !takes_handles(name) {
                continue;
            }
            let [a, b, c, d, e, f, g, h, i, j, k, l] = list;
            // SAFETY: this is what is tested: nothing given here may do harm.
            unsafe { function(a, b, c, d, e, f, g, h, i, j, k, l) };
        }
        // SAFETY: device 0 is there; a call may have broken its context.
        unsafe { reset(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) };
        values = Values::new(&library);
    }
    writeln!(out, "done").expect("the parent listens");
}

/// Runs a child from a function on; gives the function it did not survive.
fn run_from(first: usize) -> Option<(usize, String)> {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env("FIRST", first.to_string());
    command.env("STREAM_HAL_BACKENDS", "cpu").env("STREAM_HAL_LOG_LEVEL", "0").env("RUST_BACKTRACE", "0");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs again");
    let lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    let mut last = (first, "nothing yet".to_owned());
    loop {
        match receiver.recv_timeout(Duration::from_secs(20)) {
            Ok(line) if line == "done" => {
                child.wait().expect("it ends");
                return None;
            }
            Ok(line) => {
                let mut words = line.split(' ');
                if let (Some("call"), Some(index), Some(name)) = (words.next(), words.next(), words.next()) {
                    last = (index.parse().unwrap_or(first), name.to_owned());
                }
            }
            Err(silence) => {
                child.kill().ok();
                let status = child.wait().expect("it was killed at the latest now");
                last.1 = format!("{} ({silence}, {status})", last.1);
                return Some(last);
            }
        }
    }
}

#[test]
fn no_call_takes_the_process_down() {
    let mut guilty = Vec::new();
    // Addresses change from process to process, and lengths here are addresses cut short.
    for _ in 0..8 {
        let mut first = 0;
        while let Some((index, what)) = run_from(first) {
            guilty.push(what);
            first = index + 1;
            assert!(guilty.len() < 40, "{guilty:#?}");
        }
    }
    assert!(guilty.is_empty(), "{guilty:#?}");
}

#[test]
fn a_thread_can_ask_why_its_last_call_was_refused() {
    let library = Opened::new();
    // SAFETY: the symbol is a function of one argument.
    let destroy: Any = unsafe { std::mem::transmute(library.symbol("cuGraphDestroy")) };
    // SAFETY: a graph's handle is a number to the library.
    let code = unsafe { destroy(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) };
    assert_ne!(code, 0);
    // SAFETY: the symbol takes an error number and a pointer to a text.
    let name: Any = unsafe { std::mem::transmute(library.symbol("cuGetErrorName")) };
    let mut text: *const i8 = std::ptr::null();
    // SAFETY: the second argument is writable.
    unsafe { name(code as u64, std::ptr::from_mut(&mut text) as u64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) };
    // SAFETY: the library gave a text that ends with a zero.
    let text = unsafe { CStr::from_ptr(text.cast()) };
    assert!(text.to_string_lossy().starts_with("CUDA_ERROR_"));
}
