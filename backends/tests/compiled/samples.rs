//! The sample kernels of every compiler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::sample::check::{Check, Samples};
use crate::{sample, tally};

/// Every check whose file a folder has.
fn run(folder: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/samples").join(folder);
    let samples = Samples::in_folder(&path);
    let checks = all().into_iter().filter(|check| samples.has(check.file));
    let wrong: Vec<String> = checks
        .filter(|check| catch_unwind(AssertUnwindSafe(|| samples.run(check))).is_err())
        .map(|check| format!("{} ({})", check.file, check.kernels.join(" ")))
        .collect();
    assert!(wrong.is_empty(), "{folder}: {} checks fail: {}", wrong.len(), wrong.join(", "));
    tally::compare("samples.tsv", &format!("samples/{folder}"), true);
}

macro_rules! families {
    ($($family:ident)*) => {
        fn all() -> Vec<&'static Check> {
            [$(sample::$family::CHECKS),*].into_iter().flatten().collect()
        }
    };
}

families! {
    chance classic exact flow grid hash layout linear mathematics neural parallel shared small together
}

#[test]
fn clang() {
    run("ptx");
}

#[test]
fn nvrtc() {
    run("ptx-nvrtc");
}

#[test]
fn nvcc_80() {
    run("ptx-nvcc-80");
}

#[test]
fn nvcc_100() {
    run("ptx-nvcc-100");
}
