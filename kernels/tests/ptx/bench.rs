//! A small device for tests: memory in one vector, a host that keeps what is printed, and launches of whole grids.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use stream_hal_kernels::memory::MemoryFaultKind;
use stream_hal_kernels::{AtomicOp, Host, KernelFault, Launch, Memory, MemoryFault, Module, Program};

use crate::runner::{self, Job, Piece};

/// Where the memory starts: nothing of a process lies there, so that real memory may stand in for it.
pub const BASE: u64 = 0x2000_0000_0000;

/// Words of 8 bytes at [`BASE`].
pub struct Ram {
    words: Vec<AtomicU64>,
    /// Words from here on were never written.
    used: AtomicUsize,
}

impl Ram {
    pub fn new(bytes: usize) -> Self {
        let words = (0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect();
        Ram { words, used: AtomicUsize::new(0) }
    }

    fn piece(&self) -> Piece {
        let bytes = self.words.len() as u64 * 8;
        Piece { range: BASE..BASE + bytes, used: self.used.load(Ordering::Relaxed) as u64 * 8 }
    }

    fn word(&self, address: u64, bytes: u32) -> Result<(&AtomicU64, u32), MemoryFault> {
        let fault = |kind| MemoryFault { address, bytes, kind };
        let offset = address.wrapping_sub(BASE);
        let word = self.words.get((offset / 8) as usize).ok_or(fault(MemoryFaultKind::Unmapped))?;
        if !offset.is_multiple_of(u64::from(bytes)) {
            return Err(fault(MemoryFaultKind::Misaligned));
        }
        Ok((word, (offset % 8) as u32 * 8))
    }
}

fn mask(bytes: u32) -> u64 {
    u64::MAX >> (64 - bytes * 8)
}

impl Memory for Ram {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        let (word, shift) = self.word(address, bytes)?;
        Ok(word.load(Ordering::SeqCst) >> shift & mask(bytes))
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        let (word, shift) = self.word(address, bytes)?;
        self.used.fetch_max(((address - BASE) / 8) as usize + 1, Ordering::Relaxed);
        let old = word.load(Ordering::SeqCst);
        word.store(old & !(mask(bytes) << shift) | (value & mask(bytes)) << shift, Ordering::SeqCst);
        Ok(())
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault> {
        let old = self.load(address, bytes)?;
        let float = |old: u64| match bytes {
            4 => u64::from((f32::from_bits(old as u32) + f32::from_bits(operand as u32)).to_bits()),
            _ => (f64::from_bits(old) + f64::from_bits(operand)).to_bits(),
        };
        let shift = 64 - bytes * 8;
        let signed = |value: u64| (value << shift) as i64;
        let new = match op {
            AtomicOp::Add => old.wrapping_add(operand),
            AtomicOp::AddFloat => float(old),
            // Pairs of small floats have tests of their own.
            AtomicOp::AddHalf | AtomicOp::MinHalf | AtomicOp::MaxHalf => op.apply(bytes, old, operand, 0),
            AtomicOp::AddBrain | AtomicOp::MinBrain | AtomicOp::MaxBrain => op.apply(bytes, old, operand, 0),
            AtomicOp::And => old & operand,
            AtomicOp::Or => old | operand,
            AtomicOp::Xor => old ^ operand,
            AtomicOp::Exchange => operand,
            AtomicOp::CompareExchange if old == compare => operand,
            AtomicOp::CompareExchange => old,
            AtomicOp::MinSigned => {
                if signed(old) < signed(operand) {
                    old
                } else {
                    operand
                }
            }
            AtomicOp::MaxSigned => {
                if signed(old) > signed(operand) {
                    old
                } else {
                    operand
                }
            }
            AtomicOp::MinUnsigned => old.min(operand),
            AtomicOp::MaxUnsigned => old.max(operand),
            AtomicOp::IncrementWrap => {
                if old >= operand {
                    0
                } else {
                    old + 1
                }
            }
            AtomicOp::DecrementWrap => {
                if old == 0 || old > operand {
                    operand
                } else {
                    old - 1
                }
            }
        };
        self.store(address, bytes, new)?;
        Ok(old)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        let mut at = address;
        for part in into.chunks_mut(8) {
            if part.len() == 8 && at.is_multiple_of(8) {
                part.copy_from_slice(&self.load(at, 8)?.to_le_bytes());
            } else {
                for (offset, byte) in (at..).zip(&mut *part) {
                    *byte = self.load(offset, 1)? as u8;
                }
            }
            at += part.len() as u64;
        }
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        let mut at = address;
        for part in from.chunks(8) {
            match <[u8; 8]>::try_from(part) {
                Ok(word) if at.is_multiple_of(8) => self.store(at, 8, u64::from_le_bytes(word))?,
                _ => (at..).zip(part).try_for_each(|(at, &byte)| self.store(at, 1, u64::from(byte)))?,
            }
            at += part.len() as u64;
        }
        Ok(())
    }

    fn fence(&self) {}
}

/// Keeps what is printed; stops a kernel that asked too often whether it should.
#[derive(Default)]
pub struct Paper {
    pub text: Mutex<String>,
    pub asked: AtomicU32,
    pub patience: u32,
    pub conditional: AtomicU64,
}

impl Host for Paper {
    fn print(&self, text: &[u8]) {
        self.text.lock().unwrap().push_str(&String::from_utf8_lossy(text));
    }

