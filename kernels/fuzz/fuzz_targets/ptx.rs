//! Any text as PTX: read, linked, and one block of each kernel run on memory that refuses every access.
#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use libfuzzer_sys::fuzz_target;
use stream_hal_kernels::memory::MemoryFaultKind;
use stream_hal_kernels::{AtomicOp, Host, Launch, Memory, MemoryFault, Module, Scratch};

/// How often a kernel may ask whether it should stop before it is told to.
const PATIENCE: u32 = 20;

#[derive(Default)]
struct Nowhere(AtomicU32);

impl Nowhere {
    fn refuse<T>(address: u64, bytes: u32) -> Result<T, MemoryFault> {
        Err(MemoryFault { address, bytes, kind: MemoryFaultKind::Unmapped })
    }
}

impl Memory for Nowhere {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        Self::refuse(address, bytes)
    }

    fn store(&self, address: u64, bytes: u32, _value: u64) -> Result<(), MemoryFault> {
        Self::refuse(address, bytes)
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        _op: AtomicOp,
        _operand: u64,
        _compare: u64,
    ) -> Result<u64, MemoryFault> {
        Self::refuse(address, bytes)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        Self::refuse(address, into.len() as u32)
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        Self::refuse(address, from.len() as u32)
    }

    fn fence(&self) {}
}

impl Host for Nowhere {
    fn print(&self, _text: &[u8]) {}

    fn clock_ns(&self) -> u64 {
        0
    }

    fn should_stop(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > PATIENCE
    }
}

fuzz_target!(|text: &str| {
    let Ok(module) = Module::parse(text) else { return };
    let addresses = vec![0x1000; module.globals().len()];
    let Ok(program) = Arc::new(module).link(&addresses) else { return };
    for (index, kernel) in program.module().kernels().iter().enumerate() {
        let parameters = vec![0; kernel.parameter_bytes as usize];
        let launch = Launch { block: [33, 1, 1], parameters: &parameters, ..Launch::default() };
        let device = Nowhere::default();
        let _ = program.run_block(index, &launch, [0; 3], &device, &device, &mut Scratch::default());
    }
});
