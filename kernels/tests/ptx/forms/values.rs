//! Forms from values to values: run on edges and random inputs of every type, and compared with a function.

use stream_hal_kernels::ir::Type;

use super::super::bench::{Bench, kernel};
use super::super::table::inputs;
use super::Form;

/// Of all inputs.
const SEED: u64 = 7;

/// A register for a value of this type: its name without number, and how it is loaded and stored.
fn register(ty: Type) -> (&'static str, &'static str) {
    match ty.bits() {
        1 => ("%p", ""),
        8 | 16 => ("%h", "b16"),
        32 => ("%r", "b32"),
        _ => ("%d", "b64"),
    }
}

fn cut(value: u64, ty: Type) -> u64 {
    if ty.bits() >= 64 { value } else { value & ((1 << ty.bits()) - 1) }
}

/// Rows of inputs: every value first, with random others, and alike.
fn rows(types: &[Type]) -> Vec<Vec<u64>> {
    let values = inputs(SEED);
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut rows: Vec<Vec<u64>> = Vec::new();
    for &a in &values {
        let others = if types.len() < 2 { 1 } else { 6 };
        for _ in 0..others {
            let mut row = vec![a];
            row.extend((1..types.len()).map(|_| random.choice(&values).copied().unwrap()));
            rows.push(row);
        }
        rows.push(vec![a; types.len()]);
    }
    for row in &mut rows {
        row.iter_mut().zip(types).for_each(|(value, &ty)| *value = cut(*value, ty));
    }
    rows
}

/// What is run: sources in registers `%?0` and up, results in `%?10` and up.
pub struct Case<'a> {
    /// For messages.
    pub name: &'a str,
    /// Types of the sources.
    pub sources: &'a [Type],
    /// Types of the results.
    pub results: &'a [Type],
    /// The instructions.
    pub body: String,
}

/// The name of a source's register.
pub fn source(at: usize, ty: Type) -> String {
    format!("{}{at}", register(ty).0)
}

/// The name of a result's register.
pub fn result(at: usize, ty: Type) -> String {
    format!("{}{}", register(ty).0, 10 + at)
}

impl Case<'_> {
    /// Compares with `expect` where it has an opinion, which it must have on a quarter of the rows.
    pub fn check(&self, expect: impl Fn(&[u64]) -> Option<Vec<u64>>) {
        self.judge(|row, got| match expect(row) {
            Some(want) if want == got => Ok(true),
            Some(want) => Err(format!("expected {want:#x?}")),
            None => Ok(false),
        });
    }

    /// Lets `judge` look at each row and its results: whether it had an opinion, or what is wrong.
    pub fn judge(&self, judge: impl Fn(&[u64], &[u64]) -> Result<bool, String>) {
        let rows = rows(self.sources);
        let results = self.run(&rows);
        let mut compared = 0;
        for (row, got) in rows.iter().zip(results.chunks(self.results.len())) {
            match judge(row, got) {
                Ok(opinion) => compared += usize::from(opinion),
                Err(words) => panic!("{} {row:#x?} (seed {SEED}): {got:#x?}, {words}", self.name),
            }
        }
        assert!(compared * 4 > rows.len(), "{}: only {compared} of {} compared", self.name, rows.len());
    }

    /// Results of all rows, one after the other.
    pub fn run(&self, rows: &[Vec<u64>]) -> Vec<u64> {
        let (wide_in, wide_out) = (self.sources.len() * 8, self.results.len() * 8);
        let mut body = format!(
            "ld.param.u64 %d40, [a]; ld.param.u64 %d41, [b]; mov.u32 %r40, %ctaid.x; mov.u32 %r41, %tid.x;
             mov.u32 %r42, %ntid.x; mad.lo.u32 %r40, %r40, %r42, %r41; mul.wide.u32 %d42, %r40, {wide_in}; add.u64 %d40, %d40, %d42;
             mul.wide.u32 %d42, %r40, {wide_out}; add.u64 %d41, %d41, %d42;\n"
        );
        for (at, &ty) in self.sources.iter().enumerate() {
            let (name, offset) = (source(at, ty), at * 8);
            body += &match register(ty) {
                ("%p", _) => format!("ld.global.u8 %r50, [%d40+{offset}]; setp.ne.u32 {name}, %r50, 0;\n"),
                (_, load) => format!("ld.global.{load} {name}, [%d40+{offset}];\n"),
            };
        }
        body += &self.body;
        for (at, &ty) in self.results.iter().enumerate() {
            let (name, offset) = (result(at, ty), at * 8);
            body += &match register(ty) {
                ("%p", _) => format!("selp.u64 %d50, 1, 0, {name}; st.global.u64 [%d41+{offset}], %d50;\n"),
                (_, store) => format!("st.global.{store} [%d41+{offset}], {name};\n"),
            };
        }
        let count = rows.len();
        let block = crate::runner::any_block();
        let padded = count.next_multiple_of(block as usize);
        let mut bench = Bench::new(&kernel("a b", &(body + "ret;")));
        let words = padded * self.sources.len();
        let input = bench.put_longs(rows.iter().flatten().copied().chain(std::iter::repeat(0)).take(words));
        let output = bench.put_longs(std::iter::repeat_n(0, padded * self.results.len()));
        bench
            .run(padded as u32 / block, block, &[input, output])
            .unwrap_or_else(|fault| panic!("{}: {fault}", self.name));
        bench.longs(output, count * self.results.len())
    }
}

impl Form {
    /// Types of its sources and results, by its shape.
    pub fn types(&self) -> (Vec<Type>, Vec<Type>) {
        let (mut sources, mut results) = (Vec::new(), Vec::new());
        for operand in &self.shape.operands {
            let list = if operand.target { &mut results } else { &mut sources };
            list.push(self.operand(operand.kind));
            list.extend(operand.pair.map(|kind| self.operand(kind)));
        }
        (sources, results)
    }

    /// Checks the form by itself: all sources and results are values.
    pub fn check(&self, expect: impl Fn(&[u64]) -> Option<Vec<u64>>) -> bool {
        let (sources, results) = self.types();
        let targets: Vec<String> = results.iter().enumerate().map(|(at, &ty)| result(at, ty)).collect();
        let operands: Vec<String> = std::iter::once(targets.join("|"))
            .chain(sources.iter().enumerate().map(|(at, &ty)| source(at, ty)))
            .collect();
        let body = format!("{} {};\n", self.text, operands.join(", "));
        Case { name: &self.text, sources: &sources, results: &results, body }.check(expect);
        true
    }

    /// The same for one result.
    pub fn check_one(&self, expect: impl Fn(&[u64]) -> u64) -> bool {
        let ty = self.types().1[0];
        self.check(|row| Some(vec![cut(expect(row), ty)]))
    }
}
