//! Where CUDA, HIP 7 and HIP 6 part: one named field per difference, one constant per API.
//!
//! The runtime branches on these fields and never on an API.

/// Which API a call came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// The CUDA driver API.
    Cuda,
    /// HIP.
    Hip,
}

/// What an allocation of no bytes gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroSize {
    /// Success and a null address.
    Null,
    /// An invalid value.
    Refuse,
}

/// When a thread's last error changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastError {
    /// Every call stores its result, success too.
    EveryCall,
    /// Failures stay until fetched; success and "not ready" are not stored.
    Sticky,
}

/// What decides the context of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// A stack of contexts per thread, empty at first.
    Stack,
    /// A device per thread, 0 at first; its primary context.
    Device,
}

/// The rules of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The API.
    pub api: Api,
    /// An allocation of no bytes.
    pub zero_size_alloc: ZeroSize,
    /// The thread's last error.
    pub last_error: LastError,
    /// What decides the context of a call.
    pub current: Current,
    /// A launch with more threads or blocks than allowed is an invalid configuration, not an
    /// invalid value.
    pub launch_limits_are_configuration: bool,
    /// A pointer the runtime does not know has attributes ("unregistered") instead of being refused.
    pub unknown_pointer_has_attributes: bool,
    /// The DOT writer's flags are compared whole instead of bit by bit.
    pub dot_flags_whole: bool,
    /// A fill node's description in HIP's driver words has its fields in CUDA's order.
    pub driver_fill_in_cuda_order: bool,
    /// The version that the driver and runtime report.
    pub version: i32,
}

/// The CUDA driver API, version 13.
pub const CUDA: Rules = Rules {
    api: Api::Cuda,
    zero_size_alloc: ZeroSize::Refuse,
    last_error: LastError::Sticky,
    current: Current::Stack,
    launch_limits_are_configuration: false,
    unknown_pointer_has_attributes: false,
    dot_flags_whole: false,
    driver_fill_in_cuda_order: true,
    version: 13_000,
};

/// HIP 7.
pub const HIP_7: Rules = Rules {
    api: Api::Hip,
    zero_size_alloc: ZeroSize::Null,
    last_error: LastError::Sticky,
    current: Current::Device,
    launch_limits_are_configuration: true,
    unknown_pointer_has_attributes: true,
    dot_flags_whole: true,
    driver_fill_in_cuda_order: false,
    version: 70_000_000,
};

/// HIP 6, where it differs from 7.
pub const HIP_6: Rules = Rules {
    last_error: LastError::EveryCall,
    launch_limits_are_configuration: false,
    driver_fill_in_cuda_order: true,
    version: 60_300_000,
    ..HIP_7
};
