//! Modules, kernels and their parameters.

use std::sync::Arc;

use bytemuck::Pod;
use smallvec::SmallVec;

use super::{Buffer, Device};
use crate::error::{Error, Result};
use crate::module;

/// A loaded module. Unloaded when it and all its kernels are dropped and their work is done.
#[derive(Clone)]
pub struct Module {
    pub(super) inner: Arc<Loaded>,
}

pub(super) struct Loaded(Arc<module::Module>);

/// A kernel that can be launched.
#[derive(Clone)]
pub struct Kernel {
    pub(super) function: Arc<module::Function>,
    _module: Arc<Loaded>,
}

impl Module {
    pub(super) fn load(device: &Device, image: &[u8]) -> Result<Module> {
        Ok(Module { inner: Arc::new(Loaded(module::Module::load(&device.context, image)?)) })
    }

    /// The names of its kernels, in the image's order.
    pub fn kernels(&self) -> impl Iterator<Item = &str> {
        self.inner.0.kernels()
    }

    /// A kernel by its name.
    ///
    /// # Errors
    /// [`crate::What::NotFound`] if the module has none of that name.
    pub fn kernel(&self, name: &str) -> Result<Kernel> {
        Ok(Kernel { function: self.inner.0.function(name)?, _module: self.inner.clone() })
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if let Err(error) = self.0.unload() {
            tracing::warn!("a module was not unloaded: {error}");
        }
    }
}

impl Kernel {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.function.kernel().name
    }

    /// Packs parameters as the kernel declares them.
    pub(super) fn pack(&self, parameters: &impl Parameters) -> Result<Packed> {
        let kernel = self.function.kernel();
        let mut values = Values { bytes: SmallVec::new(), kernel, next: 0, error: None };
        parameters.each(&mut values);
        if let Some(error) = values.error {
            return Err(error);
        }
        // Every parameter has a value.
        if values.next != kernel.parameters.len() {
            let (given, declared) = (values.next, kernel.parameters.len());
            let because = format!("\"{}\" has {declared} parameters, {given} were given", kernel.name);
            return Err(Error::value("parameters", because));
        }
        values.bytes.resize(kernel.parameter_bytes as usize, 0);
        Ok(values.bytes)
    }
}

/// Packed parameters.
pub(super) type Packed = SmallVec<[u8; 128]>;

/// Takes the values of a launch one by one.
pub struct Values<'a> {
    bytes: Packed,
    kernel: &'a stream_hal_backends::device::Kernel,
    next: usize,
    error: Option<Error>,
}

impl Values<'_> {
    fn push(&mut self, value: &[u8]) {
        let place = self.kernel.parameters.get(self.next);
        let index = self.next;
        self.next += 1;
        match place {
            Some(place) if place.bytes as usize == value.len() => {
                self.bytes.resize(place.offset as usize, 0);
                self.bytes.extend_from_slice(value);
            }
            Some(place) => {
                let (have, want) = (value.len(), place.bytes);
                let because = format!("parameter {index} has {want} bytes, {have} were given");
                self.error.get_or_insert_with(|| Error::value("parameters", because));
            }
            None => {}
        }
    }
}

/// A value that can be a kernel parameter: plain data, or a buffer, which is passed as its address.
pub trait Parameter {
    /// Adds the value.
    fn add_to(&self, values: &mut Values<'_>);
}

impl<T: Pod> Parameter for T {
    fn add_to(&self, values: &mut Values<'_>) {
        values.push(bytemuck::bytes_of(self));
    }
}

impl<T: Pod> Parameter for &Buffer<T> {
    fn add_to(&self, values: &mut Values<'_>) {
        values.push(&self.address().to_le_bytes());
    }
}

/// The parameters of a launch, in order: a tuple of [`Parameter`]s.
pub trait Parameters {
    /// Adds the values in order.
    fn each(&self, values: &mut Values<'_>);
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Parameter),*> Parameters for ($($name,)*) {
            #[allow(non_snake_case, unused_variables)]
            fn each(&self, values: &mut Values<'_>) {
                let ($($name,)*) = self;
                $($name.add_to(values);)*
            }
        }
    };
}

tuples!();
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
