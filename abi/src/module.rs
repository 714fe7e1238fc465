//! Modules and libraries: device code, its functions and its variables.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::path::Path;
use std::sync::Arc;

use stream_hal::error::{Error, Result, What};
use stream_hal::image;
use stream_hal::image::{Needed, needed};
use stream_hal::module::Module;

use crate::arg::{Address, Array, Handle, Out, OutArray, OutText, Text, bytes_at, number, text_at};
use crate::entry::{Cx, entries};

/// Reads an image of which only the address is known, as far as its own headers say it goes.
pub(crate) fn image_at(address: Address) -> Result<Vec<u8>> {
    let whole = read_image(address)?;
    match image::wrapped(&whole) {
        // A wrapper points to the image proper, which is no wrapper: it could point to itself.
        Some(inner) => match read_image(Address(inner))? {
            image if image::wrapped(&image).is_some() => Err(invalid(image::Error::Wrapper)),
            image => Ok(image),
        },
        None => Ok(whole),
    }
}

fn read_image(address: Address) -> Result<Vec<u8>> {
    if address.0 == 0 {
        return Err(Error::value("image", "must not be null"));
    }
    let mut prefix = Vec::new();
    loop {
        match needed(&prefix).map_err(invalid)? {
            Needed::Known(bytes) => return bytes_at("image", address.0, bytes),
            Needed::More(bytes) => prefix = bytes_at("image", address.0, bytes)?,
            Needed::Text => return text_at("image", address.0),
        }
    }
}

fn invalid(error: image::Error) -> Error {
    Error::of(What::InvalidImage, "image", error.to_string())
}

fn load(cx: &Cx, image: &[u8]) -> Result<Arc<Module>> {
    Module::load(&cx.context()?, image)
}

/// Reads a file of device code.
fn read_file(path: Text) -> Result<Vec<u8>> {
    let path = path.get("fname")?;
    std::fs::read(Path::new(&*path))
        .map_err(|error| Error::of(What::FileNotFound, "fname", format!("{path}: {error}")))
}

/// What the program wants to be told about a load: buffers for what went well and what did not.
struct Logs {
    info: OutText,
    info_size: Option<(usize, usize)>,
    error: OutText,
    error_size: Option<(usize, usize)>,
    values: OutArray<*mut c_void>,
}

/// Options of a load that mean something here; all others are hints for a compiler.
const INFO_LOG: c_uint = 3;
const INFO_LOG_SIZE: c_uint = 4;
const ERROR_LOG: c_uint = 5;
const ERROR_LOG_SIZE: c_uint = 6;
/// The number of options there are.
const OPTIONS: c_uint = 36;

impl Logs {
    fn of(count: c_uint, options: Array<c_uint>, values: Array<*mut c_void>) -> Result<Logs> {
        let none = OutText::at(std::ptr::null_mut());
        let places = OutArray::at(values.pointer().cast_mut());
        let mut logs = Logs { info: none, info_size: None, error: none, error_size: None, values: places };
        let options = options.get_few("options", count as usize, OPTIONS as usize)?;
        let values = values.get("optionValues", count as usize)?;
        for (index, (option, value)) in options.into_iter().zip(values).enumerate() {
            match option {
                INFO_LOG => logs.info = OutText::at(value.cast::<c_char>()),
                INFO_LOG_SIZE => logs.info_size = Some((index, number(value) & 0xffff_ffff)),
                ERROR_LOG => logs.error = OutText::at(value.cast::<c_char>()),
                ERROR_LOG_SIZE => logs.error_size = Some((index, number(value) & 0xffff_ffff)),
                OPTIONS.. => return Err(Error::value("options", format!("{option} is no option"))),
                _ => {}
            }
        }
        Ok(logs)
    }

    /// Tells how a load went. The sizes become those of the texts.
    fn tell(&self, result: &Result<Arc<Module>>) -> Result {
        let (info, error) = match result {
            Ok(module) => (format!("loaded {} kernels", module.kernels().count()), String::new()),
            Err(error) => (String::new(), error.because.to_string()),
        };
        for (text, to, size) in [(info, self.info, self.info_size), (error, self.error, self.error_size)] {
            let Some((index, room)) = size else { continue };
            let written = if to.is_null() || room == 0 { 0 } else { to.write("optionValues", room, &text)? };
            self.values.set(index, std::ptr::without_provenance_mut(written));
        }
        Ok(())
    }
}

fn load_telling(
    cx: &Cx,
    image: &[u8],
    count: c_uint,
    options: Array<c_uint>,
    values: Array<*mut c_void>,
) -> Result<Arc<Module>> {
    let logs = Logs::of(count, options, values)?;
    let mut result = load(cx, image);
    // Who asks for complaints gets them all, and now.
    if let (Ok(module), true) = (&result, logs.error_size.is_some())
        && let Err(error) = module.check()
    {
        module.unload()?;
        result = Err(error);
    }
    logs.tell(&result)?;
    result
}

