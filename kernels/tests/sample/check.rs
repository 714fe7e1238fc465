//! How a sample kernel is checked: folders of PTX, a program on a device of its own, launches, comparisons.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use stream_hal_kernels::{KernelFault, Launch, Module, Program, Progress, Scratch};

use super::device::{Device, Value};
use crate::runner::job::blocks;
use crate::runner::{self, Job};

/// Kernels of one file that are checked together.
pub struct Check {
    /// The source and the PTX, without what follows the dot.
    pub file: &'static str,
    /// Those that the check launches, all of them.
    pub kernels: &'static [&'static str],
    /// Launches them at several sizes and shapes and compares.
    pub run: fn(&Samples),
}

/// A row of a table of checks.
pub const fn check(file: &'static str, kernels: &'static [&'static str], run: fn(&Samples)) -> Check {
    Check { file, kernels, run }
}

/// A folder with the PTX of samples.
pub struct Samples {
    folder: PathBuf,
    /// File and kernel of every launch.
    launched: Mutex<BTreeSet<(String, String)>>,
}

/// Counts around every edge: none of a block, a block, a ragged last block.
pub const COUNTS: [usize; 8] = [1, 2, 31, 32, 33, 255, 257, 1000];

/// Grid and block.
pub type Shape = [[u32; 3]; 2];

/// Grid and block along x alone.
pub fn line(blocks: u32, threads: u32) -> Shape {
    [[blocks, 1, 1], [threads, 1, 1]]
}

/// As many blocks along x as `count` threads need.
pub fn cover(count: usize, threads: u32) -> Shape {
    line((count as u32).div_ceil(threads).max(1), threads)
}

/// As many blocks of `threads` as a plane of `size` needs, in x and y.
pub fn plane(size: [usize; 2], threads: [u32; 2]) -> Shape {
    let blocks = [0, 1].map(|axis| (size[axis] as u32).div_ceil(threads[axis]));
    [[blocks[0], blocks[1], 1], [threads[0], threads[1], 1]]
}

/// Numbers between -2 and 2.
pub fn floats(random: &mut Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.f32() * 4.0 - 2.0).collect()
}

/// Any numbers.
pub fn words(random: &mut Rng, count: usize) -> Vec<u32> {
    (0..count).map(|_| random.u32(..)).collect()
}

/// Equal, or the first element that is not.
#[track_caller]
pub fn equal<T: PartialEq + Debug>(case: &str, got: &[T], expect: &[T]) {
    assert_eq!(got.len(), expect.len(), "{case}");
    for (index, (got, expect)) in got.iter().zip(expect).enumerate() {
        assert!(got == expect, "{case}: element {index} is {got:?}, not {expect:?}");
    }
}

/// Equal bit for bit.
#[track_caller]
pub fn same(case: &str, got: &[f32], expect: &[f32]) {
    assert_eq!(got.len(), expect.len(), "{case}");
    for (index, (got, expect)) in got.iter().zip(expect).enumerate() {
        assert!(got.to_bits() == expect.to_bits(), "{case}: element {index} is {got}, not {expect}");
    }
}

/// Equal bit for bit.
#[track_caller]
pub fn same_doubles(case: &str, got: &[f64], expect: &[f64]) {
    assert_eq!(got.len(), expect.len(), "{case}");
    for (index, (got, expect)) in got.iter().zip(expect).enumerate() {
        assert!(got.to_bits() == expect.to_bits(), "{case}: element {index} is {got}, not {expect}");
    }
}

/// No further from `expect` than `bound`, relative to the larger of 1 and the number.
#[track_caller]
pub fn near(case: &str, got: &[f32], expect: &[f64], bound: f64) {
    assert_eq!(got.len(), expect.len(), "{case}");
    for (index, (&got, &expect)) in got.iter().zip(expect).enumerate() {
        let away = (f64::from(got) - expect).abs() / expect.abs().max(1.0);
        assert!(away <= bound, "{case}: element {index} is {got}, not {expect}: {away:e} away");
    }
}

/// One kernel argument.
#[derive(Clone)]
pub enum Argument {
    /// An address, or any 64-bit number.
    Long(u64),
    /// A 32-bit number.
    Word(u32),
    /// A float.
    Float(f32),
    /// A double.
    Double(f64),
    /// A struct by value.
    Bytes(Vec<u8>),
}

impl Samples {
    pub fn in_folder(folder: &Path) -> Samples {
        Samples { folder: folder.to_owned(), launched: Mutex::default() }
    }

