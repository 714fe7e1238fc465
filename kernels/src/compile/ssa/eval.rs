//! Runs functions of any stage, slowly and with every check: the oracle of the passes' tests.
//!
//! ```ignore
//! let mut world = World::new([64, 1, 1], 4096);       // threads of a block, bytes of global memory
//! world.set_parameters(&[world.pointer(0), 17]);       // 8 bytes each; or write `world.parameters`
//! eval::run(&function, Stage::Threads, &mut world)?;   // an error: a fault, a trap, or a rule that was broken
//! assert_eq!(world.words(0..4), [1, 2, 3, 4]);         // global memory, as u32
//! ```
//! Every pass is tested by running the function before and after it in equal worlds: [`same`] does that.
//!
//! - **Threads**: thread after thread, each up to a barrier or a warp op, where it waits for the others.
//! - **Masked**: gang after gang (`world.gang` threads), in lock step. A branch whose condition differs among lanes of a gang
//!   that know better is an error. Lanes that a load was masked off for do not know: they have zero, and what is computed of
//!   that is not asked at branches.
//! - **Vectors**: the function is called once for all blocks of the grid. The context is at [`CONTEXT`] and laid out as
//!   [`Context`](crate::compile::Context) is.
//!
//! Addresses: see the constants. Shared memory is as large as `world.shared_bytes`, local memory as the function says.

mod engine;
mod vectors;
mod warp;

use super::verify::{Stage, verify};
use super::{Access, Function, Type};
use crate::ir::op::{Runtime, Space};

/// Where global memory starts. No address has 32 bits, so cut ones are noticed.
pub const GLOBAL: u64 = 0x7_0001_0000;
/// Where the parameters are.
pub const PARAMETERS: u64 = 0x8_1000_0000;
/// Where the block's shared memory starts.
pub const SHARED: u64 = 0xa_0000_0000;
/// Where the first thread's local memory starts.
pub const LOCAL: u64 = 0xb_3000_0000;
/// Where the context of vector code is.
pub const CONTEXT: u64 = 0xc_4000_0000;
/// Where the frames of gangs are.
pub const FRAMES: u64 = 0xd_5000_0000;

/// Everything a kernel sees.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Blocks.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Global memory.
    pub global: Vec<u8>,
    /// The packed parameters.
    pub parameters: Vec<u8>,
    /// Bytes of shared memory.
    pub shared_bytes: u32,
    /// How much of that is dynamic.
    pub dynamic_shared_bytes: u32,
    /// Threads of a gang, for masked code.
    pub gang: u32,
    /// Calls of the runtime, in order, with their arguments.
    pub calls: Vec<(Runtime, Vec<u64>)>,
    /// Insts until a run is given up.
    pub fuel: u64,
}

/// What went wrong, or the result.
pub type Outcome<T = ()> = Result<T, String>;

impl World {
    /// One block of so many threads, and so many bytes of global memory, zero.
    pub fn new(block: [u32; 3], global_bytes: usize) -> World {
        World {
            grid: [1; 3],
            block,
            global: vec![0; global_bytes],
            parameters: vec![0; 256],
            shared_bytes: 48 << 10,
            dynamic_shared_bytes: 0,
            gang: 32,
            calls: Vec::new(),
            fuel: 4_000_000,
        }
    }

    /// The address of a byte of global memory.
    pub fn pointer(&self, offset: u64) -> u64 {
        GLOBAL + offset
    }

    /// Parameters of 8 bytes each.
    pub fn set_parameters(&mut self, values: &[u64]) {
        self.parameters = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    }

    /// Words of global memory, by their numbers.
    pub fn words(&self, range: std::ops::Range<usize>) -> Vec<u32> {
        let word = |at: usize| self.global[at * 4..at * 4 + 4].try_into().map(u32::from_le_bytes);
        range.map(|at| word(at).expect("four bytes")).collect()
    }