entries! {
    fn cuModuleLoad | hipModuleLoad (cx, module: Out<Handle>, path: Text) {
        let place = module.place("module")?;
        place.write(Handle(load(cx, &read_file(path)?)?.handle()));
        Ok(())
    }

    fn cuModuleLoadData | cuModuleLoadFatBinary | hipModuleLoadData | hipModuleLoadFatBinary (
        cx, module: Out<Handle>, image: Address
    ) {
        let place = module.place("module")?;
        place.write(Handle(load(cx, &image_at(image)?)?.handle()));
        Ok(())
    }

    fn cuModuleLoadDataEx | hipModuleLoadDataEx (
        cx, module: Out<Handle>, image: Address, count: c_uint, options: Array<c_uint>, values: Array<*mut c_void>
    ) {
        let place = module.place("module")?;
        let module = load_telling(cx, &image_at(image)?, count, options, values)?;
        place.write(Handle(module.handle()));
        Ok(())
    }

    fn cuModuleUnload | hipModuleUnload | cuLibraryUnload | hipLibraryUnload (cx, module: Handle) {
        cx.module(module)?.unload()
    }

    fn cuModuleGetFunction | hipModuleGetFunction | cuLibraryGetKernel | hipLibraryGetKernel (
        cx, function: Out<Handle>, module: Handle, name: Text
    ) {
        let place = function.place("hfunc")?;
        place.write(Handle(cx.module(module)?.function(&name.get("name")?)?.handle()));
        Ok(())
    }

    fn cuModuleGetGlobal_v2 | hipModuleGetGlobal | cuLibraryGetGlobal | hipLibraryGetGlobal (
        cx, address: Out<Address>, bytes: Out<usize>, module: Handle, name: Text
    ) {
        let module = cx.module(module)?;
        let global = module.global(&name.get("name")?)?;
        address.write(Address(global.address));
        bytes.write(global.bytes as usize);
        Ok(())
    }

    fn cuModuleGetFunctionCount | hipModuleGetFunctionCount (cx, count: Out<c_uint>, module: Handle) {
        let place = count.place("count")?;
        place.write(cx.module(module)?.kernels().count() as c_uint);
        Ok(())
    }

    fn cuLibraryGetKernelCount | hipLibraryGetKernelCount (cx, count: Out<c_uint>, module: Handle) {
        let place = count.place("count")?;
        place.write(cx.module(module)?.kernels().count() as c_uint);
        Ok(())
    }

    fn cuModuleEnumerateFunctions | hipModuleEnumerateFunctions | cuLibraryEnumerateKernels
        | hipLibraryEnumerateKernels (cx, functions: OutArray<Handle>, count: c_uint, module: Handle) {
        let module = cx.module(module)?;
        let names: Vec<String> = module.kernels().take(count as usize).map(str::to_owned).collect();
        let handles: Result<Vec<Handle>> =
            names.iter().map(|name| Ok(Handle(module.function(name)?.handle()))).collect();
        functions.write("functions", handles?)
    }

    // Kernels are compiled when they are first launched.
    fn cuModuleGetLoadingMode (cx, mode: Out<c_int>) {
        let place = mode.place("mode")?;
        cx.runtime()?;
        place.write(2);
        Ok(())
    }

    // A library is a module of the calling thread's context.
    fn cuLibraryLoadData | hipLibraryLoadData (
        cx, library: Out<Handle>, image: Address, options: Array<c_uint>, values: Array<*mut c_void>, count: c_uint,
        _library_options: Address, _library_values: Address, _library_count: c_uint
    ) {
        let place = library.place("library")?;
        let module = load_telling(cx, &image_at(image)?, count, options, values)?;
        place.write(Handle(module.handle()));
        Ok(())
    }

    fn cuLibraryLoadFromFile | hipLibraryLoadFromFile (
        cx, library: Out<Handle>, path: Text, options: Array<c_uint>, values: Array<*mut c_void>, count: c_uint,
        _library_options: Address, _library_values: Address, _library_count: c_uint
    ) {
        let place = library.place("library")?;
        let module = load_telling(cx, &read_file(path)?, count, options, values)?;
        place.write(Handle(module.handle()));
        Ok(())
    }

    fn cuLibraryGetModule | hipLibraryGetModule (cx, module: Out<Handle>, library: Handle) {
        let place = module.place("pMod")?;
        place.write(Handle(cx.module(library)?.handle()));
        Ok(())
    }
}
