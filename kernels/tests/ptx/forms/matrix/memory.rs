//! `wmma`: matrices in memory, loaded, multiplied and stored, in every layout and with gaps between rows.

use super::super::super::bench::Bench;
use super::spec::{self, Grid, Spec};
use super::{REGISTERS, SEED, list, number, random_grid};

/// One matrix in memory.
struct Stored {
    role: &'static str,
    layout: &'static str,
    space: &'static str,
    /// Elements from one row or column to the next, unless the least.
    stride: Option<usize>,
    least: usize,
    other: usize,
}

impl Stored {
    /// As a product of these layouts wants it, in global memory.
    fn new(spec: &Spec, role: &'static str) -> Stored {
        let layout = match role {
            "a" => spec.layouts[0],
            "b" => spec.layouts[1],
            _ => "row",
        };
        Stored::lying(spec, role, layout, "global", None)
    }

    fn lying(
        spec: &Spec,
        role: &'static str,
        layout: &'static str,
        space: &'static str,
        stride: Option<usize>,
    ) -> Stored {
        let (rows, columns) = spec.size(role);
        let (least, other) = if layout == "row" { (columns, rows) } else { (rows, columns) };
        Stored { role, layout, space, stride: stride.map(|more| least + more), least, other }
    }

    fn bits(&self, spec: &Spec) -> usize {
        self.stride.unwrap_or(self.least) * self.other * spec.bits(self.role)
    }

    fn bit(&self, spec: &Spec, row: usize, column: usize) -> usize {
        let (apart, along) = if self.layout == "row" { (row, column) } else { (column, row) };
        (apart * self.stride.unwrap_or(self.least) + along) * spec.bits(self.role)
    }

    /// Bytes with the matrix in them, and all bits set between.
    fn bytes(&self, spec: &Spec, grid: &Grid) -> Vec<u8> {
        let mut bytes = vec![0xff; self.bits(spec) / 8];
        for (index, &value) in grid.bits.iter().enumerate() {
            let start = self.bit(spec, index / grid.columns, index % grid.columns);
            for bit in 0..spec.bits(self.role) {
                let at = start + bit;
                bytes[at / 8] = bytes[at / 8] & !(1 << (at % 8)) | ((value >> bit & 1) as u8) << (at % 8);
            }
        }
        bytes
    }

    fn grid(&self, spec: &Spec, bytes: &[u8]) -> Grid {
        let mut grid = Grid::new(spec.size(self.role));
        for index in 0..grid.bits.len() {
            let start = self.bit(spec, index / grid.columns, index % grid.columns);
            grid.bits[index] = (0..spec.bits(self.role)).fold(0, |value, bit| {
                value | u64::from(bytes[(start + bit) / 8] >> ((start + bit) % 8) & 1) << bit
            });
        }
        grid
    }

    /// The words of a load or store between action and element.
    fn form(&self, spec: &Spec, action: &str) -> String {
        let (m, n, k) = spec.shape;
        let space = if self.space.is_empty() { String::new() } else { format!(".{}", self.space) };
        let (role, layout, ty) = (self.role, self.layout, spec.ty(self.role));
        format!("wmma.{action}.{role}.sync.aligned.{layout}.m{m}n{n}k{k}{space}.{ty}")
    }

    /// Text that loads or stores a fragment. The matrix is at the parameter; one for shared memory is copied there.
    fn transfer(&self, spec: &Spec, text: &str, first: usize, place: usize) -> String {
        let mut body = format!("ld.param.u64 %d{place}, [{}];\n", self.role);
        let bytes = self.bits(spec) / 8;
        let shared = self.space.starts_with("shared");
        let copy = |from: &str, to: &str, label: &str| {
            format!(
                "mov.u32 %r59, %laneid; {label}: mul.wide.u32 %d50, %r59, 4; mov.u64 %d52, matrix;
                 add.u64 %d51, %d50, %d{place}; add.u64 %d50, %d50, %d52;
                 ld.{from} %r58, [{}]; st.{to} [{}], %r58; add.u32 %r59, %r59, 32; setp.lt.u32 %p1, %r59, {};
                 @%p1 bra {label}; bar.warp.sync -1;\n",
                if from.starts_with("global") { "%d51" } else { "%d50" },
                if to.starts_with("global") { "%d51" } else { "%d50" },
                bytes / 4
            )
        };
        // What was there before must still be there between the rows of what is stored.
        if shared {
            body += &copy("global.u32", "shared.u32", &format!("in{place}"));
        }
        let address = if shared { "matrix".to_owned() } else { format!("%d{place}") };
        let list = list(spec, self.role, first);
        let stride = match self.stride {
            None => String::new(),
            Some(stride) if place.is_multiple_of(2) => format!(", {stride}"),
            Some(stride) => {
                body += &format!("mov.u32 %r57, {stride};\n");
                ", %r57".to_owned()
            }
        };
        body += &match self.role {
            "d" => format!("{text} [{address}], {list}{stride};\n"),
            _ => format!("{text} {list}, [{address}]{stride};\n"),
        };
        if shared && self.role == "d" {
            body += "bar.warp.sync -1;\n";
            body += &copy("shared.u32", "global.u32", &format!("out{place}"));
        }
        body
    }
}

