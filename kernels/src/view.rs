//! A module for people: its kernels with parameters and resources, what of it cannot run and where, and its IR.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use crate::module::Space;
pub use crate::module::{Kernel, Module};

/// What a module holds, as a text of a few lines a kernel.
pub struct Summary<'m>(pub &'m Module);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Summary(module) = self;
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
        let Ok(resources) = self.0.resources(index) else { return Ok(()) };
        writeln!(f, "  registers   {} a thread", resources.registers)?;
        writeln!(f, "  local       {} bytes a thread", resources.local_bytes)?;
        writeln!(f, "  shared      {} bytes a block", resources.shared_bytes)
    }

    /// What is wrong with a body, and what of it is not supported. A kernel that only reaches such a body says so too.
    fn complaints(&self, f: &mut Formatter<'_>, name: &str, kernel: Option<usize>) -> fmt::Result {
        let own = match self.0.complaints(name) {
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
        match self.0.resources(index) {
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
        let module = Module::parse(text).unwrap();
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
        assert_eq!(Summary(&module).to_string(), expect);
        let ir = Ir(&module).to_string();
        assert!(ir.starts_with("function f () -> () frame 0\nb0:\n"), "{ir}");
        assert!(ir.contains("\n\nkernel a () -> () frame 0\nb0:\n    %0 = copy shared0+0  ; 11\n"), "{ir}");
    }
}
