//! A module for people: its kernels with parameters and resources, how they run, what of it cannot run and where, and its
//! IR.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use crate::compile::{Options, Refusal, Shape, Target};
use crate::module::Space;
pub use crate::module::{Kernel, Module};
use crate::program::Program;

/// Threads of a block, where neither the kernel nor the reader says.
const BLOCK: u32 = 256;

/// What a module holds, as a text of a few lines a kernel.
pub struct Summary<'m> {
    module: &'m Module,
    /// With addresses made up.
    program: Option<Program>,
    block: Option<[u32; 3]>,
}

impl Summary<'_> {
    /// Of a module whose kernels run with blocks of this size, or of the one that each asks for.
    pub fn new(module: &Arc<Module>, block: Option<[u32; 3]>) -> Summary<'_> {
        let addresses: Vec<u64> = (1..=module.globals().len() as u64).map(|number| number << 32).collect();
        Summary { module, program: module.clone().link(&addresses).ok(), block }
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let module = self.module;
        let (major, minor) = module.version();
        writeln!(f, "PTX {major}.{minor} for {}", module.target())?;
        for (index, kernel) in module.kernels().iter().enumerate() {
            writeln!(f, "\nkernel {}", kernel.name)?;
            self.resources(f, index, kernel)?;
            parameters(f, kernel)?;
            self.complaints(f, &kernel.name, Some(index))?;
        }
        let kernels: HashSet<&str> = module.kernels().iter().map(|kernel| &*kernel.name).collect();
        for name in module.functions().filter(|name| !kernels.contains(name)) {
            writeln!(f, "\nfunction {name}")?;
            self.complaints(f, name, None)?;
        }
        if !module.globals().is_empty() {
            writeln!(f, "\nvariables")?;
        }
        for global in module.globals() {
            let space = if global.space == Space::Const { "const" } else { "global" };
            let elsewhere = if global.external { ", defined elsewhere" } else { "" };
            writeln!(f, "  {:>8} bytes  {space:<6}  {}{elsewhere}", global.bytes, global.name)?;
        }
        Ok(())
    }
}

impl Summary<'_> {
    fn resources(&self, f: &mut Formatter<'_>, index: usize, kernel: &Kernel) -> fmt::Result {
        write!(f, "  block       at most {} threads", kernel.max_threads)?;
        match kernel.required_block {
            Some([x, y, z]) => writeln!(f, ", must be {x} x {y} x {z}")?,
            None => writeln!(f)?,
        }
        let Ok(resources) = self.module.resources(index) else { return Ok(()) };
        writeln!(f, "  registers   {} a thread", resources.registers)?;
        writeln!(f, "  local       {} bytes a thread", resources.local_bytes)?;
        writeln!(f, "  shared      {} bytes a block", resources.shared_bytes)?;
        if resources.unsupported.is_some() { Ok(()) } else { self.way(f, index, kernel) }
    }

    /// Compiled or interpreted, and why.
    fn way(&self, f: &mut Formatter<'_>, index: usize, kernel: &Kernel) -> fmt::Result {
        let Some(program) = &self.program else { return Ok(()) };
        let usual = kernel.required_block.unwrap_or([kernel.max_threads.min(BLOCK), 1, 1]);
        let block @ [x, y, z] = self.block.unwrap_or(usual);
        let threads = block.iter().fold(1u32, |all, &side| all.saturating_mul(side));
        let fits = kernel.required_block.is_none_or(|required| required == block);
        write!(f, "  runs        ")?;
        if threads == 0 || threads > kernel.max_threads || !fits {
            return writeln!(f, "not with blocks of {x} x {y} x {z}");
        }
        let shape = Shape { block, small_grid: true };
        match program.compile(index, shape, &Target::LEAST, Options::default()) {
            Ok(code) => {
                let (instructions, bytes) = (code.instructions, code.bytes.len());
                writeln!(
                    f,
                    "compiled for blocks of {x} x {y} x {z}: {instructions} instructions, {bytes} bytes"
                )
            }
            Err(Refusal { line: 0, what }) => writeln!(f, "interpreted: {what}"),
            Err(Refusal { line, what }) => writeln!(f, "interpreted: line {line}: {what}"),
        }
    }

    /// What is wrong with a body, and what of it is not supported. A kernel that only reaches such a body says so too.
    fn complaints(&self, f: &mut Formatter<'_>, name: &str, kernel: Option<usize>) -> fmt::Result {
        let own = match self.module.complaints(name) {
            Some(Ok(unsupported)) => unsupported,
            Some(Err(errors)) => {
                for error in &errors.0 {
                    writeln!(f, "  wrong       {error}")?;
                }
                return Ok(());
            }
            None => return Ok(()),
        };
        for unsupported in own {
            writeln!(f, "  unsupported line {}: {}", unsupported.line, unsupported.form)?;
        }
        let Some(index) = kernel else { return Ok(()) };
        match self.module.resources(index) {
            Err(errors) => errors.0.iter().try_for_each(|error| writeln!(f, "  reaches     {error}")),
            Ok(resources) => match &resources.unsupported {
                Some(reached) if own.is_empty() => {
                    writeln!(f, "  reaches     line {}: {}, unsupported", reached.line, reached.form)
                }
                _ => Ok(()),
            },
        }
    }
}

