//! The command `stream-hal`: lists devices, runs unmodified programs on the library, renders drawings, shows device
//! code.

mod compat;
mod show;

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::{Arg, Parser, ValueExt};
use stream_hal::runtime::initialize;

const USAGE: &str = "\
Runs CUDA driver and HIP programs, unchanged, on the devices of this machine.

    stream-hal devices                          list the devices
    stream-hal run [options] -- PROGRAM ARGS    run a program on them
        --device NAMES    which backends to open, in order: cpu, null, checker+cpu
        --dot FOLDER      draw every graph and stream into a folder
        --ptx FOLDER      keep the PTX text of every image that is loaded
        --seed NUMBER     run device work in the legal order of that number
        --devices COUNT   show so many CPU devices
    stream-hal dot FILE...                      render drawings as SVG beside them
    stream-hal ptx [options] FILE...            print what device code holds and needs, whether its kernels are
                                                compiled or interpreted, what cannot run and on which line
        --block X,Y,Z     for blocks of this size; else of the size that a kernel asks for, or 256
        --ir              the IR that is made of it
";

/// What went wrong, in words for the user.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match command(Parser::from_env()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("stream-hal: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command(mut arguments: Parser) -> Result<ExitCode, Failure> {
    // Help is the same for all that the command does.
    if std::env::args_os().nth(2).is_some_and(|second| second == "--help" || second == "-h") {
        print!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.next()? {
        Some(Arg::Value(name)) if name == "devices" => devices(arguments),
        Some(Arg::Value(name)) if name == "run" => run(arguments),
        Some(Arg::Value(name)) if name == "dot" => render(arguments),
        Some(Arg::Value(name)) if name == "ptx" => show::files(arguments),
        Some(Arg::Short('h') | Arg::Long("help")) => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(Arg::Short('V') | Arg::Long("version")) => {
            println!("stream-hal {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(other.unexpected().into()),
        None => Err(format!("what shall I do?\n\n{USAGE}").into()),
    }
}

/// A table of the devices, a row each.
fn devices(mut arguments: Parser) -> Result<ExitCode, Failure> {
    if let Some(other) = arguments.next()? {
        return Err(other.unexpected().into());
    }
    let mut table = String::new();
    writeln!(
        table,
        "{:>2}  {:<10} {:>10} {:>5} {:>7}  name",
        "nr", "backend", "memory MiB", "cores", "threads"
    )?;
    for device in &initialize()?.devices {
        let p = device.properties();
        let (number, backend) = (device.ordinal, device.backend.name());
        let (memory, cores, threads) = (p.total_memory >> 20, p.multiprocessors, p.max_threads_per_block);
        writeln!(table, "{number:>2}  {backend:<10} {memory:>10} {cores:>5} {threads:>7}  {}", p.name)?;
    }
    print!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// A program to run, and what to tell the library in it.
struct Run {
    settings: Vec<(&'static str, OsString)>,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Run {
    fn read(mut arguments: Parser) -> Result<Run, Failure> {
        let mut settings = Vec::new();
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("device") => settings.push(("STREAM_HAL_BACKENDS", arguments.value()?)),
                Arg::Long("dot") => settings.push(("STREAM_HAL_DOT", folder(arguments.value()?)?)),
                Arg::Long("ptx") => settings.push(("STREAM_HAL_PTX", folder(arguments.value()?)?)),
                Arg::Long("seed") => settings.push(("STREAM_HAL_SEED", number(&mut arguments)?)),
                Arg::Long("devices") => settings.push(("STREAM_HAL_CPU_DEVICES", number(&mut arguments)?)),
                Arg::Value(program) => {
                    let arguments = arguments.raw_args()?.collect();
                    return Ok(Run { settings, program, arguments });
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Err("which program shall I run? stream-hal run -- PROGRAM ARGS".into())
    }
}

/// A whole number, passed on as text.
fn number(arguments: &mut Parser) -> Result<OsString, Failure> {
    let value: u64 = arguments.value()?.parse()?;
    Ok(value.to_string().into())
}

/// The folder for drawings or texts, made if need be; absolute, for the program may go elsewhere.
fn folder(folder: OsString) -> Result<OsString, Failure> {
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::canonicalize(folder)?.into())
}

/// Becomes the program, with the library in front of all others.
fn run(arguments: Parser) -> Result<ExitCode, Failure> {
    let run = Run::read(arguments)?;
    let folder = compat::folder(&library()?)?;
    let mut path = OsString::from(&folder);
    if let Some(before) = std::env::var_os("LD_LIBRARY_PATH").filter(|before| !before.is_empty()) {
        path.push(":");
        path.push(before);
    }
    let mut command = Command::new(&run.program);
    command.args(run.arguments).envs(run.settings).env("LD_LIBRARY_PATH", path);
    let error = command.exec();
    Err(format!("{}: {error}", run.program.to_string_lossy()).into())
}

/// The library: beside this command, or in the `lib` folder next to its own.
fn library() -> Result<PathBuf, Failure> {
    let command = std::env::current_exe()?;
    let folder = command.parent().ok_or("this command lies in no folder")?;
    let places = [folder.join("libstreamhal.so"), folder.join("../lib/libstreamhal.so")];
    let found = places.iter().find(|place| place.is_file());
    found.cloned().ok_or_else(|| format!("libstreamhal.so is not in {}", folder.display()).into())
}

/// Renders drawings with Graphviz.
fn render(mut arguments: Parser) -> Result<ExitCode, Failure> {
    let mut files = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err("which files shall I render?".into());
    }
    for file in files {
        let target = file.with_extension("svg");
        render_one(&file, &target)?;
        println!("{}", target.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn render_one(file: &Path, target: &Path) -> Result<(), Failure> {
    if !file.is_file() {
        return Err(format!("{} is not there", file.display()).into());
    }
    let status = Command::new("dot").arg("-Tsvg").arg("-o").arg(target).arg(file).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: dot ended with {status}", file.display()).into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err("the program dot of Graphviz is not installed".into())
        }
        Err(error) => Err(error.into()),
    }
}
