//! Modules of the null device: read for the names and parameters of their kernels, never run.

use std::sync::Arc;

use super::memory::Memory;
use crate::cpu;
use crate::device::{Error, Global, Kernel, Module, Place};

/// A module whose variables have addresses.
pub(super) struct Loaded {
    memory: Arc<Memory>,
    kernels: Vec<Kernel>,
    globals: Vec<Global>,
}

impl Module for Loaded {
    fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    fn globals(&self) -> &[Global] {
        &self.globals
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        for global in &self.globals {
            if let Err(error) = self.memory.free(global.address, Place::Device) {
                tracing::error!(%error, "a module's variable could not be freed");
            }
        }
    }
}

/// Reads an image. The number of a kernel is its place in the module: nothing looks it up.
pub(super) fn load(memory: &Arc<Memory>, image: &[u8]) -> Result<Loaded, Error> {
    let module = cpu::parse_image(image)?;
    let mut loaded = Loaded { memory: memory.clone(), kernels: vec![], globals: vec![] };
    for (code, kernel) in module.kernels().iter().enumerate() {
        loaded.kernels.push(cpu::describe_kernel(&module, kernel, code as u32));
    }
    for global in module.globals().iter().filter(|global| global.visible && !global.external) {
        let address = memory.alloc(global.bytes.max(1), Place::Device)?;
        loaded.globals.push(Global { name: global.name.clone(), address, bytes: global.bytes });
    }
    Ok(loaded)
}
