//! What compiled code and the side that runs it share in memory: one record a worker.

/// Bytes of [`Context::buffer`].
pub const BUFFER_BYTES: usize = 16384;

/// The record. Compiled code gets its address and reaches fields by their offsets; all addresses are the machine's own.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Context {
    /// Zeros that a load goes to when no thread asks for it.
    pub zeros: [u64; 8],
    /// The packed parameters.
    pub parameters: u64,
    /// The start of the block's shared memory; offsets from 2 GiB before to 2 GiB behind are reserved.
    pub shared: u64,
    /// Bytes of it.
    pub shared_bytes: u64,
    /// The start of the first thread's local memory.
    pub local: u64,
    /// From one thread's to the next.
    pub local_stride: u64,
    /// Frames of the gangs.
    pub frames: u64,
    /// A word that others set (not 0) to stop the kernel.
    pub stop: u64,
    /// `extern "sysv64" fn(*mut Context, call: u32) -> u32`: a call of the runtime; not 0: leave.
    pub runtime: u64,
    /// Where the runtime finds what it needs to know; compiled code does not look at it.
    pub host: u64,
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Dynamic shared memory in bytes.
    pub dynamic_shared_bytes: u32,
    /// `%gridid`.
    pub grid_id: u64,
    /// `%smid`, `%nsmid`.
    pub processor: [u32; 2],
    /// Where the stack stood when the function was entered; fix-ups leave by it.
    pub stack: u64,
    /// The block that runs.
    pub block: [u32; 3],
    /// The first thread of the gang that runs, counted within the block.
    pub thread: u32,
    /// After a fault: its site.
    pub fault_site: u32,
    /// After a fault: the first thread of the vector, counted from that of the gang.
    pub fault_thread: u32,
    /// After a fault: the lanes that asked (of a gather: those not served yet).
    pub fault_mask: u64,
    /// After a fault: the address, as the signal handler wrote it.
    pub fault_address: u64,
    /// Arguments and results of calls.
    pub buffer: Buffer,
}

/// See [`Context::buffer`].
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Buffer(pub [u64; BUFFER_BYTES / 8]);

impl Default for Context {
    fn default() -> Self {
        Context {
            zeros: [0; 8],
            parameters: 0,
            shared: 0,
            shared_bytes: 0,
            local: 0,
            local_stride: 0,
            frames: 0,
            stop: 0,
            runtime: 0,
            host: 0,
            grid: [1; 3],
            dynamic_shared_bytes: 0,
            grid_id: 0,
            processor: [0, 1],
            stack: 0,
            block: [0; 3],
            thread: 0,
            fault_site: 0,
            fault_thread: 0,
            fault_mask: 0,
            fault_address: 0,
            buffer: Buffer([0; BUFFER_BYTES / 8]),
        }
    }
}
