//! The PTX that real programs hand to the library: what of it is compiled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_hal_backends::Alone;
use stream_hal_kernels::Module;
use stream_hal_kernels::compile::{Options, Shape};

use crate::tally;

/// The texts of a folder and of the folders in it, in order.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(texts(&path)),
            false => found.extend(path.extension().is_some_and(|ending| ending == "ptx").then_some(path)),
        }
    }
    found.sort();
    found
}

/// Compiles every kernel of a folder for several block sizes.
fn check(folder: &str) {
    let Some(target) = Alone::target() else {
        println!("SKIPPED {folder}: no code is made for this machine");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/tests/data/corpus").join(folder);
    let group = format!("corpus/{folder}");
    for path in texts(&path) {
        let module = Arc::new(Module::parse(&std::fs::read_to_string(&path).unwrap()).unwrap());
        let addresses: Vec<u64> = (0..module.globals().len() as u64).map(|at| (at + 1) << 32).collect();
        let program = module.link(&addresses).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy();
        for (index, kernel) in program.module().kernels().iter().enumerate() {
            let blocks = match kernel.required_block {
                Some(block) => vec![block],
                None => vec![[32, 1, 1], [16, 16, 1], [128, 1, 1]],
            };
            for (block, vectors) in blocks.into_iter().zip([None, Some(2), Some(4)]) {
                let shape = Shape { block, small_grid: true };
                let options = Options { vectors, ..Options::default() };
                let made = program.compile(index, shape, &target, options);
                let item = format!("{file}\t{}", kernel.name);
                tally::note(&group, &item, made.err().map(|refusal| refusal.what).as_deref());
            }
        }
    }
    tally::compare("samples.tsv", &group, true);
}

#[test]
fn tinygrad() {
    check("tinygrad");
}

#[test]
fn halide() {
    check("halide");
}
