//! Structs of the CUDA driver API.

use std::ffi::{c_char, c_int, c_longlong, c_uchar, c_uint, c_void};

use stream_hal::Properties;

use super::structs;
use crate::arg::{Address, Callback, Handle};

structs! {
    /// `CUdevprop`.
    DeviceProperties {
        max_threads_per_block: c_int,
        max_threads_dim: [c_int; 3],
        max_grid_size: [c_int; 3],
        shared_mem_per_block: c_int,
        total_constant_memory: c_int,
        simd_width: c_int,
        mem_pitch: c_int,
        regs_per_block: c_int,
        clock_rate: c_int,
        texture_align: c_int,
    }

    /// `CUDA_KERNEL_NODE_PARAMS_v1`.
    KernelNodeV1 {
        function: Handle,
        grid: [c_uint; 3],
        block: [c_uint; 3],
        shared_bytes: c_uint,
        parameters: *const *const c_void,
        extra: *const *const c_void,
    }

    /// `CUDA_KERNEL_NODE_PARAMS_v2` and `_v3`.
    KernelNode {
        v1: KernelNodeV1,
        kernel: Handle,
        context: Handle,
    }

    /// `CUDA_MEMSET_NODE_PARAMS_v1`.
    MemsetNode {
        to: Address,
        pitch: usize,
        value: c_uint,
        element_bytes: c_uint,
        width: usize,
        height: usize,
    }

    /// `CUDA_HOST_NODE_PARAMS_v1`.
    HostNode {
        function: Callback,
        data: Address,
    }

    /// `CUDA_MEMCPY2D`.
    Memcpy2D {
        from_x: usize,
        from_y: usize,
        from_kind: c_uint,
        from_host: Address,
        from_device: Address,
        from_array: Handle,
        from_pitch: usize,
        to_x: usize,
        to_y: usize,
        to_kind: c_uint,
        to_host: Address,
        to_device: Address,
        to_array: Handle,
        to_pitch: usize,
        width_bytes: usize,
        height: usize,
    }

    /// One end of a 3D copy: `CUDA_MEMCPY3D` and `CUDA_MEMCPY3D_PEER` begin with two of them.
    Side {
        x: usize,
        y: usize,
        z: usize,
        level: usize,
        kind: c_uint,
        host: Address,
        device: Address,
        array: Handle,
        context: Handle,
        pitch: usize,
        height: usize,
    }

    /// `CUDA_MEMCPY3D`, in which the contexts are reserved, and `CUDA_MEMCPY3D_PEER`.
    Memcpy3D {
        from: Side,
        to: Side,
        width_bytes: usize,
        height: usize,
        depth: usize,
    }

    /// `CUDA_MEMCPY_NODE_PARAMS`.
    MemcpyNode {
        flags: c_int,
        reserved: c_int,
        context: Handle,
        copy: Memcpy3D,
    }

    /// `CUgraphNodeParams`: what `body` holds is told by `kind`.
    NodeParams {
        kind: c_uint,
        reserved: [c_int; 3],
        body: [u64; 29],
        reserved_end: c_longlong,
    }

    /// `CUlaunchAttribute`: what `value` holds is told by `id`.
    LaunchAttribute {
        id: c_uint,
        padding: [c_char; 4],
        value: [u64; 8],
    }

    /// `CUlaunchConfig`.
    LaunchConfig {
        grid: [c_uint; 3],
        block: [c_uint; 3],
        shared_bytes: c_uint,
        stream: Handle,
        attributes: *const LaunchAttribute,
        count: c_uint,
    }

    /// `CUDA_GRAPH_INSTANTIATE_PARAMS`.
    InstantiateParams {
        flags: u64,
        upload_stream: Handle,
        error_node: Handle,
        result: c_uint,
    }

    /// `CUgraphEdgeData`.
    EdgeData {
        from_port: c_uchar,
        to_port: c_uchar,
        kind: c_uchar,
        reserved: [c_uchar; 5],
    }

    /// `CUgraphExecUpdateResultInfo`.
    UpdateResult {
        result: c_uint,
        error_node: Handle,
        error_from_node: Handle,
    }

    /// `CUctxCreateParams`: neither affinity nor graphics is there to ask for.
    ContextParams {
        affinity: Address,
        affinity_count: c_int,
        graphics: Address,
    }
}

impl DeviceProperties {
    /// What a device is, in the oldest form of the question.
    pub fn of(p: &Properties) -> DeviceProperties {
        DeviceProperties {
            max_threads_per_block: p.max_threads_per_block as c_int,
            max_threads_dim: p.max_block.map(|n| n as c_int),
            max_grid_size: p.max_grid.map(|n| n as c_int),
            shared_mem_per_block: p.shared_per_block as c_int,
            total_constant_memory: p.constant_memory as c_int,
            simd_width: p.warp_size as c_int,
            mem_pitch: c_int::MAX,
            regs_per_block: p.registers_per_block as c_int,
            clock_rate: p.clock_khz as c_int,
            texture_align: 512,
        }
    }
}
