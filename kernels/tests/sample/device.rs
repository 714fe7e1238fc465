//! A device for the sample tests: one arena of memory with gaps between allocations, and one thread that runs blocks.

use std::sync::{Arc, Mutex, MutexGuard};

use stream_hal_kernels::{
    AtomicOp, Host, KernelFault, Launch, Memory, MemoryFault, Module, Program, Scratch,
    memory::MemoryFaultKind,
};

/// Where the arena starts: nothing lies below.
const BASE: u64 = 0x7f00_0000_0000;
/// Unmapped bytes after each allocation, so that a stray access is a fault.
const GAP_BYTES: u64 = 4096;

#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    /// Start and size of each allocation, as offsets into `bytes`, ascending.
    allocations: Vec<(u64, u64)>,
}

impl Arena {
    /// The index of the byte at `address` if `size` bytes there belong to one allocation.
    fn place(&self, address: u64, size: u64) -> Result<usize, MemoryFault> {
        let fault = |kind| MemoryFault { address, bytes: size as u32, kind };
        let offset = address.checked_sub(BASE).ok_or(fault(MemoryFaultKind::Unmapped))?;
        let after = self.allocations.partition_point(|&(start, _)| start <= offset);
        match after.checked_sub(1).map(|index| self.allocations[index]) {
            Some((start, bytes)) if offset + size <= start + bytes => Ok(offset as usize),
            _ => Err(fault(MemoryFaultKind::Unmapped)),
        }
    }

    fn number(&self, address: u64, bytes: u32) -> Result<(usize, u64), MemoryFault> {
        let at = self.place(address, bytes.into())?;
        if !address.is_multiple_of(bytes.into()) {
            return Err(MemoryFault { address, bytes, kind: MemoryFaultKind::Misaligned });
        }
        let mut value = [0; 8];
        value[..bytes as usize].copy_from_slice(&self.bytes[at..at + bytes as usize]);
        Ok((at, u64::from_le_bytes(value)))
    }
}

/// See the module.
#[derive(Default)]
pub struct Device(Mutex<Arena>);

/// One kernel argument.
#[derive(Clone, Copy)]
pub enum Argument {
    /// An address, or any 64-bit number.
    Long(u64),
    /// A 32-bit number.
    Word(u32),
    /// A float.
    Float(f32),
}

impl Device {
    fn arena(&self) -> MutexGuard<'_, Arena> {
        self.0.lock().unwrap()
    }

    /// Memory with the given content; its address.
    pub fn upload<T: Value>(&self, values: &[T]) -> u64 {
        let mut arena = self.arena();
        let start = arena.bytes.len() as u64;
        let content: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
        arena.allocations.push((start, content.len() as u64));
        arena.bytes.extend(content);
        let end = (arena.bytes.len() as u64 + GAP_BYTES).next_multiple_of(256);
        arena.bytes.resize(end as usize, 0xcd);
        BASE + start
    }

    /// `count` values at `address`.
    pub fn download<T: Value>(&self, address: u64, count: usize) -> Vec<T> {
        let mut bytes = vec![0; count * size_of::<T>()];
        self.read(address, &mut bytes).unwrap();
        bytes.chunks_exact(size_of::<T>()).map(T::from_bytes).collect()
    }

    /// Runs every block of a launch, in order.
    pub fn launch(
        &self,
        ptx: &str,
        kernel: &str,
        [grid, block]: [[u32; 3]; 2],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<(), KernelFault> {
        let program = load(ptx);
        let index = program.module().kernels().iter().position(|one| one.name == kernel).expect(kernel);
        let parameters = pack(&program, index, arguments);
        let launch = Launch { grid, block, shared_bytes, parameters: &parameters, ..Launch::default() };
        let mut scratch = Scratch::default();
        for z in 0..grid[2] {
            for y in 0..grid[1] {
                for x in 0..grid[0] {
                    program.run_block(index, &launch, [x, y, z], self, self, &mut scratch)?;
                }
            }
        }
        Ok(())
    }
}

/// The samples have no variables in global memory, so there are no addresses to give.
fn load(ptx: &str) -> Program {
    let module = Module::parse(ptx).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(module.globals().is_empty());
    for (at, kernel) in module.kernels().iter().enumerate() {
        let resources = module.resources(at).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(resources.unsupported, None, "{}", kernel.name);
    }
    Arc::new(module).link(&[]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn pack(program: &Program, kernel: usize, arguments: &[Argument]) -> Vec<u8> {
    let kernel = &program.module().kernels()[kernel];
    assert_eq!(kernel.parameters.len(), arguments.len(), "{}", kernel.name);
    let mut packed = vec![0; kernel.parameter_bytes as usize];
    for (place, argument) in kernel.parameters.iter().zip(arguments) {
        let bytes = match argument {
            Argument::Long(value) => value.to_le_bytes().to_vec(),
            Argument::Word(value) => value.to_le_bytes().to_vec(),
            Argument::Float(value) => value.to_le_bytes().to_vec(),
        };
        assert_eq!(place.bytes as usize, bytes.len(), "{}", kernel.name);
        packed[place.offset as usize..][..bytes.len()].copy_from_slice(&bytes);
    }
    packed
}

impl Memory for Device {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        self.arena().number(address, bytes).map(|(_, value)| value)
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        let mut arena = self.arena();
        let (at, _) = arena.number(address, bytes)?;
        arena.bytes[at..at + bytes as usize].copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    /// Only what the samples use.
    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        _compare: u64,
    ) -> Result<u64, MemoryFault> {
        let mut arena = self.arena();
        let (at, old) = arena.number(address, bytes)?;
        let new = match op {
            AtomicOp::Add => old.wrapping_add(operand),
            AtomicOp::MaxUnsigned => old.max(operand),
            other => panic!("no sample uses {other:?}"),
        };
        arena.bytes[at..at + bytes as usize].copy_from_slice(&new.to_le_bytes()[..bytes as usize]);
        Ok(old)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        let arena = self.arena();
        let at = arena.place(address, into.len() as u64)?;
        into.copy_from_slice(&arena.bytes[at..at + into.len()]);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        let mut arena = self.arena();
        let at = arena.place(address, from.len() as u64)?;
        arena.bytes[at..at + from.len()].copy_from_slice(from);
        Ok(())
    }

    fn fence(&self) {}
}

impl Host for Device {
    fn print(&self, text: &[u8]) {
        panic!("no sample prints, got {}", text.escape_ascii());
    }

    fn clock_ns(&self) -> u64 {
        0
    }

    fn should_stop(&self) -> bool {
        false
    }
}

/// A plain number as device memory holds it.
pub trait Value: Copy {
    fn bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Self;
}

macro_rules! value {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn from_bytes(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap())
            }
        }
    )*};
}

value!(u8, u32, f32);
