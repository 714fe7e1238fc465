//! The rows: sizes, inputs, launches, tolerances.

use crate::case::Scalar::{Float, Int};
use crate::case::{Case, Check, Data, Launch, Native, Scalar};
use crate::native::{finance, histogram, mandelbrot, memory, nbody, reduce, scan, sgemm, softmax};

/// How large everything is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// For compiled code.
    Full,
    /// For an interpreter.
    Small,
    /// For a test that looks whether all works.
    Tiny,
}

impl Sizes {
    fn pick(self, full: usize, small: usize, tiny: usize) -> usize {
        match self {
            Sizes::Full => full,
            Sizes::Small => small,
            Sizes::Tiny => tiny,
        }
    }
}

macro_rules! ptx {
    ($name:literal) => {
        include_str!(concat!("ptx/", $name, ".ptx"))
    };
}

/// Floats between two bounds, the same in every process.
fn random(len: usize, seed: u64, low: f32, high: f32) -> Data {
    let mut random = fastrand::Rng::with_seed(seed);
    Data::new(len, |_| low + (high - low) * random.f32())
}

fn launch(kernel: &'static str, grid: usize, block: usize, buffers: &[usize], scalars: &[Scalar]) -> Launch {
    flat(kernel, [grid, 1], [block, 1], buffers, scalars)
}

fn flat(
    kernel: &'static str,
    grid: [usize; 2],
    block: [usize; 2],
    buffers: &[usize],
    scalars: &[Scalar],
) -> Launch {
    let [grid, block] = [grid, block].map(|sides| sides.map(|side| side as u32));
    Launch { kernel, grid, block, buffers: buffers.to_vec(), scalars: scalars.to_vec() }
}

/// All rows in the order of the table; makes a row's data when it is asked for.
pub const NAMES: &[&str] = &[
    "saxpy 64 MiB",
    "saxpy in L2",
    "sgemm 16x16",
    "sgemm 32x32",
    "n-body",
    "reduction",
    "histogram random",
    "histogram one bin",
    "Mandelbrot",
    "Black-Scholes",
    "stencil",
    "transpose",
    "scan",
    "softmax",
    "empty",
];

/// The row of a name.
pub fn case(name: &'static str, sizes: Sizes) -> Case {
    match name {
        "saxpy 64 MiB" => saxpy(name, sizes.pick(8 << 20, 64 << 10, 4 << 10), 1),
        "saxpy in L2" => saxpy(name, sizes.pick(64 << 10, 16 << 10, 2 << 10), sizes.pick(32, 4, 2)),
        "sgemm 16x16" => multiply(name, "sgemm_16", 16, sizes.pick(512, 64, 32)),
        "sgemm 32x32" => multiply(name, "sgemm_32", 32, sizes.pick(512, 64, 32)),
        "n-body" => bodies(name, sizes.pick(4096, 512, 256)),
        "reduction" => reduction(name, sizes),
        "histogram random" => counts(name, sizes, |random| random.u8(..)),
        "histogram one bin" => counts(name, sizes, |_| 77),
        "Mandelbrot" => set(name, sizes.pick(512, 64, 32), sizes.pick(256, 64, 32)),
        "Black-Scholes" => options(name, sizes.pick(256 << 10, 4 << 10, 1 << 10)),
        "stencil" => heat(name, sizes.pick(1024, 128, 64)),
        "transpose" => turned(name, sizes.pick(1024, 128, 64)),
        "scan" => sums(name, sizes.pick(256 << 10, 16 << 10, 4 << 10)),
        "softmax" => rows(name, sizes.pick(512, 16, 4), sizes.pick(1024, 512, 512)),
        "empty" => Case {
            name,
            ptx: ptx!("saxpy"),
            buffers: Vec::new(),
            results: Vec::new(),
            launches: vec![launch("empty", sizes.pick(1024, 1024, 64), 256, &[], &[])],
            repeats: 1,
            native: None,
            check: Check::Nothing,
        },
        _ => panic!("there is no row {name}"),
    }
}

/// A row with one launch, run once a measurement, that writes its last buffer.
fn one(
    name: &'static str,
    ptx: &'static str,
    buffers: Vec<Data>,
    launch: Launch,
    native: Native,
    check: Check,
) -> Case {
    let results = vec![buffers.len() - 1];
    let launches = vec![launch];
    Case { name, ptx, buffers, results, launches, repeats: 1, native: Some(native), check }
}

fn saxpy(name: &'static str, n: usize, repeats: usize) -> Case {
    let scalars = [Int(n as i32), Float(1e-3)];
    let launch = launch("saxpy", n.div_ceil(256), 256, &[0, 1], &scalars);
    let buffers = vec![random(n, 1, -1.0, 1.0), random(n, 2, -1.0, 1.0)];
    let check = Check::Close { relative: 1e-6, absolute: 1e-6 };
    Case { repeats, ..one(name, ptx!("saxpy"), buffers, launch, memory::saxpy, check) }
}

fn multiply(name: &'static str, kernel: &'static str, tile: usize, n: usize) -> Case {
    let launch = flat(kernel, [n / tile, n / tile], [tile, tile], &[0, 1, 2], &[Int(n as i32)]);
    let buffers = vec![random(n * n, 1, -1.0, 1.0), random(n * n, 2, -1.0, 1.0), Data::zeroed::<f32>(n * n)];
    let check = Check::Close { relative: 1e-5, absolute: 1e-4 };
    one(name, ptx!("sgemm"), buffers, launch, sgemm::multiply, check)
}