    fn clock_ns(&self) -> u64 {
        u64::from(self.asked.fetch_add(1, Ordering::SeqCst)) + 1
    }

    fn should_stop(&self) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst) > self.patience
    }

    fn malloc(&self, bytes: u64) -> u64 {
        if bytes == 64 { BASE + 0x100 } else { 0 }
    }

    fn set_conditional(&self, handle: u64, value: u32) -> bool {
        self.conditional.store(handle << 32 | u64::from(value), Ordering::SeqCst);
        handle != 0
    }
}

/// A linked module, its memory and its host.
pub struct Bench {
    pub program: Program,
    pub ram: Ram,
    pub paper: Paper,
    /// The test looks at accesses that only fault where each is checked.
    pub strays: bool,
    cache: runner::Cache,
    next: u64,
}

impl Bench {
    /// A module with its variables placed and filled, and memory of a megabyte.
    pub fn new(source: &str) -> Bench {
        Bench::with_memory(source, 1 << 20)
    }

    /// The same with this much memory.
    pub fn with_memory(source: &str, bytes: usize) -> Bench {
        let module = Arc::new(Module::parse(source).unwrap_or_else(|errors| panic!("{errors}\n{source}")));
        module.check(1).unwrap_or_else(|errors| panic!("{errors}\n{source}"));
        let ram = Ram::new(bytes);
        let mut next = BASE + 0x1000;
        let mut addresses = Vec::new();
        for global in module.globals() {
            next = next.next_multiple_of(u64::from(global.align).max(8));
            addresses.push(next);
            next += global.bytes;
        }
        for (global, &address) in module.globals().iter().zip(&addresses) {
            ram.write(address, &global.initial).unwrap();
            for relocation in &global.relocations {
                let value = module.resolve(&relocation.symbol, &addresses).unwrap();
                let (value, bytes) = relocation.value(value);
                ram.write(address + relocation.offset, &value[..bytes]).unwrap();
            }
        }
        let program = module.link(&addresses).unwrap();
        Bench {
            program,
            ram,
            paper: Paper { patience: 1 << 20, ..Paper::default() },
            strays: false,
            cache: runner::Cache::default(),
            next: next.next_multiple_of(256),
        }
    }

    /// Memory with these bytes in it.
    pub fn put(&mut self, bytes: &[u8]) -> u64 {
        let address = self.next;
        self.next = (address + bytes.len() as u64).next_multiple_of(256);
        self.ram.write(address, bytes).unwrap();
        address
    }

    pub fn put_words(&mut self, words: impl IntoIterator<Item = u32>) -> u64 {
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        self.put(&bytes)
    }

    pub fn put_longs(&mut self, words: impl IntoIterator<Item = u64>) -> u64 {
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        self.put(&bytes)
    }

    pub fn words(&self, address: u64, count: usize) -> Vec<u32> {
        (0..count as u64).map(|i| self.ram.load(address + i * 4, 4).unwrap() as u32).collect()
    }

    pub fn longs(&self, address: u64, count: usize) -> Vec<u64> {
        (0..count as u64).map(|i| self.ram.load(address + i * 8, 8).unwrap()).collect()
    }

    pub fn bytes(&self, address: u64, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.ram.read(address, &mut bytes).unwrap();
        bytes
    }

    pub fn kernel(&self, name: &str) -> usize {
        self.program
            .module()
            .kernels()
            .iter()
            .position(|kernel| kernel.name == name)
            .expect("a kernel of that name")
    }

    /// Runs a whole grid, block after block.
    pub fn launch(&self, name: &str, launch: &Launch<'_>) -> Result<(), KernelFault> {
        runner::run(&Job {
            program: &self.program,
            kernel: self.kernel(name),
            launch,
            memory: &self.ram,
            host: &self.paper,
            pieces: &|| vec![self.ram.piece()],
            cache: &self.cache,
            strays: self.strays,
        })
    }

    /// Runs the only kernel with 64-bit parameters.
    pub fn run(&self, grid: u32, block: u32, parameters: &[u64]) -> Result<(), KernelFault> {
        let bytes: Vec<u8> = parameters.iter().flat_map(|word| word.to_le_bytes()).collect();
        let name = self.program.module().kernels()[0].name.clone();
        let launch =
            Launch { grid: [grid, 1, 1], block: [block, 1, 1], parameters: &bytes, ..Launch::default() };
        self.launch(&name, &launch)
    }

    pub fn printed(&self) -> String {
        self.paper.text.lock().unwrap().clone()
    }
}

/// A kernel `k` with parameters `a b c …` (64 bits), registers declared, around a body.
pub fn kernel(parameters: &str, body: &str) -> String {
    let parameters: Vec<String> =
        parameters.split_whitespace().map(|name| format!(".param .u64 {name}")).collect();
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k({})\n{{\n\
         .reg .pred %p<20>;\n.reg .b16 %h<20>;\n.reg .b32 %r<60>;\n.reg .b64 %d<60>;\n\
         .reg .f32 %f<20>; .reg .f64 %g<20>;\n{body}\n}}\n",
        parameters.join(", ")
    )
}