    /// Writes words from a number on.
    pub fn set_words(&mut self, at: usize, words: &[u32]) {
        for (at, word) in (at..).zip(words) {
            self.global[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Threads of a block.
    pub fn threads(&self) -> u32 {
        self.block.iter().product()
    }
}

/// What vector code says of a block that is not for it.
pub const WRAPS: &str = "an index wraps";

/// Runs all blocks. The function is verified first.
pub fn run(function: &Function, stage: Stage, world: &mut World) -> Outcome {
    verify(function, stage)?;
    match stage {
        Stage::Threads | Stage::Masked => engine::run(function, stage, world),
        Stage::Vectors => vectors::run(function, world),
    }
}

/// Two functions, each in its stage, leave equal worlds behind (or both fail).
#[track_caller]
pub fn same(before: (&Function, Stage), after: (&Function, Stage), world: &World) {
    let (mut first, mut second) = (world.clone(), world.clone());
    let results = [run(before.0, before.1, &mut first), run(after.0, after.1, &mut second)];
    assert_eq!(results[0].is_ok(), results[1].is_ok(), "{results:?}\n{}\n{}", before.0, after.0);
    let differs = first.global.iter().zip(&second.global).position(|(a, b)| a != b);
    if let (Ok(()), Some(at)) = (&results[0], differs) {
        let (a, b) = (first.global[at], second.global[at]);
        panic!("byte {at}: {a:#x} before, {b:#x} after\n{}\n{}", before.0, after.0);
    }
    assert_eq!(first.calls, second.calls, "{}\n{}", before.0, after.0);
}

/// The memory of a run: what the world has, and what belongs to the block.
struct Memory<'w> {
    world: &'w mut World,
    shared: Vec<u8>,
    local: Vec<u8>,
    stride: u64,
    context: Vec<u8>,
    frames: Vec<u8>,
}

impl<'w> Memory<'w> {
    fn new(function: &Function, world: &'w mut World) -> Memory<'w> {
        let stride = u64::from(function.local_bytes.next_multiple_of(16));
        let shared = vec![0; world.shared_bytes as usize];
        // Gangs may be larger than what is left of the block.
        let threads = world.threads().next_multiple_of(256) as usize;
        let local = vec![0; stride as usize * threads];
        Memory { world, shared, local, stride, context: Vec::new(), frames: Vec::new() }
    }

    /// For a new block.
    fn clear(&mut self) {
        self.shared.fill(0);
        self.local.fill(0);
    }

    fn place(&mut self, address: u64, bytes: u64) -> Outcome<&mut [u8]> {
        let regions = [
            (GLOBAL, &mut self.world.global),
            (PARAMETERS, &mut self.world.parameters),
            (SHARED, &mut self.shared),
            (LOCAL, &mut self.local),
            (CONTEXT, &mut self.context),
            (FRAMES, &mut self.frames),
        ];
        for (start, region) in regions {
            let Some(offset) = address.checked_sub(start) else { continue };
            if offset.checked_add(bytes).is_some_and(|end| end <= region.len() as u64) {
                return Ok(&mut region[offset as usize..(offset + bytes) as usize]);
            }
        }
        Err(format!("nothing at {address:#x}, {bytes} bytes"))
    }

    fn load(&mut self, address: u64, bytes: u8) -> Outcome<u64> {
        let mut word = [0; 8];
        word[..bytes.into()].copy_from_slice(self.place(address, bytes.into())?);
        Ok(u64::from_le_bytes(word))
    }

    fn store(&mut self, address: u64, bytes: u8, value: u64) -> Outcome {
        if (PARAMETERS..PARAMETERS + 4096).contains(&address) {
            return Err("a write to a parameter".to_owned());
        }
        self.place(address, bytes.into())?.copy_from_slice(&value.to_le_bytes()[..bytes.into()]);
        Ok(())
    }

    /// A loaded element, as wide as its type and extended as the access says.
    fn load_element(&mut self, access: &Access, address: u64, ty: Type) -> Outcome<u64> {
        let value = self.load(address, access.bytes)?;
        let shift = 64 - u32::from(access.bytes) * 8;
        let value = if access.signed { ((value << shift) as i64 >> shift) as u64 } else { value };
        Ok(cut(value, ty.bits()))
    }

    /// The machine's address of a thread's access.
    fn address(&self, access: &Access, address: u64, ty: Type, thread: u32) -> u64 {
        let sum = address.wrapping_add(access.offset as u64);
        let own = if ty == Type::I32 { i64::from(sum as i32) as u64 } else { sum };
        match access.space {
            Space::Generic | Space::Global | Space::Const => sum,
            Space::Shared => SHARED.wrapping_add(i64::from(sum as i32) as u64),
            Space::Local => self.start(Space::Local, thread).wrapping_add(own),
            Space::Param => PARAMETERS.wrapping_add(own),
        }
    }

    /// Where a space starts.
    fn start(&self, space: Space, thread: u32) -> u64 {
        match space {
            Space::Shared => SHARED,
            Space::Local => LOCAL + u64::from(thread) * self.stride,
            Space::Param => PARAMETERS,
            Space::Generic | Space::Global | Space::Const => 0,
        }
    }

    fn is_in(&self, address: u64, space: Space) -> bool {
        let within = |start: u64, bytes: usize| (start..start + bytes as u64).contains(&address);
        let (shared, local) = (within(SHARED, self.shared.len()), within(LOCAL, self.local.len()));
        match space {
            Space::Generic => true,
            Space::Const => false,
            Space::Shared => shared,
            Space::Local => local,
            Space::Param => within(PARAMETERS, self.world.parameters.len()),
            Space::Global => !shared && !local,
        }
    }
}

fn cut(value: u64, bits: u32) -> u64 {
    if bits >= 64 { value } else { value & ((1 << bits) - 1) }
}

#[cfg(test)]
mod tests;
