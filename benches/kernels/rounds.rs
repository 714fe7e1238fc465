//! The measured process: one number of cores, all contenders, row by row and round by round.

use std::env;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Data, compare, hash};
use crate::cases::{self, Sizes};
use crate::clock::{median, thread_ns};
use crate::contender::{Run, Source};
use crate::native::Native;
use crate::opencl::OpenCl;
use crate::ours::Ours;
use crate::table::{Cost, INTEL, NATIVE, OURS, POCL};

/// What to measure.
pub struct Plan {
    pub cores: usize,
    pub sizes: Sizes,
    pub rounds: usize,
    /// The contenders asked for.
    pub contenders: Vec<String>,
    /// Words of which a row's name has one; all rows if there are none.
    pub rows: Vec<String>,
}

/// Nanoseconds of processor time that all threads of this process have used.
pub fn process_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the structure is ours.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Keeps this process, and threads that it starts from here on, on the last of the cores it may use.
pub fn stay_on_one_core() {
    // SAFETY: a set of cores is plain numbers; all zero is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is ours and as large as said.
    let result = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
    assert_eq!(result, 0, "the cores of a process can be asked for");
    // SAFETY: the number is below the set's size.
    let last = (0..libc::CPU_SETSIZE as usize).rev().find(|&core| unsafe { libc::CPU_ISSET(core, &set) });
    // SAFETY: the set is ours.
    unsafe { libc::CPU_ZERO(&mut set) };
    // SAFETY: the number is below the set's size.
    unsafe { libc::CPU_SET(last.expect("a process has a core"), &mut set) };
    // SAFETY: the set is ours and as large as said.
    let result = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
    assert_eq!(result, 0, "a process may stay on its last core");
}

/// Opens a contender.
fn open(name: &str, cores: usize) -> Result<Box<dyn Source>, String> {
    Ok(match name {
        OURS => Box::new(Ours::new()?),
        NATIVE => Box::new(Native::new(cores)?),
        POCL => Box::new(Rc::new(OpenCl::new("Portable Computing Language")?)),
        INTEL => Box::new(Rc::new(OpenCl::new("Intel")?)),
        _ => return Err(format!("there is no contender {name}")),
    })
}

/// Measures and prints a line of tabs for each row and contender.
pub fn run(plan: &Plan) {
    // Before any contender starts its threads, which keep to the same core.
    if plan.cores == 1 {
        stay_on_one_core();
    }
    let mut sources = Vec::new();
    for name in &plan.contenders {
        match open(name, plan.cores) {
            Ok(source) => sources.push((name.as_str(), source)),
            // Nobody can install another processor.
            Err(why) if *name == NATIVE => println!("SKIPPED {name}: {why}"),
            Err(why) => skipped(&format!("{name}: {why}")),
        }
    }
    let wanted = |name: &&&str| plan.rows.is_empty() || plan.rows.iter().any(|word| name.contains(word));
    for name in cases::NAMES.iter().filter(wanted) {
        measure(&cases::case(name, plan.sizes), &sources, plan);
    }
}

/// Says what is left out; where everything is asked for, that is an error.
fn skipped(what: &str) {
    println!("SKIPPED {what}");
    assert!(env::var_os("STREAM_HAL_REQUIRE_ALL").is_none(), "left out: {what}");
}

/// A contender of a row and what was measured of it.
struct Entry<'a> {
    name: &'a str,
    run: Box<dyn Run>,
    /// Building and the first run.
    first_ns: f64,
    process: Vec<f64>,
    thread: Vec<f64>,
    wall: Vec<f64>,
    result: Vec<Data>,
}

fn measure(case: &Case, sources: &[(&str, Box<dyn Source>)], plan: &Plan) {
    let mut entries = Vec::new();
    for (name, source) in sources {
        if *name == NATIVE && case.native.is_none() {
            continue;
        }
        match source.prepare(case) {
            Ok(ready) => {
                let mut run = ready.run;
                let start = process_ns();
                run.run(1);
                let first_ns = ready.build_ns + process_ns() - start;
                let result = once(run.as_mut());
                let [process, thread, wall] = [Vec::new(), Vec::new(), Vec::new()];
                entries.push(Entry { name, run, first_ns, process, thread, wall, result });
            }
            Err(why) => skipped(&format!("{} of {name}: {why}", case.name)),
        }
    }
    check(case, &entries);
    for round in 0..plan.rounds {
        for i in 0..entries.len() {
            let count = entries.len();
            turn(&mut entries[(round + i) % count], case.repeats);
        }
    }
    // The same result after all rounds: nothing that happened in between was left behind.
    for entry in &mut entries {
        entry.result = once(entry.run.as_mut());
    }
    check(case, &entries);
    for entry in entries {
        let cpu_ns = median(entry.process);
        let compile_ns = (entry.first_ns - cpu_ns).max(0.0);
        let least = entry.wall.iter().copied().fold(f64::INFINITY, f64::min);
        let [cpu_ms, thread_ms, wall_ms, least_wall_ms, compile_ms] =
            [cpu_ns, median(entry.thread), median(entry.wall), least, compile_ns].map(|ns| ns / 1e6);
        let (row, contender) = (case.name.to_string(), entry.name.to_string());
        let hash = hash(&entry.result);
        let cores = plan.cores;
        let cost =
            Cost { row, contender, cores, cpu_ms, thread_ms, wall_ms, least_wall_ms, compile_ms, hash };
        println!("{}", cost.line());
    }
}

/// The result of one run on fresh buffers.
fn once(run: &mut dyn Run) -> Vec<Data> {
    run.reset();
    run.run(1);
    run.results()
}

/// Compares with the native result, or with the first where there is none.
fn check(case: &Case, entries: &[Entry<'_>]) {
    let reference = entries.iter().find(|entry| entry.name == NATIVE).or(entries.first());
    let Some(reference) = reference else { return };
    for entry in entries {
        if let Err(what) = compare(case.check, &entry.result, &reference.result) {
            panic!("{} of {} is not that of {}: {what}", case.name, entry.name, reference.name);
        }
    }
}

/// One measurement, behind a run that is not counted and brings the row's data back into the caches.
fn turn(entry: &mut Entry<'_>, repeats: usize) {
    // Threads of the contender before may spin for a while.
    thread::sleep(Duration::from_millis(3));
    entry.run.run(1);
    let (wall, process, thread) = (Instant::now(), process_ns(), thread_ns());
    entry.run.run(repeats);
    let (thread_end, process_end, wall_end) = (thread_ns(), process_ns(), wall.elapsed());
    let each = repeats as f64;
    entry.thread.push((thread_end - thread) / each);
    entry.process.push((process_end - process) / each);
    entry.wall.push(wall_end.as_nanos() as f64 / each);
}