    /// Whether this folder has the file.
    pub fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file).with_extension("ptx")
    }

    /// The PTX of a file.
    pub fn ptx(&self, file: &str) -> String {
        let path = self.path(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The file, read and checked.
    pub fn module(&self, file: &str) -> Module {
        Module::parse(&self.ptx(file))
            .unwrap_or_else(|errors| panic!("{}:\n{errors}", self.path(file).display()))
    }

    /// The files of the folder, in order.
    pub fn files(&self) -> BTreeSet<String> {
        let paths = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
        let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "ptx"));
        texts.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    }

    /// A program of the file on a device of its own.
    pub fn start(&self, file: &str) -> Run<'_> {
        let module = self.module(file);
        let device = Device::default();
        let addresses: Vec<u64> = module
            .globals()
            .iter()
            .map(|global| {
                let mut bytes = global.initial.clone();
                bytes.resize(global.bytes as usize, 0);
                device.upload(&bytes)
            })
            .collect();
        for (global, at) in module.globals().iter().zip(&addresses) {
            for place in &global.relocations {
                let target = module.resolve(&place.symbol, &addresses).expect(&place.symbol);
                device.write_value(at + place.offset, u64::from_le_bytes(place.value(target).0));
            }
        }
        let program = Arc::new(module).link(&addresses).unwrap_or_else(|errors| panic!("{errors}"));
        Run {
            samples: self,
            file: file.to_owned(),
            device,
            program,
            cache: runner::Cache::default(),
            addresses,
        }
    }

    /// Runs a check; panics if it did not launch all that it says it does.
    pub fn run(&self, check: &Check) {
        let folder = self.folder.file_name().expect("a folder has a name").to_string_lossy();
        runner::sample_begins(&folder, check.file);
        (check.run)(self);
        let launched = self.launched.lock().unwrap();
        for &kernel in check.kernels {
            let name = (check.file.to_owned(), kernel.to_owned());
            assert!(launched.contains(&name), "the check of {kernel} in {} launches it never", check.file);
        }
    }
}

/// A program of one file with a device.
pub struct Run<'s> {
    samples: &'s Samples,
    file: String,
    device: Device,
    program: Program,
    cache: runner::Cache,
    addresses: Vec<u64>,
}

impl Deref for Run<'_> {
    type Target = Device;

    fn deref(&self) -> &Device {
        &self.device
    }
}

impl Run<'_> {
    /// Memory for `count` zeros.
    pub fn zeros<T: Value + Default>(&self, count: usize) -> u64 {
        self.upload(&vec![T::default(); count])
    }

    /// Writes a variable of the module.
    pub fn set<T: Value>(&self, variable: &str, values: &[T]) {
        let globals = self.program.module().globals();
        let index = globals.iter().position(|global| global.name == variable).expect(variable);
        for (place, value) in (0..).zip(values) {
            self.device.write_value(self.addresses[index] + place * size_of::<T>() as u64, *value);
        }
    }

    fn prepare(&self, kernel: &str, arguments: &[Argument]) -> (usize, Vec<u8>) {
        let kernels = self.program.module().kernels();
        let index = kernels.iter().position(|one| one.name == kernel).expect(kernel);
        let name = (self.file.clone(), kernel.to_owned());
        self.samples.launched.lock().unwrap().insert(name);
        (index, pack(&self.program, index, arguments))
    }

    /// Runs every block of a launch, in order; panics at a fault.
    #[track_caller]
    pub fn launch(&self, kernel: &str, shape: Shape, shared_bytes: u32, arguments: &[Argument]) {
        if let Err(fault) = self.run(kernel, shape, shared_bytes, arguments, false) {
            panic!("{fault}");
        }
    }

    /// Runs every block of a launch, in order, until one faults.
    pub fn attempt(
        &self,
        kernel: &str,
        shape: Shape,
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<(), KernelFault> {
        self.run(kernel, shape, shared_bytes, arguments, true)
    }

    fn run(
        &self,
        kernel: &str,
        [grid, block]: Shape,
        shared_bytes: u32,
        arguments: &[Argument],
        strays: bool,
    ) -> Result<(), KernelFault> {
        let (index, parameters) = self.prepare(kernel, arguments);
        let launch = Launch { grid, block, shared_bytes, parameters: &parameters, ..Launch::default() };
        runner::run(&Job {
            program: &self.program,
            kernel: index,
            launch: &launch,
            memory: &self.device,
            host: &self.device,
            pieces: &|| self.device.pieces(),
            cache: &self.cache,
            strays,
        })
    }

    /// Runs the blocks of a cooperative launch in turns, a slice each.
    #[track_caller]
    pub fn launch_together(&self, kernel: &str, [grid, block]: Shape, arguments: &[Argument]) {
        let (index, parameters) = self.prepare(kernel, arguments);
        let workspace = self.zeros::<u64>(8);
        let launch = Launch {
            grid,
            block,
            parameters: &parameters,
            cooperative: true,
            workspace,
            ..Launch::default()
        };
        let mut open: Vec<Scratch> = blocks(grid).map(|_| Scratch::default()).collect();
        for (place, scratch) in blocks(grid).zip(&mut open) {
            self.program
                .start_block(index, &launch, place, scratch)
                .unwrap_or_else(|fault| panic!("{fault}"));
        }
        while !open.is_empty() {
            open.retain_mut(|scratch| {
                let progress = self.program.resume_block(&launch, &self.device, &self.device, scratch);
                progress.unwrap_or_else(|fault| panic!("{fault}")) == Progress::Yielded
            });
        }
    }
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
            Argument::Double(value) => value.to_le_bytes().to_vec(),
            Argument::Bytes(bytes) => bytes.clone(),
        };
        assert_eq!(place.bytes as usize, bytes.len(), "{}", kernel.name);
        packed[place.offset as usize..][..bytes.len()].copy_from_slice(&bytes);
    }
    packed
}
