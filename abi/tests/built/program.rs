//! The C programs of `examples/c`: where they lie, how they are compiled against our headers and run
//! on the library as any program is, found by the vendor's name.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::OnceLock;

/// All programs; each is there for both APIs.
pub const PROGRAMS: [&str; 7] =
    ["vector_add", "explicit_graph", "captured_graph", "fork_join", "peer_copy", "pending", "error_tour"];

/// A program of an API, compiled.
#[derive(Clone)]
pub struct Program {
    /// Its file in `examples/c`, less its ending: `cuda/vector_add`.
    pub name: String,
    /// Where its executable lies.
    pub path: PathBuf,
}

/// The workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// A folder of this process for what it builds: tests may run in processes of their own, side by side.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("programs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

/// Whether there is a C compiler.
pub fn has_compiler() -> bool {
    Command::new("cc").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The vendor's names for the library, as `stream-hal run` makes them.
fn compat() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = folder().join("compat");
        std::fs::create_dir_all(&folder).expect("the target folder is writable");
        for name in ["libcuda.so.1", "libcuda.so", "libamdhip64.so.7", "libamdhip64.so"] {
            let link = folder.join(name);
            std::fs::remove_file(&link).ok();
            std::os::unix::fs::symlink(super::library(), &link).expect("links can be made here");
        }
        folder
    })
}

/// Starts to compile one program; it names the vendor's library.
fn compile(api: &str, library: &str, name: &str) -> (Program, Child) {
    let source = root().join("examples/c").join(api).join(format!("{name}.c"));
    let path = folder().join(format!("{api}_{name}"));
    let mut command = Command::new("cc");
    command.args(["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-isystem"]);
    command.arg(root().join("abi/include")).arg(source).arg("-o").arg(&path);
    command.arg(format!("-L{}", compat().display())).arg(format!("-l{library}"));
    let child = command.spawn().expect("the compiler was asked for its version");
    (Program { name: format!("{api}/{name}"), path }, child)
}

/// These programs of both families, compiled.
pub fn compiled(names: &[&str]) -> Vec<Program> {
    compiled_for(&["cuda", "hip"], names)
}

/// These programs of these families, compiled.
pub fn compiled_for(families: &[&str], names: &[&str]) -> Vec<Program> {
    let library = |api: &str| if api == "hip" { "amdhip64" } else { "cuda" };
    let all = families.iter().flat_map(|api| names.iter().map(move |name| (*api, *name)));
    let running: Vec<_> = all.map(|(api, name)| compile(api, library(api), name)).collect();
    let finish = |(program, mut child): (Program, Child)| {
        let status = child.wait().expect("the compiler ends");
        assert!(status.success(), "{}.c does not compile", program.name);
        program
    };
    running.into_iter().map(finish).collect()
}

/// Runs a command line on the library with these settings and no others, for so many seconds at most.
pub fn run(line: &[&str], seconds: u64, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new("timeout");
    command.arg(seconds.to_string()).args(line).env("LD_LIBRARY_PATH", compat());
    for name in ["STREAM_HAL_BACKENDS", "STREAM_HAL_SEED", "STREAM_HAL_CPU_DEVICES"] {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    command.output().expect("timeout is there")
}

/// Whether a program ended well and said so.
pub fn passed(output: &Output) -> bool {
    output.status.success() && String::from_utf8_lossy(&output.stdout).trim_end().ends_with("PASSED")
}
