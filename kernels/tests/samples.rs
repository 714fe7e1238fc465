//! The sample kernels on the interpreter, against plain Rust: bit for bit where every operation is rounded once,
//! otherwise within a bound that the check states. Each check runs on the PTX of every compiler that has the file.

// A test: what is wrong should stop it.
#![allow(clippy::unwrap_used)]

mod runner;
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sample::check::{Check, Samples};

/// The folders that have every sample, one a compiler.
const COMPILERS: [&str; 2] = ["ptx", "ptx-nvrtc"];
/// The least number of kernels that both compilers must have, checked.
const LEAST_KERNELS: usize = 60;

fn folder(name: &str) -> Samples {
    Samples::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name))
}

/// Every check of a family whose file the folder has.
fn run(checks: &[Check], compiler: &str) {
    let samples = folder(compiler);
    for check in checks {
        if samples.has(check.file) {
            samples.run(check);
        }
    }
}

/// A test of every compiler's PTX for each family, and the list of all families.
macro_rules! families {
    ($($family:ident)*) => {
        $(
            mod $family {
                use super::{run, sample};

                #[test]
                fn clang() {
                    run(sample::$family::CHECKS, "ptx");
                }

                #[test]
                fn nvrtc() {
                    run(sample::$family::CHECKS, "ptx-nvrtc");
                }
            }
        )*

        pub(crate) fn all() -> Vec<&'static Check> {
            [$(sample::$family::CHECKS),*].into_iter().flatten().collect()
        }
    };
}

families! {
    chance classic exact flow grid hash layout linear mathematics neural parallel shared small together
}

#[test]
fn the_dialect_of_nvcc() {
    all().into_iter().for_each(|check| run(std::slice::from_ref(check), "ptx-nvcc-80"));
}

#[test]
fn the_dialect_of_nvcc_for_new_devices() {
    all().into_iter().for_each(|check| run(std::slice::from_ref(check), "ptx-nvcc-100"));
}

#[test]
fn debug_sections() {
    run(&sample::classic::CHECKS[..1], "ptx-nvcc-debug");
}

/// Files and kernels of a folder.
fn kernels(compiler: &str) -> BTreeSet<(String, String)> {
    let samples = folder(compiler);
    let of_file = |file: String| {
        let module = samples.module(&file);
        let names: Vec<String> = module.kernels().iter().map(|kernel| kernel.name.clone()).collect();
        names.into_iter().map(move |name| (file.clone(), name))
    };
    samples.files().into_iter().flat_map(of_file).collect()
}

#[test]
fn every_kernel_of_both_compilers_has_a_check() {
    let rows = all().into_iter().flat_map(|check| check.kernels.iter().map(|&one| (check.file, one)));
    let checked: BTreeSet<(String, String)> =
        rows.map(|(file, kernel)| (file.to_owned(), kernel.to_owned())).collect();
    for compiler in COMPILERS {
        let found = kernels(compiler);
        let without: Vec<_> = found.symmetric_difference(&checked).collect();
        assert!(
            without.is_empty(),
            "{compiler}: kernels without a check, or checks without a kernel: {without:?}"
        );
        assert!(found.len() >= LEAST_KERNELS, "{compiler}: {} kernels, not {LEAST_KERNELS}", found.len());
    }
}

#[test]
fn all_kernels_are_supported() {
    let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")).unwrap();
    let folders = folders.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_dir());
    let mut seen = 0;
    for compiler in folders.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let samples = folder(&compiler);
        for file in samples.files() {
            let module = samples.module(&file);
            for (index, kernel) in module.kernels().iter().enumerate() {
                let resources = module.resources(index).unwrap_or_else(|errors| panic!("{errors}"));
                assert_eq!(resources.unsupported, None, "{compiler}/{file}, {}", kernel.name);
                seen += 1;
            }
        }
    }
    assert!(seen >= COMPILERS.len() * LEAST_KERNELS, "only {seen} kernels were found");
}

#[test]
fn the_readme_lists_every_kernel() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(file) = cells[1].trim_matches('`').strip_suffix(".cu").map(str::to_owned) else { continue };
        let names = cells[2].split(", ").map(|name| name.trim_matches('`').to_owned());
        rows.entry(file).or_default().extend(names);
    }
    let listed: BTreeSet<(String, String)> = rows
        .into_iter()
        .flat_map(|(file, names)| names.into_iter().map(move |name| (file.clone(), name)))
        .collect();
    let wrong: Vec<_> = kernels(COMPILERS[0]).symmetric_difference(&listed).cloned().collect();
    assert!(wrong.is_empty(), "the README and the kernels differ: {wrong:?}");
}
