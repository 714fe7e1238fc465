//! The committed PTX is what the recorded compilers make of the sources; another version's PTX gives the same results.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::check::Samples;

/// What the script for NVRTC exits with where there is none.
const NO_LIBRARY: i32 = 3;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A test that cannot run here says so, and fails where everything is asked for.
fn skipped(why: &str) {
    // Not by a macro: a test's output is kept from sight where it passes.
    writeln!(std::io::stderr(), "SKIPPED regenerating: {why}").ok();
    let all = std::env::var("STREAM_HAL_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!all, "STREAM_HAL_REQUIRE_ALL=1, and {why}");
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An empty folder for what a compiler writes.
fn empty(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn succeeded(made: &Output) {
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The same version wrote the same text; another one must give the same results.
fn compare(folder: &Path, compiler: &str, script: &str) {
    let committed = here("samples").join(compiler);
    if text(&folder.join("VERSION")) != text(&committed.join("VERSION")) {
        let samples = Samples::in_folder(folder);
        return crate::all().into_iter().for_each(|check| samples.run(check));
    }
    assert_eq!(names(folder), names(&committed), "run {script}");
    for name in names(folder) {
        let again = text(&folder.join(&name));
        assert!(again == text(&committed.join(&name)), "{name} is out of date: run {script}");
    }
}

#[test]
fn committed_ptx_is_what_clang_gives() {
    let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang-19".to_owned());
    if Command::new(&clang).arg("--version").output().is_err() {
        return skipped(&format!("{clang} is not installed, so the samples were not compiled again"));
    }
    let folder = empty("samples");
    let header = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernels.h");
    let made = Command::new("sh").arg(here("samples/generate.sh")).args([&folder, &header]).output().unwrap();
    succeeded(&made);
    compare(&folder, "ptx", "generate.sh");
    if text(&folder.join("VERSION")) == text(&here("samples/ptx/VERSION")) {
        let committed = text(&here("../examples/c/kernels.h"));
        assert!(text(&header) == committed, "kernels.h is out of date: run generate.sh");
    }
}

#[test]
fn committed_ptx_is_what_nvrtc_gives() {
    let folder = empty("samples-nvrtc");
    let made = Command::new("python3").arg(here("samples/generate_nvrtc.py")).arg(&folder).output();
    let Ok(made) = made else {
        return skipped("python3 is not installed, so NVRTC did not compile the samples again");
    };
    if made.status.code() == Some(NO_LIBRARY) {
        return skipped("NVRTC is not installed, so it did not compile the samples again");
    }
    succeeded(&made);
    compare(&folder, "ptx-nvrtc", "generate_nvrtc.py");
}
