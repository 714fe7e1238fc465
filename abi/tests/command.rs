//! The command `stream-hal`, installed into a folder of its own.

mod built;

use std::process::{Command, Output};

use built::installed;

fn command(arguments: &[&str]) -> Output {
    let mut command = Command::new(installed::command(installed::folder()));
    command.args(arguments).env("STREAM_HAL_CPU_DEVICES", "2").env_remove("STREAM_HAL_BACKENDS");
    command.output().expect("the command was installed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn devices_are_listed_a_row_each() {
    let output = command(&["devices"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.lines().skip(1).all(|row| row.contains("cpu")), "{table}");
}

#[test]
fn a_program_finds_the_library_under_the_vendor_s_name() {
    // The loader of this system is asked: it names the file that a program would get.
    let script = "import ctypes; cuda = ctypes.CDLL('libcuda.so.1'); hip = ctypes.CDLL('libamdhip64.so.7'); \
        count = ctypes.c_int(); print(cuda.cuInit(0), hip.hipGetDeviceCount(ctypes.byref(count)), count.value)";
    if Command::new("python3").arg("--version").output().is_err() {
        return built::skip("a_program_finds_the_library_under_the_vendor_s_name", "there is no python3");
    }
    let output = command(&["run", "--devices", "3", "--", "python3", "-c", script]);
    assert_eq!(text(&output.stdout).trim(), "0 0 3", "{}", text(&output.stderr));
}

#[test]
fn the_program_s_exit_status_and_arguments_are_its_own() {
    let output = command(&["run", "--", "sh", "-c", "echo $1 $STREAM_HAL_SEED; exit 7", "sh", "--device"]);
    assert_eq!((output.status.code(), text(&output.stdout).trim()), (Some(7), "--device"));
    let output = command(&["run", "--seed", "5", "--", "sh", "-c", "echo $STREAM_HAL_SEED"]);
    assert_eq!(text(&output.stdout).trim(), "5");
}

#[test]
fn mistakes_are_told_in_words() {
    for (arguments, words) in [
        (&["run"][..], "which program"),
        (&["run", "--", "/nowhere/program"], "/nowhere/program"),
        (&["run", "--seed", "many", "--", "true"], "many"),
        (&["dot"], "which files"),
        (&["dot", "/nowhere/graph.dot"], "is not there"),
        (&["ptx"], "which files"),
        (&["ptx", "--block", "16,many", "x.ptx"], "many"),
        (&["ptx", "/nowhere/kernel.ptx"], "/nowhere/kernel.ptx"),
        (&["frobnicate"], "frobnicate"),
        (&[], "stream-hal devices"),
    ] {
        let output = command(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn help_is_given_where_it_is_asked_for() {
    for arguments in [&["--help"][..], &["run", "--help"], &["ptx", "-h"], &["devices", "--help"]] {
        let output = command(arguments);
        assert!(output.status.success() && text(&output.stdout).contains("stream-hal ptx"), "{arguments:?}");
    }
}

#[test]
fn device_code_is_shown() {
    let file = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels").join(name);
        path.to_str().expect("the path is a text").to_owned()
    };
    let output = command(&["ptx", &file("samples/ptx/matmul_tiled.ptx")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for line in [
        "kernel matmul_tiled_16",
        "  shared      2048 bytes a block",
        "         0     8 bytes  matmul_tiled_16_param_0",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "no line {line:?} in\n{shown}");
    }
    // How it runs, with blocks of the size asked for.
    assert!(shown.lines().any(|line| line.starts_with("  runs        ")), "{shown}");
    let output = command(&["ptx", "--block", "64,32", &file("samples/ptx/matmul_tiled.ptx")]);
    assert!(text(&output.stdout).contains("  runs        not with blocks of 64 x 32 x 1"));
    // An image of another form, and its IR.
    let output = command(&["ptx", "--ir", &file("tests/data/images/fatbin_size.bin")]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && shown.starts_with("kernel "), "{shown}{}", text(&output.stderr));
    // What is wrong with it is told, and the command fails.
    let bad = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad.ptx");
    std::fs::write(&bad, ".version 8.0\n.target sm_80\n.entry k() {\n frob;\n}\n")
        .expect("it can be written");
    let output = command(&["ptx", bad.to_str().expect("the path is a text")]);
    assert!(!output.status.success() && text(&output.stdout).contains("4:2: unknown instruction 'frob'"));
}
