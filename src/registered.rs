//! Device code that compiled programs bring along: registered by address before `main`, loaded into
//! a context when a kernel or variable of it is first asked for there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};

use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::launch::Shape;
use crate::module::{Function, Module};

/// Gives the bytes of an image when they are first needed.
pub type Image = Box<dyn Fn() -> Result<Vec<u8>> + Send + Sync>;

/// A variable of device code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its device address.
    pub address: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

struct Binary {
    image: Image,
    /// By the context's handle.
    modules: Mutex<HashMap<u64, Arc<Module>>>,
}

/// Where something registered is found: its binary and its name there.
#[derive(Clone)]
struct Symbol {
    binary: u64,
    name: String,
}

/// Everything the process registered.
#[derive(Default)]
pub struct Registered {
    binaries: RwLock<Binaries>,
    /// By the address that the program knows the kernel by.
    functions: RwLock<HashMap<u64, Symbol>>,
    /// By the address of the program's own copy of the variable.
    variables: RwLock<HashMap<u64, Symbol>>,
    /// Kernels already found, by context and address.
    found: RwLock<HashMap<(u64, u64), Arc<Function>>>,
}

#[derive(Default)]
struct Binaries {
    last: u64,
    by_key: HashMap<u64, Arc<Binary>>,
}

/// What the process registered.
pub fn registered() -> &'static Registered {
    static REGISTERED: OnceLock<Registered> = OnceLock::new();
    REGISTERED.get_or_init(Registered::default)
}

impl Registered {
    /// Registers an image; the key names it from now on and is never 0.
    pub fn add(&self, image: Image) -> u64 {
        let mut binaries = self.binaries.write();
        binaries.last += 1;
        let key = binaries.last;
        binaries.by_key.insert(key, Arc::new(Binary { image, modules: Mutex::default() }));
        key
    }

    /// Registers a kernel of an image under an address of the program.
    pub fn add_function(&self, binary: u64, address: u64, name: &str) {
        self.functions.write().insert(address, Symbol { binary, name: name.to_owned() });
    }

    /// Registers a variable of an image under the address of the program's own copy.
    pub fn add_variable(&self, binary: u64, address: u64, name: &str) {
        self.variables.write().insert(address, Symbol { binary, name: name.to_owned() });
    }

    /// Takes an image out with all that belongs to it, and unloads it.
    pub fn remove(&self, binary: u64) -> Result {
        let Some(removed) = self.binaries.write().by_key.remove(&binary) else {
            return Err(Error::value("modules", "no such image is registered"));
        };
        let mut addresses = Vec::new();
        self.functions.write().retain(|address, symbol| {
            let other = symbol.binary != binary;
            if !other {
                addresses.push(*address);
            }
            other
        });
        self.variables.write().retain(|_, symbol| symbol.binary != binary);
        self.found.write().retain(|(_, address), _| !addresses.contains(address));
        let modules: Vec<Arc<Module>> = removed.modules.lock().drain().map(|(_, module)| module).collect();
        modules.iter().try_for_each(Module::unload)
    }

    /// The kernel that the program knows by an address, in a context.
    pub fn function(&self, context: &Arc<Context>, address: u64) -> Result<Arc<Function>> {
        let key = (context.handle(), address);
        if let Some(function) = self.found.read().get(&key) {
            return Ok(function.clone());
        }
        let symbol = self.functions.read().get(&address).cloned();
        let symbol = symbol.ok_or_else(|| {
            let because = format!("no kernel is registered for the host function {address:#x}");
            Error::of(What::InvalidFunction, "function_address", because)
        })?;
        let function = self.module(context, symbol.binary)?.function(&symbol.name)?;
        self.found.write().insert(key, function.clone());
        Ok(function)
    }

    /// The variable that the program knows by the address of its own copy, in a context.
    pub fn variable(&self, context: &Arc<Context>, address: u64) -> Result<Variable> {
        let symbol = self.variables.read().get(&address).cloned();
        let symbol = symbol.ok_or_else(|| {
            let because = format!("no variable is registered for the address {address:#x}");
            Error::of(What::InvalidSymbol, "symbol", because)
        })?;
        let module = self.module(context, symbol.binary)?;
        let global = module.global(&symbol.name)?;
        Ok(Variable { address: global.address, bytes: global.bytes })
    }

    fn module(&self, context: &Arc<Context>, binary: u64) -> Result<Arc<Module>> {
        let binary = self.binaries.read().by_key.get(&binary).cloned();
        let binary =
            binary.ok_or_else(|| Error::of(What::InvalidSymbol, "", "the image was unregistered"))?;
        let mut modules = binary.modules.lock();
        if let Some(module) = modules.get(&context.handle()) {
            return Ok(module.clone());
        }
        let module = Module::load(context, &(binary.image)()?)?;
        modules.insert(context.handle(), module.clone());
        Ok(module)
    }
}

/// A launch of which the first half was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The grid, its blocks and their memory.
    pub shape: Shape,
    /// The stream's handle.
    pub stream: u64,
    /// Parameters set one by one, at their places.
    pub arguments: Vec<u8>,
}

thread_local! {
    static PUSHED: RefCell<Vec<Pushed>> = const { RefCell::new(Vec::new()) };
}

/// The first half of a launch, as compilers write it.
pub fn push(shape: Shape, stream: u64) {
    PUSHED.with_borrow_mut(|pushed| pushed.push(Pushed { shape, stream, arguments: Vec::new() }));
}

/// No kernel has more bytes of parameters.
pub const MOST_ARGUMENTS: usize = 32 << 10;

/// Sets a parameter of the launch that was pushed last.
pub fn set_argument(offset: usize, bytes: &[u8]) -> Result {
    PUSHED.with_borrow_mut(|pushed| {
        let Some(top) = pushed.last_mut() else { return Err(nothing_pushed()) };
        let end = offset.checked_add(bytes.len()).filter(|&end| end <= MOST_ARGUMENTS);
        let end = end.ok_or_else(|| Error::value("offset", "no kernel has so many parameters"))?;
        if top.arguments.len() < end {
            top.arguments.resize(end, 0);
        }
        top.arguments[offset..end].copy_from_slice(bytes);
        Ok(())
    })
}

/// What the first half of this thread's launch said.
pub fn pop() -> Result<Pushed> {
    PUSHED.with_borrow_mut(Vec::pop).ok_or_else(nothing_pushed)
}

fn nothing_pushed() -> Error {
    Error::new(What::MissingConfiguration, "no launch configuration was pushed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_launches_nest() {
        let shape = |n| Shape { grid: [n, 1, 1], block: [1, 1, 1], shared_bytes: 0, cooperative: false };
        push(shape(1), 10);
        push(shape(2), 20);
        set_argument(4, &[7, 8]).expect("a launch was pushed");
        let second = pop().expect("two were pushed");
        assert_eq!((second.shape, second.stream, second.arguments), (shape(2), 20, vec![0, 0, 0, 0, 7, 8]));
        assert_eq!(pop().map(|first| (first.shape, first.stream)), Ok((shape(1), 10)));
        assert!(set_argument(0, &[1]).is_err());
        assert_eq!(pop().map_err(|error| error.what), Err(What::MissingConfiguration));
    }

    #[test]
    fn an_image_is_removed_once() {
        let registered = Registered::default();
        let key = registered.add(Box::new(|| Ok(Vec::new())));
        registered.add_function(key, 16, "f");
        assert_eq!(registered.remove(key), Ok(()));
        assert!(registered.functions.read().is_empty());
        assert!(registered.remove(key).is_err());
    }
}
