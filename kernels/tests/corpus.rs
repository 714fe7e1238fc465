//! The PTX that real programs hand to the library: every text of the corpus is read, and all its kernels can be launched.
// Tests may unwrap.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use stream_hal_kernels::Module;

/// The texts of a folder and of the folders in it.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(texts(&path)),
            false => found.extend(path.extension().is_some_and(|ending| ending == "ptx").then_some(path)),
        }
    }
    found
}

/// Reads and links all texts of a folder; the number of kernels.
fn check(folder: &Path) -> usize {
    let mut kernels = 0;
    for path in texts(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let place = path.display();
        let module = Module::parse(&text).unwrap_or_else(|errors| panic!("{place}:\n{errors}"));
        for (at, kernel) in module.kernels().iter().enumerate() {
            let resources = module.resources(at).unwrap_or_else(|errors| panic!("{place}:\n{errors}"));
            assert_eq!(resources.unsupported, None, "{place}: {}", kernel.name);
            kernels += 1;
        }
    }
    kernels
}

#[test]
fn committed_texts_are_read_and_supported() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus");
    for client in ["tinygrad", "halide"] {
        let kernels = check(&corpus.join(client));
        assert!(kernels >= 5, "{client}: {kernels} kernels");
    }
}

#[test]
fn texts_kept_by_the_client_tests_are_supported() {
    if let Some(folder) = std::env::var_os("STREAM_HAL_TEST_CORPUS") {
        check(Path::new(&folder));
    }
}
