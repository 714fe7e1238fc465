//! `ldmatrix`, `stmatrix` and `movmatrix` against plain 8 × 8 matrices, at random rows.

use super::super::super::bench::{Bench, kernel};
use super::SEED;

/// Elements of shared memory.
const HALVES: usize = 1024;

/// Text that copies all of shared memory from or to global memory at `%d1`.
fn copy(out: bool, label: &str) -> String {
    let access = match out {
        true => "ld.shared.u32 %r50, [%d5]; st.global.u32 [%d4], %r50;",
        false => "ld.global.u32 %r50, [%d4]; st.shared.u32 [%d5], %r50;",
    };
    format!(
        "mov.u32 %r51, %laneid; {label}: mul.wide.u32 %d4, %r51, 4; mov.u64 %d5, rows; add.u64 %d5, %d5, %d4;
         add.u64 %d4, %d4, %d1; {access} add.u32 %r51, %r51, 32; setp.lt.u32 %p1, %r51, {};
         @%p1 bra {label}; bar.warp.sync -1;\n",
        HALVES / 2
    )
}

/// Where lane `lane` has element `e` of a register: PTX says row and column.
fn place(lane: usize, e: usize, transposed: bool) -> (usize, usize) {
    let (row, column) = (lane / 4, lane % 4 * 2 + e);
    if transposed { (column, row) } else { (row, column) }
}

fn pairs(halves: &[u16]) -> Vec<u32> {
    halves.chunks(2).map(|pair| u32::from(pair[0]) | u32::from(pair[1]) << 16).collect()
}

/// The kernel: rows' byte offsets at `b`, registers of all lanes at `c`, and memory at `a`.
fn source(text: &str, count: usize) -> String {
    let list: Vec<String> = (0..count).map(|at| format!("%r{at}")).collect();
    let list = format!("{{{}}}", list.join(", "));
    let generic = !text.contains("shared");
    let address = if generic { "cvta.shared.u64 %d6, %d6;" } else { "" };
    let mut body = format!(
        ".shared .align 16 .b8 rows[{}]; ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [c];
         mov.u32 %r52, %laneid; mul.wide.u32 %d4, %r52, 4; add.u64 %d2, %d2, %d4; add.u64 %d3, %d3, %d4;
         {} ld.global.u32 %r53, [%d2]; mov.u64 %d6, rows; cvt.u64.u32 %d7, %r53; add.u64 %d6, %d6, %d7; {address}\n",
        HALVES * 2,
        copy(false, "in"),
    );
    if text.starts_with("stmatrix") {
        (0..count).for_each(|at| body += &format!("ld.global.u32 %r{at}, [%d3+{}];\n", at * 128));
        body += &format!("{text} [%d6], {list}; bar.warp.sync -1;\n{}", copy(true, "out"));
    } else {
        body += &format!("{text} {list}, [%d6];\n");
        (0..count).for_each(|at| body += &format!("st.global.u32 [%d3+{}], %r{at};\n", at * 128));
    }
    kernel("a b c", &(body + "ret;"))
}

fn move_matrix(text: &str) {
    let mut random = fastrand::Rng::with_seed(SEED);
    let matrix: Vec<u16> = (0..64).map(|_| random.u16(..)).collect();
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r1, %laneid; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
         ld.global.u32 %r2, [%d1]; {text} %r3, %r2; st.global.u32 [%d1], %r3; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    let memory = bench.put_words(pairs(&matrix));
    bench.run(1, 32, &[memory]).unwrap();
    let expected: Vec<u16> = (0..64).map(|at| matrix[at % 8 * 8 + at / 8]).collect();
    assert_eq!(bench.words(memory, 32), pairs(&expected), "{text}, seed {SEED}");
}

/// Runs a form against plain Rust.
pub fn check(text: &str) -> bool {
    if text.starts_with("movmatrix") {
        move_matrix(text);
        return true;
    }
    let count = [1, 2, 4].into_iter().find(|count| text.contains(&format!(".x{count}"))).unwrap();
    let transposed = text.contains(".trans");
    let mut random = fastrand::Rng::with_seed(SEED);
    for _ in 0..4 {
        let mut memory: Vec<u16> = (0..HALVES).map(|_| random.u16(..)).collect();
        let mut registers: Vec<u16> = (0..count * 64).map(|_| random.u16(..)).collect();
        // Rows do not overlap, so that the order of writes does not matter. Lanes beyond the matrices have bad addresses.
        let mut rows: Vec<u32> = (0..HALVES as u32 / 8).map(|row| row * 16).collect();
        random.shuffle(&mut rows);
        rows[count * 8..].fill(0xfff_fff7);
        let mut bench = Bench::new(&source(text, count));
        let parameters = [
            bench.put_words(pairs(&memory)),
            bench.put_words(rows[..32].iter().copied()),
            bench.put_words(pairs(&registers)),
        ];
        bench.run(1, 32, &parameters).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        for matrix in 0..count {
            for lane in 0..32 {
                for e in 0..2 {
                    let (row, column) = place(lane, e, transposed);
                    let in_memory = rows[matrix * 8 + row] as usize / 2 + column;
                    let in_register = matrix * 64 + lane * 2 + e;
                    match text.starts_with("stmatrix") {
                        true => memory[in_memory] = registers[in_register],
                        false => registers[in_register] = memory[in_memory],
                    }
                }
            }
        }
        assert_eq!(bench.words(parameters[0], HALVES / 2), pairs(&memory), "{text}, seed {SEED}");
        assert_eq!(bench.words(parameters[2], count * 32), pairs(&registers), "{text}, seed {SEED}");
    }
    true
}
