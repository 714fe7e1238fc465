//! The sample kernels on the interpreter, against plain Rust: bit for bit, save for the one that uses an approximate
//! instruction.

// A test: what is wrong should stop it.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::check::Samples;

fn folder(name: &str) -> Samples {
    Samples::in_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name))
}

/// The committed PTX of clang.
fn committed() -> Samples {
    folder("ptx")
}

#[test]
fn vector_add() {
    committed().vector_add();
}

#[test]
fn saxpy() {
    committed().saxpy();
}

#[test]
fn matmul_tiled() {
    committed().matmul_tiled();
}

#[test]
fn reduce() {
    committed().reduce();
}

#[test]
fn histogram() {
    committed().histogram();
}

#[test]
fn mandelbrot() {
    committed().mandelbrot();
}

#[test]
fn nbody() {
    committed().nbody();
}

#[test]
fn a_stray_access_names_its_thread() {
    committed().stray_access();
}

#[test]
fn the_dialect_of_nvcc() {
    folder("ptx-nvcc-80").all();
}

#[test]
fn the_dialect_of_nvcc_for_new_devices() {
    folder("ptx-nvcc-100").all();
}

#[test]
fn debug_sections() {
    folder("ptx-nvcc-debug").vector_add();
}
