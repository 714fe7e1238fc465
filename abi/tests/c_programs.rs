//! The C programs in examples/c, compiled by the C compiler against our headers and run on the library.

mod built;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Far more than any of them takes: beyond it a program hangs.
const LIMIT: Duration = Duration::from_secs(100);

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c")
}

fn compiler() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

/// Compiles `examples/c/<api>/<name>.c` without a warning; the program's path.
fn compile(api: &str, name: &str) -> PathBuf {
    let library = built::library();
    let folder = library.parent().expect("a file lies in a folder").to_owned();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{api}_{name}"));
    let output = Command::new(compiler())
        .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-isystem"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .arg(examples().join(api).join(name).with_extension("c"))
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(&folder)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .arg("-lstreamhal")
        .output()
        .expect("the compiler starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Waits for a program to end; one that does not is killed.
fn wait(mut child: Child) -> (bool, String) {
    let begin = Instant::now();
    let mut pipe = child.stdout.take().expect("its output was asked for");
    let reader = std::thread::spawn(move || {
        let mut output = String::new();
        let _ = pipe.read_to_string(&mut output);
        output
    });
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break Some(status),
            None if begin.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut output = reader.join().expect("the reader does not panic");
    match status {
        Some(status) => output += &format!("{status}\n"),
        None => output += &format!("killed after {LIMIT:?}\n"),
    }
    (status.is_some_and(|status| status.success()), output)
}

/// Compiles and runs a program, and looks for `expect` as the last line it says.
fn check(api: &str, name: &str, devices: u32, expect: &str) {
    if Command::new(compiler()).arg("--version").output().is_err() {
        return built::skip(&format!("{api} {name}"), "there is no C compiler");
    }
    let program = compile(api, name);
    let child = Command::new(&program)
        .env("STREAM_HAL_BACKENDS", "cpu")
        .env("STREAM_HAL_CPU_DEVICES", devices.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (is_success, output) = wait(child);
    let last = output.lines().rev().nth(1).unwrap_or("");
    assert!(is_success && last == expect, "{api} {name} on {devices} devices said:\n{output}");
}

macro_rules! programs {
    ($($name:ident)*) => {
        mod cuda {
            $(#[test]
            fn $name() {
                super::check("cuda", stringify!($name), 4, "PASSED");
            })*
        }
        mod hip {
            $(#[test]
            fn $name() {
                super::check("hip", stringify!($name), 4, "PASSED");
            })*
        }

        #[test]
        fn every_program_has_a_test() {
            for api in ["cuda", "hip"] {
                let folder = std::fs::read_dir(examples().join(api)).expect("the folder is there");
                let mut found: Vec<String> = folder
                    .map(|file| file.expect("its files can be listed").path())
                    .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
                    .collect();
                found.sort();
                let mut listed = vec![$(stringify!($name)),*];
                listed.sort_unstable();
                assert_eq!(found, listed, "{api}");
            }
        }
    };
}

programs! {
    vector_add
    explicit_graph
    captured_graph
    fork_join
    peer_copy
    pending
    error_tour
}

#[test]
fn peer_copy_says_what_it_lacks() {
    for api in ["cuda", "hip"] {
        check(api, "peer_copy", 1, "peer_copy needs two devices, there is 1");
    }
}

#[test]
fn the_kernels_are_those_of_the_samples() {
    let header = std::fs::read_to_string(examples().join("kernels.h")).expect("kernels.h is there");
    let tokens = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["vector_add", "saxpy"] {
        let (_, rest) = header.split_once(&format!("{name}_ptx[] =")).expect("the kernel is in the header");
        let (body, _) = rest.split_once("\n    ;").expect("the string ends");
        let lines = body.lines().map(|line| line.trim().trim_matches('"').trim_end_matches("\\n"));
        let embedded = lines.collect::<Vec<_>>().join("\n");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../kernels/samples/ptx/{name}.ptx"));
        let sample = std::fs::read_to_string(path).expect("the sample is there");
        let plain =
            sample.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        assert_eq!(tokens(&embedded), tokens(&plain), "{name}");
    }
}