/// Loads, multiplies, stores, and compares with the product.
fn run(spec: &Spec, text: &str, stored: &[Stored; 4], own: Option<&str>, kind: usize) {
    let [a, b, c] = ["a", "b", "c"].map(|role| spec.registers(role));
    let firsts = [0, a, a + b, a + b + c];
    let mut random = fastrand::Rng::with_seed(SEED + kind as u64);
    let grids: Vec<Grid> = stored.iter().map(|at| random_grid(spec, at.role, kind, &mut random)).collect();
    let mut body = String::new();
    let action = |at: &Stored| match own {
        Some(role) if role == at.role => text.to_owned(),
        _ => at.form(spec, if at.role == "d" { "store" } else { "load" }),
    };
    for (place, at) in stored[..3].iter().enumerate() {
        body += &at.transfer(spec, &action(at), firsts[place], 40 + place);
    }
    let multiply = if own.is_none() { text } else { &spec.text };
    let lists: Vec<String> = [3, 0, 1, 2].map(|at| list(spec, stored[at].role, firsts[at])).to_vec();
    body += &format!("{multiply} {};\n", lists.join(", "));
    body += &stored[3].transfer(spec, &action(&stored[3]), firsts[3], 43);
    let source =
        super::kernel("a b c d", &format!("{REGISTERS} .shared .align 32 .b8 matrix[8192];\n{body}ret;"));
    let mut bench = Bench::new(&source);
    let bytes: Vec<Vec<u8>> = stored.iter().zip(&grids).map(|(at, grid)| at.bytes(spec, grid)).collect();
    let addresses: Vec<u64> = bytes.iter().map(|bytes| bench.put(bytes)).collect();
    bench.run(1, 32, &addresses).unwrap_or_else(|fault| panic!("{text}: {fault}\n{source}"));
    let mut out = vec![0; bytes[3].len()];
    stream_hal_kernels::Memory::read(&bench.ram, addresses[3], &mut out).unwrap();
    let (found, expected) =
        (stored[3].grid(spec, &out), spec::product(spec, &grids[0], &grids[1], &grids[2]));
    let same = spec::same(spec, &found, &expected);
    assert!(same, "{text}, seed {SEED}, kind {kind}: {found:x?}, expected {expected:x?}\n{source}");
    assert_eq!(stored[3].bytes(spec, &found), out, "{text} touched what is between rows");
}

/// A `wmma.mma` between plain loads and a store.
fn multiply(spec: &Spec) {
    for kind in 0..number::KINDS {
        let stored = ["a", "b", "c", "d"].map(|role| Stored::new(spec, role));
        run(spec, &spec.text, &stored, None, kind);
    }
}

/// The product that a load or store of this element and role goes with.
fn product(spec: &Spec) -> Spec {
    let (m, n, k) = spec.shape;
    let (ty, role) = (spec.types[0], spec.role);
    let types = match (spec.shape, ty, role) {
        (_, "f16", "a" | "b") => "f32.f32".to_owned(),
        (_, "f16", "c") => "f32.f16".to_owned(),
        (_, "f16", _) => "f16.f32".to_owned(),
        ((8, 8, 4), ..) => "f64.f64.f64.f64".to_owned(),
        ((_, _, 8), ..) => "f32.tf32.tf32.f32".to_owned(),
        ((8, 8, 128), ..) => "s32.b1.b1.s32".to_owned(),
        (_, "f32", _) => "f32.f32".to_owned(),
        ((8, 8, 32), "s32", _) => "s32.s4.s4.s32".to_owned(),
        (_, "s32", _) => "s32.s8.s8.s32".to_owned(),
        (_, "bf16", _) => "f32.bf16.bf16.f32".to_owned(),
        (_, other, _) => format!("s32.{other}.{other}.s32"),
    };
    let bits = if k == 128 { ".xor.popc" } else { "" };
    let layout = |own: &str, other: &'static str| if role == own { spec.layouts[0] } else { other };
    Spec::new(&format!(
        "wmma.mma{bits}.sync.aligned.{}.{}.m{m}n{n}k{k}.{types}",
        layout("a", "row"),
        layout("b", "col")
    ))
}

/// Runs a form against plain Rust.
pub fn check(text: &str) -> bool {
    let spec = Spec::new(text);
    if spec.action == "mma" {
        multiply(&spec);
        return true;
    }
    let product = product(&spec);
    // Rows and columns must start at whole registers: 128 bits further apart than they must be.
    for (kind, more) in [(1, None), (0, Some(128 / spec.bits("a")))] {
        let stored = ["a", "b", "c", "d"].map(|role| match role == spec.role {
            true => Stored::lying(&product, role, spec.layouts[0], spec.space.unwrap_or(""), more),
            false => Stored::new(&product, role),
        });
        run(&product, text, &stored, Some(spec.role), kind);
    }
    true
}
