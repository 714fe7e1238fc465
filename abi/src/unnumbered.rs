//! Functions whose answer is no result of a call: names, texts, last errors, descriptors.

use std::ffi::{c_char, c_int, c_uint};
use std::ptr::null;

use stream_hal::rules::Api;

use crate::arg::Out;
use crate::entry::Row;
use crate::{code, last};

/// Exports functions with any answer. Their bodies do not panic.
macro_rules! unnumbered {
    ($(fn $symbol:ident ($($argument:ident: $type:ty),*) $(-> $answer:ty)? $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $symbol($($argument: $type),*) $(-> $answer)? $body
        )*

        /// The functions of this file by name.
        pub(crate) const TABLE: &[Row] = &[$(Row::new(stringify!($symbol), $symbol as *const ()),)*];
    };
}

/// The format of an array's elements: bits of each part, and what kind of number they are.
#[repr(C)]
struct ChannelFormat {
    bits: [c_int; 4],
    kind: c_uint,
}

unnumbered! {
    fn hipGetErrorName(error: c_int) -> *const c_char {
        code::name(Api::Hip, error).unwrap_or(c"hipErrorUnknown").as_ptr()
    }

    fn hipGetErrorString(error: c_int) -> *const c_char {
        code::text(Api::Hip, error).unwrap_or(c"unknown error").as_ptr()
    }

    fn hiprtcGetErrorString(result: c_int) -> *const c_char {
        code::compiler_name(result).as_ptr()
    }

    fn hipGetLastError() -> c_int {
        last::take()
    }

    fn hipPeekAtLastError() -> c_int {
        last::peek()
    }

    fn hipExtGetLastError() -> c_int {
        last::latest()
    }

    fn hipCreateChannelDesc(x: c_int, y: c_int, z: c_int, w: c_int, kind: c_uint) -> ChannelFormat {
        ChannelFormat { bits: [x, y, z, w], kind }
    }

    fn hipApiName(_id: u32) -> *const c_char {
        c"unknown".as_ptr()
    }

    fn hipGetCmdName(_id: u32) -> *const c_char {
        c"unknown".as_ptr()
    }

    fn __hipGetPCH(header: Out<*const c_char>, size: Out<c_uint>) {
        header.write(null());
        size.write(0);
    }
}
