//! Modules of the null device: read for the names and parameters of their kernels, never run.

use std::sync::Arc;

use stream_hal_kernels as kernels;

use super::memory::Memory;
use crate::cpu;
use crate::device::{Error, Global, Kernel, Module, Place};

/// A module whose variables have addresses.
pub(super) struct Loaded {
    memory: Arc<Memory>,
    module: kernels::Module,
    names: Vec<String>,
    globals: Vec<Global>,
}

impl Module for Loaded {
    fn kernels(&self) -> &[String] {
        &self.names
    }

    fn check(&self) -> Result<(), Error> {
        cpu::check_image(&self.module)
    }

    /// The number of a kernel is its place in the module: nothing looks it up.
    fn kernel(&self, index: usize) -> Result<Kernel, Error> {
        cpu::describe_kernel(&self.module, index, index as u32)
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

/// Reads an image.
pub(super) fn load(memory: &Arc<Memory>, image: &[u8]) -> Result<Loaded, Error> {
    let module = cpu::parse_image(image)?;
    let names = module.kernels().iter().map(|kernel| kernel.name.clone()).collect();
    let mut loaded = Loaded { memory: memory.clone(), module, names, globals: vec![] };
    for global in loaded.module.globals().iter().filter(|global| global.visible && !global.external) {
        let address = memory.alloc(global.bytes.max(1), Place::Device)?;
        loaded.globals.push(Global { name: global.name.clone(), address, bytes: global.bytes });
    }
    Ok(loaded)
}
