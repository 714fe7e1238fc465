//! What a compiler's start-up code calls: images, kernels and variables of the program itself.

use std::ffi::{c_char, c_int, c_uint, c_void};

use stream_hal::error::{Error, Result, What};
use stream_hal::registered::registered;

use crate::arg::{Address, Handle, Text};
use crate::entry::{Row, guard};
use crate::module::image_at;
use crate::start;

/// Exports functions without an error number; a refusal is logged.
macro_rules! registrations {
    ($(fn $symbol:ident ($($argument:ident: $type:ty),* $(,)?) $(-> $answer:ty)? $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            #[allow(clippy::too_many_arguments)]
            unsafe extern "C" fn $symbol($($argument: $type),*) $(-> $answer)? {
                guard(stringify!($symbol), || $body)
            }
        )*

        /// The functions of this file by name.
        pub(crate) const TABLE: &[Row] = &[$(Row::new(stringify!($symbol), $symbol as *const ()),)*];
    };
}

fn none<T>(what: &'static str) -> Result<T> {
    Err(Error::new(What::NotSupported, what))
}

registrations! {
    // The answer is a key: the program only passes it on.
    fn __hipRegisterFatBinary(wrapper: Address) -> Handle {
        start::start();
        Ok(Handle(registered().add(Box::new(move || image_at(wrapper)))))
    }

    fn __hipRegisterFunction(
        modules: Handle, host: Address, _device: *mut c_char, name: Text, _threads: c_uint, _thread: *mut c_void,
        _block: *mut c_void, _block_size: *mut c_void, _grid_size: *mut c_void, _warp: *mut c_int,
    ) {
        registered().add_function(modules.0, host.0, &name.get("deviceName")?);
        Ok(())
    }

    fn __hipRegisterVar(
        modules: Handle, variable: Address, _host: *mut c_char, name: Text, _external: c_int, _bytes: usize,
        _constant: c_int, _global: c_int,
    ) {
        registered().add_variable(modules.0, variable.0, &name.get("deviceVariable")?);
        Ok(())
    }

    fn __hipRegisterManagedVar(
        _modules: Handle, _pointer: Address, _initial: Address, _name: Text, _bytes: usize, _alignment: c_uint,
    ) {
        none("managed variables are not implemented")
    }

    fn __hipRegisterTexture(_modules: Handle, _variable: Address) {
        none("textures are not implemented")
    }

    fn __hipRegisterSurface(_modules: Handle, _variable: Address) {
        none("surfaces are not implemented")
    }

    fn __hipUnregisterFatBinary(modules: Handle) {
        registered().remove(modules.0)
    }
}
