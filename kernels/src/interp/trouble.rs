//! What goes wrong inside of a step, before it is known where that is.

use crate::fault::FaultKind;
use crate::memory::{MemoryFault, MemoryFaultKind};

/// A fault of one lane.
#[derive(Debug)]
pub struct Trouble {
    /// What.
    pub kind: FaultKind,
    /// The lane.
    pub lane: u32,
    /// Of an access.
    pub address: u64,
    /// For people.
    pub words: String,
}

/// What steps return.
pub type Outcome<T> = Result<T, Box<Trouble>>;

/// A fault without an address.
pub fn trouble<T>(kind: FaultKind, lane: u32, words: impl Into<String>) -> Outcome<T> {
    Err(Box::new(Trouble { kind, lane, address: 0, words: words.into() }))
}

/// A bad access.
pub fn bad_access<T>(lane: u32, address: u64, bytes: u32, misaligned: bool) -> Outcome<T> {
    let (kind, what) = match misaligned {
        true => (FaultKind::MisalignedAddress, "misaligned"),
        false => (FaultKind::IllegalAddress, "illegal"),
    };
    let words = format!("{what} access of {bytes} bytes at {address:#x}");
    Err(Box::new(Trouble { kind, lane, address, words }))
}

/// What [`crate::Memory`] refused.
pub fn memory_fault(lane: u32, fault: MemoryFault) -> Box<Trouble> {
    let misaligned = fault.kind == MemoryFaultKind::Misaligned;
    match bad_access::<()>(lane, fault.address, fault.bytes, misaligned) {
        Err(trouble) => trouble,
        Ok(()) => unreachable!("it always refuses"),
    }
}

/// The first lane of a mask.
pub fn first(mask: u32) -> u32 {
    mask.trailing_zeros().min(31)
}
