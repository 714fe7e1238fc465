//! The bench as a program: options, one process for each number of cores, what is printed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cases::Sizes;
use crate::chart;
use crate::rounds::{self, Plan};
use crate::table::{self, Cost, INTEL, NATIVE, OURS, POCL};

/// What follows an option on the command line.
fn value(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    Some(arguments.get(at + 1).unwrap_or_else(|| panic!("{name} wants a value")).clone())
}

fn words(text: Option<String>) -> Vec<String> {
    text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
}

/// Reads the command line, measures on one core and on two, prints.
pub fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        if !has("--ignored") {
            println!("kernels: test");
        }
        return;
    }
    // `cargo bench` says so; `cargo test` does not.
    let full = has("--bench");
    let plan = plan(&arguments, full);
    if has("--cores") {
        return rounds::run(&plan);
    }
    if !full {
        committed_ptx_is_what_nvrtc_gives();
    }
    let mut costs = part(&arguments, 1);
    if !full {
        for cost in costs.iter().filter(|cost| cost.contender == OURS) {
            println!("{} {:#018x}", cost.row, cost.hash);
        }
        return println!("{} rows measured with tiny sizes; their values mean nothing", costs.len());
    }
    costs.extend(part(&arguments, 2));
    if has("--tsv") {
        table::tabs(&costs);
    } else {
        table::people(&costs, has("--markdown"));
    }
    if let Some(file) = value(&arguments, "--svg") {
        std::fs::write(&file, chart::draw(&costs)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

fn plan(arguments: &[String], full: bool) -> Plan {
    let sizes = match value(arguments, "--sizes").as_deref() {
        Some("full") => Sizes::Full,
        Some("small") => Sizes::Small,
        Some("tiny") => Sizes::Tiny,
        None if full => Sizes::Full,
        None => Sizes::Tiny,
        Some(other) => panic!("--sizes full, small or tiny, not {other}"),
    };
    let number = |name: &str| value(arguments, name).map(|text| text.parse().expect("it is a number"));
    let mut contenders = words(value(arguments, "--only"));
    if contenders.is_empty() {
        // The peers take seconds to start: a test of the bench does without them.
        contenders = [OURS, NATIVE, POCL, INTEL].map(str::to_owned)[..if full { 4 } else { 2 }].to_vec();
    }
    Plan {
        cores: number("--cores").unwrap_or(1),
        sizes,
        rounds: number("--rounds").unwrap_or(if full { 11 } else { 2 }),
        contenders,
        rows: words(value(arguments, "--rows")),
    }
}

/// Runs all contenders on so many cores, in a process of their own.
fn part(arguments: &[String], cores: usize) -> Vec<Cost> {
    let program = env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(arguments).args(["--cores", &cores.to_string()]);
    command.env("STREAM_HAL_BACKENDS", "cpu");
    // Large pages for whoever takes memory from malloc: the cpu backend asks for them too.
    command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    // PoCL would otherwise find its kernels of the last run.
    command.env("POCL_KERNEL_CACHE", "0");
    // Intel's runtime finds its own parts only on the library path; its folder has a loader that finds PoCL too.
    if let Some(folder) = env::var_os("INTEL_OPENCL").filter(|folder| !folder.is_empty()).map(PathBuf::from) {
        command.env("OCL_ICD_FILENAMES", folder.join("libintelocl.so")).env("LD_LIBRARY_PATH", &folder);
    }
    if cores == 1 {
        command.env("STREAM_HAL_CPU_THREADS", "1");
        command.env("POCL_MAX_PTHREAD_COUNT", "1").env("CL_CONFIG_CPU_TBB_NUM_WORKERS", "1");
    }
    let output =
        command.stderr(std::process::Stdio::inherit()).output().expect("this program can be run again");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.starts_with("SKIPPED")).for_each(|line| println!("{line}"));
    assert!(output.status.success(), "on {cores} cores: {}", output.status);
    text.lines().filter_map(Cost::read).collect()
}

/// The committed PTX is what the recorded compiler makes of the sources.
fn committed_ptx_is_what_nvrtc_gives() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/kernels");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernels-bench-ptx");
    let made = Command::new("python3").arg(here.join("cuda/generate.py")).arg(&folder).output();
    let made = match made {
        Ok(made) if made.status.code() != Some(3) => made,
        _ => {
            println!("SKIPPED regenerating PTX: python3 and NVRTC are not installed");
            return assert!(env::var_os("STREAM_HAL_REQUIRE_ALL").is_none(), "NVRTC was left out");
        }
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = |path: PathBuf| {
        std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()))
    };
    if text(folder.join("VERSION")) != text(here.join("ptx/VERSION")) {
        return println!("SKIPPED comparing PTX: another version of NVRTC is installed");
    }
    for entry in std::fs::read_dir(&folder).expect("it was written").flatten() {
        let name = entry.file_name();
        let same = text(folder.join(&name)) == text(here.join("ptx").join(&name));
        assert!(same, "{} is out of date: run benches/kernels/cuda/generate.py", name.display());
    }
}