fn bodies(name: &'static str, n: usize) -> Case {
    let launch = launch("nbody", n.div_ceil(256), 256, &[0, 1], &[Int(n as i32)]);
    let buffers = vec![random(4 * n, 1, 0.0, 1.0), Data::zeroed::<f32>(4 * n)];
    // Pulls from all sides, so a sum of some thousand terms that mostly cancel.
    let check = Check::Close { relative: 1e-5, absolute: n as f32 * 1e-6 };
    one(name, ptx!("nbody"), buffers, launch, nbody::pull, check)
}

fn reduction(name: &'static str, sizes: Sizes) -> Case {
    let n = sizes.pick(256 << 10, 64 << 10, 8 << 10);
    let grid = n / (256 * 16);
    let launch = launch("reduce", grid, 256, &[0, 1], &[Int(n as i32)]);
    let buffers = vec![random(n, 1, 0.0, 1.0), Data::zeroed::<f32>(grid)];
    let case = one(name, ptx!("reduce"), buffers, launch, reduce::sum, Check::Sum(1e-5));
    Case { repeats: sizes.pick(32, 4, 2), ..case }
}

fn counts(name: &'static str, sizes: Sizes, value: fn(&mut fastrand::Rng) -> u8) -> Case {
    let n = sizes.pick(4 << 20, 64 << 10, 8 << 10);
    let mut random = fastrand::Rng::with_seed(1);
    let launch = launch("histogram", sizes.pick(64, 8, 4), 256, &[0, 1], &[Int(n as i32)]);
    let buffers = vec![Data::new(n, |_| value(&mut random)), Data::zeroed::<u32>(256)];
    one(name, ptx!("histogram"), buffers, launch, histogram::count, Check::Exact)
}

fn set(name: &'static str, side: usize, limit: usize) -> Case {
    let step = 3.0 / side as f32;
    let scalars =
        [Int(side as i32), Int(side as i32), Float(-2.25), Float(-1.5), Float(step), Int(limit as i32)];
    let launch = flat("mandelbrot", [side.div_ceil(32), side.div_ceil(8)], [32, 8], &[0], &scalars);
    let buffers = vec![Data::zeroed::<i32>(side * side)];
    // Points near the rim leave earlier or later by how each operation rounds.
    let check = Check::MostlySame(0.001);
    one(name, ptx!("mandelbrot"), buffers, launch, mandelbrot::iterate, check)
}

fn options(name: &'static str, n: usize) -> Case {
    let scalars = [Int(n as i32), Float(0.02), Float(0.3)];
    let launch = launch("black_scholes", n.div_ceil(256), 256, &[0, 1, 2, 3, 4], &scalars);
    let zeros = || Data::zeroed::<f32>(n);
    let buffers =
        vec![random(n, 1, 5.0, 30.0), random(n, 2, 1.0, 100.0), random(n, 3, 0.25, 10.0), zeros(), zeros()];
    let check = Check::Close { relative: 1e-5, absolute: 3e-5 };
    let case = one(name, ptx!("black_scholes"), buffers, launch, finance::black_scholes, check);
    Case { results: vec![3, 4], ..case }
}

fn heat(name: &'static str, side: usize) -> Case {
    let scalars = [Int(side as i32), Int(side as i32), Float(0.2)];
    let launch = flat("stencil", [side.div_ceil(32), side.div_ceil(8)], [32, 8], &[0, 1], &scalars);
    let buffers = vec![random(side * side, 1, 0.0, 1.0), Data::zeroed::<f32>(side * side)];
    let check = Check::Close { relative: 1e-5, absolute: 1e-6 };
    one(name, ptx!("stencil"), buffers, launch, memory::stencil, check)
}

fn turned(name: &'static str, side: usize) -> Case {
    let scalars = [Int(side as i32), Int(side as i32)];
    let tiles = side.div_ceil(32);
    let launch = flat("transpose", [tiles, tiles], [32, 8], &[0, 1], &scalars);
    let buffers = vec![random(side * side, 1, 0.0, 1.0), Data::zeroed::<f32>(side * side)];
    one(name, ptx!("transpose"), buffers, launch, memory::transpose, Check::Exact)
}

fn sums(name: &'static str, n: usize) -> Case {
    let blocks = n.div_ceil(256);
    assert!(blocks <= 1024, "one block scans the sums");
    let mut random = fastrand::Rng::with_seed(1);
    let buffers =
        vec![Data::new(n, |_| random.i32(-1000..1000)), Data::zeroed::<i32>(n), Data::zeroed::<i32>(blocks)];
    let (n, sums) = (Int(n as i32), Int(blocks as i32));
    let launches = vec![
        launch("scan_blocks", blocks, 256, &[0, 1, 2], &[n]),
        launch("scan_sums", 1, blocks.next_multiple_of(32), &[2], &[sums]),
        launch("scan_add", blocks, 256, &[1, 2], &[n]),
    ];
    let (ptx, native, check) = (ptx!("scan"), Some(scan::inclusive as Native), Check::Exact);
    Case { name, ptx, buffers, results: vec![1], launches, repeats: 1, native, check }
}

fn rows(name: &'static str, rows: usize, columns: usize) -> Case {
    let scalars = [Int(rows as i32), Int(columns as i32)];
    let launch = launch("softmax", rows, 256, &[0, 1], &scalars);
    let buffers = vec![random(rows * columns, 1, -4.0, 4.0), Data::zeroed::<f32>(rows * columns)];
    let check = Check::Close { relative: 4e-6, absolute: 1e-9 };
    one(name, ptx!("softmax"), buffers, launch, softmax::rows, check)
}
