//! The C programs under valgrind: memcheck sees every access of library and program, helgrind runs
//! one thread at a time in orders of its own and watches the locks. `valgrind.supp` says what is
//! passed over, and why.

mod built;

use std::process::Command;

use built::program::{self, Program};

/// A program that takes longer hangs.
const SECONDS: u64 = 100;

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs programs under a tool with these options: each must pass, and the tool must find nothing.
fn check(test: &str, names: &[&str], options: &[&str]) {
    if !program::has_compiler() {
        return built::skip(test, "there is no C compiler");
    }
    if !has_valgrind() {
        return built::skip(test, "there is no valgrind");
    }
    let suppressions = format!("--suppressions={}/tests/valgrind.supp", env!("CARGO_MANIFEST_DIR"));
    let common = ["valgrind", "-q", "--error-exitcode=9", &suppressions];
    for Program { name, path } in program::compiled_for(&["cuda"], names) {
        let path = path.to_string_lossy();
        let line = [&common[..], options, &[&*path]].concat();
        let output = program::run(&line, SECONDS, &[("STREAM_HAL_BACKENDS", "cpu")]);
        let (said, found) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(program::passed(&output), "{name} {options:?}: {}\n{said}{found}", output.status);
    }
}

#[test]
fn memcheck_finds_nothing() {
    // Not error_tour: valgrind cannot always deliver the signal of its wild load on the main thread's
    // stack, and then ends the program itself.
    let programs = ["vector_add", "captured_graph", "fork_join", "pending"];
    let options = ["--tool=memcheck", "--leak-check=full", "--errors-for-leak-kinds=definite"];
    check("memcheck_finds_nothing", &programs, &[&options[..], &["--show-leak-kinds=definite"]].concat());
}

#[test]
fn helgrind_finds_nothing() {
    let programs = ["vector_add", "captured_graph", "fork_join", "pending"];
    check("helgrind_finds_nothing", &programs, &["--tool=helgrind"]);
}
