//! Modules and their functions.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use stream_hal_backends as backends;
use stream_hal_backends::device::Place;
use stream_hal_backends::device::{Global, Kernel};

use crate::context::Context;
use crate::dot;
use crate::error::{Error, Result, What};
use crate::objects;
use crate::pointers::{Allocation, pointers};
use crate::texts;

/// A loaded module.
pub struct Module {
    context: Arc<Context>,
    handle: u64,
    code: Arc<dyn backends::Module>,
    /// Handles given out, by name: the same function has the same handle.
    functions: Mutex<HashMap<String, Arc<Function>>>,
}

/// A kernel that can be launched.
pub struct Function {
    handle: u64,
    context: Arc<Context>,
    /// Keeps the code alive while anyone holds the function.
    code: Arc<dyn backends::Module>,
    kernel: Kernel,
    /// The most blocks, and threads of a block, that its device takes in x, y and z.
    most: ([u32; 3], [u32; 3]),
    /// Dynamic shared memory the program asked leave for, in bytes.
    dynamic_shared: AtomicU32,
}

impl Module {
    /// Loads an image in any form the device reads.
    pub fn load(context: &Arc<Context>, image: &[u8]) -> Result<Arc<Module>> {
        context.check()?;
        context.device.collect();
        texts::keep(image);
        let code = context.device.driver.load_module(image)?;
        for global in code.globals().iter().filter(|global| global.bytes != 0) {
            let allocation = Allocation {
                base: global.address,
                bytes: global.bytes,
                device: context.device.ordinal as u32,
                place: Place::Device,
                context: context.handle(),
                ..Allocation::default()
            };
            pointers().insert(allocation)?;
        }
        let context = context.clone();
        let functions = Mutex::default();
        objects::register(objects::modules(), |handle| Module { context, handle, code, functions })
    }

    /// Unloads the module: its handle and those of its functions are stale from now on. The code
    /// stays until work submitted before is done.
    pub fn unload(self: &Arc<Module>) -> Result {
        objects::remove(objects::modules(), self.handle)?;
        for (_, function) in self.functions.lock().drain() {
            dot::remember(&function);
            objects::remove(objects::functions(), function.handle)?;
        }
        for global in self.code.globals().iter().filter(|global| global.bytes != 0) {
            pointers().remove(global.address)?;
        }
        self.context.retire(Box::new(self.clone()));
        Ok(())
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Its context.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The names of its kernels, in the image's order.
    pub fn kernels(&self) -> impl Iterator<Item = &str> {
        self.code.kernels().iter().map(String::as_str)
    }

    /// Reads all code now, and says everything that is wrong with it. Without it, code is read when a kernel is first
    /// asked for.
    pub fn check(&self) -> Result {
        Ok(self.code.check()?)
    }

    /// A kernel by its name. The first call reads its code, and says what is wrong with it.
    pub fn function(&self, name: &str) -> Result<Arc<Function>> {
        if let Some(function) = self.functions.lock().get(name) {
            return Ok(function.clone());
        }
        let Some(index) = self.code.kernels().iter().position(|kernel| kernel == name) else {
            return Err(Error::of(What::NotFound, "name", format!("the module has no kernel \"{name}\"")));
        };
        let kernel = self.code.kernel(index)?;
        let device = self.context.device.properties();
        // What cannot run fits no launch, so that a launch asks nothing more.
        let runs = kernel.refusal.is_none() && kernel.shared_bytes <= device.shared_per_block_optin;
        let most = if runs { (device.max_grid, device.max_block) } else { ([0; 3], [0; 3]) };
        let mut functions = self.functions.lock();
        if let Some(function) = functions.get(name) {
            return Ok(function.clone());
        }
        let function = objects::register(objects::functions(), |handle| Function {
            handle,
            context: self.context.clone(),
            code: self.code.clone(),
            kernel,
            most,
            dynamic_shared: AtomicU32::new(device.shared_per_block),
        })?;
        functions.insert(name.to_owned(), function.clone());
        Ok(function)
    }

    /// A variable by its name.
    pub fn global(&self, name: &str) -> Result<&Global> {
        let global = self.code.globals().iter().find(|global| global.name == name);
        global.ok_or_else(|| {
            Error::of(What::NotFound, "name", format!("the module has no variable \"{name}\""))
        })
    }
}

impl Drop for Function {
    /// A thread that had found the function when its module was unloaded may have launched it since.
    fn drop(&mut self) {
        self.context.retire(Box::new(self.code.clone()));
    }
}

impl Function {
    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Its context.
    #[inline]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Parameters, sizes and limits.
    #[inline]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The most blocks, and threads of a block, that its device takes in x, y and z.
    #[inline]
    pub(crate) fn most(&self) -> (&[u32; 3], &[u32; 3]) {
        (&self.most.0, &self.most.1)
    }

    /// What keeps the code alive.
    pub(crate) fn code(&self) -> &Arc<dyn backends::Module> {
        &self.code
    }

    /// The most dynamic shared memory a launch may ask for, in bytes.
    #[inline]
    pub fn dynamic_shared(&self) -> u32 {
        self.dynamic_shared.load(Ordering::Relaxed).saturating_sub(self.kernel.shared_bytes)
    }

    /// Asks leave for `bytes` of dynamic shared memory.
    pub fn set_dynamic_shared(&self, bytes: u32) -> Result {
        let most = self.context.device.properties().shared_per_block_optin;
        let all = bytes.checked_add(self.kernel.shared_bytes).filter(|&all| all <= most);
        let all = all.ok_or_else(|| {
            let fixed = self.kernel.shared_bytes;
            Error::value(
                "value",
                format!("{bytes} bytes and {fixed} static ones, but a block has at most {most}"),
            )
        })?;
        let least = self.context.device.properties().shared_per_block;
        self.dynamic_shared.store(all.max(least), Ordering::Relaxed);
        Ok(())
    }
}
