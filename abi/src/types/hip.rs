//! Structs of HIP.

use std::ffi::{c_int, c_uchar, c_uint, c_ulonglong, c_void};

use super::structs;
use crate::arg::{Address, Handle};

structs! {
    /// `hipKernelNodeParams`.
    KernelNode {
        block: [c_uint; 3],
        extra: *const *const c_void,
        function: Address,
        grid: [c_uint; 3],
        parameters: *const *const c_void,
        shared_bytes: c_uint,
    }

    /// `hipMemsetParams`.
    MemsetNode {
        to: Address,
        element_bytes: c_uint,
        height: usize,
        pitch: usize,
        value: c_uint,
        width: usize,
    }

    /// `hipPitchedPtr`.
    Pitched {
        address: Address,
        pitch: usize,
        width: usize,
        height: usize,
    }

    /// `hipPos`.
    Position {
        x: usize,
        y: usize,
        z: usize,
    }

    /// `hipExtent`.
    Extent {
        width: usize,
        height: usize,
        depth: usize,
    }

    /// `hipMemcpy3DParms`.
    Memcpy3D {
        from_array: Handle,
        from_position: Position,
        from: Pitched,
        to_array: Handle,
        to_position: Position,
        to: Pitched,
        extent: Extent,
        kind: c_uint,
    }

    /// One end of a `HIP_MEMCPY3D`, which has no place for a context.
    Side {
        x: usize,
        y: usize,
        z: usize,
        level: usize,
        kind: c_uint,
        host: Address,
        device: Address,
        array: Handle,
        pitch: usize,
        height: usize,
    }

    /// `HIP_MEMCPY3D`.
    DriverMemcpy3D {
        from: Side,
        to: Side,
        width_bytes: usize,
        height: usize,
        depth: usize,
    }

    /// `hipPointerAttribute_t`.
    PointerAttributes {
        kind: c_uint,
        device: c_int,
        device_pointer: Address,
        host_pointer: Address,
        is_managed: c_int,
        flags: c_uint,
    }

    /// `hipFuncAttributes`.
    FunctionAttributes {
        binary_version: c_int,
        cache_mode: c_int,
        constant_bytes: usize,
        local_bytes: usize,
        max_dynamic_shared: c_int,
        max_threads_per_block: c_int,
        registers: c_int,
        carveout: c_int,
        ptx_version: c_int,
        shared_bytes: usize,
    }

    /// `hipMemcpyNodeParams`.
    MemcpyNode {
        flags: c_int,
        reserved: [c_int; 3],
        copy: Memcpy3D,
    }

    /// `hipLaunchConfig_t`.
    LaunchConfig {
        grid: [c_uint; 3],
        block: [c_uint; 3],
        shared_bytes: usize,
        stream: Handle,
        attributes: *const super::cuda::LaunchAttribute,
        count: c_uint,
    }

    /// `hipGraphInstantiateParams`.
    InstantiateParams {
        error_node: Handle,
        flags: c_ulonglong,
        result: c_uint,
        upload_stream: Handle,
    }

    /// `hipGraphEdgeData`.
    EdgeData {
        from_port: c_uchar,
        reserved: [c_uchar; 5],
        to_port: c_uchar,
        kind: c_uchar,
    }
}

/// `dim3`, passed by value.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dim3 {
    pub x: c_uint,
    pub y: c_uint,
    pub z: c_uint,
}

// SAFETY: three integers.
unsafe impl crate::arg::Plain for Dim3 {}

impl Dim3 {
    /// As a list.
    pub fn list(self) -> [u32; 3] {
        [self.x, self.y, self.z]
    }
}
