//! Real programs as clients: tinygrad and Halide, unchanged, run the scripts of `clients` through
//! `stream-hal run` and compare with numpy. What PTX they hand to the library is looked at as well,
//! and kept where `STREAM_HAL_TEST_CORPUS` names a folder.

mod built;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use built::{installed, program::root};
use stream_hal_kernels::Module;

/// A script that takes longer hangs.
const SECONDS: &str = "120";

/// Whether a package and numpy are there; asked once for each.
fn has(package: &'static str) -> bool {
    static ANSWERS: Mutex<BTreeMap<&str, bool>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    *answers.entry(package).or_insert_with(|| {
        let output = Command::new("python3").arg("-c").arg(format!("import numpy, {package}")).output();
        output.is_ok_and(|output| output.status.success())
    })
}

/// Runs a script of a package on the processor, then under the checker of order. It must pass, and hand over at
/// least so many texts: one that quietly ran somewhere else proves nothing.
fn check(package: &'static str, script: &str, texts: usize) {
    if !has(package) {
        return built::skip(script, &format!("there is no python3 with numpy and {package}"));
    }
    for backends in ["cpu", "checker+cpu"] {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("clients-{}-{script}-{backends}", std::process::id()));
        run(script, backends, &folder);
        let found = read(&folder.join("ptx"));
        assert!(found.len() >= texts, "{script} on {backends}: {} texts, not {texts}", found.len());
        for (path, text) in &found {
            supported(path, text);
        }
        keep(package, &found);
        std::fs::remove_dir_all(&folder).expect("what was made can be removed");
    }
}

/// Runs a script; whatever it and its packages write goes into the folder.
fn run(script: &str, backends: &str, folder: &Path) {
    let mut command = Command::new("timeout");
    command.arg(SECONDS).arg(installed::command(installed::folder()));
    command.args(["run", "--device", backends, "--devices", "2", "--ptx"]).arg(folder.join("ptx"));
    command.args(["--", "python3"]).arg(root().join(format!("abi/tests/clients/{script}.py")));
    for name in ["STREAM_HAL_SEED", "STREAM_HAL_DOT", "STREAM_HAL_MEMCHECK", "STREAM_HAL_CPU_THREADS"] {
        command.env_remove(name);
    }
    // tinygrad: the renderer that writes PTX itself; no search for fast kernels, no processes of its own that
    // render, nothing in the user's home.
    command.env("DEV", "CUDA:PTX").env("BEAM", "0").env("PARALLEL", "0");
    command.env("CACHEDB", folder.join("cache.db")).env("XDG_CACHE_HOME", folder);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().expect("timeout is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.trim_end().ends_with("PASSED"),
        "{script} on {backends}: {}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The texts that a script left, by their paths.
fn read(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = std::fs::read_dir(folder).expect("the script loaded something");
    let paths = files.map(|file| file.expect("its files can be listed").path());
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).expect("it is a text"))).collect()
}

/// Every kernel of a text can be launched, also those that this run had no use for.
fn supported(path: &Path, text: &str) {
    let module = Module::parse(text).unwrap_or_else(|errors| panic!("{}:\n{errors}\n{text}", path.display()));
    for (at, kernel) in module.kernels().iter().enumerate() {
        let resources = module.resources(at).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        assert_eq!(resources.unsupported, None, "{}\n{text}", kernel.name);
    }
}

/// The corpus grows where that is asked for.
fn keep(package: &str, texts: &[(PathBuf, String)]) {
    let Some(corpus) = std::env::var_os("STREAM_HAL_TEST_CORPUS") else { return };
    let folder = Path::new(&corpus).join(package);
    std::fs::create_dir_all(&folder).expect("the corpus is writable");
    for (path, text) in texts {
        let name = path.file_name().expect("a file has a name");
        std::fs::write(folder.join(name), text).expect("the corpus is writable");
    }
}

#[test]
fn every_script_has_a_test() {
    let files = std::fs::read_dir(root().join("abi/tests/clients")).expect("the folder is there");
    for file in files {
        let name = file.expect("its files can be listed").file_name().to_string_lossy().into_owned();
        let Some(script) = name.strip_suffix(".py").filter(|script| *script != "check") else { continue };
        assert!(include_str!("python_clients.rs").contains(&format!("\"{script}\"")), "{script}");
    }
}

#[test]
fn tinygrad_computes_element_by_element() {
    check("tinygrad", "tinygrad_elementwise", 80);
}

#[test]
fn tinygrad_reduces_sorts_and_draws() {
    check("tinygrad", "tinygrad_reductions", 60);
}

#[test]
fn tinygrad_trains_models() {
    check("tinygrad", "tinygrad_models", 50);
}

#[test]
fn tinygrad_replays_graphs() {
    check("tinygrad", "tinygrad_jit", 20);
}

#[test]
fn halide_computes_point_by_point() {
    check("halide", "halide_pointwise", 12);
}

#[test]
fn halide_runs_pipelines() {
    check("halide", "halide_pipelines", 7);
}
