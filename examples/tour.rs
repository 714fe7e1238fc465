//! The whole way once: C programs written for the CUDA driver API and for HIP, compiled with the
//! system's C compiler, run eagerly and as captured graphs on whatever device is here, and drawn.
//!
//! `cargo run --release --example tour`

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Their kernels are CUDA C++ (`kernels/samples`), compiled to PTX that the programs carry.
const PROGRAMS: &[(&str, &str)] = &[
    ("cuda/vector_add", "a kernel run eagerly through the CUDA driver API"),
    ("cuda/captured_graph", "a stream captured, its graph launched twice with new inputs"),
    ("hip/captured_graph", "the same through HIP"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = build_library(source)?;
    let folder = library.join("tour");
    let drawings = folder.join("drawings");
    if drawings.exists() {
        fs::remove_dir_all(&drawings)?;
    }
    fs::create_dir_all(&drawings)?;
    let mut drawn = 0;
    for (program, what) in PROGRAMS {
        println!("\n{program}: {what}");
        let executable = compile(source, &library, &folder, program)?;
        // A folder each, for every process numbers its drawings from 0.
        let own = drawings.join(program.replace('/', "_"));
        fs::create_dir_all(&own)?;
        run(Command::new(executable).env("STREAM_HAL_DOT", &own))?;
        drawn += show(&own)?;
    }
    if drawn == 0 { Err("no program left a drawing".into()) } else { Ok(()) }
}

/// The C library in this example's own profile; returns the folder it is in.
fn build_library(source: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(source).args(["build", "--quiet", "--package", "stream-hal-abi"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    run(&mut build)?;
    let example = env::current_exe()?;
    let library = example.ancestors().nth(2).ok_or("an example lies two folders below its profile's")?;
    Ok(library.to_path_buf())
}

fn compile(source: &Path, library: &Path, folder: &Path, program: &str) -> Result<PathBuf, Box<dyn Error>> {
    let executable = folder.join(program.replace('/', "_"));
    let compiler = env::var_os("CC").unwrap_or("cc".into());
    let mut compile = Command::new(compiler);
    compile.arg(source.join(format!("examples/c/{program}.c"))).arg("-o").arg(&executable);
    compile.arg("-isystem").arg(source.join("abi/include"));
    compile.arg("-L").arg(library).arg(format!("-Wl,-rpath,{}", library.display())).arg("-lstreamhal");
    run(&mut compile)?;
    Ok(executable)
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if status.success() { Ok(()) } else { Err(format!("{:?}: {status}", command.get_program()).into()) }
}

/// Names the drawings, and where Graphviz is, makes them pictures; says how many there are.
fn show(drawings: &Path) -> Result<usize, Box<dyn Error>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(drawings)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    for file in &files {
        let picture = file.with_extension("svg");
        let made = Command::new("dot").arg("-Tsvg").arg(file).arg("-o").arg(&picture).status();
        let shown = if made.is_ok_and(|status| status.success()) { &picture } else { file };
        println!("drawn: {}", shown.display());
    }
    Ok(files.len())
}
