//! The C programs of `examples/c`, compiled against our headers and run on the library as any
//! program is: found by the vendor's name, one process each.

mod built;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const PROGRAMS: [&str; 7] =
    ["vector_add", "explicit_graph", "captured_graph", "fork_join", "peer_copy", "pending", "error_tour"];

/// A program that takes longer hangs.
const SECONDS: u64 = 60;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// A folder of this process for what it builds: tests may run in processes of their own, side by side.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("programs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

/// Whether there is a C compiler.
fn has_compiler() -> bool {
    Command::new("cc").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The vendor's names for the library, as `stream-hal run` makes them.
fn compat() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = folder().join("compat");
        std::fs::create_dir_all(&folder).expect("the target folder is writable");
        for name in ["libcuda.so.1", "libcuda.so", "libamdhip64.so.7", "libamdhip64.so"] {
            let link = folder.join(name);
            std::fs::remove_file(&link).ok();
            std::os::unix::fs::symlink(built::library(), &link).expect("links can be made here");
        }
        folder
    })
}

/// Compiles all programs of an API; they name the vendor's library.
fn compile(api: &str, library: &str) -> Vec<(String, PathBuf)> {
    let mut running = Vec::new();
    for name in PROGRAMS {
        let source = root().join("examples/c").join(api).join(format!("{name}.c"));
        let target = folder().join(format!("{api}_{name}"));
        let mut command = Command::new("cc");
        command.args(["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-isystem"]);
        command.arg(root().join("abi/include")).arg(&source).arg("-o").arg(&target);
        command.arg(format!("-L{}", compat().display())).arg(format!("-l{library}"));
        let child = command.spawn().expect("the compiler was asked for its version");
        running.push((name, target, child));
    }
    let finish = |(name, target, mut child): (&str, PathBuf, std::process::Child)| {
        let status = child.wait().expect("the compiler ends");
        assert!(status.success(), "{api}/{name}.c does not compile");
        (format!("{api} {name}"), target)
    };
    running.into_iter().map(finish).collect()
}

/// Both families, compiled once.
fn programs() -> &'static [(String, PathBuf)] {
    static PROGRAMS: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    PROGRAMS.get_or_init(|| [compile("cuda", "cuda"), compile("hip", "amdhip64")].concat())
}

fn run(program: &Path, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new("timeout");
    command.arg(SECONDS.to_string()).arg(program);
    command.env("LD_LIBRARY_PATH", compat());
    for name in ["STREAM_HAL_BACKENDS", "STREAM_HAL_SEED", "STREAM_HAL_CPU_DEVICES"] {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    command.output().expect("timeout and the program are there")
}

/// Runs all programs under some settings: each must say that it passed.
fn check(test: &str, settings: &[(&str, &str)]) {
    if !has_compiler() {
        return built::skip(test, "there is no C compiler");
    }
    let several = settings.iter().any(|(name, _)| *name == "STREAM_HAL_CPU_DEVICES");
    for (name, program) in programs() {
        let output = run(program, settings);
        let last = match name.ends_with("peer_copy") && !several {
            true => "peer_copy needs two devices, there is 1",
            false => "PASSED",
        };
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(
            output.status.success() && said.trim_end().ends_with(last),
            "{name} with {settings:?}: {}\n{said}{complained}",
            output.status
        );
    }
}

#[test]
fn every_program_is_listed() {
    for api in ["cuda", "hip"] {
        let files = std::fs::read_dir(root().join("examples/c").join(api)).expect("the folder is there");
        let names = files.map(|file| file.expect("its files can be listed").path());
        let mut found: Vec<String> =
            names.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
        found.sort();
        let mut listed = PROGRAMS.to_vec();
        listed.sort_unstable();
        assert_eq!(found, listed, "{api}");
    }
}

#[test]
fn the_kernels_are_those_of_the_samples() {
    let header = std::fs::read_to_string(root().join("examples/c/kernels.h")).expect("kernels.h is there");
    let tokens = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["vector_add", "saxpy"] {
        let (_, rest) = header.split_once(&format!("{name}_ptx[] =")).expect("the kernel is in the header");
        let (body, _) = rest.split_once("\n    ;").expect("the string ends");
        let lines = body.lines().map(|line| line.trim().trim_matches('"').trim_end_matches("\\n"));
        let embedded = lines.collect::<Vec<_>>().join("\n");
        let sample = std::fs::read_to_string(root().join(format!("kernels/samples/ptx/{name}.ptx")));
        let sample = sample.expect("the sample is there");
        let plain: Vec<&str> = sample.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
        assert_eq!(tokens(&embedded), tokens(&plain.join("\n")), "{name}");
    }
}

#[test]
fn on_the_cpu() {
    check("on_the_cpu", &[("STREAM_HAL_BACKENDS", "cpu")]);
}

#[test]
fn on_four_devices() {
    check("on_four_devices", &[("STREAM_HAL_CPU_DEVICES", "4")]);
}

#[test]
fn under_the_checker() {
    check("under_the_checker", &[("STREAM_HAL_BACKENDS", "checker+cpu"), ("STREAM_HAL_CPU_DEVICES", "4")]);
}

#[test]
fn in_seeded_orders() {
    for seed in 1..=10 {
        let seed = seed.to_string();
        check("in_seeded_orders", &[("STREAM_HAL_SEED", &seed), ("STREAM_HAL_CPU_DEVICES", "4")]);
    }
}
