//! Structs of memory pools, alike in both APIs.

use std::ffi::{c_int, c_uchar, c_uint, c_ushort};

use super::structs;
use crate::arg::Address;

structs! {
    /// `CUmemLocation`, `hipMemLocation`.
    Location {
        kind: c_uint,
        id: c_int,
    }

    /// `CUmemAccessDesc`, `hipMemAccessDesc`.
    Access {
        location: Location,
        flags: c_uint,
    }

    /// `CUmemPoolProps`, `hipMemPoolProps`.
    PoolProperties {
        allocation_kind: c_uint,
        handle_types: c_uint,
        location: Location,
        security: Address,
        most_bytes: usize,
        usage: c_ushort,
        more: c_uchar,
        reserved: [c_uchar; 53],
    }
}
