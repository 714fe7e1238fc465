//! The committed PTX is what the recorded clang makes of the sources; another clang's PTX gives the same results.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::check::Samples;

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

#[test]
fn committed_ptx_is_what_the_sources_give() {
    let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang-19".to_owned());
    if Command::new(&clang).arg("--version").output().is_err() {
        return skipped(&format!("{clang} is not installed, so the samples were not compiled again"));
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("samples");
    std::fs::create_dir_all(&folder).unwrap();
    let header = folder.join("kernels.h");
    let made =
        Command::new("sh").arg(here("samples/generate.sh")).arg(&folder).arg(&header).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    if text(&folder.join("VERSION")) != text(&here("samples/ptx/VERSION")) {
        return Samples::in_folder(&folder).all();
    }
    for entry in std::fs::read_dir(here("samples/ptx")).unwrap() {
        let name = entry.unwrap().file_name();
        let again = text(&folder.join(&name));
        assert!(again == text(&here("samples/ptx").join(&name)), "{name:?} is out of date: run generate.sh");
    }
    assert!(
        text(&header) == text(&here("../examples/c/kernels.h")),
        "kernels.h is out of date: run generate.sh"
    );
}
