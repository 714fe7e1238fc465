//! The memory a kernel sees outside of its own block, as a trait: the device provides it.

/// An access that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?} at {address:#x}, {bytes} bytes")]
pub struct MemoryFault {
    /// The first byte of the access.
    pub address: u64,
    /// Its size in bytes.
    pub bytes: u32,
    /// What is wrong with it.
    pub kind: MemoryFaultKind,
}

/// Why an access could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryFaultKind {
    /// Nothing is mapped there, or not for this kind of access.
    Unmapped,
    /// Not a multiple of the access's size.
    Misaligned,
}

/// What an atomic access does to the old value. Values travel in the low bits of a `u64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtomicOp {
    /// Old plus operand, integer of the access's width.
    Add,
    /// Old plus operand, `f32` or `f64` by width.
    AddFloat,
    /// Bitwise.
    And,
    /// Bitwise.
    Or,
    /// Bitwise.
    Xor,
    /// The operand.
    Exchange,
    /// `compare` equal to old: the operand; else unchanged.
    CompareExchange,
    /// Signed.
    MinSigned,
    /// Signed.
    MaxSigned,
    /// Unsigned.
    MinUnsigned,
    /// Unsigned.
    MaxUnsigned,
    /// `old >= operand ? 0 : old + 1`.
    IncrementWrap,
    /// `old == 0 || old > operand ? operand : old - 1`.
    DecrementWrap,
}

/// Global (and host) memory. Every access is checked: a bad one is an `Err`, never a crash.
///
/// Aligned accesses of up to 8 bytes are single accesses (they do not tear).
pub trait Memory: Sync {
    /// Reads `bytes` (1, 2, 4 or 8) at `address`, zero-extended.
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault>;

    /// Writes the low `bytes` (1, 2, 4 or 8) of `value` at `address`.
    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault>;

    /// One indivisible read-modify-write of 2, 4 or 8 bytes, sequentially consistent; returns the old value.
    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault>;

    /// Reads a run of bytes (strings of `vprintf`, constant data).
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault>;

    /// Writes a run of bytes.
    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault>;

    /// A sequentially consistent fence.
    fn fence(&self);
}