fn parameters(f: &mut Formatter<'_>, kernel: &Kernel) -> fmt::Result {
    writeln!(f, "  parameters  {} bytes", kernel.parameter_bytes)?;
    for (parameter, name) in kernel.parameters.iter().zip(&kernel.parameter_names) {
        writeln!(f, "    {:>6} {:>5} bytes  {name}", parameter.offset, parameter.bytes)?;
    }
    Ok(())
}

/// The IR of all functions of a module whose bodies have no errors, in the order of the text.
pub struct Ir<'m>(pub &'m Module);

impl Display for Ir<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.functions().enumerate() {
            if let Some(function) = self.0.function(name) {
                write!(f, "{}{function}", if index == 0 { "" } else { "\n" })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_summed_up_and_complaints_have_lines() {
        let text = ".version 8.1\n.target sm_90a, debug\n.address_size 64\n\
            .const .f64 c[2]; .extern .global .u32 e;\n\
            .func f() {\n tex.2d.v4.f32.f32 x, [y];\n ret; }\n.func g() { frob; }\n\
            .visible .entry a(.param .u64 p, .param .u32 n) .reqntid 8, 4 {\n .shared .b8 s[12]; .reg .b64 %d;\n\
             mov.u64 %d, s; call f; }\n.entry b() { call g; }\n";
        let module = Arc::new(Module::parse(text).unwrap());
        let expect = "\
PTX 8.1 for sm_90a

kernel a
  block       at most 32 threads, must be 8 x 4 x 1
  registers   2 a thread
  local       0 bytes a thread
  shared      12 bytes a block
  parameters  12 bytes
         0     8 bytes  p
         8     4 bytes  n
  reaches     line 6: tex.2d.v4.f32.f32, unsupported

kernel b
  block       at most 1024 threads
  parameters  0 bytes
  reaches     8:13: unknown instruction 'frob'

function f
  unsupported line 6: tex.2d.v4.f32.f32

function g
  wrong       8:13: unknown instruction 'frob'

variables
        16 bytes  const   c
         4 bytes  global  e, defined elsewhere
";
        assert_eq!(Summary::new(&module, None).to_string(), expect);
        let ir = Ir(&module).to_string();
        assert!(ir.starts_with("function f () -> () frame 0\nb0:\n"), "{ir}");
        assert!(ir.contains("\n\nkernel a () -> () frame 0\nb0:\n    %0 = copy shared0+0  ; 11\n"), "{ir}");
    }

    #[test]
    fn each_kernel_says_how_it_runs() {
        let text = ".version 8.1\n.target sm_80\n.address_size 64\n.visible .entry a() .maxntid 64 { ret; }\n\
            .visible .entry b() .reqntid 8, 4 { ret; }\n";
        let module = Arc::new(Module::parse(text).unwrap());
        let ways = |block| {
            let text = Summary::new(&module, block).to_string();
            let ways = text.lines().filter_map(|line| line.strip_prefix("  runs        "));
            ways.map(|way| way.split([':', ' ']).next().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        let runs = |way: &String| ["compiled", "interpreted"].contains(&&**way);
        assert!(ways(None).iter().all(runs) && ways(None).len() == 2);
        let ways = ways(Some([65, 1, 1]));
        assert_eq!(ways, ["not", "not"]);
    }
}
