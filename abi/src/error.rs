//! What numbers are called, and HIP's last error.

use std::ffi::{CStr, c_char, c_int};

use stream_hal::error::Error;

use crate::arg::Out;
use crate::code;
use crate::entry::entries;

entries! {
    fn cuGetErrorName | hipDrvGetErrorName (cx, error: c_int, name: Out<*const c_char>) {
        let name = name.place("pStr")?;
        answer(name, code::name(cx.symbol.api, error), error)
    }

    fn cuGetErrorString | hipDrvGetErrorString (cx, error: c_int, text: Out<*const c_char>) {
        let text = text.place("pStr")?;
        answer(text, code::text(cx.symbol.api, error), error)
    }
}

/// A number the API does not have is an invalid value, and the answer is null.
fn answer(
    place: crate::arg::Place<*const c_char>,
    found: Option<&'static CStr>,
    error: c_int,
) -> stream_hal::error::Result {
    place.write(found.map_or(std::ptr::null(), CStr::as_ptr));
    match found {
        Some(_) => Ok(()),
        None => Err(Error::value("error", format!("{error} is no error number"))),
    }
}
