//! `stream-hal ptx`: device code for people.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use lexopt::{Arg, Parser};
use stream_hal::image;
use stream_hal::view::{self, Module};

use crate::Failure;

/// Shows each file: PTX text, or any image that holds some. It fails if one of them has errors.
pub fn files(mut arguments: Parser) -> Result<ExitCode, Failure> {
    let (mut files, mut ir, mut block) = (Vec::new(), false, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(file) => files.push(PathBuf::from(file)),
            Arg::Long("ir") => ir = true,
            Arg::Long("block") => block = Some(sides(&arguments.value()?.to_string_lossy())?),
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err("which files shall I show? stream-hal ptx [--ir] [--block X,Y,Z] FILE...".into());
    }
    let mut all_fine = true;
    for (index, file) in files.iter().enumerate() {
        if files.len() > 1 {
            println!("{}{}:", if index == 0 { "" } else { "\n" }, file.display());
        }
        all_fine &= one(file, ir, block)?;
    }
    Ok(if all_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Threads of a block: `256`, `16,16` or `8,8,4`.
fn sides(text: &str) -> Result<[u32; 3], Failure> {
    let mut block = [1; 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > block.len() {
        return Err(format!("a block has three sides, not {}", parts.len()).into());
    }
    for (side, part) in block.iter_mut().zip(parts) {
        *side = part.trim().parse().map_err(|error| format!("{part:?} is no side of a block: {error}"))?;
    }
    Ok(block)
}

fn one(file: &Path, ir: bool, block: Option<[u32; 3]>) -> Result<bool, Failure> {
    let told = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let bytes = std::fs::read(file).map_err(|error| told(&error))?;
    let text = image::ptx(&bytes).map_err(|error| told(&error))?;
    let module = Arc::new(Module::parse(&text).map_err(|errors| told(&errors))?);
    let mut out = std::io::stdout().lock();
    let written = match ir {
        true => write!(out, "{}", view::Ir(&module)),
        false => write!(out, "{}", view::Summary::new(&module, block)),
    };
    match written {
        // Who reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(true),
        written => written?,
    }
    let errors = module.check(1).err();
    if let (true, Some(errors)) = (ir, &errors) {
        eprintln!("{}", told(errors));
    }
    Ok(errors.is_none())
}
